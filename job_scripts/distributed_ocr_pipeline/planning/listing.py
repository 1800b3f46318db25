"""From S3 to a Parquet file of what lies below a prefix: key, ETag, size, and whether it is archived.

boto3 parses the date of every object and makes a dictionary of each, some 200 µs a key. Here a hook replaces that
parser (`before-parse`), and everything else stays botocore's: signatures, retries, regions, errors. Rust's
object_store (obstore) is as fast, but refuses keys with an empty part (`a//b`) and knows no storage classes.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import aws_call

LISTING_SCHEMA = pa.schema(
    [("key", pa.string()), ("etag", pa.string()), ("size_bytes", pa.int64()), ("archived", pa.bool_())]
)
"""What a source of documents says of each."""

NAMED_SCHEMA = LISTING_SCHEMA.append(pa.field("source_uri", pa.string()))
"""A stored listing: every document has the name that its id is made from."""

UriOf = Callable[[S3Location], str]
"""Gives a document's `source_uri`: where a reader of the tables finds it."""

ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})  # GLACIER_IR is read like any other
_THREADS = 8
_PAGES_AHEAD = 64
_ROW_GROUP_ROWS = 50_000


@dataclass(frozen=True)
class Page:
    """Some objects of a listing, column by column."""

    keys: list[str]
    etags: list[str]
    sizes: list[int]
    archived: list[bool]

    def batch(self) -> pa.RecordBatch:
        """The page as Arrow."""
        return pa.record_batch([self.keys, self.etags, self.sizes, self.archived], LISTING_SCHEMA)


class Lister:
    """Lists prefixes of S3 page by page.

    Args:
        client: A boto3 client of S3 that nothing else uses: its parser of listings is replaced.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        client.meta.events.register("before-parse.s3.ListObjectsV2", parse_listing, unique_id="fast-listing")

    def pages(self, prefix: S3Location) -> Iterator[Page]:
        """Pages of everything below a prefix, in no order: sub-folders are listed side by side.

        Raises:
            BadInput: There is no such bucket, or it must not be listed.
            ServiceFault: S3 did not answer.
        """
        here, folders = self._top(prefix)
        yield from here
        if len(folders) == 1:
            yield from self.pages(S3Location(prefix.bucket, folders[0]))
        elif folders:
            yield from _side_by_side([self._below(prefix.bucket, folder) for folder in folders])

    def _top(self, prefix: S3Location) -> tuple[Iterable[Page], list[str]]:
        """The first page of a prefix, and its folders; all pages, one by one, if that tells not all folders."""
        with aws_call(f"Listing {prefix}"):
            answer = self._client.list_objects_v2(Bucket=prefix.bucket, Prefix=prefix.key, Delimiter="/")
        if answer["IsTruncated"]:
            return self._below(prefix.bucket, prefix.key), []
        return [answer["Page"]], answer["Folders"]

    def _below(self, bucket: str, prefix: str) -> Iterator[Page]:
        token: dict[str, str] = {}
        while True:
            with aws_call(f"Listing s3://{bucket}/{prefix}"):
                answer = self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, **token)
            yield answer["Page"]
            if not answer["IsTruncated"]:
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}


def parse_listing(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Take the objects out of a listing's XML, and leave botocore an empty one."""
    if response_dict["status_code"] != 200:
        return
    root = ElementTree.fromstring(response_dict["body"])
    space = root.tag[: root.tag.index("}") + 1] if root.tag.startswith("{") else ""
    decode = unquote_plus if root.findtext(f"{space}EncodingType") == "url" else str
    customized_response_dict["Page"] = _page(root.findall(f"{space}Contents"), space, decode)
    prefixes = root.findall(f"{space}CommonPrefixes/{space}Prefix")
    customized_response_dict["Folders"] = [decode(prefix.text or "") for prefix in prefixes]
    customized_response_dict["IsTruncated"] = root.findtext(f"{space}IsTruncated") == "true"
    customized_response_dict["NextContinuationToken"] = root.findtext(f"{space}NextContinuationToken")
    response_dict["body"] = b"<ListBucketResult/>"


def _page(objects: list[ElementTree.Element], space: str, decode: Any) -> Page:
    names = {f"{space}{name}": name for name in ("Key", "ETag", "Size", "StorageClass")}
    page = Page([], [], [], [])
    for item in objects:
        values = {names[field.tag]: field.text or "" for field in item if field.tag in names}
        key, size = decode(values["Key"]), int(values["Size"])
        if key.endswith("/") and not size:
            continue  # the empty "folders" that consoles create
        page.keys.append(key)
        page.etags.append(values.get("ETag", "").strip('"'))
        page.sizes.append(size)
        page.archived.append(values.get("StorageClass", "") in ARCHIVED)
    return page


def _side_by_side(listings: Iterable[Iterator[Page]]) -> Iterator[Page]:
    """Pages of several listings as they come, some read ahead."""
    pages: queue.Queue[Page] = queue.Queue(_PAGES_AHEAD)
    cancelled = threading.Event()
    with ThreadPoolExecutor(_THREADS) as pool:
        futures = [pool.submit(_fill, pages, listing, cancelled) for listing in listings]
        try:
            yield from _drain(pages, futures)
        finally:
            cancelled.set()


def _fill(pages: queue.Queue[Page], listing: Iterator[Page], cancelled: threading.Event) -> None:
    """Read a listing into the queue until its end, or until nobody takes pages any more."""
    for page in listing:
        _put(pages, page, cancelled)
        if cancelled.is_set():
            return


def _put(pages: queue.Queue[Page], page: Page, cancelled: threading.Event) -> None:
    while not cancelled.is_set():
        try:
            pages.put(page, timeout=0.2)
            return
        except queue.Full:
            continue


def _drain(pages: queue.Queue[Page], futures: list[Future[None]]) -> Iterator[Page]:
    """The queue's pages until the listings have ended; raises what one of them raised."""
    while not (all(future.done() for future in futures) and pages.empty()):
        try:
            page = pages.get(timeout=0.05)
        except queue.Empty:
            _raise_first(futures)
            continue
        yield page
    _raise_first(futures)


def _raise_first(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        if future.done():
            future.result()


def source_uris(keys: pa.Array, bucket: str, uri_of: UriOf = str) -> pa.Array:
    """The `source_uri` of every key of a bucket."""
    if uri_of is str:  # an S3Location's own address, for a hundred million keys
        return pc.binary_join_element_wise(f"s3://{bucket}/", keys, "")
    return pa.array([uri_of(S3Location(bucket, key)) for key in keys.to_pylist()], pa.string())


def write_listing(batches: Iterable[pa.RecordBatch], path: Path, bucket: str, uri_of: UriOf = str) -> int:
    """Store batches of `LISTING_SCHEMA` as Parquet of `NAMED_SCHEMA`; returns how many rows they had."""
    rows = 0
    options = {"compression": "zstd", "compression_level": 1, "use_dictionary": False}  # hardly a value comes twice
    with pq.ParquetWriter(path, NAMED_SCHEMA, **options) as writer:
        pending: list[pa.RecordBatch] = []
        for batch in batches:
            pending.append(batch.append_column("source_uri", source_uris(batch["key"], bucket, uri_of)))
            rows += batch.num_rows
            if sum(item.num_rows for item in pending) >= _ROW_GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(pending))
                pending = []
        if pending:
            writer.write_table(pa.Table.from_batches(pending))
    return rows
