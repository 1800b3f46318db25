"""A run's documents and pages in counts, bins and bounded lists, by SQL: no list grows with the run."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from distributed_ocr_pipeline.client.inspection.documents import LedgerRow
from distributed_ocr_pipeline.client.inspection.outputs import Output, open_table, reading_table
from distributed_ocr_pipeline.client.report.names import common_folder
from distributed_ocr_pipeline.client.scratch import scratch_folder
from distributed_ocr_pipeline.layout import RunLayout, time_of
from distributed_ocr_pipeline.planning.database import Database, open_database
from distributed_ocr_pipeline.tables.schema import ALL_PAGES_SCHEMA, LEDGER_SCHEMA

BIN_WIDTH = 5
"""Of the histogram of confidence, 0-100: 20 bins."""

_MOST_SPANS = 60  # of the time that a run took
_SPAN_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 604_800)

_LOAD_DOCUMENTS = """
create or replace table documents as
select document_id, source_uri, size_bytes, media_type, page_count, status, error_class, error_message, duration_ms,
  attempts, epoch_ms(processed_at) as processed_ms,
  least(processed_ms, greatest(processed_ms - duration_ms, $started_ms)) as begun_ms
from ledger_files
"""
_LOAD_PAGES = """
create or replace table pages as
select document_id, page_number, status, text_source, confidence, word_count, duration_ms from pages_files
"""
_TOTALS = """
select count(*), coalesce(sum(page_count), 0)::bigint, coalesce(sum(size_bytes), 0)::bigint,
  coalesce(min(source_uri), ''), coalesce(max(source_uri), ''), min(begun_ms), max(processed_ms) from documents
"""
_SPANS = """
with read as (
  select page_count as pages, begun_ms - $first as begun, processed_ms - $first as done from documents
  where status <> 'deferred'
), cut as (select *, unnest(range(begun // $length, done // $length + 1)) as span from read)
select span::int, sum(case when begun = done then pages
  else pages * (least(done, (span + 1) * $length) - greatest(begun, span * $length)) / (done - begun) end)::double
from cut group by 1 order by 1
"""
_BINS = f"select least(floor(confidence / {BIN_WIDTH}), {100 // BIN_WIDTH - 1})::int, count(*) from pages " + (
    "where confidence is not null group by 1 order by 1"
)
_LISTED = """
select document_id, source_uri, status, error_class, error_message, page_count, lowest, duration_ms, size_bytes
from documents left join (select document_id, min(confidence) as lowest from pages group by 1) using (document_id)
order by case status when 'failed' then 0 when 'partial' then 1 when 'deferred' then 2 when 'skipped' then 3 else 4 end,
  lowest nulls last, source_uri
"""
_SLOWEST = "select document_id, page_number from pages order by duration_ms desc, document_id, page_number limit $limit"
_LEAST_CERTAIN = """
select document_id, page_number from pages where confidence is not null
order by confidence, document_id, page_number limit $limit
"""


@dataclass(frozen=True)
class Totals:
    """Of all documents of the run that have a row."""

    documents: int
    pages: int
    size_bytes: int
    folder: str  # that holds all of them
    first_ms: int | None  # when the first one was begun, and the last was done: milliseconds since 1970
    last_ms: int | None


@dataclass(frozen=True)
class Throughput:
    """Pages that were read in each span of time, those of a document evenly from its beginning to its end."""

    first_ms: int
    span_seconds: int
    pages: tuple[int, ...]


@dataclass(frozen=True)
class DocumentRow(LedgerRow):
    """A document, with the confidence of its least certain page."""

    confidence: float | None
    duration_ms: int
    size_bytes: int


@dataclass(frozen=True)
class PageKey:
    """Which page of which document."""

    document_id: str
    page_number: int


class RunFigures:
    """Questions about one run's rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def totals(self) -> Totals:
        """Counts, and where and when."""
        documents, pages, size, first, last, first_ms, last_ms = self._database.row(_TOTALS)
        return Totals(documents, pages, size, common_folder(first, last), first_ms, last_ms)

    def counts(self, table: str, column: str) -> dict[str, int]:
        """Rows by the values of a column, the most frequent first; null is left out."""
        query = f"select {column}, count(*) from {table} where {column} is not null group by 1 order by 2 desc, 1"
        return dict(self._database.rows(query))

    def words(self) -> int:
        """On all pages."""
        (words,) = self._database.row("select coalesce(sum(word_count), 0)::bigint from pages")
        return int(words)

    def confidence_bins(self) -> tuple[int, ...]:
        """Pages by confidence, `BIN_WIDTH` points each; pages without one are in none."""
        return _filled(self._database.rows(_BINS), 100 // BIN_WIDTH)

    def throughput(self, totals: Totals) -> Throughput | None:
        """Pages over time; None where nothing was done."""
        if totals.first_ms is None or totals.last_ms is None:
            return None
        seconds = span_seconds((totals.last_ms - totals.first_ms) / 1000)
        spans = (totals.last_ms - totals.first_ms) // (1000 * seconds) + 1
        found = self._database.rows(_SPANS, first=totals.first_ms, length=1000 * seconds)
        return Throughput(totals.first_ms, seconds, _rounded(_filled(found, spans)))

    def documents(self) -> Iterator[DocumentRow]:
        """All of them, those without a full result first, then those with the least certain pages."""
        return (DocumentRow(*row) for row in self._database.rows(_LISTED))

    def slowest_pages(self, limit: int) -> list[PageKey]:
        """The pages that took longest."""
        return [PageKey(*row) for row in self._database.rows(_SLOWEST, limit=limit)]

    def least_certain_pages(self, limit: int) -> list[PageKey]:
        """The pages with the lowest confidence."""
        return [PageKey(*row) for row in self._database.rows(_LEAST_CERTAIN, limit=limit)]


@contextmanager
def open_figures(output: Output, run_id: str) -> Iterator[RunFigures]:
    """The figures of a run, whose tables are read once.

    A document was begun as long before its end as it took, though not before the run: the parts of one that several
    jobs read were read at the same time, and what they took is added up in its row.

    Raises:
        BadInput: A table cannot be read, or there is no room for temporary files.
        ServiceFault: S3 did not answer.
    """
    run, started = RunLayout("", run_id), time_of(run_id)
    started_ms = 0 if started is None else int(started.timestamp() * 1000)
    with scratch_folder("report-") as folder, open_database(folder) as database:
        for name, key, schema, load, parameters in (
            ("ledger_files", run.documents.key, LEDGER_SCHEMA, _LOAD_DOCUMENTS, {"started_ms": started_ms}),
            ("pages_files", run.pages.key, ALL_PAGES_SCHEMA, _LOAD_PAGES, {}),
        ):
            with reading_table(output, key):
                found = open_table(output, key, schema)
                database.register(name, schema.empty_table() if found is None else found)
                database.execute(load, **parameters)
        yield RunFigures(database)


def span_seconds(duration_seconds: float) -> int:
    """A round length of which at most `_MOST_SPANS` make up a duration."""
    fitting = (seconds for seconds in _SPAN_SECONDS if duration_seconds / seconds < _MOST_SPANS)
    return next(fitting, _SPAN_SECONDS[-1])


def _filled(found: Iterable[Sequence[Any]], length: int) -> tuple[Any, ...]:
    """Counts by number, with 0 for those that are not there."""
    counts = {row[0]: row[1] for row in found}
    return tuple(counts.get(number, 0) for number in range(length))


def _rounded(values: Iterable[float]) -> tuple[int, ...]:
    """Whole numbers whose sums, from the first on, are those of the values."""
    sums = [round(total, 6) for total in accumulate(values)]  # a sum of thirds is a whole page
    return tuple(round(after) - round(before) for before, after in zip([0.0, *sums], sums))
