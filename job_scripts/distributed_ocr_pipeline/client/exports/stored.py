"""The documents whose rows count, with their pages, read shard by shard: no more than one page of each file is held."""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyarrow.fs import FileType

from distributed_ocr_pipeline.client.inspection.outputs import Output, no_such_run, open_table, reading_table
from distributed_ocr_pipeline.client.inspection.stored_runs import has_only_drawn, no_text
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import DOCUMENTS, PAGES, RunLayout
from distributed_ocr_pipeline.outputs.structure import SourceDocument
from distributed_ocr_pipeline.records import DocumentStatus, PageResult, PageStatus, S3Location, TextSource, Word
from distributed_ocr_pipeline.run.delivery.local_documents import path_of
from distributed_ocr_pipeline.tables.latest import counting, is_text
from distributed_ocr_pipeline.tables.parts import JOINED_SHARD
from distributed_ocr_pipeline.tables.schema import ALL_PAGES_SCHEMA, LEDGER_SCHEMA
from local_aws.s3.names import escape

_WITH_PAGES = (DocumentStatus.SUCCEEDED.value, DocumentStatus.PARTIAL.value)
_PAGE_COLUMNS = [column.name for column in fields(PageResult) if column.name not in ("image_path", "duration_ms")]
_FILE = "file://"
_LEDGER_COLUMNS = [
    *("run_id", "shard_id", "document_id", "source_uri", "source_etag", "size_bytes", "media_type", "page_count"),
    *("pages_succeeded", "pages_failed", "pages_blank", "engine", "engine_version"),
]
_BATCH_ROWS = 64  # of pages with all their words, which are large
_PLANNED_SCHEMA = pa.schema([(name, pa.string()) for name in ("shard_id", "document_id", "key")])

Row = Mapping[str, Any]


@dataclass(frozen=True)
class StoredDocument:
    """A document, as its current row of the ledger says."""

    run_id: str
    document_id: str
    media_type: str
    source_etag: str
    size_bytes: int
    rows: int  # that it has in the table of pages
    source: SourceDocument


@dataclass(frozen=True)
class _Shard:
    """The current rows of a shard, and its files of pages."""

    run_id: str
    shard_id: str
    documents: Mapping[str, StoredDocument]
    files: Sequence[str]


def stored_documents(output: Output, run_id: str | None) -> Iterator[tuple[StoredDocument, Iterator[PageResult]]]:
    """Every document that came to pages, each once, and its pages in order; take them before the next document.

    Args:
        output: Where runs wrote to.
        run_id: Only documents whose current row this run wrote; None for all.

    Raises:
        BadInput: No run, or not this one, has written results there, none has read anything, or a table cannot be read.
        ServiceFault: S3 did not answer.
    """
    with reading_table(output, f"{DOCUMENTS}/"):
        ledger = _current(output, run_id)
        _require_text(output, ledger)
        shards = _shards(output, ledger)
    with reading_table(output, f"{PAGES}/"):
        for shard in shards:
            yield from _documents(output, shard)


def _current(output: Output, run_id: str | None) -> pa.Table:
    """The current rows of documents with pages, in the order of runs and shards."""
    dataset = require_ledger(output, run_id)
    wanted = counting(dataset) & ds.field("status").isin(_WITH_PAGES)
    if run_id is not None:
        wanted &= ds.field("run_id") == run_id
    rows = dataset.to_table(columns=_LEDGER_COLUMNS, filter=wanted)
    return rows.sort_by([("run_id", "ascending"), ("shard_id", "ascending")])


def require_ledger(output: Output, run_id: str | None) -> ds.Dataset:
    """The ledgers of all runs; `BadInput` if no run, or not this one, has written results there."""
    dataset = open_table(output, f"{DOCUMENTS}/", LEDGER_SCHEMA)
    if dataset is None:
        raise BadInput(
            f"There are no results in {output.address}: it has no Parquet files below {DOCUMENTS}/.",
            "Name the folder that runs wrote to.",
        )
    if run_id is not None and not _has_run(dataset, run_id):
        ids = pc.unique(dataset.to_table(columns=["run_id"])["run_id"]).to_pylist()
        raise no_such_run(run_id, output, sorted(ids, reverse=True))
    return dataset


def _require_text(output: Output, ledger: pa.Table) -> None:
    """Raise `BadInput` if all of these runs drew pages and read none."""
    run_ids = pc.unique(ledger["run_id"]).to_pylist()
    if run_ids and all(has_only_drawn(output, run_id) for run_id in run_ids):
        raise no_text(run_ids[-1])


def _has_run(ledger: ds.Dataset, run_id: str) -> bool:
    return is_text(run_id) and bool(ledger.head(1, filter=ds.field("run_id") == run_id).num_rows)


def _shards(output: Output, ledger: pa.Table) -> Iterator[_Shard]:
    for run_id, of_run in _parts(ledger, "run_id"):
        run = RunLayout("", run_id)
        files: dict[str, list[str]] = defaultdict(list)
        for key in output.keys(run.pages.key):
            files[key.rpartition("/")[2]].append(key)
        for shard_id, of_shard in _parts(of_run, "shard_id"):
            rows = of_shard.to_pylist()
            if shard_id == JOINED_SHARD:
                yield from (_in_parts(output, run, row, files) for row in rows)
                continue
            keys = _keys(output, run, shard_id) if any(_is_local(row["source_uri"]) for row in rows) else {}
            documents = {row["document_id"]: _document(row, keys.get(row["document_id"])) for row in rows}
            yield _Shard(run_id, shard_id, documents, files[f"{shard_id}.parquet"])


def _parts(table: pa.Table, column: str) -> Iterator[tuple[str, pa.Table]]:
    """The values of a column by which a table is sorted, each with its rows."""
    start = 0
    for value, count in (entry.values() for entry in pc.value_counts(table[column]).to_pylist()):
        yield value, table.slice(start, count)
        start += count


def _in_parts(output: Output, run: RunLayout, row: Row, files: Mapping[str, Sequence[str]]) -> _Shard:
    """A document that several shards read: its pages are in their files, and those of earlier runs in its own."""
    planned = _planned(output, run, ds.field("document_id") == row["document_id"])
    shards = {JOINED_SHARD, *(part["shard_id"] for part in planned)}
    names = [f"{shard_id}.parquet" for shard_id in sorted(shards)] if planned else list(files)
    key = planned[0]["key"] if planned and _is_local(row["source_uri"]) else None
    found = [file for name in names for file in files.get(name, ())]
    return _Shard(run.run_id, JOINED_SHARD, {row["document_id"]: _document(row, key)}, found)


def _keys(output: Output, run: RunLayout, shard_id: str) -> Mapping[str, str]:
    """The keys of a shard's documents; none where the plan is gone."""
    return {row["document_id"]: row["key"] for row in _planned(output, run, ds.field("shard_id") == shard_id)}


def _planned(output: Output, run: RunLayout, wanted: ds.Expression) -> list[Row]:
    """Rows of a run's plan; none where the plan is gone."""
    filesystem, before = output.filesystem()
    path = f"{before}{run.planned.key}"
    if filesystem.get_file_info(path).type is not FileType.File:
        return []
    rows: list[Row] = ds.dataset(path, _PLANNED_SCHEMA, "parquet", filesystem).to_table(filter=wanted).to_pylist()
    return rows


def _document(row: Row, key: str | None) -> StoredDocument:
    uri = row["source_uri"]
    source = SourceDocument(
        key=_key_of(uri) if key is None else key,
        source_uri=uri,
        page_count=row["page_count"],
        engine=row["engine"] or "",
        engine_version=row["engine_version"] or "",
    )
    return StoredDocument(
        run_id=row["run_id"],
        document_id=row["document_id"],
        media_type=row["media_type"],
        source_etag=row["source_etag"],
        size_bytes=row["size_bytes"],
        rows=row["pages_succeeded"] + row["pages_failed"] + row["pages_blank"],
        source=source,
    )


def _key_of(uri: str) -> str:
    """The key in an address of S3; of a file, whose folder is not known any more, its whole path, named as keys are."""
    if _is_local(uri):
        return "/".join(escape(part) for part in path_of(uri).parts[1:])
    return S3Location.parse(uri).key


def _is_local(uri: str) -> bool:
    return bool(uri.startswith(_FILE))


def _documents(output: Output, shard: _Shard) -> Iterator[tuple[StoredDocument, Iterator[PageResult]]]:
    """Rows are sorted in each file; a document's may be in several, where a column is a folder."""
    rows = heapq.merge(
        *(_rows(output, key, list(shard.documents)) for key in shard.files),
        key=lambda row: (row["document_id"], row["page_number"]),
    )
    without_pages = set(shard.documents)
    for document_id, pages in groupby(rows, key=lambda row: str(row["document_id"])):
        without_pages.discard(document_id)
        yield shard.documents[document_id], map(page_of_row, pages)
    for document_id in sorted(without_pages):  # whose files are gone: to be named, not passed over
        yield shard.documents[document_id], iter(())


def _rows(output: Output, key: str, document_ids: list[str]) -> Iterator[Row]:
    filesystem, before = output.filesystem()
    table = ds.dataset(f"{before}{key}", ALL_PAGES_SCHEMA, "parquet", filesystem, "hive")
    columns = ["document_id", *_PAGE_COLUMNS]
    wanted = ds.field("document_id").isin(document_ids)
    for batch in table.to_batches(columns=columns, filter=wanted, batch_size=_BATCH_ROWS, batch_readahead=1):
        yield from batch.to_pylist()


def page_of_row(row: Row) -> PageResult:
    """The page that a row of `pages` was made of; what an earlier version did not write has its default."""
    values = {name: row[name] for name in _PAGE_COLUMNS if row[name] is not None}
    words = tuple(Word(**word) for word in row["words"] or ())
    known = {"status": PageStatus(row["status"]), "text_source": TextSource(row["text_source"]), "words": words}
    return PageResult(**values | known)
