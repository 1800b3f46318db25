"""Documents that were read in parts: one row of the ledger for each whose parts are all there.

The rows are a file of the ledger like a shard's, with `tables.parts.JOINED_SHARD` for its name. Parts that an earlier
run read well are not read again: their pages are copied into this run's, so that all pages of a document are of the
run of its row.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow.fs import FileSystem

from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.planning.listing import Lister
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.integrity import LedgerFooter, quality_words
from distributed_ocr_pipeline.tables.parts import JOINED_SHARD, Part, are_whole, decode_parts, join
from distributed_ocr_pipeline.tables.schema import DOCUMENTS_SCHEMA

JOINED_FILE = f"{JOINED_SHARD}.parquet"


@dataclass(frozen=True)
class PlannedPart:
    """A part that a shard of this run was to read."""

    document_id: str
    shard_id: str
    first_page: int
    last_page: int | None

    @property
    def name(self) -> tuple[str, int]:
        """As `Part.name`."""
        return self.document_id, self.first_page

    @property
    def pages(self) -> str:
        """For people."""
        return f"pages {self.first_page} to {self.last_page or 'the end'}"


@dataclass(frozen=True)
class Joining:
    """What became of the documents that were read in parts."""

    whole: tuple[tuple[Part, ...], ...] = ()  # the parts of each document that has all, in the order of their pages
    missing: tuple[PlannedPart, ...] = ()  # parts of this run that are not there
    kept: tuple[Part, ...] = ()  # those of `whole` that an earlier run read

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The ledger's."""
        return [join(parts) for parts in self.whole]

    @property
    def qualities(self) -> Mapping[str, int]:
        """Pages of the rows, by quality."""
        return sum((Counter(part.qualities) for parts in self.whole for part in parts), Counter())

    @property
    def unfinished(self) -> int:
        """Parts that a later run reads again, while it keeps the others."""
        return len(self.missing) + sum(not part.is_done() for parts in self.whole for part in parts)


def planned_parts(planned: Path) -> list[PlannedPart]:
    """The parts among a plan's documents."""
    columns = ["document_id", "shard_id", "first_page", "last_page"]
    rows = ds.dataset(planned).to_table(columns, filter=ds.field("first_page").is_valid()).to_pylist()
    return [PlannedPart(**row) for row in rows]


def join_parts(planned: Iterable[PlannedPart], footers: Iterable[LedgerFooter], kept: Iterable[Part]) -> Joining:
    """Put together what this run's shards say and what earlier runs left.

    Args:
        planned: What shards of this run were to read.
        footers: Of shards whose files are whole and prove themselves.
        kept: Parts of earlier runs whose pages are there.
    """
    wanted = {part.name: part for part in planned}
    documents = {part.document_id for part in wanted.values()}
    found = {part.name: part for footer in footers for part in footer.parts if part.name in wanted}
    old = [part for part in kept if part.document_id in documents]
    in_order = sorted([*found.values(), *old], key=lambda part: part.name)
    grouped = (tuple(parts) for _, parts in groupby(in_order, lambda part: part.document_id))
    whole = tuple(parts for parts in grouped if are_whole(parts))
    joined = {part.document_id for parts in whole for part in parts}
    return Joining(
        whole=whole,
        missing=tuple(part for name, part in sorted(wanted.items()) if name not in found),
        kept=tuple(part for part in old if part.document_id in joined),
    )


class KeptPages:
    """The pages of parts that earlier runs read.

    Args:
        storage: S3.
        lister: Lists runs' pages.
        bucket: Where all runs' results are.
    """

    def __init__(self, storage: Storage, lister: Lister, bucket: str) -> None:
        self._filesystem: FileSystem = storage.arrow_filesystem()
        self._lister, self._bucket = lister, bucket
        self._keys: dict[str, list[str]] = {}  # of each run's pages

    def there(self, parts: Iterable[Part]) -> list[Part]:
        """Those parts whose pages are all there, each once."""
        return [part for part in parts if self._count(part) == (part.pages, part.pages)]

    def copy(self, parts: Sequence[Part], folder: Path, metadata: Mapping[str, str]) -> list[Path]:
        """Write the pages of parts below `folder`, as they lie below a run's folder; returns the files' relative paths.

        Args:
            parts: With their pages there.
            folder: Gets a file for every value of the partition key, if there is one.
            metadata: Goes into the footers.
        """
        writers: dict[Path, pq.ParquetWriter] = {}
        for part in parts:
            for key, place in self._files(part):
                data = self._open(key)
                if place not in writers:
                    (folder / place).parent.mkdir(parents=True, exist_ok=True)
                    writers[place] = pq.ParquetWriter(folder / place, data.schema.remove_metadata(), compression="zstd")
                for batch in data.to_batches(filter=_rows_of(part)):
                    writers[place].write_batch(_renamed(batch))
        for writer in writers.values():
            writer.add_key_value_metadata(dict(metadata))
            writer.close()
        return list(writers)

    def _count(self, part: Part) -> tuple[int, int]:
        """Rows, and different page numbers among them."""
        numbers: list[int] = []
        for key, _ in self._files(part):
            rows = self._open(key).to_table(["page_number"], filter=_rows_of(part))
            numbers += rows["page_number"].to_pylist()
        return len(numbers), len(set(numbers))

    def _files(self, part: Part) -> Iterator[tuple[str, Path]]:
        """Keys of the files that hold a part's pages, each with its place in this run's folder."""
        prefix = RunLayout(self._bucket, part.run_id).pages
        if part.run_id not in self._keys:
            self._keys[part.run_id] = [key for page in self._lister.pages(prefix) for key in page.keys]
        for key in self._keys[part.run_id]:
            if key.endswith(f"/{part.shard_id}.parquet"):
                yield key, Path(key.removeprefix(prefix.key)).with_name(JOINED_FILE)

    def _open(self, key: str) -> ds.Dataset:
        return ds.dataset(f"{self._bucket}/{key}", format="parquet", filesystem=self._filesystem)


def _rows_of(part: Part) -> ds.Expression:
    number = ds.field("page_number")
    rows = (ds.field("document_id") == part.document_id) & (number >= part.first_page)
    return rows if part.last_page is None else rows & (number <= part.last_page)


def _renamed(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows as of the joined documents' file."""
    place = batch.schema.get_field_index("shard_id")
    return batch.set_column(place, "shard_id", pa.repeat(JOINED_SHARD, batch.num_rows))


def read_kept(storage: Storage, run: RunLayout) -> tuple[Part, ...]:
    """The parts that the plan keeps of earlier runs."""
    return decode_parts(storage.get_bytes(run.kept_parts))


def store_joined(storage: Storage, run: RunLayout, joining: Joining, pages: KeptPages, folder: Path) -> int:
    """Store the joined documents' pages and their file of the ledger, which is left in `folder/ledger`, too.

    Returns:
        The size of the pages' files in bytes.
    """
    rows, place = joining.rows, folder / "joined_pages"
    metadata = {"run_id": run.run_id, "documents": str(len(rows)), "pages": str(sum(p.pages for p in joining.kept))}
    names = pages.copy(joining.kept, place, metadata)
    size = sum((place / name).stat().st_size for name in names)
    for name in names:
        storage.upload(place / name, run.pages.below(name.as_posix()))
    path = folder / "ledger" / JOINED_FILE
    with pq.ParquetWriter(path, DOCUMENTS_SCHEMA, compression="zstd") as writer:
        writer.write_table(pa.Table.from_pylist(rows, DOCUMENTS_SCHEMA))
        metadata |= quality_words(joining.qualities)
        writer.add_key_value_metadata(metadata | {"pages_bytes": str(size), "proved": "true"})
    storage.upload(path, run.documents.below(JOINED_FILE))
    return size
