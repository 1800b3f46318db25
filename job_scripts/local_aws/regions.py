"""S3 and the region of a bucket: a request that is signed for another region is not answered, but redirected.

The answer is status 301 with the bucket's region. boto3 signs again and follows; Arrow's S3 client gives up. (S3 User
Guide, "Making requests to S3": PermanentRedirect; apache/arrow#36737 for Arrow.)
"""

import re
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from moto.s3.models import s3_backends

from local_aws.clients import ACCOUNT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SCOPE = re.compile(r"(?:Credential=)?[^/ ]+/[0-9]+/(?P<region>[^/]+)/s3/aws4_request")


class Regional:
    """Passes requests on to an application, except S3's that are signed for another region than their bucket's."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        signed, bucket = _signed_region(environ), environ["PATH_INFO"].lstrip("/").partition("/")[0]
        found = s3_backends[ACCOUNT]["aws"].buckets.get(bucket) if signed else None
        if found is None or found.region_name == signed or _is_global(environ, bucket):
            return self._application(environ, start_response)
        return _redirect(environ, start_response, bucket, found.region_name)


def _signed_region(environ: "WSGIEnvironment") -> str | None:
    """The region of an S3 request's signature, which is in a header or in the address; None for any other request."""
    query = parse_qs(environ.get("QUERY_STRING", ""))
    scope = environ.get("HTTP_AUTHORIZATION") or query.get("X-Amz-Credential", [""])[0]
    found = _SCOPE.search(str(scope))
    return found["region"] if found else None


def _is_global(environ: "WSGIEnvironment", bucket: str) -> bool:
    """Whether S3 answers this call in every region: CreateBucket and GetBucketLocation."""
    if environ["PATH_INFO"].strip("/") != bucket:
        return False
    query = environ.get("QUERY_STRING", "")
    return query.partition("=")[0] == "location" or (environ["REQUEST_METHOD"] == "PUT" and not query)


def _redirect(environ: "WSGIEnvironment", start_response: "StartResponse", bucket: str, region: str) -> Iterable[bytes]:
    # The body is read to its end: the connection serves the next request.
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    headers = [
        ("Content-Type", "application/xml"),
        ("x-amz-bucket-region", region),
        ("x-amzn-RequestId", str(uuid.uuid4())),  # moto's workflow engine requires one
    ]
    start_response("301 Moved Permanently", headers)
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    message = "The bucket you are attempting to access must be addressed using the specified endpoint."
    body = f"<Code>PermanentRedirect</Code><Message>{message}</Message><Bucket>{bucket}</Bucket>"
    return [f"<Error>{body}<Endpoint>s3.{region}.amazonaws.com</Endpoint></Error>".encode()]
