"""The Parquet files: columns, row groups, folders, and footers that say what belongs together."""

import errno
import os
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.records import (
    Document,
    DocumentResult,
    DocumentStatus,
    PageChunk,
    PageResult,
    PageStatus,
    Quality,
    TextSource,
    Word,
)
from distributed_ocr_pipeline.tables.integrity import read_footers
from distributed_ocr_pipeline.tables.schema import DOCUMENTS_SCHEMA, PAGES_SCHEMA
from distributed_ocr_pipeline.tables.writer import ShardInfo, ShardTables

INFO = ShardInfo("run1", "s00007", "s3://results/", "pytesseract", "tesseract 5", "f00d")


def document(name: str) -> Document:
    return Document(name, f"s3://bucket/docs/{name}.pdf", f"docs/{name}.pdf", f"etag-{name}", 123)


def page(number: int, **values: Any) -> PageResult:
    return PageResult(
        number,
        **{"status": PageStatus.SUCCEEDED, "text": f"page {number}", "text_source": TextSource.OCR, **values},
    )


@contextmanager
def shard_tables(folder: Path, **options: Any) -> Iterator[ShardTables]:
    run_options = parse_options({"input_prefix": "s3://bucket/docs/", **options})
    with ShardTables(
        INFO, run_options, scratch=folder / "tmp", pages=folder / "pages", documents=folder / "documents"
    ) as writer:
        yield writer


def read(folder: Path, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.ParquetFile(folder / table / "s00007.parquet").read().to_pylist()
    return rows


def test_a_page_becomes_a_row_with_all_columns(tmp_path: Path) -> None:
    word = Word("page", left=1, top=2, width=3, height=4, confidence=91.5, line=1)
    found = page(
        1, words=(word,), word_count=1, confidence=91.5, image_path="a/page-0001.webp", dpi=300, language="eng"
    )
    with shard_tables(tmp_path) as writer:
        writer.add_pages(PageChunk(document("a"), "application/pdf", 9, (found,)))
    (row,) = read(tmp_path, "pages")
    assert list(row) == PAGES_SCHEMA.names
    assert (row["document_id"], row["source_uri"], row["page_number"], row["page_count"]) == (
        "a",
        "s3://bucket/docs/a.pdf",
        1,
        9,
    )
    assert (row["status"], row["text_source"], row["error_class"], row["error_message"]) == (
        "succeeded",
        "ocr",
        None,
        None,
    )
    assert row["words"][0]["text"] == "page" and row["words"][0]["confidence"] == pytest.approx(91.5)
    assert row["image_uri"] == "s3://results/images/run_id=run1/a/page-0001.webp"


def test_a_document_becomes_a_ledger_row(tmp_path: Path) -> None:
    result = DocumentResult(
        document("a"), DocumentStatus.FAILED, error_class=ErrorClass.CORRUPT, error_message="broken"
    )
    with shard_tables(tmp_path) as writer:
        writer.add_document(result)
    (row,) = read(tmp_path, "documents")
    assert list(row) == DOCUMENTS_SCHEMA.names
    assert (row["status"], row["error_class"], row["source_etag"], row["size_bytes"]) == (
        "failed",
        "corrupt",
        "etag-a",
        123,
    )
    assert (row["engine"], row["engine_version"], row["options_fingerprint"]) == ("pytesseract", "tesseract 5", "f00d")


def test_footers_of_both_files_hold_both_row_counts(tmp_path: Path) -> None:
    with shard_tables(tmp_path) as writer:
        writer.add_pages(PageChunk(document("a"), "application/pdf", 3, (page(1), page(2), page(3))))
        writer.add_document(DocumentResult(document("a"), DocumentStatus.SUCCEEDED))
    for table in ("pages", "documents"):
        footer = pq.read_metadata(tmp_path / table / "s00007.parquet").metadata
        assert (footer[b"pages"], footer[b"documents"], footer[b"run_id"]) == (b"3", b"1", b"run1")


def test_the_ledgers_footer_counts_pages_by_quality(tmp_path: Path) -> None:
    poor, good, none = page(1, quality=Quality.POOR), page(2, quality=Quality.GOOD), page(3, status=PageStatus.BLANK)
    with shard_tables(tmp_path) as writer:
        writer.add_pages(
            PageChunk(document("a"), "application/pdf", 4, (poor, good, none, replace(good, page_number=4)))
        )
        writer.add_document(DocumentResult(document("a"), DocumentStatus.SUCCEEDED, pages_succeeded=4))
    [footer] = read_footers(tmp_path / "documents")
    assert footer.qualities == {"good": 2, "doubtful": 0, "poor": 1}
    assert [row["quality"] for row in read(tmp_path, "pages")] == ["poor", "good", None, "good"]


def test_a_shard_without_pages_still_has_both_files(tmp_path: Path) -> None:
    with shard_tables(tmp_path) as writer:
        writer.add_document(DocumentResult(document("a"), DocumentStatus.SKIPPED))
    assert read(tmp_path, "pages") == []


def test_scratch_and_output_may_be_separate_mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: object, target: object) -> None:
        raise OSError(errno.EXDEV, f"Invalid cross-device link: {source} -> {target}")

    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, refuse)
    with shard_tables(tmp_path) as writer:
        writer.add_document(DocumentResult(document("a"), DocumentStatus.SUCCEEDED))
    assert len(read(tmp_path, "documents")) == 1 and read(tmp_path, "pages") == []


def test_nothing_is_published_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), shard_tables(tmp_path) as writer:
        writer.add_document(DocumentResult(document("a"), DocumentStatus.SUCCEEDED))
        raise RuntimeError
    assert not list(tmp_path.glob("pages/**/*.parquet")) + list(tmp_path.glob("documents/**/*.parquet"))


@pytest.mark.parametrize("length", [10, 3_000])
def test_what_waits_to_be_written_is_held_in_columns(length: int, tmp_path: Path) -> None:
    """A row is some 30 Python objects, 3 KB or more; Arrow's columns are none."""
    tracemalloc.start()
    with shard_tables(tmp_path) as writer:
        for number in range(1, 3001):
            source = document(f"d{number}")
            writer.add_pages(PageChunk(source, "application/pdf", 1, (page(1, text="x" * length),)))
            writer.add_document(DocumentResult(source, DocumentStatus.SUCCEEDED, page_count=1, pages_succeeded=1))
        held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 3_000_000
    assert pq.ParquetFile(tmp_path / "pages/s00007.parquet").metadata.num_row_groups == 1
    assert [row["document_id"] for row in read(tmp_path, "documents")] == [f"d{number}" for number in range(1, 3001)]


def test_row_groups_are_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distributed_ocr_pipeline.tables.writer.ROW_GROUP_BYTES", 10_000)
    with shard_tables(tmp_path) as writer:
        for number in range(1, 41):
            writer.add_pages(PageChunk(document("a"), "application/pdf", 40, (page(number, text="x" * 1000),)))
    metadata = pq.read_metadata(tmp_path / "pages" / "s00007.parquet")
    assert metadata.num_rows == 40 and metadata.num_row_groups >= 5
    assert [row["page_number"] for row in read(tmp_path, "pages")] == list(range(1, 41))


@pytest.mark.parametrize(
    ("key", "folders"),
    [
        ("language", {"language=eng%2Bdeu", "language=__HIVE_DEFAULT_PARTITION__"}),
        ("text_source", {"text_source=ocr", "text_source=text_layer"}),
        ("media_type", {"media_type=application%2Fpdf"}),
    ],
)
def test_a_partition_key_of_few_values_makes_hive_folders(tmp_path: Path, key: str, folders: set[str]) -> None:
    pages = (page(1, language="eng+deu"), page(2, text_source=TextSource.TEXT_LAYER))
    with shard_tables(tmp_path, partition_key=key) as writer:
        writer.add_pages(PageChunk(document("a"), "application/pdf", 2, pages))
    assert {path.parent.name for path in (tmp_path / "pages").rglob("*.parquet")} == folders
    table = pq.read_table(tmp_path / "pages", partitioning="hive")
    assert table.num_rows == 2 and table.column_names.count(key) == 1
