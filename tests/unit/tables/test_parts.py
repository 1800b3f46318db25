"""Documents that were read in parts: what a shard says of a part, and the one row that is made of all."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.records import (
    Document,
    DocumentResult,
    DocumentStatus,
    PageChunk,
    PageResult,
    PageStatus,
    Quality,
)
from distributed_ocr_pipeline.tables.integrity import LedgerFooter, read_footers
from distributed_ocr_pipeline.tables.parts import JOINED_SHARD, Part, are_whole, decode_parts, encode_parts, join
from distributed_ocr_pipeline.tables.writer import ShardInfo, ShardTables
from tests.support.parts import part
from tests.support.runs import NOON

DOCUMENT = Document("d", "s3://b/d.pdf", "d.pdf", "etag", 9, first_page=3, last_page=4)


def test_parts_are_whole_if_every_page_is_in_one() -> None:
    assert are_whole([part(1, 2), part(3, 4), part(5, None)])
    assert not are_whole([])
    assert not are_whole([part(1, 2), part(5, None)]), "a part between is missing"
    assert not are_whole([part(1, 3), part(3, None)]), "a page is in two"
    assert not are_whole([part(2, 3), part(4, None)]), "the beginning is missing"
    assert not are_whole([part(1, 2), part(3, 6)]), "there may be more pages"


def test_the_row_of_a_document_is_the_sum_of_its_parts() -> None:
    row = join([part(1, 2), part(3, 4, pages_succeeded=1, pages_blank=1), part(5, None, attempts=2)])
    assert (row["shard_id"], row["status"], row["error_class"]) == (JOINED_SHARD, "succeeded", None)
    assert (row["page_count"], row["pages_succeeded"], row["pages_blank"]) == (6, 5, 1)
    assert (row["duration_ms"], row["attempts"], row["processed_at"]) == (15, 2, NOON + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("parts", "outcome"),
    [
        ([part(1, 3), part(4, None, "deferred")], ("deferred", None)),
        ([part(1, 3, "failed", "timeout"), part(4, None, "deferred")], ("deferred", None)),
        ([part(1, 3), part(4, None, "failed", "timeout")], ("partial", "timeout")),
        ([part(1, 3, "failed", "corrupt"), part(4, None, "failed", "timeout")], ("failed", "corrupt")),
        ([part(1, 3, "skipped", "unsupported_type"), part(4, None, "skipped", "unsupported_type")],
         ("skipped", "unsupported_type")),
        ([part(1, 3), part(4, None, digest="b")], ("partial", "changed")),
        ([part(1, 3), part(4, None, page_count=7)], ("partial", "changed")),
        ([part(1, 3), part(4, None, "failed", "missing", digest="", page_count=0)], ("partial", "missing")),
    ],
)  # fmt: skip
def test_a_fault_of_a_part_is_the_documents(parts: list[Part], outcome: tuple[str, str | None]) -> None:
    row = join(parts)
    assert (row["status"], row["error_class"]) == outcome
    assert (row["error_message"] is None) == (outcome[1] is None)


def test_no_output_of_a_document_in_parts_is_missing_silently() -> None:
    note = [{"format": "text", "uri": None, "size_bytes": None, "error": "It was read in parts."}]
    assert join([part(1, 2, outputs=note), part(3, None, "failed", "corrupt", outputs=None)])["outputs"] == note
    assert join([part(1, 2), part(3, None)])["outputs"] is None


def test_a_part_is_done_unless_another_try_may_help() -> None:
    assert part(1, 2).is_done() and part(1, 2).is_done(without_fault=True)
    assert part(1, 2, "failed", "corrupt").is_done()
    assert not part(1, 2, "failed", "corrupt").is_done(without_fault=True)
    assert not part(1, 2, "failed", "timeout").is_done()
    assert not part(1, 2, "deferred").is_done()


def test_parts_stay_the_same_on_their_way_through_a_file() -> None:
    parts = (part(1, 2, qualities={"good": 2}), part(3, None, "failed", "timeout"))
    assert decode_parts(encode_parts(parts)) == parts


def written(folder: Path, *numbers: int, counted: int = 2, **values: Any) -> LedgerFooter:
    """The footer of a shard that read pages 3 and 4 of six, and wrote these pages."""
    options = parse_options({"input_prefix": "s3://bucket/docs/"})
    info = ShardInfo("run1", "s00001", "s3://out/", "engine", "5", options.fingerprint)
    pages = tuple(PageResult(number, PageStatus.SUCCEEDED, "text", quality=Quality.POOR) for number in numbers)
    with ShardTables(
        info, options, scratch=folder / "s", pages=folder / "pages", documents=folder / "ledger"
    ) as tables:
        tables.add_pages(PageChunk(DOCUMENT, "application/pdf", 6, pages))
        result = DocumentResult(DOCUMENT, DocumentStatus.SUCCEEDED, "application/pdf", 6, counted, digest="a")
        tables.add_document(replace(result, **values))
    (footer,) = read_footers(folder / "ledger")
    return footer


def test_a_part_is_in_the_footer_of_its_shard_and_in_no_row(tmp_path: Path) -> None:
    footer = written(tmp_path, 3, 4)
    assert (footer.rows, footer.documents, footer.pages, footer.proved) == (0, 0, 2, True)
    (found,) = footer.parts
    assert (found.run_id, found.first_page, found.last_page, found.digest, found.pages) == ("run1", 3, 4, "a", 2)
    assert (found.row["status"], found.row["page_count"], found.row["shard_id"]) == ("succeeded", 6, "s00001")


def test_the_quality_of_a_parts_pages_counts_with_the_documents_row_alone(tmp_path: Path) -> None:
    footer = written(tmp_path, 3, 4)
    assert footer.parts[0].qualities == {"poor": 2}
    assert not any(footer.qualities.values())


@pytest.mark.parametrize(("numbers", "counted"), [((3,), 1), ((3, 3), 2), ((4, 5), 2), ((3, 4), 1)])
def test_a_shard_does_not_vouch_for_other_pages_than_those_of_its_part(
    tmp_path: Path, numbers: tuple[int, ...], counted: int
) -> None:
    assert not written(tmp_path, *numbers, counted=counted).proved
