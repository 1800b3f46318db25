"""What damaged documents have done to the worker, each made as small as it can be."""

import time
from collections.abc import Callable
from pathlib import Path
from shutil import which

import pytest
from PIL import Image

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.ocr.rasters import raster
from distributed_ocr_pipeline.records import DocumentStatus, PageStatus
from tests.support.documents import Ledger, page_picture, scanned_pdf, stamped_pdf, typed_pdf

FAR = ["99999999999", "1" + "0" * 30, "9" * 400]  # points


def replaced(path: Path, old: str, new: str) -> Path:
    """Change a file; a PDF's table of offsets need not be right."""
    content = path.read_bytes()
    assert old.encode() in content
    path.write_bytes(content.replace(old.encode(), new.encode()))
    return path


@pytest.mark.parametrize("side", FAR)
def test_a_page_of_any_size_may_have_a_text_layer(side: str, tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["Text of its own"]), "[0 0 612 792]", f"[0 0 {side} 792]")
    [(result, [page])] = process([path], text_layer="auto")
    assert (result.status, page.text) == (DocumentStatus.SUCCEEDED, "Text of its own")
    assert page.width_px is not None and page.width_px < 2**31


@pytest.mark.parametrize("side", ["4000000", *FAR])
def test_a_page_too_large_to_draw_is_not_taken_for_a_blank_one(
    side: str, tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["Text", "Text"]), "[0 0 612 792]", f"[0 0 {side} {side}]")
    [(result, pages)] = process([path])
    assert [page.error_class for page in pages] == [ErrorClass.TOO_LARGE] * 2
    assert result.status is DocumentStatus.FAILED
    assert "at any resolution" in result.error_message


def test_a_page_of_a_size_that_is_no_number_fails(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["Text"]), "[0 0 612 792]", f"[{FAR[-1]} 0 {FAR[-1]} 792]")
    [(_, [page])] = process([path])
    assert (page.status, page.error_class) == (PageStatus.FAILED, ErrorClass.TOO_LARGE)


@pytest.mark.parametrize("width", FAR)
def test_words_wider_than_any_page_have_boxes_that_fit_the_tables(
    width: str, tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = typed_pdf(tmp_path / "a.pdf", [f"Narrow) Tj ET BT /F1 24 Tf {width} 0 0 1 20 80 Tm (Wide words"])
    [(result, [page])] = process([path], text_layer="auto", words=True, dpi=1200)
    assert result.status is DocumentStatus.SUCCEEDED and page.text.startswith("Narrow")
    assert page.words and max(word.left + word.width for word in page.words) < 2**31


def test_boxes_are_of_the_part_of_the_page_that_is_shown(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["Shown"]), "/MediaBox", "/CropBox [50 600 612 792] /MediaBox")
    [(_, [page])] = process([path], text_layer="auto", words=True, dpi=72)
    [word] = page.words
    assert (page.width_px, page.height_px, word.left) == (562, 192, 22)
    assert 60 < word.top < 92


def test_a_title_does_not_say_how_many_pages_there_are(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["One", "Two"])
    information = r"<< /Title (A title\nPages: 1\n) >>"
    path = replaced(path, "/Root 1 0 R", f"/Root 1 0 R /Info {information}")
    [(result, _)] = process([path], text_layer="only")
    assert result.page_count == 2


def test_small_print_is_not_made_larger_than_the_engine_reads(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_tesseract(p1="measure")
    line = page_picture("Small print, line after line, as in the conditions of a contract", size=(1500, 160))
    picture = Image.new("L", (600, 640), 255)
    for top in range(0, 640, 64):
        picture.paste(line.resize((600, 64)), (0, top))
    picture.save(tmp_path / "a.png")
    [(_, [page])] = process([tmp_path / "a.png"])
    assert page.text == "word 1000 pixels wide"
    monkeypatch.setattr(raster, "MAX_SIDE", 700)
    [(_, [page])] = process([tmp_path / "a.png"])
    assert page.text == "word 656 pixels wide"


def test_surveys_are_within_the_time_of_the_document(
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    install_program("pdftotext", "import time; time.sleep(600)")
    path, began = scanned_pdf(tmp_path / "a.pdf", 20), time.monotonic()
    [(result, pages)] = process([path], text_layer="auto", page_timeout_seconds=1, document_timeout_seconds=3)
    assert time.monotonic() - began < 8
    assert (result.error_class, result.pages_failed) == (ErrorClass.TIMEOUT, len(pages)) == (ErrorClass.TIMEOUT, 20)


def test_pages_read_with_one_call_are_within_the_time_of_the_document(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="slow", p2="slow", p3="slow", p4="slow")
    path = scanned_pdf(tmp_path / "a.pdf", 4)
    [(result, pages)] = process([path], workers=1, page_timeout_seconds=2, document_timeout_seconds=1)
    assert {page.error_class for page in pages} == {ErrorClass.TIMEOUT}
    assert result.duration_ms < 2000


def test_a_page_that_is_counted_but_not_there_is_not_taken_for_a_blank_one(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["One", "Two"]), "/Kids [4 0 R 6 0 R]", "/Kids [4 0 R]")
    [(result, pages)] = process([path])
    assert [page.error_class for page in pages] == [None, ErrorClass.CORRUPT]
    assert (result.status, result.error_message) == (DocumentStatus.PARTIAL, "The file has no such page.")


def test_a_page_of_which_nothing_can_be_drawn_is_not_taken_for_a_blank_one(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    pictures = [page_picture("One"), page_picture("Two"), Image.new("L", (900, 300), 255)]
    pictures[0].save(tmp_path / "a.pdf", save_all=True, append_images=pictures[1:])
    first, second, third, fourth = (tmp_path / "a.pdf").read_bytes().split(b"\xff\xd8\xff")
    (tmp_path / "a.pdf").write_bytes(b"\xff\xd8\xff".join((first, second + bytes(3) + third, fourth)))
    [(result, pages)] = process([tmp_path / "a.pdf"], workers=1)
    assert [page.status for page in pages] == [PageStatus.SUCCEEDED, PageStatus.FAILED, PageStatus.BLANK]
    assert (pages[1].error_class, result.status) == (ErrorClass.CORRUPT, DocumentStatus.PARTIAL)
    assert "Syntax Error" in pages[1].error_message


_CRASHES_ON_PAGE_3 = """
import os, signal, subprocess, sys
first, last = (int(sys.argv[sys.argv.index(name) + 1]) for name in ("-f", "-l"))
if first <= 3 <= last:
    if first < 3:
        sys.argv[sys.argv.index("-l") + 1] = "2"
        subprocess.run([{program!r}, *sys.argv[1:]], check=True)
    os.kill(os.getpid(), signal.SIGSEGV)
os.execv({program!r}, sys.argv)
"""


def test_a_page_that_crashes_the_renderer_costs_itself_alone(
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    path = stamped_pdf(tmp_path / "a.pdf", 8)
    install_program("pdftoppm", _CRASHES_ON_PAGE_3.format(program=which("pdftoppm")))
    [(_, pages)] = process([path], workers=1)
    assert {page.page_number: page.error_class for page in pages if page.error_class} == {3: ErrorClass.ENGINE_CRASH}
