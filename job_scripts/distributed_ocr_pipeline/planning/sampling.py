"""Looking into some documents before the run: page counts of the largest, and of a sample of all others.

The largest decide how even shards are, the sample decides what the run costs. Which documents are in the sample is
decided by their ids, which are hashes: it is random, and the same every time.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from distributed_ocr_pipeline.errors import PipelineError
from distributed_ocr_pipeline.planning.counting.page_counts import PageCount, count_pages
from distributed_ocr_pipeline.planning.counting.ranges import RangeReader
from distributed_ocr_pipeline.planning.database import Database

SAMPLE = 200
LARGEST_SHARE = 0.01
MAX_LARGEST = 2000
_SECONDS = 60.0  # for all of them; what is not counted by then is estimated from its bytes
_THREADS = 32

logger = logging.getLogger(__name__)

FetchRange = Callable[[str, int, int], bytes]
"""`fetch(key, offset, length)`: bytes of an object from an offset on."""

_UNKNOWN = "kind <> 'picture' and pages is null and size_bytes > 0 and not archived"
_LARGEST = f"""
select document_id, key, size_bytes, false from todo where {_UNKNOWN}
order by size_bytes desc, document_id limit $limit
"""
_SAMPLED = f"""
select document_id, key, size_bytes, true from todo anti join looked_at using (document_id) where {_UNKNOWN}
order by document_id limit {SAMPLE}
"""


@dataclass(frozen=True)
class Candidate:
    """A document to look into."""

    document_id: str
    key: str
    size_bytes: int
    sampled: bool  # stands for others, too


def look_into(database: Database, fetch: FetchRange, seconds: float = _SECONDS) -> None:
    """Fill the table `looked_at`: document_id, sampled, pages, text_share, for documents that could be counted.

    Args:
        database: Has the view `todo`.
        fetch: Reads a piece of an object.
        seconds: Wall time for all of it.
    """
    database.execute(
        "create or replace table looked_at (document_id varchar, sampled boolean, pages bigint, text_share double)"
    )
    deadline = time.monotonic() + seconds
    (unknown,) = database.row(f"select count(*) from todo where {_UNKNOWN}")
    limit = min(MAX_LARGEST, int(unknown * LARGEST_SHARE))
    for query, parameters in ((_LARGEST, {"limit": limit}), (_SAMPLED, {})):
        candidates = [Candidate(*row) for row in database.rows(query, **parameters)]
        database.insert("looked_at", list(_counted(candidates, fetch, deadline)))


def _counted(
    candidates: Sequence[Candidate], fetch: FetchRange, deadline: float
) -> Iterator[tuple[str, bool, int, float]]:
    unread: list[str] = []

    def count(candidate: Candidate) -> PageCount | None:
        try:
            return None if time.monotonic() > deadline else _count(candidate, fetch)
        except PipelineError as error:  # its job will say why, if it cannot read it either
            unread.append(str(error))
            return None

    with ThreadPoolExecutor(_THREADS) as pool:
        for candidate, found in zip(candidates, pool.map(count, candidates)):
            if found:
                yield candidate.document_id, candidate.sampled, found.pages, found.text_share
    if unread:
        logger.warning(
            "Pages of %d of %d documents are estimated from their bytes: %s", len(unread), len(candidates), unread[0]
        )


def _count(candidate: Candidate, fetch: FetchRange) -> PageCount | None:
    reader = RangeReader(lambda offset, length: fetch(candidate.key, offset, length), candidate.size_bytes)
    return count_pages(reader)
