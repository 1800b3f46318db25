"""The whole workflow, from a folder to Parquet, through the local environment: real Tesseract, real Poppler."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline import OCRPipeline
from distributed_ocr_pipeline.client.results import RunResult
from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.main import main
from distributed_ocr_pipeline.tables.schema import DOCUMENTS_SCHEMA, PAGES_SCHEMA

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(name="output", scope="module")
def fixture_output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("output")


@pytest.fixture(name="result", scope="module")
def fixture_result(output: Path) -> RunResult:
    config = OCRConfig(output_type="both", outputs=["searchable_pdf", "text"])
    return OCRPipeline(ocr_config=config, output=output).run(os.path.relpath(EXAMPLES / "documents"))


def rows(output: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ds.dataset(output / table, partitioning="hive").to_table().to_pylist()
    return found


def by_file(found: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in found:
        yield unquote(row["source_uri"].partition("examples/documents/")[2]), row


def test_the_run_is_green_and_says_so(result: RunResult) -> None:
    assert result.report is not None
    assert result.report["balanced"] and result.report["succeeded"]
    assert result.report["planned"] == sum(result.report["documents_by_status"].values())


def test_every_document_with_pages_has_the_files_that_its_row_names(result: RunResult, output: Path) -> None:
    named = {made["uri"]: made["size_bytes"] for row in rows(output, "documents") for made in row["outputs"] or ()}
    there = {path.relative_to(output).as_posix(): path.stat().st_size for path in (output / "outputs").rglob("*.*")}
    assert named == there
    assert result.report is not None
    read = result.report["documents_by_status"]["succeeded"] + result.report["documents_by_status"]["partial"]
    assert result.report["outputs"] == {"searchable_pdf": read, "text": read} and not result.report["outputs_not_made"]


def test_every_file_has_one_ledger_row_with_the_expected_outcome(result: RunResult, output: Path) -> None:
    del result
    expected = json.loads((EXAMPLES / "expected.json").read_text(encoding="utf-8"))["documents"]
    ledger = rows(output, "documents")
    files = [path for path in (EXAMPLES / "documents").rglob("*") if path.is_file()]
    assert len(ledger) == len(files) == len(expected)
    assert {name: (row["status"], row["error_class"]) for name, row in by_file(ledger)} == {
        entry["file"]: (entry["status"], entry["error_class"]) for entry in expected
    }


def test_the_tables_have_the_documented_columns(result: RunResult, output: Path) -> None:
    for table, schema in (("pages", PAGES_SCHEMA), ("documents", DOCUMENTS_SCHEMA)):
        folder = output / table / f"run_id={result.run_id}"
        assert len(list(folder.iterdir())) == result.plan.shards
        for path in folder.iterdir():
            assert pq.read_schema(path).names == schema.names
            ids = pq.ParquetFile(path).read(columns=["document_id"])["document_id"].to_pylist()
            assert ids == sorted(ids)


def test_pages_add_up_and_scanned_pages_have_text_and_words(result: RunResult, output: Path) -> None:
    del result
    pages = rows(output, "pages")
    assert len(pages) == sum(
        row["pages_succeeded"] + row["pages_failed"] + row["pages_blank"] for row in rows(output, "documents")
    )
    first, second = sorted(
        (row for name, row in by_file(pages) if name == "scan-clean.pdf"), key=lambda row: row["page_number"]
    )
    assert (first["page_number"], second["page_number"], first["page_count"]) == (1, 2, 2)
    assert first["text_source"] == "ocr" and first["confidence"] > 80
    assert first["word_count"] == len(first["words"]) > 20
    assert {row["text_source"] for name, row in by_file(pages) if name == "born-digital.pdf"} == {"text_layer"}


def test_page_images_are_where_the_rows_say(result: RunResult, output: Path) -> None:
    for row in rows(output, "pages"):
        if row["status"] != "failed":
            assert row["image_uri"].startswith(f"images/run_id={result.run_id}/{row['document_id']}/page-")
            assert (output / row["image_uri"]).stat().st_size > 0


def test_a_second_run_has_nothing_to_do_and_a_touched_file_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    for name in ("scan-clean.pdf", "blank.pdf", "empty.pdf"):
        shutil.copy(EXAMPLES / "documents" / name, tmp_path / "docs" / name)
    assert main(["--input-prefix", "docs"]) == 0
    shutil.copy(EXAMPLES / "documents" / "born-digital.pdf", tmp_path / "docs" / "blank.pdf")
    assert main(["--input-prefix", "docs/"]) == 0
    assert main(["--input-prefix", "docs"]) == 0
    shown = capsys.readouterr().out
    assert [int(line.split()[-1]) for line in shown.splitlines() if line.startswith("documents planned")] == [3, 1, 0]
    assert "Nothing to do" in shown


def test_a_run_over_its_limit_fails_with_the_reports_words_and_debug_shows_what_the_job_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    shutil.copy(EXAMPLES / "documents" / "truncated.pdf", tmp_path / "docs")
    assert main(["--input-prefix", "docs", "--max-input-error-rate", "0", "--debug"]) == 65
    shown = capsys.readouterr()
    assert "1 failed" in shown.err and "over max_input_error_rate 0.0" in shown.err
    assert re.search(r"DEBUG shard_id=s00000 document_id=\w{32}: failed: corrupt", caplog.text)
    assert (tmp_path / "output" / "documents").is_dir(), "results are there all the same"
