"""PDF as a source: what its pages are, whatever they say of themselves."""

from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.ocr.documents.bare_scans import bare_scans
from distributed_ocr_pipeline.records import DocumentStatus
from tests.support.documents import Ledger, changing_scan, drawing_on_scan, replaced, scan_pdf, typed_pdf
from tests.support.sources import limit, opened

FAR = ["99999999999", "1" + "0" * 30, "9" * 400]  # points


@pytest.mark.parametrize("side", FAR)
def test_a_page_of_any_size_may_have_a_text_layer(side: str, tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["Text of its own"]), "[0 0 612 792]", f"[0 0 {side} 792]")
    [(result, [page])] = process([path], text_layer="auto")
    assert (result.status, page.text) == (DocumentStatus.SUCCEEDED, "Text of its own")
    assert page.width_px is not None and page.width_px < 2**31


def test_boxes_are_of_the_part_of_the_page_that_is_shown(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["Shown"]), "/MediaBox", "/CropBox [50 600 612 792] /MediaBox")
    [(_, [page])] = process([path], text_layer="auto", words=True, dpi=72)
    [word] = page.words
    assert (page.width_px, page.height_px, word.left) == (562, 192, 22)
    assert 60 < word.top < 92


def test_a_page_that_is_counted_but_not_there_is_not_taken_for_a_blank_one(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["One", "Two"]), "/Kids [4 0 R 6 0 R]", "/Kids [4 0 R]")
    [(result, pages)] = process([path])
    assert [page.error_class for page in pages] == [None, ErrorClass.CORRUPT]
    assert (result.status, result.error_message) == (DocumentStatus.PARTIAL, "The file has no such page.")


def test_a_page_with_text_of_its_own_is_not_looked_through(tmp_path: Path) -> None:
    lines = "".join(
        f"1 0 0 1 10 {height} Tm (A page that was scanned, and read before) Tj " for height in range(20, 130, 10)
    )
    path = drawing_on_scan(scan_pdf(tmp_path / "a.pdf"), f"BT 3 Tr /F1 9 Tf {lines} ET")
    assert bare_scans(str(path), [1]) == [(1, 0)]
    with changing_scan(path) as (page, _):
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.resources["/Font"] = pikepdf.Dictionary(F1=font)
    with opened(path) as source:
        [survey] = source.survey(range(1, 2), limit())
    assert survey.verdict.trusted and survey.bare_scan is None


@pytest.mark.parametrize(("turn", "texts"), [(0, ["left", "right"]), (90, ["left", "right"]), (270, ["left", "right"])])
def test_the_text_is_of_the_part_of_the_page_that_is_shown(
    turn: int, texts: list[str], tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["left) Tj 300 0 Td (right"] * 2)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for page, box in zip(pdf.pages, ([0, 0, 300, 792], [300, 0, 612, 792])):
            page.CropBox, page.Rotate = pikepdf.Array(box), turn
        pdf.save(path)
    [(_, pages)] = process([path], text_layer="only")
    assert [page.text for page in pages] == texts


def test_an_xfa_form_says_that_its_fields_may_be_missing(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["Please wait..."])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(), XFA=pdf.make_stream(b"<xdp/>"))
        pdf.save(path)
    [(_, [page])] = process([path], text_layer="only")
    assert "XFA" in page.note
