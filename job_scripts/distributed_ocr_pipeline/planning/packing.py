"""Documents into shards of equal work.

A shard has room for `target_shard_minutes` of work, for the bytes that fit on the job's volume, and (if the user sets
it) for so many files. A document's load is the largest share of these that it takes, as an integer, so that sums are
the same on every machine. Documents above a fiftieth of a shard are spread first, the longest first and each to the
emptiest shard (Graham's LPT rule); the others fill what is left in the order of their ids. Thus every shard's results
cover a range of ids, shards differ by less than one small document, and documents are streamed, never held.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil

from distributed_ocr_pipeline.errors import BadInput

FULL = 10**12
"""The load of a full shard.

A trillionth is fine enough for a hundred thousand files in one, and sums stay below 2^63.
"""

MAX_SHARDS = 10_000
"""So many children a Distributed Map runs at once; a shard's fixed costs in plan and report stay bounded, too."""

MIN_SHARD_SHARE = 0.5
"""Shards are not made shorter than this share of the target to fill more slots: each pays for its own provisioning."""


@dataclass(frozen=True)
class Limits:
    """What a full shard is."""

    seconds: float  # of wall time
    size_bytes: int
    files: int | None = None

    @property
    def large(self) -> int:
        """The load from which on documents are placed one by one: a fiftieth of a shard, but never the usual one."""
        return max(FULL // 50, 2 * (FULL // self.files) if self.files else 0)

    def load(self, seconds: float, size_bytes: int) -> int:
        """What a document takes of a shard, in units of which `FULL` fill it."""
        shares = (seconds / self.seconds, size_bytes / self.size_bytes)
        return max(1, int(max(shares) * FULL), FULL // self.files if self.files else 0)

    def load_sql(self, seconds: str, size_bytes: str) -> str:
        """The same as `load`, as SQL over columns."""
        shares = f"greatest({seconds} / {self.seconds!r}, {size_bytes} / {self.size_bytes!r})"
        return f"greatest(1, trunc({shares} * {FULL}::double)::bigint, {FULL // self.files if self.files else 0})"


def shard_count(load: int, work: float, documents: int, slots: int) -> int:
    """How many shards: as few as hold the load, then as many as fill all slots to the end.

    Args:
        load: Of all documents together.
        work: Of all documents together, in shards of the target's length.
        documents: No more shards than these.
        slots: Jobs that run at the same time.

    Raises:
        BadInput: More than `MAX_SHARDS` would be needed.
    """
    fewest = max(1, ceil(load / FULL))
    if fewest > MAX_SHARDS:
        raise BadInput(
            f"The documents would need {fewest} shards; a run has at most {MAX_SHARDS}.",
            "Raise target_shard_minutes or files_per_job, or run the prefix in parts.",
        )
    even = ceil(fewest / slots) * slots
    most = max(fewest, int(work / MIN_SHARD_SHARE))
    return min(even, most, max(1, documents), MAX_SHARDS)


@dataclass(frozen=True)
class Packing:
    """Where documents go: the large ones by id, all others by the sum of the loads before them."""

    large: Mapping[str, int]  # document_id -> shard
    bounds: Sequence[int]  # of small documents' loads in each shard, summed up over the shards
    loads: Sequence[int]  # of each shard


def pack(large: Iterable[tuple[str, int]], small_load: int, shards: int) -> Packing:
    """Place the large documents, and give the small ones what room is left.

    Args:
        large: (document_id, load) of the documents that are placed one by one.
        small_load: Of all other documents together.
        shards: How many.
    """
    documents = sorted(large, key=lambda document: (-document[1], document[0]))
    emptiest = [(0, shard) for shard in range(shards)]
    placed: dict[str, int] = {}
    for document_id, load in documents:
        filled, shard = emptiest[0]
        heapq.heapreplace(emptiest, (filled + load, shard))
        placed[document_id] = shard
    filled_with = [filled for filled, _ in sorted(emptiest, key=lambda entry: entry[1])]
    room = _room(filled_with, small_load)
    loads = [filled + free for filled, free in zip(filled_with, room)]
    return Packing(placed, list(accumulate(room)), loads)


def _room(filled: Sequence[int], small_load: int) -> list[int]:
    """What each shard takes of the small documents, so that all reach the same level where that is possible."""
    level = _water_level(sorted(filled), small_load)
    room = [max(0, level - load) for load in filled]
    room[room.index(max(room))] += small_load - sum(room)  # what rounding left over
    return room


def _water_level(filled: Sequence[int], pour: int) -> int:
    """The level that `pour` reaches in vessels of the same width that are filled so far, given in order."""
    below = 0
    for count, load in enumerate(filled, start=1):
        below += load
        if count == len(filled) or pour + below <= count * filled[count]:
            return (pour + below) // count
    raise ValueError("no shards")
