"""Documents in order, each with exactly one row, within their time; and what a stop leaves."""

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Any

import psutil

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.ocr import DocumentReader, Stop, process_documents
from distributed_ocr_pipeline.records import Document, DocumentResult, DocumentStatus, PageChunk
from tests.support.documents import Ledger, document, scanned_pdf, tiff, typed_pdf


def test_many_documents_come_in_order_with_all_their_pages(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    counts = [1, 11, 2, 1, 7]
    paths = [scanned_pdf(tmp_path / f"{number}.pdf", pages) for number, pages in enumerate(counts)]
    ledger = process([*paths, tiff(tmp_path / "5.tif", 6)])
    assert [result.document.key for result, _ in ledger] == ["0.pdf", "1.pdf", "2.pdf", "3.pdf", "4.pdf", "5.tif"]
    assert [[page.page_number for page in pages] for _, pages in ledger] == [
        list(range(1, count + 1)) for count in [*counts, 6]
    ]
    assert [result.pages_succeeded for result, _ in ledger] == [*counts, 6]


def test_more_pages_of_text_alone_are_read_together_than_pages_that_are_drawn(
    tmp_path: Path, fake_tesseract: Callable[..., None]
) -> None:
    fake_tesseract()
    text = ") Tj 0 -26 Td (".join(["Text of its own, as much as a page shows"] * 20)
    path = typed_pdf(tmp_path / "a.pdf", ["A little text", *[text] * 20, r"\000\001"])
    read = process_documents(
        [(document(path), path)], OCRConfig(), scratch=tmp_path, images=None, stop=Stop(), workers=2
    )
    sizes = [len(item.pages) for item in read if isinstance(item, PageChunk)]
    assert sum(sizes) == 22 and max(sizes) == 8


def test_of_a_part_its_pages_alone_are_read(tmp_path: Path, fake_tesseract: Callable[..., None]) -> None:
    fake_tesseract()
    path = scanned_pdf(tmp_path / "a.pdf", 9)
    ranges = [(1, 4), (5, 8), (9, None), (12, None)]
    sources = [(replace(document(path), first_page=first, last_page=last), path) for first, last in ranges]
    read: list[list[int]] = [[]]
    results: list[DocumentResult] = []
    for item in process_documents(sources, OCRConfig(), scratch=tmp_path, images=None, stop=Stop()):
        if isinstance(item, DocumentResult):
            results.append(item)
            read.append([])
        else:
            read[-1] += [page.page_number for page in item.pages]
    assert read == [[1, 2, 3, 4], [5, 6, 7, 8], [9], [], []]
    assert [(result.status.value, result.page_count) for result in results] == [("succeeded", 9)] * 4
    assert [result.pages_succeeded for result in results] == [4, 4, 1, 0]
    assert {result.digest for result in results} == {hashlib.sha256(path.read_bytes()).hexdigest()}


def running_sandboxes() -> int:
    running = 0
    for one in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # it has ended, or is about to
            running += any("sandbox_server" in part for part in command_of(one))
    return running


def command_of(process: psutil.Process) -> list[str]:
    """What a process runs; for a moment after its start, Linux shows nothing."""
    while not (command := process.cmdline()):  # of one that has ended: `psutil.ZombieProcess`
        time.sleep(0.01)
    return command


def test_a_reader_starts_a_sandbox_at_once_and_has_none_after_the_last_result(tmp_path: Path) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["Some text of its own"])
    before = running_sandboxes()
    with DocumentReader(OCRConfig(), scratch=tmp_path, images=None, stop=Stop()) as reader:
        assert running_sandboxes() == before + 1
        *_, result = reader.process([(document(path), path)])
        assert isinstance(result, DocumentResult) and result.status is DocumentStatus.SUCCEEDED
        assert running_sandboxes() == before
    with DocumentReader(OCRConfig(), scratch=tmp_path, images=None, stop=Stop()):
        assert running_sandboxes() == before + 1
    assert running_sandboxes() == before


def test_all_pages_failed_means_the_document_failed(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="refuse", p2="crash")
    [(result, _)] = process([scanned_pdf(tmp_path / "a.pdf", 2)])
    assert (result.status, result.error_class) == (DocumentStatus.FAILED, ErrorClass.ENGINE_CRASH)
    assert "pix not read" in result.error_message


def test_a_document_that_changed_while_it_was_read_is_no_result(
    tmp_path: Path, install_program: Callable[[str, str], Path], process: Callable[..., Ledger]
) -> None:
    path = scanned_pdf(tmp_path / "a.pdf", 1)
    pdfinfo = which("pdfinfo")
    install_program(
        "pdfinfo",
        f"import os, sys\nopen({str(path)!r}, 'ab').write(b' ')\nos.execv({pdfinfo!r}, ['pdfinfo', *sys.argv[1:]])",
    )
    [(result, _)] = process([path], text_layer="only")
    assert (result.error_class, result.error_message) == (ErrorClass.CHANGED, "The file changed while it was read.")
    assert result.status in (DocumentStatus.PARTIAL, DocumentStatus.FAILED)


def test_a_document_has_a_time_limit_of_its_own(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="hang", p2="hang")
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 9)], document_timeout_seconds=1, workers=1)
    assert {page.error_class for page in pages} == {ErrorClass.TIMEOUT}
    assert "before this page" in pages[-1].error_message
    assert (result.status, result.pages_failed) == (DocumentStatus.FAILED, 9)


def test_surveys_are_within_the_time_of_the_document(
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    install_program("pdftotext", "import time; time.sleep(600)")
    path = scanned_pdf(tmp_path / "a.pdf", 20)
    [(result, pages)] = process([path], text_layer="auto", page_timeout_seconds=1, document_timeout_seconds=3)
    assert (result.error_class, result.pages_failed) == (ErrorClass.TIMEOUT, len(pages)) == (ErrorClass.TIMEOUT, 20)


def test_pages_read_with_one_call_are_within_the_time_of_the_document(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="slow", p2="slow", p3="slow", p4="slow")
    path = scanned_pdf(tmp_path / "a.pdf", 4)
    [(_, pages)] = process([path], workers=1, page_timeout_seconds=2, document_timeout_seconds=1)
    assert {page.error_class for page in pages} == {ErrorClass.TIMEOUT}


def test_after_a_stop_what_is_done_is_kept_and_the_rest_deferred(
    tmp_path: Path, fake_tesseract: Callable[..., None]
) -> None:
    fake_tesseract(p9="hang")
    paths = [
        scanned_pdf(tmp_path / "a.pdf", 1),
        scanned_pdf(tmp_path / "b.pdf", 12),
        scanned_pdf(tmp_path / "c.pdf", 1),
    ]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    stop, results, pages = Stop(), [], 0
    for item in process_documents(
        [(document(path), path) for path in paths],
        OCRConfig(text_layer="ignore"),
        scratch=scratch,
        images=None,
        stop=stop,
        workers=1,
    ):
        if isinstance(item, PageChunk) and item.document.key == "b.pdf":
            pages += len(item.pages)
            if item.pages[-1].page_number == 8:
                stop.request()
        elif isinstance(item, DocumentResult):
            results.append(item)
    assert [result.status for result in results] == [
        DocumentStatus.SUCCEEDED,
        DocumentStatus.DEFERRED,
        DocumentStatus.DEFERRED,
    ]
    assert results[1].pages_succeeded == pages == 8
    assert results[1].error_class is None and results[1].error_message == ""
    assert not list(scratch.iterdir())


def test_a_deadline_stops_by_itself(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="hang")
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 1)], stop=Stop(deadline_seconds=0.5))
    assert (result.status, pages) == (DocumentStatus.DEFERRED, [])


def test_leaving_early_ends_what_is_running(tmp_path: Path, fake_tesseract: Callable[..., None]) -> None:
    fake_tesseract(p2="hang", p3="hang")
    path = scanned_pdf(tmp_path / "a.pdf", 3)
    (tmp_path / "scratch").mkdir()
    items = process_documents(
        [(document(path), path)],
        OCRConfig(text_layer="ignore"),
        scratch=tmp_path / "scratch",
        images=None,
        stop=Stop(),
        workers=3,
    )
    assert isinstance(next(items), PageChunk)
    items.close()  # type: ignore[attr-defined]
    assert not list((tmp_path / "scratch").iterdir())


def test_an_internal_error_is_a_row_and_the_next_document_is_read(
    tmp_path: Path, fake_tesseract: Callable[..., None]
) -> None:
    fake_tesseract()
    good = scanned_pdf(tmp_path / "b.pdf", 1)
    sources: list[tuple[Document, Any]] = [(document(good), "a str has no absolute()"), (document(good), good)]
    *_, last = items = list(
        process_documents(sources, OCRConfig(text_layer="ignore"), scratch=tmp_path, images=None, stop=Stop())
    )
    failed = items[0]
    assert isinstance(failed, DocumentResult) and isinstance(last, DocumentResult)
    assert (failed.status, failed.error_class) == (DocumentStatus.FAILED, ErrorClass.INTERNAL)
    assert failed.error_message.startswith("AttributeError")
    assert last.status is DocumentStatus.SUCCEEDED


def test_an_internal_error_in_a_survey_is_that_of_its_pages(
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    install_program("pdfimages", "print('1 0 image wide high gray 1 8 jpeg no 0 0 300 300 9K 9%')")
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 2)])
    assert [page.error_class for page in pages] == [ErrorClass.INTERNAL] * 2
    assert result.error_message.startswith("ValueError")


def test_a_survey_that_crashes_fails_its_pages_with_that_class(
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    real = which("pdfinfo")
    crash = f"import os, sys\nos.abort() if '-f' in sys.argv else os.execv({real!r}, sys.argv)"
    install_program("pdfinfo", crash)
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 2)])
    assert {page.error_class for page in pages} == {result.error_class} == {ErrorClass.ENGINE_CRASH}


def test_what_has_not_begun_when_a_stop_comes_is_deferred(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    stop = Stop()
    stop.request()
    ledger = process([scanned_pdf(tmp_path / "a.pdf", 1), tmp_path / "not-there"], stop=stop)
    assert [(result.status, pages) for result, pages in ledger] == [(DocumentStatus.DEFERRED, [])] * 2
