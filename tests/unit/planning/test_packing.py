"""Shards of equal work: what fits, how even they are, and that the same listing gives the same shards."""

import random
from bisect import bisect_left
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.planning.packing import FULL, MAX_SHARDS, Limits, Packing, pack, shard_count


def shard_of(packing: Packing, loads_before: int) -> int:
    """The shard of a small document, by the loads of all small documents with smaller ids."""
    return min(bisect_left(packing.bounds, loads_before + 1), len(packing.bounds) - 1)


def _packed(loads: list[int], limits: Limits, slots: int) -> tuple[list[list[int]], Packing]:
    """Loads by shard, as the planner places them: large ones by id, small ones in the order of ids."""
    documents = [(f"{number:08d}", load) for number, load in enumerate(loads)]
    large = [item for item in documents if item[1] >= limits.large]
    small = sum(load for _, load in documents if load < limits.large)
    packing = pack(large, small, shard_count(sum(loads), sum(loads) / FULL, len(loads), slots))
    shards: list[list[int]] = [[] for _ in packing.loads]
    before = 0
    for document_id, load in documents:
        if document_id in packing.large:
            shards[packing.large[document_id]].append(load)
        else:
            shards[shard_of(packing, before)].append(load)
            before += load
    return shards, packing


def test_a_load_is_the_largest_share_of_a_shard() -> None:
    limits = Limits(seconds=100, size_bytes=1000, files=10)
    assert limits.load(50, 1) == FULL // 2
    assert limits.load(1, 250) == FULL // 4
    assert limits.load(1, 1) == FULL // 10


@given(st.integers(1, 100_000), st.integers(1, 300), st.integers(1, 20))
def test_no_shard_has_more_files_than_the_user_allows(files: int, documents: int, slots: int) -> None:
    limits = Limits(seconds=1e6, size_bytes=10**12, files=files)
    shards, _ = _packed([limits.load(0.1, 1)] * documents, limits, slots)
    assert max(len(shard) for shard in shards) <= files
    assert sum(len(shard) for shard in shards) == documents


@given(st.lists(st.integers(1, 3 * FULL), min_size=1, max_size=300), st.integers(1, 30))
def test_every_document_is_in_one_shard_and_shards_hold_what_was_promised(loads: list[int], slots: int) -> None:
    limits = Limits(1, 1)
    shards, packing = _packed(loads, limits, slots)
    assert sorted(load for shard in shards for load in shard) == sorted(loads)
    assert sum(packing.loads) == sum(loads)
    for shard, promised in zip(shards, packing.loads):
        assert abs(sum(shard) - promised) <= limits.large


def test_heavy_tailed_documents_make_even_shards() -> None:
    chance = random.Random(7)
    pages = [max(1, round(chance.lognormvariate(1.1, 1.2))) for _ in range(100_000)]
    for _ in range(50):
        pages[chance.randrange(len(pages))] = chance.randrange(100, 400)
    limits = Limits(seconds=sum(pages) / 999.5, size_bytes=10**12)
    shards, _ = _packed([limits.load(count, 1) for count in pages], limits, 1000)
    lengths = [sum(shard) for shard in shards]
    assert len(shards) == 1000
    assert max(lengths) / (sum(lengths) / 1000) <= 1.15


@pytest.mark.parametrize(
    ("work", "slots", "expected"),
    [(0.1, 4, 1), (1.0, 4, 2), (3.9, 4, 4), (4.5, 4, 8), (9.0, 100, 18), (100.0, 100, 100), (100.5, 100, 200)],
)
def test_shards_fill_the_slots_but_are_not_cut_too_short(work: float, slots: int, expected: int) -> None:
    assert shard_count(int(work * FULL), work, 10**6, slots) == expected


def test_a_limit_of_files_alone_does_not_spread_little_work_over_all_slots() -> None:
    assert shard_count(int(1.5 * FULL), 0.001, 3, slots=10) == 2


def test_there_are_no_more_shards_than_documents() -> None:
    assert shard_count(3 * FULL, 3.0, 3, 2) == 3


def test_too_much_work_for_one_run_is_refused_with_a_way_out() -> None:
    with pytest.raises(BadInput, match=f"at most {MAX_SHARDS}.*target_shard_minutes"):
        shard_count((MAX_SHARDS + 1) * FULL, 1.0, 10**9, 10)


def test_the_same_documents_are_packed_the_same_way() -> None:
    chance = random.Random(3)
    large = [(f"{number:04d}", chance.randrange(FULL // 50, FULL)) for number in range(500)]
    shuffled = chance.sample(large, len(large))
    assert pack(large, 7 * FULL, 300) == pack(shuffled, 7 * FULL, 300)


def test_the_bounds_leave_no_small_document_out() -> None:
    packing = pack([("a", FULL)], ceil(2.5 * FULL), 4)
    assert packing.bounds[-1] == ceil(2.5 * FULL)
    assert shard_of(packing, packing.bounds[-1] - 1) == 3
