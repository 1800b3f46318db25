"""Huge documents in parts: every page in one of them, and of what earlier runs have read nothing again."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributed_ocr_pipeline.planning.database import open_database
from distributed_ocr_pipeline.planning.packing import FULL
from distributed_ocr_pipeline.planning.splitting import PageRange, gaps_between, keep_parts, split_documents
from distributed_ocr_pipeline.planning.todo import Choice
from distributed_ocr_pipeline.tables.parts import Part
from tests.support.parts import part

_LOADED = """
create table chosen (document_id varchar, etag varchar, pages bigint, load bigint, deferrals integer default 0,
  kind varchar default 'pdf', guessed boolean default false, archived boolean default false,
  seconds double default 60);
create view todo as from chosen
"""


class Split:
    """What is planned of a document of 100 pages with the id `d`, and what is kept of earlier runs."""

    def __init__(self, folder: Path, load: int, *parts: Part, retry_failed: bool = False, **values: Any) -> None:
        with open_database(folder) as database:
            database.execute(_LOADED)
            row = {"document_id": "d", "etag": "etag", "pages": 100, "load": load} | values
            names = ", ".join(row)
            database.insert(f"chosen ({names})", [tuple(row.values())])
            self.kept = keep_parts(database, parts, Choice("f", retry_failed=retry_failed))
            database.execute("create view loaded as select * from todo")
            database.execute("create table obstacles as select document_id from chosen where archived")
            self.documents = split_documents(database)
            columns = "first_page, last_page, pages, load, seconds"
            self.rows = list(database.rows(f"select {columns} from placed order by first_page"))

    @property
    def ranges(self) -> list[tuple[int | None, int | None]]:
        return [row[:2] for row in self.rows]


def read(first: int, last: int | None, status: str = "succeeded", error: str | None = None, **values: Any) -> Part:
    return part(first, last, status, error, **{"page_count": 100} | values)


def test_a_document_of_one_shard_stays_whole(tmp_path: Path) -> None:
    split = Split(tmp_path, FULL)
    assert (split.documents, split.ranges) == (0, [(None, None)])


def test_a_document_of_more_work_than_a_shard_is_read_in_parts(tmp_path: Path) -> None:
    split = Split(tmp_path, 5 * FULL // 2)
    assert (split.documents, split.ranges) == (1, [(1, 33), (34, 66), (67, None)])
    assert sum(row[2] for row in split.rows) == 100
    assert max(row[3] for row in split.rows) <= FULL <= sum(row[3] for row in split.rows)
    assert sum(row[4] for row in split.rows) == pytest.approx(60)


@pytest.mark.parametrize("values", [{"kind": "tiff"}, {"guessed": True}, {"archived": True}, {"pages": 1}])
def test_what_cannot_be_split_stays_whole(tmp_path: Path, values: dict[str, Any]) -> None:
    assert Split(tmp_path, 3 * FULL, **values).ranges == [(None, None)]


def test_what_was_not_reached_in_time_is_cut_smaller(tmp_path: Path) -> None:
    assert len(Split(tmp_path, 2 * FULL, deferrals=1).rows) == 4


def test_only_the_pages_between_kept_parts_are_planned(tmp_path: Path) -> None:
    split = Split(tmp_path, FULL // 10, read(1, 25), read(51, 75), read(76, None))
    assert split.ranges == [(26, 50)] and [row[2] for row in split.rows] == [25]
    assert [item.first_page for item in split.kept] == [1, 51, 76]


@pytest.mark.parametrize(
    "values",
    [
        {"status": "deferred"},
        {"error": "timeout"},
        {"source_etag": "old"},
        {"options_fingerprint": "g"},
        {"digest": ""},
    ],
)
def test_parts_of_another_content_and_unfinished_ones_are_read_again(tmp_path: Path, values: dict[str, Any]) -> None:
    split = Split(tmp_path, FULL // 10, read(1, 50), read(51, None, **values))
    assert split.ranges == [(51, None)]


def test_parts_with_a_final_fault_are_read_again_only_on_request(tmp_path: Path) -> None:
    parts = [read(1, 25, "failed", "corrupt"), read(26, 50)]
    (tmp_path / "again").mkdir()
    assert Split(tmp_path, FULL // 10, *parts).ranges == [(51, None)]
    assert Split(tmp_path / "again", FULL // 10, *parts, retry_failed=True).ranges == [(1, 25), (51, None)]


def test_nothing_is_kept_where_the_file_changed_between_the_parts(tmp_path: Path) -> None:
    assert Split(tmp_path, 2 * FULL, read(1, 50), read(51, 60, digest="b")).ranges == [(1, 50), (51, None)]


def test_of_two_runs_over_the_same_pages_the_newer_is_kept(tmp_path: Path) -> None:
    split = Split(tmp_path, FULL // 10, read(1, 60), read(51, None))
    assert [item.first_page for item in split.kept] == [51] and split.ranges == [(1, 50)]


def test_a_document_whose_parts_were_never_joined_has_its_last_part_read_again(tmp_path: Path) -> None:
    split = Split(tmp_path, FULL // 10, read(1, 50), read(51, None))
    assert split.ranges == [(51, None)] and len(split.kept) == 1


@given(pages=st.integers(1, 5000), count=st.integers(1, 40), first=st.integers(1, 100))
def test_parts_are_of_equal_size_and_hold_every_page_once(pages: int, count: int, first: int) -> None:
    parts = list(PageRange(first, None, pages).cut(min(count, pages)))
    ends = [found.last_page or first + pages - 1 for found in parts]
    numbers = [number for found, end in zip(parts, ends) for number in range(found.first_page, end + 1)]
    assert numbers == list(range(first, first + pages))
    sizes = [found.pages for found in parts]
    assert parts[-1].last_page is None and max(sizes) - min(sizes) <= 1


@given(bounds=st.sets(st.integers(2, 99), max_size=8), chosen=st.data())
def test_gaps_and_kept_parts_are_all_pages(bounds: set[int], chosen: st.DataObject) -> None:
    starts = [1, *sorted(bounds)]
    parts = [read(start, after and after - 1) for start, after in zip(starts, [*starts[1:], None])]
    kept = [found for found in parts if chosen.draw(st.booleans())]
    if kept:
        ranges = [(found.first_page, found.last_page) for found in kept]
        ranges += [(gap.first_page, gap.last_page) for gap in gaps_between(kept)]
        numbers = [number for first, last in ranges for number in range(first, (last or 100) + 1)]
        assert sorted(numbers) == list(range(1, 101))
