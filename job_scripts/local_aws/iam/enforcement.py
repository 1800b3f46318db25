"""IAM at the local endpoint: a role's credentials allow only what its policies allow. Off by default.

The value `enforced` of the server's variable IAM turns it on. Jobs use the credentials of their roles in either case;
with enforcement, the workflow uses those of the state machine's role. What AWS does internally makes no request here
and is not checked: it pulls the image, writes logs and starts child executions.
"""

import io
import json
import logging
import re
import threading
import uuid
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval import (
    resource_eval_s3 as item_reader,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.resource_eval import (
    resource_eval_s3 as result_writer,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_aws_sdk as sdk_task
from moto.sts.models import sts_backends

from local_aws.clients import ACCOUNT, Credentials, Endpoint
from local_aws.iam.actions import Request
from local_aws.iam.policies import Call, Decision, Policy, decide
from local_aws.s3.stored import kms_key_of, stored_object

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SCOPE = re.compile(r"Credential=(?P<access_key>[^/]+)/[0-9]+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")

logger = logging.getLogger(__name__)


class StateCredentials:
    """Credentials of the roles of state machines; each role is assumed once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._taken: dict[str, Credentials] = {}

    def of(self, role_arn: str, region: str) -> Credentials:
        """The credentials of one role."""
        with self._lock:
            if role_arn not in self._taken:
                self._taken[role_arn] = self._endpoint.assume_role(role_arn, "StepFunctions", region)
            return self._taken[role_arn]


def install(endpoint: Endpoint, credentials: StateCredentials | None) -> None:
    """Make moto's workflow engine call AWS as the state machine's role, or with the endpoint's own credentials.

    Call it once per process. moto itself makes a client for every call, which takes longer than the call.
    """

    def client_for(region: str, service: str, state_credentials: Any) -> Any:
        role = credentials.of(state_credentials.role_arn, region) if credentials else Credentials()
        return endpoint.client(service, region, role)

    for module in (item_reader, result_writer, sdk_task):
        if not hasattr(module, "boto_client_for"):
            raise RuntimeError(f"moto has no {module.__name__}.boto_client_for: is its version the pinned one?")
        setattr(module, "boto_client_for", client_for)


class Authorizing:
    """Passes requests on to an application, except those of a role whose policies do not allow them."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = _request(environ)
        policies = _policies_of(request.access_key) if request else None
        if request is None or policies is None:
            return self._application(environ, start_response)
        calls = chain(
            request.calls(ACCOUNT, _bucket_keys() | _object_key(request.path)), _to_be_told_of_absence(request)
        )
        for call in calls:
            if decide(policies, call) is not Decision.ALLOWED:
                message = f"User is not authorized to perform: {call.action} on resource: {call.resource}"
                logger.warning("%s", message)
                return _refuse(request.service, message, start_response)
        return self._application(environ, start_response)


def _request(environ: "WSGIEnvironment") -> Request | None:
    """The request, or None if it is not signed. The body is read for the JSON protocols only, where it is small."""
    scope = _SCOPE.search(str(environ.get("HTTP_AUTHORIZATION", "")))
    if scope is None:
        return None
    target, body = environ.get("HTTP_X_AMZ_TARGET", ""), b""
    if target:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
    path, _, query = str(environ["RAW_URI"]).partition("?")
    method = environ["REQUEST_METHOD"]
    return Request(**scope.groupdict(), method=method, path=path, query=query, target=target, body=body)


def _policies_of(access_key: str) -> list[Policy] | None:
    """Policies of the role that the key belongs to; None for a key that belongs to no role."""
    assumed = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    if assumed is None:
        return None
    role = iam_backends[ACCOUNT]["aws"].get_role_by_arn(assumed.role_arn)
    return [json.loads(document) for document in role.policies.values()]


def _bucket_keys() -> dict[str, str]:
    return dict(_encrypted(s3_backends[ACCOUNT]["aws"].buckets))


def _object_key(path: str) -> dict[str, str]:
    """The KMS key of the object that a request to S3 is about, if it has one."""
    key_id = kms_key_of(path)
    return {unquote(path).lstrip("/"): key_id} if key_id else {}


def _to_be_told_of_absence(request: Request) -> Iterator[Call]:
    """S3 says that an object is missing to those who may list its bucket; to others, that access is denied.

    The request has no prefix: a permission that depends on one does not count (S3 API, GetObject, "Permissions").
    """
    bucket, _, key = unquote(request.path).lstrip("/").partition("/")
    if request.service == "s3" and request.method in ("GET", "HEAD") and key and "uploadId=" not in request.query:
        if bucket in s3_backends[ACCOUNT]["aws"].buckets and stored_object(request.path) is None:
            yield Call("s3:ListBucket", f"arn:aws:s3:::{bucket}")


def _encrypted(buckets: Any) -> Iterator[tuple[str, str]]:
    for name, bucket in buckets.items():
        rule = (bucket.encryption or {}).get("Rule", {}).get("ApplyServerSideEncryptionByDefault", {})
        if "KMSMasterKeyID" in rule:
            yield name, rule["KMSMasterKeyID"]


def _refuse(service: str, message: str, start_response: "StartResponse") -> Iterable[bytes]:
    request_id = ("x-amzn-RequestId", str(uuid.uuid4()))  # moto's workflow engine requires one
    if service == "s3":
        start_response("403 Forbidden", [("Content-Type", "application/xml"), request_id])
        return [f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>".encode()]
    start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1"), request_id])
    return [json.dumps({"__type": "AccessDeniedException", "message": message}).encode()]
