"""The S3 calls for objects of folder buckets, as boto3, Arrow and Step Functions make them."""

import shutil
import threading
import xml.etree.ElementTree as ET
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from werkzeug.exceptions import ClientDisconnected, RequestedRangeNotSatisfiable
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import wrap_file

from local_aws.errors import ObjectExists, ObjectRefused, UnknownUpload
from local_aws.s3.chunks import copy_chunks
from local_aws.s3.folder import Condition, FolderBucket, StoredObject
from local_aws.s3.uploads import Uploads

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_PAGE = 1000
_KEPT_LISTINGS = 32
_CHUNK_BYTES = 1024 * 1024
_CONTENT_TYPE = "binary/octet-stream"

# What the answer would have to say of an object later, and a file has no place for.
_UNSUPPORTED_HEADERS = (
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-object-lock-",
    "x-amz-tagging",
    "x-amz-website-",
)
_METADATA = "x-amz-meta-"
_OBJECT_QUERIES = {"uploads", "uploadId", "partNumber", "x-id", "versionId"}
_LIST_QUERIES = {
    "list-type",
    "prefix",
    "delimiter",
    "max-keys",
    "continuation-token",
    "start-after",
    "encoding-type",
    "fetch-owner",
    "x-id",
}


class Refusal(Exception):
    """An answer with an error code of S3."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class ObjectCalls:
    """The calls for one bucket's objects."""

    def __init__(self, name: str, bucket: FolderBucket) -> None:
        self._name = name
        self._bucket = bucket
        self._uploads = Uploads(bucket)
        self._listings = _Listings()

    def answer(self, request: Request, key: str) -> Response:  # pylint: disable=too-many-return-statements
        """Answer a call; an empty key is the bucket itself."""
        try:
            return self._answer(request, key)
        except Refusal as error:
            return _error(error.status, error.code, str(error))
        except ObjectExists as error:
            return _error(412, "PreconditionFailed", str(error))
        except UnknownUpload as error:
            return _error(404, "NoSuchUpload", str(error))
        except ObjectRefused as error:
            return _error(400, "InvalidArgument", str(error))
        except ClientDisconnected:
            return _error(400, "IncompleteBody", "The request body terminated unexpectedly.")
        except RequestedRangeNotSatisfiable:
            return _error(416, "InvalidRange", "The requested range is not satisfiable")
        except OSError as error:  # the disk is full, or the folder cannot be written
            return _error(500, "InternalError", f"{key}: {error.strerror}")

    def _answer(self, request: Request, key: str) -> Response:
        if not key:
            return self._delete_many(request) if request.method == "POST" else self._list(request)
        _require_known(request, _OBJECT_QUERIES)
        if request.method in ("GET", "HEAD"):
            return self._get(request, key)
        if self._bucket.read_only:
            raise Refusal(403, "AccessDenied", f"The bucket {self._name} can only be read.")
        _refuse_lost_headers(request)
        if "uploads" in request.args or "uploadId" in request.args:
            return self._upload(request, key)
        if request.method == "PUT":
            return self._put(request, key)
        if request.method == "DELETE":
            self._bucket.delete(key)
            return Response(status=204)
        raise Refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    def _get(self, request: Request, key: str) -> Response:
        item = self._bucket.find(key)
        if item is None:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
        body: Iterable[bytes] = ()
        if request.method == "GET":
            content = self._bucket.content(item)
            if content is None:
                raise Refusal(403, "AccessDenied", "The file has no content that can be read.")
            body = wrap_file(request.environ, content, _CHUNK_BYTES)
        response = Response(body, content_type=_CONTENT_TYPE, direct_passthrough=True)
        response.content_length = item.size_bytes
        response.set_etag(item.etag)
        response.last_modified = datetime.fromtimestamp(item.modified, timezone.utc)
        response.headers.extend({_METADATA + name: value for name, value in self._bucket.metadata(key).items()})
        return response.make_conditional(request.environ, accept_ranges=True, complete_length=item.size_bytes)

    def _put(self, request: Request, key: str) -> Response:
        with self._bucket.new_file() as file:
            _receive(request, file)
            stored = self._bucket.store(file, key, condition=_condition(request), metadata=_metadata(request))
        return Response(headers={"ETag": f'"{stored.etag}"'})

    def _upload(self, request: Request, key: str) -> Response:
        """Any call of a multipart upload."""
        if _metadata(request):
            raise Refusal(
                501, "NotImplemented", "Metadata of a multipart upload is not supported for a bucket of files."
            )
        upload_id = request.args.get("uploadId", "")
        match request.method:
            case "POST" if "uploads" in request.args:
                body = {"Bucket": self._name, "Key": key, "UploadId": self._uploads.create()}
                return _xml("InitiateMultipartUploadResult", "".join(_element(*item) for item in body.items()))
            case "PUT":
                number = int(request.args["partNumber"])
                etag = self._uploads.write_part(upload_id, number, lambda file: _receive(request, file))
                return Response(headers={"ETag": f'"{etag}"'})
            case "POST":
                numbers = [int(found) for found in _texts(request, "PartNumber")]
                stored = self._uploads.complete(upload_id, key, numbers, condition=_condition(request))
                body = {"Bucket": self._name, "Key": key, "ETag": f'"{stored.etag}"'}
                return _xml("CompleteMultipartUploadResult", "".join(_element(*item) for item in body.items()))
            case "DELETE":
                self._uploads.abort(upload_id)
                return Response(status=204)
        raise Refusal(501, "NotImplemented", "Parts of an upload cannot be listed for a bucket of files.")

    def _delete_many(self, request: Request) -> Response:
        if self._bucket.read_only:
            raise Refusal(403, "AccessDenied", f"The bucket {self._name} can only be read.")
        keys = _texts(request, "Key")
        for key in keys:
            self._bucket.delete(key)
        return _xml("DeleteResult", "".join(f"<Deleted>{_element('Key', key)}</Deleted>" for key in keys))

    def _list(self, request: Request) -> Response:
        _require_known(request, _LIST_QUERIES)
        if request.args.get("list-type") != "2":
            raise Refusal(501, "NotImplemented", "Only ListObjectsV2 lists a bucket of files.")
        prefix, token = request.args.get("prefix", ""), request.args.get("continuation-token", "")
        after = token or request.args.get("start-after", "")
        limit = min(_PAGE, int(request.args.get("max-keys", _PAGE)))
        objects = self._listings.take(prefix, token) or self._bucket.walk(prefix, after)
        page = _Page(prefix, request.args.get("delimiter", ""))
        rest = page.fill(objects, limit)
        if rest is not None:
            self._listings.keep(prefix, page.last_key, rest)
        in_url = request.args.get("encoding-type") == "url"
        return _xml("ListBucketResult", page.body(self._name, limit, more=rest is not None, in_url=in_url))


class _Listings:
    """Listings between two of their pages: going on is cheaper than walking the folder again up to the next page."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Iterator[StoredObject]] = OrderedDict()

    def keep(self, prefix: str, last_key: str, objects: Iterator[StoredObject]) -> None:
        """Keep what comes after a key; the oldest of too many is dropped."""
        with self._lock:
            self._kept[prefix, last_key] = objects
            while len(self._kept) > _KEPT_LISTINGS:
                self._kept.popitem(last=False)

    def take(self, prefix: str, last_key: str) -> Iterator[StoredObject] | None:
        """What comes after a key, if it is still kept; only one caller gets it."""
        with self._lock:
            return self._kept.pop((prefix, last_key), None)


class _Page:
    """One page of a listing: objects, and the common prefixes that a delimiter makes of others."""

    def __init__(self, prefix: str, delimiter: str) -> None:
        self._prefix, self._delimiter = prefix, delimiter
        self._entries: dict[str, StoredObject | None] = {}
        self.last_key = ""

    def fill(self, objects: Iterator[StoredObject], limit: int) -> Iterator[StoredObject] | None:
        """Take `limit` entries; returns what is left, None if there is nothing."""
        for item in objects:
            name = self._group(item.key)
            if name not in self._entries and len(self._entries) >= limit:
                return chain([item], objects)
            self._entries.setdefault(name, item if name == item.key else None)
            self.last_key = item.key
        return None

    def _group(self, key: str) -> str:
        head, found, _ = key[len(self._prefix) :].partition(self._delimiter) if self._delimiter else ("", "", "")
        return f"{self._prefix}{head}{found}" if found else key

    def body(self, bucket: str, limit: int, *, more: bool, in_url: bool) -> str:
        """The page as the content of a ListBucketResult."""
        shown = quote if in_url else str
        parts = [
            _element("Name", bucket),
            _element("Prefix", shown(self._prefix)),
            _element("MaxKeys", str(limit)),
            _element("KeyCount", str(len(self._entries))),
            _element("IsTruncated", str(more).lower()),
        ]
        parts += [_element("NextContinuationToken", self.last_key)] if more else []
        parts += [_element("EncodingType", "url")] if in_url else []
        parts += [_element("Delimiter", shown(self._delimiter))] if self._delimiter else []
        for name, item in self._entries.items():
            if item is None:
                parts.append(f"<CommonPrefixes>{_element('Prefix', shown(name))}</CommonPrefixes>")
            else:
                parts.append(_contents(item, shown(name)))
        return "".join(parts)


def _contents(item: StoredObject, key: str) -> str:
    modified = datetime.fromtimestamp(item.modified, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return (
        f"<Contents>{_element('Key', key)}<LastModified>{modified}</LastModified><ETag>&quot;{item.etag}&quot;</ETag>"
        f"<Size>{item.size_bytes}</Size><StorageClass>STANDARD</StorageClass></Contents>"
    )


def _receive(request: Request, file: Path) -> None:
    """Write a call's body into a file; nothing is stored of one that breaks off."""
    with file.open("wb") as target:
        if request.headers.get("x-amz-content-sha256", "").startswith("STREAMING"):
            copy_chunks(request.stream, target)
        else:
            shutil.copyfileobj(request.stream, target, _CHUNK_BYTES)


def _refuse_lost_headers(request: Request) -> None:
    for name in request.headers.keys():
        if name.lower().startswith(_UNSUPPORTED_HEADERS):
            raise Refusal(501, "NotImplemented", f"The header {name} is not supported for a bucket of files.")


def _condition(request: Request) -> Condition:
    etag = request.headers.get("if-match")
    return Condition(
        only_new=request.headers.get("if-none-match") == "*", etag=None if etag is None else etag.strip('"')
    )


def _metadata(request: Request) -> dict[str, str]:
    return {
        name.lower().removeprefix(_METADATA): value
        for name, value in request.headers.items()
        if name.lower().startswith(_METADATA)
    }


def _texts(request: Request, name: str) -> list[str]:
    """The texts of all elements of this name in a call's XML."""
    root = ET.fromstring(request.get_data())
    return [element.text or "" for element in root.iter() if element.tag.rpartition("}")[2] == name]


def _require_known(request: Request, known: set[str]) -> None:
    if unknown := [name for name in request.args if name not in known]:
        raise Refusal(501, "NotImplemented", f"{unknown[0]} is not supported for a bucket of files.")


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _xml(root: str, body: str) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">{body}</{root}>'
    return Response(text, content_type="application/xml")


def _error(status: int, code: str, message: str) -> Response:
    body = f"<Error>{_element('Code', code)}{_element('Message', message)}</Error>"
    return Response(body, status=status, content_type="application/xml")
