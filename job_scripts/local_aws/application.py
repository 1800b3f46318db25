"""moto's web application with the additions of this package."""

import re
import socket
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from moto.moto_server import werkzeug_app
from moto.moto_server.utilities import RegexConverter
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from local_aws import athena, eventbridge, service_quotas
from local_aws.clients import Endpoint
from local_aws.faults import Faults, FaultyRequests
from local_aws.iam import bucket_policies, enforcement
from local_aws.regions import Regional
from local_aws.s3 import sizes
from local_aws.s3.buckets import FolderBuckets
from local_aws.s3.decryption import Decrypting
from local_aws.s3.folder import FolderBucket
from local_aws.sagemaker import api as sagemaker_api
from local_aws.sagemaker.jobs import JobRegistry
from local_aws.stepfunctions import api as stepfunctions_api
from local_aws.stepfunctions import engine, map_children, parsing, redrive

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_OWN_NAME = re.compile(r"(127\.0\.0\.1|([\w.-]+\.)?localhost)(:\d+)?", re.IGNORECASE)  # bucket.localhost is S3's


def install(endpoint: Endpoint, registry: JobRegistry, faults: Faults, *, enforce_iam: bool) -> None:
    """Put the additions into moto. Call it once per process."""
    credentials = enforcement.StateCredentials(endpoint) if enforce_iam else None
    enforcement.install(endpoint, credentials)
    parsing.install()
    engine.install(endpoint, registry, faults.retry_wait_scale, faults.account, credentials)
    sagemaker_api.install(registry, faults)
    stepfunctions_api.install()
    redrive.install()
    map_children.install()
    athena.install()
    service_quotas.install(faults.account)
    eventbridge.install(endpoint, registry, faults.account.events_repeated_every)
    bucket_policies.install()
    sizes.install(faults)


class _KeysWithNewlines(RegexConverter):
    """moto's pattern of a path, in which a dot also matches a newline: S3 keys may contain one."""

    def __init__(self, url_map: Any, *items: Any) -> None:
        super().__init__(url_map, *items)
        self.regex = f"(?s:{self.regex})"


class _NoWebPages:
    """Passes requests on to an application, except those of web pages of other sites.

    A browser sends such requests for any page, and moto answers every origin. A foreign page shows itself by a host
    name that is not this machine's (DNS rebinding) or by its origin; a page that was loaded from here may ask.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        at_home = environ.get("HTTP_SEC_FETCH_SITE", "none") in ("none", "same-origin")
        if _OWN_NAME.fullmatch(host) and at_home and environ.get("HTTP_ORIGIN", f"http://{host}") == f"http://{host}":
            return self._application(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"The local environment answers no web pages of other sites.\n"]


def web_server(
    listener: socket.socket, faults: Faults, buckets: Mapping[str, FolderBucket], *, enforce_iam: bool
) -> BaseWSGIServer:
    """The server behind a listening socket; every connection has a thread."""
    setattr(werkzeug_app, "RegexConverter", _KeysWithNewlines)
    moto = DomainDispatcherApplication(create_backend_app)
    with_folders = FolderBuckets(Decrypting(sizes.Oversized(moto, faults)), buckets)
    authorized = enforcement.Authorizing(with_folders) if enforce_iam else with_folders
    application = _NoWebPages(FaultyRequests(Regional(authorized), faults))
    host, port = listener.getsockname()
    return make_server(host, port, application, threaded=True, request_handler=MotoRequestHandler, fd=listener.fileno())
