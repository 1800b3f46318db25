"""Looking into some documents before the run: page counts of the largest, and of a sample of all others.

The largest decide how even shards are, the sample decides what the run costs. Which documents are in the sample is
decided by their ids, which are hashes: it is random, and the same every time. Where a list does not say how large its
documents are, those of the sample are asked for, and all others are taken to be as large as these on average.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from distributed_ocr_pipeline.errors import PipelineError
from distributed_ocr_pipeline.planning.counting.page_counts import PageCount, count_pages
from distributed_ocr_pipeline.planning.counting.ranges import RangeReader
from distributed_ocr_pipeline.planning.database import Database
from distributed_ocr_pipeline.planning.estimating import Looked
from distributed_ocr_pipeline.wording import count_of

SAMPLE = 200
LARGEST_SHARE = 0.01
MAX_LARGEST = 2000
_SECONDS = 60.0  # for all of them; what is not counted by then is estimated from its bytes
_THREADS = 32
_USUAL_BYTES = 60_000  # of a document, where no size could be had

logger = logging.getLogger(__name__)

FetchRange = Callable[[str, int, int], bytes]
"""`fetch(key, offset, length)`: bytes of an object from an offset on."""

SizeOf = Callable[[str], int]
"""`size_of(key)`: bytes of an object."""

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")

_SIZED = """
create or replace view sized as
select t.* replace (coalesce(t.size_bytes, s.size_bytes) as size_bytes) from todo t left join sizes s using (document_id)
"""
_UNKNOWN = "kind <> 'picture' and pages is null and size_bytes > 0 and not archived"
_LARGEST = f"""
select document_id, key, size_bytes, false from sized where {_UNKNOWN}
order by size_bytes desc, document_id limit $limit
"""
_SAMPLED = f"""
select document_id, key, size_bytes, true from sized anti join looked_at using (document_id) where {_UNKNOWN}
order by document_id limit {SAMPLE}
"""
_WITHOUT_SIZE = f"""
select document_id, key from todo where size_bytes is null and (kind = 'picture') = $pictures
order by document_id limit {SAMPLE}
"""
_FILLED = """
create or replace view todo as
select t.* replace (coalesce(t.size_bytes, m.size_bytes, {usual})::bigint as size_bytes)
from unsized t left join usual_sizes m using (kind)
"""


@dataclass(frozen=True)
class Candidate:
    """A document to look into."""

    document_id: str
    key: str
    size_bytes: int
    sampled: bool  # stands for others, too


def look_into(
    database: Database, fetch: FetchRange, size_of: SizeOf | None = None, seconds: float = _SECONDS
) -> Looked:
    """Fill the table `looked_at` with documents that could be counted: document_id, sampled, and what `PageCount` has.

    Documents in `todo` whose size is null get the mean of those of their kind that were asked for.

    Args:
        database: Has the view `todo`.
        fetch: Reads a piece of an object.
        size_of: Asks for an object's size.
        seconds: Wall time for all of it.
    """
    database.execute(
        "create or replace table looked_at "
        "(document_id varchar, sampled boolean, pages bigint, text_share double, speckled double, megapixels double)"
    )
    deadline = time.monotonic() + seconds
    without_size, asked = _ask_for_sizes(database, size_of, deadline)
    (unknown,) = database.row(f"select count(*) from sized where {_UNKNOWN}")
    limit = min(MAX_LARGEST, int(unknown * LARGEST_SHARE))
    for query, parameters in ((_LARGEST, {"limit": limit}), (_SAMPLED, {})):
        candidates = [Candidate(*row) for row in database.rows(query, **parameters)]
        database.insert("looked_at", list(_counted(candidates, fetch, deadline)))
    if without_size:
        _fill_sizes(database)
    (counted,) = database.row("select count(*) from looked_at")
    return Looked(counted, without_size, asked)


def _ask_for_sizes(database: Database, size_of: SizeOf | None, deadline: float) -> tuple[int, int]:
    """Make `sized`, which is `todo` with the sizes of a sample of those that have none; returns how many there are."""
    database.execute("create or replace table sizes (document_id varchar, size_bytes bigint)")
    (without_size,) = database.row("select count(*) from todo where size_bytes is null")
    asked = 0
    if without_size and size_of:
        for pictures in (False, True):
            rows = list(database.rows(_WITHOUT_SIZE, pictures=pictures))
            sizes = _ask(lambda row: size_of(row[1]), rows, deadline, "Sizes of %d of %s are not known: %s")
            found = [(row[0], size) for row, size in zip(rows, sizes) if size is not None]
            database.insert("sizes", found)
            asked += len(found)
    database.execute(_SIZED if without_size else "create or replace view sized as from todo")
    return int(without_size), asked


def _fill_sizes(database: Database) -> None:
    """Give every document in `todo` a size.

    Those of the sample get the mean, too: what is known of them stands for what is not known of the others, so that
    the spread of pages by size is in the estimate's range.
    """
    database.execute("""create or replace table usual_sizes as
        select kind, avg(s.size_bytes) as size_bytes from todo join sizes s using (document_id) group by kind""")
    (mean,) = database.row("select avg(size_bytes) from sizes")
    database.execute("alter view todo rename to unsized")
    database.execute(_FILLED.format(usual=mean or _USUAL_BYTES))


def _counted(
    candidates: Sequence[Candidate], fetch: FetchRange, deadline: float
) -> Iterator[tuple[str, bool, int, float, float, float]]:
    message = "Pages of %d of %s are estimated from their bytes: %s"
    counts = _ask(lambda candidate: _count(candidate, fetch), candidates, deadline, message)
    for candidate, found in zip(candidates, counts):
        if found:
            seen = (found.pages, found.text_share, found.speckled, found.megapixels)
            yield candidate.document_id, candidate.sampled, *seen


def _ask(
    question: Callable[[_Asked], _Answer | None], asked: Sequence[_Asked], deadline: float, message: str
) -> list[_Answer | None]:
    """Answers in order, some at a time; None after the deadline, and where an object cannot be read."""
    unread: list[str] = []

    def answer(item: _Asked) -> _Answer | None:
        try:
            return None if time.monotonic() > deadline else question(item)
        except PipelineError as error:  # its job will say why, if it cannot read it either
            unread.append(str(error))
            return None

    with ThreadPoolExecutor(_THREADS) as pool:
        answers = list(pool.map(answer, asked))
    if unread:
        logger.warning(message, len(unread), count_of(len(asked), "document"), unread[0])
    return answers


def _count(candidate: Candidate, fetch: FetchRange) -> PageCount | None:
    reader = RangeReader(lambda offset, length: fetch(candidate.key, offset, length), candidate.size_bytes)
    return count_pages(reader)
