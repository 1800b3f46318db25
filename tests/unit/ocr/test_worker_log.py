"""What the worker logs: about which shard, document and page; and no text or name of a document above DEBUG."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from distributed_ocr_pipeline import DocumentProcessor
from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.log_context import log_context
from distributed_ocr_pipeline.ocr import Stop, process_documents, process_isolated
from tests.support.documents import Ledger, document, page_picture, scanned_pdf, typed_pdf

PACKAGE = "distributed_ocr_pipeline"


def told(records: list[logging.LogRecord]) -> list[tuple[str, str, str, str]]:
    """Shard, document, page and what happened, of each record in order of documents and pages."""
    found = [
        (record.__dict__["shard_id"], record.__dict__["document_id"], record.__dict__["page"], record.getMessage())
        for record in records
        if record.name.startswith(PACKAGE)
    ]
    return sorted((shard, document_id, page, message.split(": ")[1]) for shard, document_id, page, message in found)


def test_every_record_says_what_it_is_about(
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake_tesseract(p2="refuse")
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    page_picture().save(tmp_path / "c.png")
    with caplog.at_level(logging.DEBUG, PACKAGE), log_context(shard_id="s1"):
        process([scanned_pdf(tmp_path / "a.pdf", 3), tmp_path / "b.pdf", tmp_path / "c.png"], workers=1)
    assert told(caplog.records) == [
        ("s1", "a-pdf", "", "opened"),
        ("s1", "a-pdf", "1", "read"),
        ("s1", "a-pdf", "1", "surveyed"),
        ("s1", "a-pdf", "1-2", "one of 2 pages failed"),
        ("s1", "a-pdf", "2", "failed"),
        ("s1", "a-pdf", "2", "surveyed"),
        ("s1", "a-pdf", "3", "read"),
        ("s1", "a-pdf", "3", "surveyed"),
        ("s1", "b-pdf", "", "failed"),
        ("s1", "c-png", "", "opened"),
        ("s1", "c-png", "1", "read"),
        ("s1", "c-png", "1", "surveyed"),
    ]


def test_text_and_names_are_not_told_above_debug(
    tmp_path: Path, fake_tesseract: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    fake_tesseract(p1="refuse")
    paths = [
        typed_pdf(tmp_path / "hidden.pdf", ["Zanzibar"]),
        scanned_pdf(tmp_path / "hidden 2.pdf", 1),
        tmp_path / "hidden 3.pdf",
    ]
    (tmp_path / "hidden-images").touch()  # a file where a folder should be: an internal error that names it
    sources = [(document(path), path) for path in paths]
    config = OCRConfig(output_type="both")
    with caplog.at_level(logging.DEBUG, PACKAGE):
        list(process_documents(sources, config, scratch=tmp_path, images=tmp_path / "hidden-images", stop=Stop()))
    above = [record for record in caplog.records if record.levelno > logging.DEBUG]
    assert {record.msg.split(": ")[1] for record in above} == {"internal error"}
    said = "\n".join(logging.Formatter().format(record).replace(record.__dict__["document_id"], "") for record in above)
    assert "NotADirectoryError in " in said and "save_page_image" in said
    assert "hidden" not in said.lower() and "zanzibar" not in said.lower()
    assert "hidden-images" in caplog.text, "in full, at DEBUG"


def test_a_processor_in_this_process_logs_the_same(
    tmp_path: Path, fake_tesseract: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    fake_tesseract()
    path = scanned_pdf(tmp_path / "a.pdf", 1)
    with caplog.at_level(logging.DEBUG, PACKAGE):
        DocumentProcessor(output_dir=tmp_path).process_document(path, document_id="mine")
    assert told(caplog.records) == [
        ("", "mine", "", "opened"),
        ("", "mine", "1", "read"),
        ("", "mine", "1", "surveyed"),
    ]


def test_a_document_in_a_process_of_its_own_is_logged_as_its_parent_would(
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fake_tesseract()
    path = scanned_pdf(tmp_path / "a.pdf", 1)
    with caplog.at_level(logging.DEBUG, PACKAGE), log_context(shard_id="s1"):
        list(process_isolated([(document(path), path)], OCRConfig(), scratch=tmp_path, images=None, stop=Stop()))
    lines = capfd.readouterr().err.splitlines()
    assert "DEBUG shard_id=s1 document_id=a-pdf: opened: application/pdf, 1 pages" in lines
    assert any(
        line.startswith("DEBUG shard_id=s1 document_id=a-pdf page=1: read: succeeded, 3 words") for line in lines
    )
