"""Each document in a process of its own: whatever ends that process is a row, and the next document is read."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.ocr import Stop, isolation, process_isolated
from distributed_ocr_pipeline.records import MAX_ATTEMPTS, DocumentResult, DocumentStatus, PageChunk
from tests.support.documents import document, scanned_pdf

CONFIG = OCRConfig(text_layer="ignore")


@pytest.fixture(name="isolated")
def fixture_isolated(tmp_path: Path) -> Callable[..., Iterator[PageChunk | DocumentResult]]:
    (tmp_path / "scratch").mkdir()

    def run(*paths: Path, stop: Stop | None = None) -> Iterator[PageChunk | DocumentResult]:
        sources = [(document(path), path) for path in paths]
        return process_isolated(sources, CONFIG, scratch=tmp_path / "scratch", images=None, stop=stop or Stop())

    return run


def rows(items: Iterator[PageChunk | DocumentResult]) -> list[DocumentResult]:
    return [item for item in items if isinstance(item, DocumentResult)]


def isolated_processes() -> list[int]:
    """Those that read a document; an ended child of another test, which nobody has waited for, has no command line."""
    living = [one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE]
    return [one.pid for one in living if "spawn_main" in " ".join(one.cmdline())]


def kill_child(number: signal.Signals) -> None:
    [child] = isolated_processes()
    os.kill(child, number)


def test_documents_come_as_from_the_worker(
    tmp_path: Path, fake_tesseract: Callable[..., None], isolated: Callable[..., Iterator[PageChunk | DocumentResult]]
) -> None:
    fake_tesseract()
    items = isolated(scanned_pdf(tmp_path / "a.pdf", 1))
    chunk, row = next(items), next(items)
    assert isinstance(chunk, PageChunk) and chunk.pages[0].text == "word page 1"
    assert isinstance(row, DocumentResult) and (row.status, row.attempts) == (DocumentStatus.SUCCEEDED, 1)
    assert not list(items)


@pytest.mark.parametrize(
    ("number", "error_class"),
    [(signal.SIGKILL, ErrorClass.OUT_OF_MEMORY), (signal.SIGSEGV, ErrorClass.ENGINE_CRASH)],
)
def test_a_document_that_ends_its_process_is_a_row_with_the_pages_before(
    number: signal.Signals,
    error_class: ErrorClass,
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    isolated: Callable[..., Iterator[PageChunk | DocumentResult]],
) -> None:
    fake_tesseract(p9="hang")
    results = []
    for item in isolated(scanned_pdf(tmp_path / "a.pdf", 9), scanned_pdf(tmp_path / "b.pdf", 1)):
        if isinstance(item, PageChunk) and item.pages[-1].page_number == 8:
            kill_child(number)
        elif isinstance(item, DocumentResult):
            results.append(item)
    killed, after = results[0], results[1]
    assert (killed.status, killed.error_class) == (DocumentStatus.PARTIAL, error_class)
    assert (killed.pages_succeeded, killed.page_count, killed.attempts) == (8, 9, MAX_ATTEMPTS)
    assert killed.error_message == f"It was tried alone, and its worker ended with {-number}."
    assert after.status is DocumentStatus.SUCCEEDED
    assert not list((tmp_path / "scratch").iterdir())


def test_a_document_that_takes_too_long_is_ended(
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    isolated: Callable[..., Iterator[PageChunk | DocumentResult]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake_tesseract(p1="hang")
    monkeypatch.setattr(isolation, "_SLACK_SECONDS", 1 - CONFIG.document_timeout_seconds)
    [row] = rows(isolated(scanned_pdf(tmp_path / "a.pdf", 1)))
    assert (row.status, row.error_class) == (DocumentStatus.FAILED, ErrorClass.TIMEOUT)
    assert row.error_message.endswith("its worker did not end in time.")
    (record,) = [found for found in caplog.records if found.name.endswith("isolation")]
    assert row.error_message in record.getMessage() and record.__dict__["document_id"] == row.document.document_id


def test_a_stop_is_passed_on_and_defers(
    tmp_path: Path, fake_tesseract: Callable[..., None], isolated: Callable[..., Iterator[PageChunk | DocumentResult]]
) -> None:
    fake_tesseract(p9="hang")
    stop, results = Stop(), []
    for item in isolated(scanned_pdf(tmp_path / "a.pdf", 9), scanned_pdf(tmp_path / "b.pdf", 1), stop=stop):
        if isinstance(item, PageChunk) and item.pages[-1].page_number == 8:
            stop.request()
        elif isinstance(item, DocumentResult):
            results.append(item)
    assert [row.status for row in results] == [DocumentStatus.DEFERRED] * 2
    assert [(row.error_class, row.error_message, row.attempts) for row in results] == [(None, "", 0)] * 2


def test_a_caller_that_leaves_early_leaves_no_process(
    tmp_path: Path, fake_tesseract: Callable[..., None], isolated: Callable[..., Iterator[PageChunk | DocumentResult]]
) -> None:
    fake_tesseract(p9="hang")
    items = isolated(scanned_pdf(tmp_path / "a.pdf", 9))
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert not isolated_processes()
    assert not list((tmp_path / "scratch").iterdir())
