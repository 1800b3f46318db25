"""The writer that streams a shard's results into its two Parquet files, `pages` and `documents`."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.layout import DOCUMENTS, PAGES, RunLayout
from distributed_ocr_pipeline.records import (
    Document,
    DocumentResult,
    DocumentStatus,
    OutputFile,
    PageChunk,
    PageResult,
)
from distributed_ocr_pipeline.tables.integrity import quality_words
from distributed_ocr_pipeline.tables.parts import Part, encode_parts
from distributed_ocr_pipeline.tables.schema import DOCUMENTS_SCHEMA, PAGES_SCHEMA

_FOLDER_KEYS = (
    "language",
    "media_type",
    "text_source",
)  # few values; document_id sorts the rows, run_id is a folder anyway

ROW_GROUP_BYTES = 16 * 1024 * 1024
"""Row groups are cut at this much text, so that neither writer nor reader ever holds more of one."""

_BATCH_ROWS, _BATCH_BYTES = 256, 1024 * 1024
"""So much waits as Python objects, which take several times what they say; what waits longer is in Arrow's columns."""


@dataclass(frozen=True)
class ShardInfo:
    """What every row of a shard has in common."""

    run_id: str
    shard_id: str
    results_uri: str  # of the folder that holds all results; empty: URIs are relative to it
    engine: str
    engine_version: str
    options_fingerprint: str


class _TableFile:
    """One Parquet file, written in row groups that are bounded in bytes."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = 0
        self._rows: list[Mapping[str, Any]] = []
        self._batches: list[pa.RecordBatch] = []
        self._rows_bytes = self._batches_bytes = 0
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", write_page_index=True)

    def add(self, row: Mapping[str, Any], size: int) -> None:
        """Append a row of about `size` bytes."""
        self._rows.append(row)
        self._rows_bytes += size
        self.rows += 1
        if self._batches_bytes + self._rows_bytes >= ROW_GROUP_BYTES:
            self._flush()
        elif len(self._rows) == _BATCH_ROWS or self._rows_bytes >= _BATCH_BYTES:
            self._pack()

    def close(self, metadata: Mapping[str, str]) -> None:
        """Write what is pending and the footer, with `metadata` in it."""
        self._flush()
        self._writer.add_key_value_metadata(dict(metadata))
        self._writer.close()

    def _pack(self) -> None:
        if self._rows:
            self._batches.append(pa.RecordBatch.from_pylist(self._rows, schema=self._writer.schema))
        self._batches_bytes += self._rows_bytes
        self._rows, self._rows_bytes = [], 0

    def _flush(self) -> None:
        self._pack()
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches))
        self._batches, self._batches_bytes = [], 0


_Named = tuple[str, int]  # a document and its first page: a shard may read several parts of one


def _named(document: Document) -> _Named:
    return document.document_id, document.first_page


class _Proof:
    """Holds every document's row against its pages while they are written, so that no reader has to."""

    def __init__(self) -> None:
        self._pages: dict[_Named, set[int]] = {}  # page numbers of documents whose row has not come yet
        self._documents: set[_Named] = set()
        self._broken = False

    def add_page(self, document: Document, page_count: int, page_number: int) -> None:
        """Note a row of `pages`."""
        name = _named(document)
        numbers = self._pages.setdefault(name, set())
        self._broken |= page_number in numbers or name in self._documents
        self._broken |= page_number not in document.pages_of(page_count)
        numbers.add(page_number)

    def add_document(self, result: DocumentResult) -> None:
        """Compare a row of the ledger with the pages that were written."""
        name, counted = _named(result.document), result.pages_read
        expected = len(result.document.pages_of(result.page_count))
        short = result.status is DocumentStatus.SUCCEEDED and counted != expected
        written = len(self._pages.pop(name, ()))
        self._broken |= short or counted != written or name in self._documents
        self._documents.add(name)

    @property
    def holds(self) -> bool:
        """Whether every document has one row, and exactly the pages that its row counts."""
        return not (self._broken or self._pages)


class ShardTables:
    """Writes a shard's rows; the files appear in their folders, complete, when the `with` block ends well.

    Args:
        info: What every row has in common.
        options: `partition_key` decides the folders of `pages`; the ledger is always one file.
        scratch: Folder for files in the making.
        pages, documents: Folders that are uploaded.
    """

    def __init__(self, info: ShardInfo, options: RunOptions, *, scratch: Path, pages: Path, documents: Path) -> None:
        self._info = info
        self._measured: dict[str, str] = {}
        self._proof = _Proof()
        self._open: defaultdict[_Named, Counter[str]] = defaultdict(Counter)  # qualities where the row has not come yet
        self._qualities: Counter[str] = Counter()  # of the pages of all rows
        self._parts: list[Part] = []
        self._drops_words = options.keeps_words and not options.words
        self._partition_key = options.partition_key if options.partition_key in _FOLDER_KEYS else None
        self._scratch, self._pages_folder, self._documents_folder = scratch, pages, documents
        self._name = f"{info.shard_id}.parquet"
        self._pages_files: dict[str, _TableFile] = {}
        self._ledger = _TableFile(scratch / DOCUMENTS / self._name, DOCUMENTS_SCHEMA)

    def __enter__(self) -> "ShardTables":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._publish()

    def add_pages(self, chunk: PageChunk) -> None:
        """Append rows of `pages`."""
        for page in chunk.pages:
            self._proof.add_page(chunk.document, chunk.page_count, page.page_number)
            if page.quality is not None:
                self._open[_named(chunk.document)][page.quality.value] += 1
            stored = replace(page, words=()) if self._drops_words else page
            row = _page_row(self._info, chunk, stored)
            folder = self._folder(row | {"media_type": chunk.media_type})
            if folder not in self._pages_files:
                path = self._scratch / PAGES / folder / self._name
                self._pages_files[folder] = _TableFile(path, self._pages_schema())
            self._pages_files[folder].add(row, len(stored.text) + 64 * len(stored.words) + 512)

    def add_document(self, result: DocumentResult) -> None:
        """Append one row of the ledger; of a part, note in its footer what became of it."""
        self._proof.add_document(result)
        row, document = _document_row(self._info, result), result.document
        qualities = dict(self._open.pop(_named(document), {}))
        if document.is_part:
            pages = document.first_page, document.last_page
            self._parts.append(Part(self._info.run_id, *pages, result.digest, row, qualities))
        else:
            self._ledger.add(row, 1024)
            self._qualities.update(qualities)

    def add_measurements(self, measured: Mapping[str, float]) -> None:
        """Note what the shard has taken; goes into the ledger's footer."""
        self._measured = {name: f"{value:.3f}" for name, value in measured.items()}

    def _pages_schema(self) -> pa.Schema:
        return pa.schema([field for field in PAGES_SCHEMA if field.name != self._partition_key])

    def _folder(self, row: Mapping[str, Any]) -> str:
        if self._partition_key is None:
            return ""
        return f"{self._partition_key}={quote(row[self._partition_key] or '__HIVE_DEFAULT_PARTITION__', safe='')}"

    def _publish(self) -> None:
        """Close the files and move them where they are uploaded, the ledger last.

        The footers carry both row counts, and the ledger's the size of the pages, so that one file without the other
        is not taken for a result. They also say whether the two agree document by document, which was seen while they
        were written.
        """
        if not self._pages_files:
            self._pages_files[""] = _TableFile(self._scratch / PAGES / self._name, self._pages_schema())
        rows = sum(file.rows for file in self._pages_files.values())
        metadata = {"run_id": self._info.run_id, "pages": str(rows), "documents": str(self._ledger.rows)}
        pages_bytes = 0
        for folder, file in self._pages_files.items():
            file.close(metadata)
            path = self._scratch / PAGES / folder / self._name
            pages_bytes += path.stat().st_size
            _move(path, self._pages_folder / folder / self._name)
        metadata |= self._measured | quality_words(self._qualities)
        if self._parts:
            metadata["parts"] = encode_parts(self._parts)
        proved = str(self._proof.holds).lower()
        self._ledger.close(metadata | {"pages_bytes": str(pages_bytes), "proved": proved})
        _move(self._scratch / DOCUMENTS / self._name, self._documents_folder / self._name)


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)  # a job's scratch and output folders may be separate mounts


def _page_row(info: ShardInfo, chunk: PageChunk, page: PageResult) -> dict[str, Any]:
    row = dict(vars(page))  # not `asdict`, which copies every value: a page has thousands of words
    image_path = row.pop("image_path")
    images = RunLayout("", info.run_id).images
    return _enums_to_text(row) | {
        "shard_id": info.shard_id,
        "document_id": chunk.document.document_id,
        "source_uri": chunk.document.source_uri,
        "page_count": chunk.page_count,
        "words": [vars(word) for word in page.words] or None,
        "image_uri": info.results_uri + images.below(image_path).key if image_path else None,
    }


def _document_row(info: ShardInfo, result: DocumentResult) -> dict[str, Any]:
    row = asdict(result)
    document = row.pop("document")
    del row["digest"], row["outputs"]
    return _enums_to_text(row) | {
        "shard_id": info.shard_id,
        "document_id": document["document_id"],
        "source_uri": document["source_uri"],
        "source_etag": document["etag"],
        "size_bytes": document["size_bytes"],
        "attempts": document["attempts"] + result.attempts,
        "engine": info.engine,
        "engine_version": info.engine_version,
        "options_fingerprint": info.options_fingerprint,
        "outputs": [_output_row(info, output) for output in result.outputs] or None,
    }


def _output_row(info: ShardInfo, output: OutputFile) -> dict[str, Any]:
    return {
        "format": output.format,
        "uri": info.results_uri + output.key if output.key else None,
        "size_bytes": output.size_bytes if output.key else None,
        "error": output.error or None,
    }


def _enums_to_text(row: Mapping[str, Any]) -> dict[str, Any]:
    """Column values: an enum's text, and null where an error column has nothing to say."""
    values = {name: value.value if isinstance(value, Enum) else value for name, value in row.items()}
    return values | {"error_message": values["error_message"] or None}
