"""Large objects that nobody has to store: rules of the fault plan say how large an object is, and it reads as zeros."""

import re
import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from moto.s3.models import FakeKey

from local_aws.faults import Faults
from local_aws.s3.stored import stored_object

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CHUNK = bytes(1024 * 1024)
_RANGE = re.compile(r"bytes=(?P<first>\d+)-(?P<last>\d*)")


def install(faults: Faults) -> None:
    """Make listings and HEAD say the sizes of the rules. Call it once per process."""

    def size(key: FakeKey) -> int:
        told = faults.size_bytes(f"/{key.bucket_name}/{key.name}")
        return key.contentsize if told is None else told

    setattr(FakeKey, "size", property(size))


class Oversized:
    """Passes requests on to an application, except GETs of objects whose size a rule says."""

    def __init__(self, application: "WSGIApplication", faults: Faults) -> None:
        self._application, self._faults = application, faults

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        stored = stored_object(str(environ["RAW_URI"])) if environ["REQUEST_METHOD"] == "GET" else None
        size = self._faults.size_bytes(f"/{stored.bucket_name}/{stored.name}") if stored else None
        if stored is None or size is None:
            return self._application(environ, start_response)
        wanted = _RANGE.fullmatch(environ.get("HTTP_RANGE", ""))
        first = int(wanted["first"]) if wanted else 0
        end = min(size, int(wanted["last"] or size) + 1) if wanted else size
        headers = [("Content-Length", str(end - first)), ("ETag", stored.etag), ("x-amzn-RequestId", str(uuid.uuid4()))]
        if wanted:
            headers.append(("Content-Range", f"bytes {first}-{end - 1}/{size}"))
        start_response("206 Partial Content" if wanted else "200 OK", headers)
        return _zeros(end - first)


def _zeros(size: int) -> Iterator[bytes]:
    while size > 0:
        yield _CHUNK[:size]
        size -= len(_CHUNK)
