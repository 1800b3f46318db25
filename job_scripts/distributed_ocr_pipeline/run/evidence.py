"""What plan, ledger and pages of a run say, compared in SQL: nothing is held that grows with documents or pages.

A shard's writer saw for every document that its pages are those that its row counts, and said so in the ledger's
footer. Where that is so, and the files are those that the footer promises, the pages need not be opened. The pages of
all other shards are read and compared document by document.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from distributed_ocr_pipeline.errors import ErrorClass, Origin, without_verdict
from distributed_ocr_pipeline.layout import OUTPUTS, RunLayout
from distributed_ocr_pipeline.planning.database import Database, literal
from distributed_ocr_pipeline.planning.listing import Lister
from distributed_ocr_pipeline.records import DocumentStatus, Quality, S3Location
from distributed_ocr_pipeline.run.joining import (
    JOINED_FILE,
    Joining,
    KeptPages,
    join_parts,
    planned_parts,
    read_kept,
    store_joined,
)
from distributed_ocr_pipeline.storage import Storage, copy_columns
from distributed_ocr_pipeline.tables.integrity import LedgerFooter, incomplete, read_footers, sum_sizes
from distributed_ocr_pipeline.tables.schema import DOCUMENTS_SCHEMA

MAX_NAMED_DOCUMENTS = 1000
"""So many unaccounted documents are named in report.json; failures.csv names all."""

_LEDGER_FILES = """
create or replace view ledger_files as select * from no_ledger union all by name select * from found_ledger
"""
_LEDGER_OF_RUN = """
create or replace view ledger as
select shard_id, document_id, source_uri, source_etag, page_count, pages_succeeded, pages_failed, pages_blank, status,
  error_class, error_message, duration_ms, attempts, options_fingerprint, processed_at,
  pages_succeeded + pages_failed + pages_blank as pages
from ledger_files
"""
_PLANNED = """
create or replace view planned as
select document_id, shard_id, source_uri from planned_files where first_page is null
union all
select document_id, min(shard_id), min(source_uri) from planned_files where first_page is not null group by document_id
"""
_PROMISED = """
create or replace view promised as
select document_id, source_uri, pages from ledger semi join opened_shards using (shard_id)
union all
select document_id, source_uri, pages from part_pages semi join opened_shards using (shard_id)
"""

# Each names documents: the ones that are wrong, and their addresses. `names` keeps what is left of them small.
_FINDINGS = {
    "missing": "select document_id, source_uri from planned anti join ledger using (document_id)",
    "doubled": """select document_id, min(source_uri) as source_uri from ledger
        group by document_id having count(*) > 1""",
    "unplanned": "select distinct document_id, source_uri from ledger anti join planned using (document_id)",
    "pages_mismatch": """
        select document_id, source_uri from ledger where status = 'succeeded' and pages <> page_count
        union
        select coalesce(promised.document_id, found.document_id), coalesce(source_uri, found.document_id)
        from (select document_id, min(source_uri) as source_uri, sum(pages) as pages
              from promised group by document_id) promised
        full join (select document_id, count(*) as pages from page_keys group by document_id) found using (document_id)
        where coalesce(promised.pages, 0) <> coalesce(found.pages, 0)""",
    "outputs_missing": """
        select distinct document_id, source_uri from outputs
        anti join output_files on outputs.key = output_files.key and outputs.size_bytes = output_files.size_bytes
        where outputs.key is not null""",
}
_FAILURES = """
select document_id, source_uri, status, error_class, error_message, pages_failed, shard_id from ledger
where status <> 'succeeded'
"""
COMPACT_LEDGER = """
select shard_id, document_id, source_etag, page_count, status, error_class, attempts, options_fingerprint, processed_at
from ledger
"""
"""What the next plan must know of the view `ledger`."""

_OUTPUTS = """
create or replace view outputs as
select document_id, source_uri, made.format, made.size_bytes, made.error,
  substr(made.uri, strpos(made.uri, {prefix})) as key
from (select document_id, source_uri, unnest(outputs) as made from ledger_files)
"""
_OUTPUT_FILES_SCHEMA = pa.schema([("key", pa.string()), ("size_bytes", pa.int64())])


@dataclass(frozen=True)
class Named:
    """Documents or shards that something is wrong with: how many, and the first of them by name."""

    count: int = 0
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What the plan promised, what the tables hold, and why shards failed."""

    planned: int
    findings: Mapping[str, Named]  # missing, doubled, unplanned, pages_mismatch, outputs_missing: documents by address
    documents_by_status: Mapping[str, int]
    documents_by_error_class: Mapping[str, int]
    pages: Mapping[str, int]  # succeeded, failed, blank
    processing_seconds: float
    page_keys_doubled: int  # (document_id, page_number) pairs that occur more than once
    incomplete_files: tuple[str, ...]  # files of shards that disagree with their footers
    failed_shards: Mapping[str, str]  # shard_id -> what its last job said; those that left a result are not here
    map_failure: str = ""  # why the workflow's Map over the shards failed; empty where it did not
    seconds: float = 0.0  # that the shards' jobs took, together
    cpu_seconds: float = 0.0  # that they used
    pages_by_quality: Mapping[str, int] = field(default_factory=dict)  # good, doubtful, poor
    unfinished_parts: int = 0  # of documents that were read in parts: those that a later run reads again
    outputs: Mapping[str, int] = field(default_factory=dict)  # files that were made of documents, by format
    outputs_not_made: int = 0  # the ledger says why

    @property
    def poor_pages(self) -> float:
        """Share of all pages that were read badly."""
        pages = sum(self.pages.values())
        return self.pages_by_quality.get(Quality.POOR.value, 0) / pages if pages else 0.0

    @property
    def documents(self) -> int:
        """Rows of the ledger."""
        return sum(self.documents_by_status.values())

    def error_rate(self, origin: Origin) -> float:
        """Share of the ledger's documents with an error of this origin."""
        found = sum(count for name, count in self.documents_by_error_class.items() if ErrorClass(name).origin is origin)
        return found / self.documents if self.documents else 0.0


@dataclass(frozen=True)
class RunFiles:
    """A run's files, fetched into a folder or looked at where they are."""

    planned: Path  # documents.parquet
    ledger: Path  # folder
    footers: tuple[LedgerFooter, ...]
    incomplete: frozenset[str]
    page_keys: Path  # document_id and page_number of all pages of the shards that must be opened
    opened_shards: tuple[str, ...]
    failures: Mapping[str, str]  # of shards, as the workflow recorded them
    map_failure: str = ""  # of the Map over the shards, likewise
    joining: Joining = Joining()
    output_files: Path | None = None  # key and size of all files that were made of documents
    outputs_prefix: str = ""  # of their keys


def fetch_run(storage: Storage, run: RunLayout, folder: Path) -> RunFiles:
    """Fetch what the proof needs: the plan's documents, the ledger, and pages where a shard does not prove itself."""
    lister = Lister(storage.client())
    planned, ledger = folder / "planned.parquet", folder / "ledger"
    ledger.mkdir(parents=True)
    storage.get_small([(run.planned, planned)])
    storage.get_small(
        (S3Location(run.bucket, key), ledger / key.rpartition("/")[2])
        for page in lister.pages(run.documents)
        for key in page.keys
    )
    footers = tuple(read_footers(ledger))
    pages = list(lister.pages(run.pages))
    sizes = sum_sizes(pages)
    joining = _join(storage, run, folder, footers, sizes)
    if joining.whole:
        footers = tuple(read_footers(ledger))
    opened = shards_to_open(footers, sizes.keys())
    keys = [key for page in pages for key in page.keys if key.rpartition("/")[2].removesuffix(".parquet") in opened]
    page_keys = folder / "page_keys.parquet"
    copy_columns(storage, run.bucket, keys, ["document_id", "page_number"], page_keys)
    output_files = folder / "output_files.parquet"
    _list_outputs(lister, run, output_files)
    return RunFiles(
        planned=planned,
        ledger=ledger,
        footers=footers,
        incomplete=incomplete(footers, sizes),
        page_keys=page_keys,
        opened_shards=tuple(sorted(opened)),
        failures=_read_failures(storage, lister, run.failed_shards),
        map_failure="".join(_read_failures(storage, lister, run.map_failure).values()),
        joining=joining,
        output_files=output_files,
        outputs_prefix=run.table(OUTPUTS).key,
    )


def _list_outputs(lister: Lister, run: RunLayout, path: Path) -> None:
    with pq.ParquetWriter(path, _OUTPUT_FILES_SCHEMA) as writer:
        for page in lister.pages(run.table(OUTPUTS)):
            if page.keys:
                writer.write_batch(pa.record_batch([page.keys, page.sizes], _OUTPUT_FILES_SCHEMA))


def _join(
    storage: Storage, run: RunLayout, folder: Path, footers: Iterable[LedgerFooter], sizes: Counter[str]
) -> Joining:
    """Make the rows of documents that were read in parts; `sizes` then has their pages' files, too."""
    planned = planned_parts(folder / "planned.parquet")
    if not planned:
        return Joining()
    wrong = incomplete(footers, sizes)
    proved = [footer for footer in footers if footer.proved and footer.name not in wrong]
    pages = KeptPages(storage, Lister(storage.client()), run.bucket)
    joining = join_parts(planned, proved, pages.there(read_kept(storage, run)))
    if joining.whole:
        sizes[JOINED_FILE] = store_joined(storage, run, joining, pages, folder)
    return joining


def shards_to_open(footers: Iterable[LedgerFooter], pages: Iterable[str]) -> set[str]:
    """Shards whose footer does not vouch for their pages, and shards with pages but without a ledger."""
    proved = {footer.name.removesuffix(".parquet") for footer in footers if footer.proved}
    ledgers = {footer.name.removesuffix(".parquet") for footer in footers}
    return (ledgers | {name.removesuffix(".parquet") for name in pages}) - proved


def _read_failures(storage: Storage, lister: Lister, prefix: S3Location) -> dict[str, str]:
    """The failures that the workflow recorded, by what the files are called: JSON with Error and Cause each.

    They are listed first: who may list a part of a bucket only is told of a missing object that access is denied.
    """
    locations = [S3Location(prefix.bucket, key) for page in lister.pages(prefix) for key in page.keys]
    return {Path(location.key).stem: explain_failure(storage.get_json(location)) for location in locations}


def explain_failure(failure: Mapping[str, str]) -> str:
    """What a failed job said. Its cause is the job's description as JSON; that of a refused call is plain text."""
    cause = failure.get("Cause", "")
    try:
        job = json.loads(cause)
        said = [job.get("FailureReason"), without_verdict(job.get("ExitMessage", ""))]
    except ValueError:
        said = [failure.get("Error"), cause]
    return " ".join(part for part in said if part)


class RunProof:
    """Compares a run's files.

    Args:
        database: Its folder holds the files.
        files: The run's.
    """

    def __init__(self, database: Database, files: RunFiles) -> None:
        self._database, self._files = database, files
        _make_views(database, files)

    def evidence(self) -> Evidence:
        """The whole comparison."""
        footers = self._files.footers
        return Evidence(
            planned=self._number("select count(*) from planned"),
            findings={name: self._named(query) for name, query in _FINDINGS.items()},
            documents_by_status=self._by_status(),
            documents_by_error_class=self._counts("error_class"),
            pages=self._pages(),
            processing_seconds=self._number("select coalesce(sum(duration_ms), 0)::bigint from ledger") / 1000,
            page_keys_doubled=self._number("""select count(*) from
                (select 1 from page_keys group by document_id, page_number having count(*) > 1)"""),
            incomplete_files=tuple(sorted(self._files.incomplete)),
            failed_shards=self._failed_shards(),
            map_failure=self._files.map_failure,
            seconds=sum(footer.seconds for footer in footers),
            cpu_seconds=sum(footer.cpu_seconds for footer in footers),
            pages_by_quality={
                quality.value: sum(footer.qualities.get(quality.value, 0) for footer in footers) for quality in Quality
            },
            unfinished_parts=self._files.joining.unfinished,
            outputs=dict(
                self._database.rows("select format, count(*) from outputs where key is not null group by 1 order by 1")
            ),
            outputs_not_made=self._number("select count(*) from outputs where key is null"),
        )

    def failures(self) -> Iterator[Mapping[str, Any]]:
        """A row for every document that has no full result, those that are not in the ledger last."""
        columns = ("document_id", "source_uri", "status", "error_class", "error_message", "pages_failed", "shard_id")
        for row in self._database.rows(_FAILURES):
            yield dict(zip(columns, row))
        parts = {part.document_id: part for part in reversed(self._files.joining.missing)}
        query = "select document_id, source_uri, shard_id from planned anti join ledger using (document_id)"
        for document_id, source_uri, shard_id in self._database.rows(f"{query} order by document_id"):
            part = parts.get(document_id)
            shard_id = part.shard_id if part else shard_id
            reason = self._files.failures.get(shard_id, "its shard left no result: no job of it has ended well")
            reason = f"{part.pages}: {reason}" if part else reason
            yield {
                "document_id": document_id,
                "source_uri": source_uri,
                "status": "unaccounted",
                "error_message": f"{reason}; run again to process it",
                "shard_id": shard_id,
            }

    def write_compact_ledger(self, name: str) -> Path:
        """What the next plan must know of the ledger, in one file."""
        return self._database.write(COMPACT_LEDGER, name)

    def _number(self, query: str) -> int:
        (number,) = self._database.row(query)
        return int(number)

    def _counts(self, column: str) -> dict[str, int]:
        query = f"select {column}, count(*) from ledger where {column} is not null group by 1 order by 1"
        return dict(self._database.rows(query))

    def _by_status(self) -> dict[str, int]:
        counts = self._counts("status")
        return {status.value: counts.get(status.value, 0) for status in DocumentStatus}

    def _pages(self) -> dict[str, int]:
        names = ("succeeded", "failed", "blank")
        sums = ", ".join(f"coalesce(sum(pages_{name}), 0)::bigint" for name in names)
        return dict(zip(names, self._database.row(f"select {sums} from ledger")))

    def _named(self, query: str) -> Named:
        self._database.execute(f"create or replace table found as {query}")
        limit = f"select source_uri from found order by 1 limit {MAX_NAMED_DOCUMENTS}"
        return Named(self._number("select count(*) from found"), tuple(uri for (uri,) in self._database.rows(limit)))

    def _failed_shards(self) -> dict[str, str]:
        """Failed shards, less those that a later attempt (a redrive) finished."""
        if not self._files.failures:
            return {}
        finished = {shard_id for (shard_id,) in self._database.rows("select distinct shard_id from ledger")}
        return {shard: reason for shard, reason in self._files.failures.items() if shard not in finished}


def _view_ledger(database: Database, ledger: Path | None) -> None:
    """`ledger_files`, with all columns: one that jobs of an older image did not write is null."""
    empty = database.folder / "no_ledger.parquet"
    pq.write_table(DOCUMENTS_SCHEMA.empty_table(), empty)
    database.view("no_ledger", empty)
    database.view("found_ledger", ledger or empty)
    database.execute(_LEDGER_FILES)


def _make_views(database: Database, files: RunFiles) -> None:
    _view_ledger(database, files.ledger if files.footers else None)
    if files.output_files is None:
        database.execute("create or replace table output_files (key varchar, size_bytes bigint)")
    else:
        database.view("output_files", files.output_files)
    database.execute(_OUTPUTS.format(prefix=literal(files.outputs_prefix)))
    database.view("planned_files", files.planned)
    database.view("page_keys", files.page_keys)
    database.execute(_LEDGER_OF_RUN)
    database.execute(_PLANNED)
    database.execute("create or replace table opened_shards (shard_id varchar)")
    database.insert("opened_shards", [(shard,) for shard in files.opened_shards])
    database.execute(
        "create or replace table part_pages (shard_id varchar, document_id varchar, source_uri varchar, pages bigint)"
    )
    parts = [part for footer in files.footers for part in footer.parts]
    rows = [(part.shard_id, part.document_id, part.row["source_uri"], part.pages) for part in parts]
    database.insert("part_pages", rows)
    database.execute(_PROMISED)
