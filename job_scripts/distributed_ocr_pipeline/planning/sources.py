"""Where a run's documents are listed: a prefix of S3, a list of the user's own, an S3 Inventory, or a local folder.

A list names objects below the run's prefix, one a line, with or without ETag and size:

    .txt             s3://bucket/key
    .csv             a header with the column uri, and as one likes etag, size_bytes (or size)
    .jsonl, .ndjson  {"uri": "s3://bucket/key", "etag": "…", "size_bytes": 1}
    manifest.json    of an S3 Inventory report (CSV, ORC or Parquet; Amazon S3 guide, "Locating your inventory list")

What a list does not say is unknown to the plan: without an ETag a document counts as unchanged while its key is the
same, and sizes are asked of S3 for a sample of the documents that have none (planning/sampling.py).

However long a list is, a batch of it is in memory: it is read from the disk line by line, and what it names twice is
found in the stored listing (planning/todo.py).
"""

import csv
import gzip
import io
import json
import os
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any
from urllib.parse import unquote_plus

import pathspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import orc

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import MARK
from distributed_ocr_pipeline.planning.listing import ARCHIVED, LISTING_SCHEMA, Lister
from distributed_ocr_pipeline.planning.sampling import FetchRange, SizeOf
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import Storage

_BATCH_ROWS = 20_000
_MAX_LINE_BYTES = 16 * 1024
_MOST_BYTES = 2**50  # far more than an object can have, and few enough to be added up
_INVENTORY_FILE = "manifest.json"


NamedTwice = Callable[[str], BadInput]
"""`named_twice(key)`: what to say of a key that was listed twice."""


@dataclass(frozen=True)
class Source:
    """A listing, and how to look into its documents."""

    batches: Iterable[pa.RecordBatch]  # of `LISTING_SCHEMA`; a size that is not known is null
    fetch: FetchRange
    size_of: SizeOf | None = None  # where sizes may not be known
    named_twice: NamedTwice | None = None  # where a key may be


@dataclass(frozen=True)
class Listed:
    """One object of a list."""

    key: str
    etag: str
    size_bytes: int | None
    archived: bool = False


def s3_source(storage: Storage, lister: Lister, prefix: S3Location, document_list: str | None = None) -> Source:
    """The documents below a prefix: all that S3 lists, or those of a list.

    Args:
        storage: Reads the list, and pieces of documents.
        lister: Lists the prefix.
        prefix: Of the run.
        document_list: `s3://…` or a local path of a list; see above.

    Raises (while it is read):
        BadInput: The prefix cannot be listed, or the list is not of one of the forms; the line is named.
    """

    def fetch(key: str, offset: int, length: int) -> bytes:
        return storage.get_range(S3Location(prefix.bucket, key), offset, length)

    if document_list is None:
        return Source((page.batch() for page in lister.pages(prefix)), fetch)
    address = document_list
    entries = _read_inventory if _is_inventory(address) else _read_list
    return Source(
        _batches(item for _, item in entries(storage, address, prefix)),
        fetch,
        size_of=lambda key: storage.find_size(S3Location(prefix.bucket, key)),
        named_twice=lambda key: _twice(entries(storage, address, prefix), address, S3Location(prefix.bucket, key)),
    )


def listed_source(objects: Iterable[Listed], fetch: FetchRange) -> Source:
    """Objects that are known one by one."""
    return Source(_batches(objects), fetch)


def folder_source(folder: Path) -> Source:
    """The files below a local folder but for results of runs; keys are their paths in it."""

    odd: dict[str, Path] = {}  # files whose names are not UTF-8, which no key can be

    def files() -> Iterator[Listed]:
        paths = sorted(folder.rglob("*"))
        results = {path.parent for path in paths if path.name == MARK}
        for path in paths:
            if path.is_file() and not path.is_symlink() and results.isdisjoint(path.parents):
                name = path.relative_to(folder).as_posix()
                key = os.fsencode(name).decode("utf-8", "backslashreplace")
                if key != name:
                    odd[key] = path
                yield Listed(key, "", path.stat().st_size)

    def fetch(key: str, offset: int, length: int) -> bytes:
        with odd.get(key, folder / key).open("rb") as file:
            file.seek(offset)
            return file.read(length)

    return listed_source(files(), fetch)


def selected(source: Source, folder: str, include: Iterable[str], exclude: Iterable[str]) -> Source:
    """The documents of a source that match one of `include` (all, if there is none) and none of `exclude`.

    Args:
        source: All of them.
        folder: What keys begin with and patterns do not: the run's prefix up to its last slash.
        include, exclude: Patterns as in a .gitignore.
    """
    chosen, left_out = _patterns(include), _patterns(exclude)
    if not (chosen or left_out):
        return source

    def wanted(key: str) -> bool:
        name = key.removeprefix(folder)
        return not (chosen and not chosen.match_file(name)) and not (left_out and left_out.match_file(name))

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in source.batches:
            yield batch.filter(pa.array([wanted(key) for key in batch.column("key").to_pylist()], pa.bool_()))

    return replace(source, batches=batches())


def without(source: Source, key: str) -> Source:
    """The documents of a source but one."""
    return replace(source, batches=(batch.filter(pc.not_equal(batch.column("key"), key)) for batch in source.batches))


def _patterns(lines: Iterable[str]) -> pathspec.PathSpec[Any] | None:
    given = list(lines)
    try:
        return pathspec.PathSpec.from_lines("gitwildmatch" if _OLD_PATHSPEC else "gitignore", given) if given else None
    except ValueError as error:
        raise BadInput(f"A pattern of include or exclude is wrong: {error}.", "Write it as in a .gitignore.") from error


_OLD_PATHSPEC = not hasattr(pathspec, "GitIgnoreSpec") or pathspec.__version__.startswith("0.")


def _batches(objects: Iterable[Listed]) -> Iterator[pa.RecordBatch]:
    pending: list[Listed] = []
    for item in objects:
        pending.append(item)
        if len(pending) == _BATCH_ROWS:
            yield _batch(pending)
            pending = []
    if pending:
        yield _batch(pending)


def _batch(objects: list[Listed]) -> pa.RecordBatch:
    columns = [[getattr(item, name) for item in objects] for name in LISTING_SCHEMA.names]
    return pa.record_batch(columns, LISTING_SCHEMA)


# ---- lists of the user's own -----------------------------------------------------------------------------------


def _is_inventory(address: str) -> bool:
    return address.rpartition("/")[2].lower() == _INVENTORY_FILE


def _read_list(storage: Storage, address: str, prefix: S3Location) -> Iterator[tuple[str, Listed]]:
    """The objects of a list, each with the place where it is named."""
    parsers: dict[str, Callable[[Iterator[str]], Iterator[tuple[int, Mapping[str, Any]]]]] = {
        ".txt": _text_lines,
        ".csv": _csv_lines,
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
    }
    parse = parsers.get(Path(address.lower()).suffix)
    if parse is None:
        raise BadInput(
            f"The list {address} is of no known form.",
            f"Name a file that ends with {', '.join(parsers)}, or the {_INVENTORY_FILE} of an inventory report.",
        )
    with _open(storage, address) as file:
        for number, values in _guarded(parse(_lines(file, address)), address):
            place = f"line {number} of {address}"
            yield place, _listed(values, place, prefix)


def _twice(entries: Iterator[tuple[str, Listed]], address: str, location: S3Location) -> BadInput:
    """What to say of an object that a list names twice: it is read again, up to the second time."""
    places = [place for place, item in entries if item.key == location.key]
    place = places[1] if len(places) > 1 else address
    return BadInput(f"{place[0].upper()}{place[1:]} names {location} a second time.", "Name each once.")


def _open(storage: Storage, address: str) -> IO[bytes]:
    """A list as a file; one of S3 is fetched to the disk first."""
    if not address.startswith("s3://"):
        try:
            return Path(address).open("rb")
        except OSError as error:
            raise BadInput(f"The list {address!r} cannot be read: {error.strerror}.") from error
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        storage.get_small([(S3Location.parse(address), path)])
        return path.open("rb")  # until it is closed, it is there


def _lines(file: IO[bytes], address: str) -> Iterator[str]:
    number = 0
    while line := file.readline(_MAX_LINE_BYTES + 2):
        number += 1
        content = line.removeprefix(BOM_UTF8 if number == 1 else b"").removesuffix(b"\n")
        if len(content) > _MAX_LINE_BYTES:
            raise BadInput(f"Line {number} of {address} is longer than {_MAX_LINE_BYTES} bytes.", "Is it a list?")
        try:
            yield content.decode("utf-8").rstrip("\r")
        except UnicodeDecodeError as error:
            raise BadInput(f"Line {number} of {address} is not UTF-8.", "Store the list as UTF-8.") from error


def _text_lines(lines: Iterator[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, {"uri": line}


def _csv_lines(lines: Iterator[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(lines, strict=True)
    if reader.fieldnames and "uri" not in reader.fieldnames:
        raise _Malformed(reader.line_num, "it is the header, and names no column uri")
    if len(set(reader.fieldnames or ())) < len(reader.fieldnames or ()):
        raise _Malformed(reader.line_num, "it is the header, and names a column twice")
    for values in reader:
        if None in values:  # where DictReader puts them
            raise _Malformed(reader.line_num, "it has more values than the header; quote one that has a comma")
        yield reader.line_num, values


def _json_lines(lines: Iterator[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise _Malformed(number, str(error)) from error


class _Malformed(Exception):
    """A line that cannot be parsed."""

    def __init__(self, number: int, problem: str) -> None:
        super().__init__(problem)
        self.number = number


def _guarded(lines: Iterator[tuple[int, Mapping[str, Any]]], address: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    number = 0
    try:
        for number, values in lines:
            yield number, values
    except (_Malformed, csv.Error) as error:
        line = error.number if isinstance(error, _Malformed) else number + 1
        raise BadInput(f"Line {line} of {address} cannot be read: {error}.") from error


def _listed(values: Any, place: str, prefix: S3Location) -> Listed:
    """One line as an object; raises `BadInput` that names the line."""
    uri = values.get("uri") if isinstance(values, Mapping) else None
    if not isinstance(uri, str):
        raise BadInput(f"There is no uri in {place}.", "Write s3://bucket/key there.")
    if not uri.startswith(str(prefix)):
        raise BadInput(
            f"{uri!r} in {place} is not below the run's prefix {prefix}.", "Widen input_prefix, or leave it out."
        )
    etag, size = values.get("etag") or "", values.get("size_bytes", values.get("size"))
    if not isinstance(etag, str):
        raise BadInput(f"The etag in {place} is {etag!r}.", "Write it as a text, or leave it out.")
    if not _is_utf8(uri + etag):
        raise BadInput(f"The uri or etag in {place} is not UTF-8.", "Write them as S3 has them.")
    try:
        return Listed(uri.split("/", 3)[3], etag.strip('"'), _size(size))
    except ValueError as error:
        raise BadInput(f"The size_bytes in {place} is {size!r}.", "Write a number of bytes.") from error


def _is_utf8(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which JSON can spell."""
    try:
        text.encode()
        return True
    except UnicodeEncodeError:
        return False


def _size(value: Any) -> int | None:
    """Bytes; None where nothing is said. A list in JSON may say 10.0, and any but JSON says texts."""
    if value is None or value == "":
        return None
    is_whole = isinstance(value, int) and not isinstance(value, bool) or isinstance(value, float) and value.is_integer()
    if not is_whole and not (isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,20}\s*", value)):
        raise ValueError(f"a size of {value!r}")
    size = int(value)
    if not 0 <= size <= _MOST_BYTES:
        raise ValueError(f"a size of {size} bytes")
    return size


# ---- S3 Inventory ----------------------------------------------------------------------------------------------


def _read_inventory(storage: Storage, address: str, prefix: S3Location) -> Iterator[tuple[str, Listed]]:
    location = S3Location.parse(address)
    manifest = storage.get_json(location)
    try:
        bucket = S3Location.parse("s3://" + manifest["destinationBucket"].removeprefix("arn:aws:s3:::") + "/").bucket
        source, form, files = manifest["sourceBucket"], manifest["fileFormat"].upper(), manifest["files"]
        columns = [name.strip().lower() for name in manifest["fileSchema"].split(",")] if form == "CSV" else []
        keys = [file["key"] for file in files]
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{location} is not the manifest of an S3 Inventory report: {error!r}.") from error
    if source != prefix.bucket:
        raise BadInput(f"The inventory {location} is of the bucket {source}, not of {prefix.bucket}.")
    for place in [S3Location(bucket, key) for key in keys]:
        with _open(storage, str(place)) as file:
            for item in _inventory_objects(file, form, columns, place, prefix):
                yield f"the inventory's file {place}", item


def _inventory_objects(
    file: IO[bytes], form: str, columns: list[str], place: S3Location, prefix: S3Location
) -> Iterator[Listed]:
    """One file of an inventory; raises `BadInput` that names the line, or of Parquet and ORC the row."""
    number = 1
    try:
        for row in _csv_rows(file, columns) if form == "CSV" else _columnar_rows(file, form):
            if item := _inventoried(row, prefix):
                yield item
            number += 1
    except (ValueError, TypeError, KeyError, OSError, EOFError, csv.Error, zlib.error, pa.ArrowException) as error:
        line = f"{'Line' if form == 'CSV' else 'Row'} {number} of the inventory's file {place}"
        raise BadInput(
            f"{line} cannot be read: {error}.", "Wait for the next report, or name an earlier one."
        ) from error


def _csv_rows(file: IO[bytes], columns: list[str]) -> Iterator[Mapping[str, Any]]:
    text = io.TextIOWrapper(gzip.GzipFile(fileobj=file), "utf-8", newline="")
    for row in csv.reader(text, strict=True):
        if len(row) != len(columns):
            raise ValueError(f"it has {len(row)} values for {len(columns)} columns")
        values = dict(zip(columns, row))
        yield values | {"key": unquote_plus(values["key"], errors="strict")}


def _columnar_rows(file: IO[bytes], form: str) -> Iterator[Mapping[str, Any]]:
    if form == "PARQUET":
        for batch in pq.ParquetFile(file).iter_batches(_BATCH_ROWS):
            yield from batch.to_pylist()
    else:
        stored = orc.ORCFile(file)
        for number in range(stored.nstripes):
            for batch in pa.Table.from_batches([stored.read_stripe(number)]).to_batches(_BATCH_ROWS):
                yield from batch.to_pylist()


def _inventoried(row: Mapping[str, Any], prefix: S3Location) -> Listed | None:
    """A row of an inventory as an object; None for other prefixes, old versions and folder marks."""
    values = {name.lower().replace("_", ""): value for name, value in row.items()}
    key, size = values["key"], values.get("size")
    if not isinstance(key, str) or not key:
        raise ValueError("it has no key")
    size = 0 if size == "" else _size(size)  # of a mark of deletion
    current = str(values.get("islatest", "true")).lower() != "false"
    deleted = str(values.get("isdeletemarker", "false")).lower() == "true"
    if not key.startswith(prefix.key) or not current or deleted or (key.endswith("/") and size == 0):
        return None
    etag = str(values.get("etag") or "").strip('"')
    return Listed(key, etag, size, str(values.get("storageclass", "")) in ARCHIVED)
