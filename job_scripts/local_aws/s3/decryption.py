"""Objects under KMS keys: where the key is foreign, gone or disabled, nobody reads them. moto does not look at keys."""

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from moto.kms.models import kms_backends

from local_aws.clients import ACCOUNT
from local_aws.s3.stored import kms_key_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_AWS_OWN = "alias/aws/"
_UNKNOWN = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not "
    "allowed to access."
)


class Decrypting:
    """Passes requests on to an application, except GETs of objects that cannot be decrypted.

    What policies say of the key is checked elsewhere, where IAM is enforced.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        found = _refusal(kms_key_of(str(environ["RAW_URI"]))) if environ["REQUEST_METHOD"] == "GET" else None
        if found is None:
            return self._application(environ, start_response)
        status, code, message = found
        request_id = ("x-amzn-RequestId", str(uuid.uuid4()))  # moto's workflow engine requires one
        start_response(status, [("Content-Type", "application/xml"), request_id])
        return [f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()]


def _refusal(key_arn: str) -> tuple[str, str, str] | None:
    """Status, code and message, in the words of KMS, if nothing can be decrypted with this key."""
    parts = key_arn.split(":", 5)
    if _AWS_OWN in key_arn or len(parts) != 6:
        return None
    _, _, _, region, account, name = parts
    key = kms_backends[ACCOUNT][region].keys.get(name.removeprefix("key/")) if account == ACCOUNT else None
    if key is None:
        return "403 Forbidden", "AccessDenied", _UNKNOWN
    if key.key_state == "Enabled":
        return None
    if key.key_state == "Disabled":
        return "400 Bad Request", "KMS.DisabledException", f"{key_arn} is disabled."
    return "400 Bad Request", "KMS.KMSInvalidStateException", f"{key_arn} is pending deletion."
