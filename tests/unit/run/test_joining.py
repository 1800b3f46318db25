"""The join: a row for each document whose parts are all there, with the pages that earlier runs have read."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import FileSystem, LocalFileSystem, SubTreeFileSystem

from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.joining import (
    JOINED_FILE,
    KeptPages,
    PlannedPart,
    join_parts,
    planned_parts,
    store_joined,
)
from distributed_ocr_pipeline.tables.integrity import LedgerFooter, read_footers
from distributed_ocr_pipeline.tables.parts import JOINED_SHARD, Part
from tests.support.parts import part

PLANNED = [PlannedPart("d", "s00001", 1, 2), PlannedPart("d", "s00003", 3, 4), PlannedPart("d", "s00005", 5, None)]


def footers(*parts: Part) -> list[LedgerFooter]:
    return [LedgerFooter(f"{item.shard_id}.parquet", 0, 0, 2, 9, True, 1.0, 1.0, (item,)) for item in parts]


def test_a_document_whose_parts_are_all_there_has_one_row() -> None:
    joining = join_parts(PLANNED, footers(part(5, None), part(1, 2), part(3, 4)), [])
    assert [row["pages_succeeded"] for row in joining.rows] == [6]
    assert (joining.missing, joining.kept, joining.unfinished) == ((), (), 0)


def test_a_document_that_lacks_a_part_has_none() -> None:
    joining = join_parts(PLANNED, footers(part(1, 2), part(5, None)), [])
    assert (joining.rows, joining.missing, joining.unfinished) == ([], (PLANNED[1],), 1)
    assert joining.missing[0].pages == "pages 3 to 4"


def test_parts_of_earlier_runs_count_for_documents_of_this_run_alone() -> None:
    other = replace(part(1, None), row={**part(1, None).row, "document_id": "other"})
    joining = join_parts(PLANNED[1:2], footers(part(3, 4)), [part(1, 2), part(5, None), other])
    assert [row["document_id"] for row in joining.rows] == ["d"]
    assert [item.first_page for item in joining.kept] == [1, 5]


def test_a_part_that_may_come_out_better_is_left_for_the_next_run() -> None:
    joining = join_parts(PLANNED, footers(part(1, 2), part(3, 4, "failed", "timeout"), part(5, None)), [])
    assert (joining.rows[0]["status"], joining.unfinished) == ("partial", 1)


def test_a_plan_names_its_parts(tmp_path: Path) -> None:
    rows = [
        {"document_id": "a", "shard_id": "s00000", "first_page": None, "last_page": None},
        {"document_id": "d", "shard_id": "s00001", "first_page": 1, "last_page": 2},
    ]
    types = [
        ("document_id", pa.string()),
        ("shard_id", pa.string()),
        ("first_page", pa.int32()),
        ("last_page", pa.int32()),
    ]
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(types)), tmp_path / "planned.parquet")
    assert planned_parts(tmp_path / "planned.parquet") == PLANNED[:1]


class Bucket:
    """A folder in place of S3, with the pages of a run that read pages 1 to 3 of the document and another one."""

    def __init__(self, folder: Path, *numbers: int) -> None:
        self.folder = folder
        place = folder / "out/pages/run_id=run1/language=eng"
        place.mkdir(parents=True)
        rows = [
            {"shard_id": "s00001", "document_id": name, "page_number": number} for name in "dx" for number in numbers
        ]
        pq.write_table(pa.Table.from_pylist(rows), place / "s00001.parquet")

    def arrow_filesystem(self) -> FileSystem:
        return SubTreeFileSystem(str(self.folder), LocalFileSystem())

    def pages(self, prefix: S3Location) -> Iterator[Any]:
        root = self.folder / prefix.bucket
        yield SimpleNamespace(keys=[path.relative_to(root).as_posix() for path in root.rglob("*.parquet")])

    def upload(self, path: Path, location: S3Location) -> None:
        target = self.folder / location.bucket / location.key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)

    def kept(self) -> KeptPages:
        return KeptPages(self, self, "out")  # type: ignore[arg-type]


def test_pages_that_an_earlier_run_read_are_copied(tmp_path: Path) -> None:
    kept = Bucket(tmp_path, 1, 2, 3).kept()
    assert kept.there([part(1, 2)]) == [part(1, 2)]
    name = Path("language=eng/joined.parquet")
    assert kept.copy([part(1, 2)], tmp_path / "copy", {"pages": "2"}) == [name]
    copied = pq.ParquetFile(tmp_path / "copy" / name)
    assert copied.metadata.metadata[b"pages"] == b"2"
    expected = [{"shard_id": JOINED_SHARD, "document_id": "d", "page_number": number} for number in (1, 2)]
    assert copied.read().to_pylist() == expected


@pytest.mark.parametrize("numbers", [(1,), (1, 1), (1, 2, 2), (3, 4)])
def test_a_part_whose_pages_are_not_all_there_is_not_kept(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    assert not Bucket(tmp_path, *numbers).kept().there([part(1, 2)])


def test_a_joined_document_counts_the_quality_of_all_its_pages_whichever_run_read_them(tmp_path: Path) -> None:
    old, new = part(1, 2, qualities={"poor": 2}), part(3, None, qualities={"good": 3, "poor": 1})
    joining = join_parts([PlannedPart("d", "s00003", 3, None)], footers(new), [old])
    bucket, run = Bucket(tmp_path, 1, 2), RunLayout("out", "run2")
    (tmp_path / "ledger").mkdir()
    size = store_joined(bucket, run, joining, bucket.kept(), tmp_path)  # type: ignore[arg-type]
    (footer,) = read_footers(tmp_path / "ledger")
    assert footer.qualities == {"good": 3, "doubtful": 0, "poor": 3}
    assert (footer.rows, footer.pages, footer.pages_bytes) == (1, 2, size)
    for folder, name in ((run.pages, f"language=eng/{JOINED_FILE}"), (run.documents, JOINED_FILE)):
        assert (tmp_path / "out" / folder.below(name).key).is_file()
