"""The application in front of moto: calls for objects of folder buckets are answered here, all others by moto."""

import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from werkzeug.wrappers import Request

from local_aws.s3.calls import ObjectCalls
from local_aws.s3.folder import FolderBucket

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Calls for a bucket itself that are about its objects: what else a query may name (policy, location) is moto's.
_LISTS = "list-type"
_DELETES = "delete"


class FolderBuckets:
    """Passes calls on to an application, except those for the objects of these buckets, which path-style calls name."""

    def __init__(self, application: "WSGIApplication", buckets: Mapping[str, FolderBucket]) -> None:
        self._application = application
        self._calls = {name: ObjectCalls(name, bucket) for name, bucket in buckets.items()}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = str(environ["RAW_URI"]).partition("?")[0]
        name, _, rest = path.lstrip("/").partition("/")
        calls = self._calls.get(name)
        if calls is None:
            return self._application(environ, start_response)
        request, key = Request(environ), unquote(rest)
        if not key and not {_LISTS, _DELETES} & set(request.args):
            return self._application(environ, start_response)
        response = calls.answer(request, key)
        response.headers["x-amzn-RequestId"] = response.headers["x-amz-request-id"] = str(uuid.uuid4())
        return response(environ, start_response)
