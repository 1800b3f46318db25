"""Poppler is not believed, and it is ended: every answer is counted, every call has its limits."""

from collections.abc import Callable
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.records import DocumentStatus
from tests.support.documents import Ledger, replaced, scanned_pdf, stamped_pdf, typed_pdf

FAR = ["99999999999", "1" + "0" * 30, "9" * 400]  # points


@pytest.mark.parametrize("width", FAR)
def test_words_wider_than_any_page_have_boxes_that_fit_the_tables(
    width: str, tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = typed_pdf(tmp_path / "a.pdf", [f"Narrow) Tj ET BT /F1 24 Tf {width} 0 0 1 20 80 Tm (Wide words"])
    [(result, [page])] = process([path], text_layer="auto", words=True, dpi=1200)
    assert result.status is DocumentStatus.SUCCEEDED and page.text.startswith("Narrow")
    assert page.words and max(word.left + word.width for word in page.words) < 2**31


def test_a_title_does_not_say_how_many_pages_there_are(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["One", "Two"])
    information = r"<< /Title (A title\nPages: 1\n) >>"
    path = replaced(path, "/Root 1 0 R", f"/Root 1 0 R /Info {information}")
    [(result, _)] = process([path], text_layer="only")
    assert result.page_count == 2


@pytest.mark.parametrize("ending", ["pass", "sys.exit(137)", "sys.exit(1)"])
def test_a_renderer_that_draws_nothing_is_not_believed(
    ending: str,
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    install_program("pdftoppm", f"import sys\n{ending}")
    [(result, pages)] = process([stamped_pdf(tmp_path / "a.pdf", 2)])
    assert result.status is DocumentStatus.FAILED
    assert {page.error_class for page in pages} <= {ErrorClass.CORRUPT, ErrorClass.OUT_OF_MEMORY}
    assert len(pages) == 2


@pytest.mark.parametrize("program", ["pdfinfo", "pdftotext", "pdfimages", "pdftoppm"])
def test_every_poppler_program_has_a_time_limit(
    program: str,
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    install_program(program, "import time; time.sleep(600)")
    [(result, _)] = process([stamped_pdf(tmp_path / "a.pdf", 1)], page_timeout_seconds=4, text_layer="auto")
    expected = ErrorClass.TIMEOUT if program in ("pdfinfo", "pdftoppm") else None  # the others only give hints
    assert result.error_class is expected


def test_a_program_that_prints_without_end_is_ended(
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    install_program("pdftotext", "while True: print('x' * 100000)")
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 1)], text_layer="auto")
    assert result.status is DocumentStatus.SUCCEEDED
    assert pages[0].note == "the text layer cannot be read (too_large)"
