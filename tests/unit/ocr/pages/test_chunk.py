"""What comes out of a page: text layer or reading, page image, blank or failed."""

from collections.abc import Callable
from pathlib import Path
from shutil import which

import pytest
from PIL import Image

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.ocr.pages import chunk
from distributed_ocr_pipeline.records import DocumentStatus, PageStatus, TextSource
from tests.support.documents import Ledger, page_picture, scanned_pdf, typed_pdf


def test_blank_pages_are_reported_as_blank_without_the_engine(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="crash")
    Image.new("L", (900, 300), 250).save(tmp_path / "a.png")
    [(result, pages)] = process([tmp_path / "a.png"])
    assert (pages[0].status, pages[0].text_source) == (PageStatus.BLANK, TextSource.NONE)
    assert (result.status, result.pages_blank) == (DocumentStatus.SUCCEEDED, 1)


def test_a_text_layer_is_used_page_by_page(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    path = typed_pdf(tmp_path / "a.pdf", ["Typed and readable", r"\000\001) Tj ET 72 72 300 300 re f BT ("])
    [(_, pages)] = process([path], text_layer="auto", words=True)
    assert [page.text_source for page in pages] == [TextSource.TEXT_LAYER, TextSource.OCR]
    assert [word.text for word in pages[0].words] == ["Typed", "and", "readable"]
    assert 70 <= pages[0].words[0].left <= 75


def test_pages_that_are_not_drawn_need_no_folder_in_scratch(
    tmp_path: Path, process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk, "TemporaryDirectory", None)
    full = ") Tj 0 -26 Td (".join(["Text of its own, as much as a page shows"] * 20)
    [(_, pages)] = process([typed_pdf(tmp_path / "a.pdf", [full] * 2)], text_layer="auto")
    assert [(page.text_source, page.dpi) for page in pages] == [(TextSource.TEXT_LAYER, 72)] * 2


@pytest.mark.parametrize(("output_type", "texts", "images"), [("text", 2, 0), ("image", 0, 2), ("both", 2, 2)])
def test_output_type_says_what_comes_out(
    output_type: str,
    texts: int,
    images: int,
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 2)], output_type=output_type)
    assert result.status is DocumentStatus.SUCCEEDED
    assert len([page for page in pages if page.text]) == texts
    assert len([page for page in pages if page.image_path]) == len(list((tmp_path).glob("images/*/*"))) == images


def test_a_page_image_is_the_page_in_grey(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    [(_, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 1)], output_type="image", image_format="jpeg")
    assert pages[0].image_path == "a-pdf/page-0001.jpeg"
    with Image.open(tmp_path / "images" / pages[0].image_path) as image:
        assert (image.mode, image.size) == ("L", (pages[0].width_px, pages[0].height_px))


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


def test_words_that_cannot_be_placed_do_not_cost_the_text(
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    real = which("pdftotext")
    install_program("pdftotext", f"import os, sys\nos.abort() if '-tsv' in sys.argv else os.execv({real!r}, sys.argv)")
    [(result, [page])] = process([typed_pdf(tmp_path / "a.pdf", ["Of its own"])], text_layer="auto", words=True)
    assert (result.status, page.text, page.words) == (DocumentStatus.SUCCEEDED, "Of its own", ())


def test_the_text_layer_alone_is_used_if_that_is_wanted(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="crash")
    page_picture().save(tmp_path / "a.png")
    ledger = process([scanned_pdf(tmp_path / "a.pdf", 1), tmp_path / "a.png"], text_layer="only", words=True)
    assert [(pages[0].status, pages[0].words) for _, pages in ledger] == [(PageStatus.BLANK, ())] * 2
