"""Huge documents: those that are more work than a shard are read in parts, by several.

A document is split into parts of equal numbers of pages, as few as fit into a shard each. Only PDFs are, and only where
their pages were counted. What earlier runs read of a document in parts is kept, and only the pages between are planned.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from distributed_ocr_pipeline.planning.database import Database
from distributed_ocr_pipeline.planning.packing import FULL
from distributed_ocr_pipeline.planning.todo import Choice
from distributed_ocr_pipeline.tables.parts import Part, agree

_MAX_HALVINGS = 5  # of parts that were not reached in time


@dataclass(frozen=True)
class PageRange:
    """Consecutive pages of a document."""

    first_page: int
    last_page: int | None  # None: to the document's end, should it have more pages than were counted
    pages: int

    def cut(self, count: int) -> Iterator["PageRange"]:
        """Into so many of equal size."""
        starts = [self.first_page + self.pages * number // count for number in range(count + 1)]
        for number, (start, after) in enumerate(zip(starts, starts[1:]), start=1):
            yield PageRange(start, self.last_page if number == count else after - 1, after - start)


_REST = """
create or replace view todo as
select c.* replace (coalesce(r.pages, c.pages) as pages)
from chosen c left join (select document_id, sum(pages)::bigint as pages from gaps group by document_id) r
  using (document_id)
"""


def keep_parts(database: Database, parts: Iterable[Part], choice: Choice) -> list[Part]:
    """Choose what is kept of earlier runs for the documents in `todo`, whose pages then are those to read.

    Fills the table `gaps` with the page ranges to read of documents that something is kept of. A document whose parts
    are all there, but were never made its row, has its last part read again: some shard must have the document.

    Args:
        database: Has the views of `choose_documents`.
        parts: Of earlier runs.
        choice: Whose options they must be of, and whether parts with a fault are tried again.
    """
    database.execute("create or replace table gaps (document_id varchar, first_page int, last_page int, pages bigint)")
    known = defaultdict(list)
    for part in parts:
        if part.row["options_fingerprint"] == choice.fingerprint and part.digest:
            known[part.document_id, part.row["source_etag"]].append(part)
    kept: list[Part] = []
    for document_id, etag in _listed(database, {document_id for document_id, _ in known}):
        found = _usable(known.get((document_id, etag), ()), without_fault=choice.retry_failed)
        kept += found
        _plan_rest(database, document_id, found)
    if kept:
        database.execute(_REST)
    return kept


def _listed(database: Database, document_ids: Iterable[str]) -> list[tuple[str, str]]:
    """Id and ETag of those of some documents that are to be processed."""
    rows = [(document_id,) for document_id in sorted(document_ids)]
    if not rows:
        return []
    database.execute("create or replace temporary table in_parts (document_id varchar)")
    database.insert("in_parts", rows)
    return list(database.rows("select document_id, etag from todo semi join in_parts using (document_id) order by 1"))


def _usable(parts: Sequence[Part], *, without_fault: bool) -> list[Part]:
    """Parts of one content that are done and share no page, newer ones first, in the order of their pages."""
    if not agree(parts):
        return []
    chosen: list[Part] = []
    for part in sorted(parts, key=lambda part: (part.row["processed_at"], part.run_id), reverse=True):
        done = part.is_done(without_fault=without_fault)
        if done and not any(_overlap(part, other) for other in chosen):
            chosen.append(part)
    chosen.sort(key=lambda part: part.first_page)
    return chosen if not chosen or gaps_between(chosen) else chosen[:-1]


def _overlap(one: Part, other: Part) -> bool:
    first, second = sorted((one, other), key=lambda part: part.first_page)
    return first.last_page is None or second.first_page <= first.last_page


def gaps_between(kept: Sequence[Part]) -> list[PageRange]:
    """The pages of a document that are in no kept part; `kept` is in the order of pages and not empty."""
    page_count, start = int(kept[0].row["page_count"]), 1
    gaps: list[PageRange] = []
    for part in kept:
        if part.first_page > start:
            gaps.append(PageRange(start, part.first_page - 1, part.first_page - start))
        if part.last_page is None:
            return gaps
        start = part.last_page + 1
    return [*gaps, PageRange(start, None, max(1, page_count - start + 1))]


def _plan_rest(database: Database, document_id: str, kept: Sequence[Part]) -> None:
    if not kept:
        return
    gaps = gaps_between(kept)
    database.insert("gaps", [(document_id, gap.first_page, gap.last_page, gap.pages) for gap in gaps])


_CANDIDATES = f"""
with huge as materialized (
  select document_id from loaded where kind = 'pdf' and not guessed and load > {FULL} and pages > 1
  union select document_id from gaps
)
select document_id, load, pages, deferrals
from loaded semi join huge using (document_id) anti join obstacles using (document_id)
order by document_id
"""
_PLACED = """
create or replace view placed as
select *, null::int as first_page, null::int as last_page from loaded anti join parts using (document_id)
union all
select l.* replace (p.pages as pages, l.seconds * p.share as seconds, p.load as load), p.first_page, p.last_page
from loaded l join parts p using (document_id)
"""


def split_documents(database: Database) -> int:
    """Make the view `placed`: the rows of `loaded`, but huge documents in parts; returns how many are in parts.

    Args:
        database: Has the view `loaded` and the tables `gaps` and `obstacles`.
    """
    database.execute("""create or replace table parts (document_id varchar, first_page int, last_page int, pages bigint,
           share double, load bigint)""")
    gaps = defaultdict(list)
    for document_id, first_page, last_page, pages in database.rows("select * from gaps order by all"):
        gaps[document_id].append(PageRange(first_page, last_page, pages))
    candidates = list(database.rows(_CANDIDATES))
    for document_id, load, pages, deferrals in candidates:
        ranges = _cut(gaps.get(document_id) or [PageRange(1, None, pages)], load, deferrals)
        database.insert("parts", list(_rows(document_id, ranges, load)))
    database.execute(_PLACED)
    return len(candidates)


def _cut(gaps: Sequence[PageRange], load: int, deferrals: int) -> list[PageRange]:
    """Page ranges of at most a full shard, and half of that for each time that the document was not reached."""
    pages = sum(gap.pages for gap in gaps)
    shards = load * 2 ** min(deferrals, _MAX_HALVINGS) / FULL / pages  # for a page
    return [part for gap in gaps for part in gap.cut(min(gap.pages, max(1, ceil(gap.pages * shards))))]


def _rows(document_id: str, ranges: Sequence[PageRange], load: int) -> Iterator[tuple[object, ...]]:
    pages = sum(part.pages for part in ranges)
    for part in ranges:
        share = part.pages / pages
        yield document_id, part.first_page, part.last_page, part.pages, share, max(1, ceil(load * share))
