"""What a page shows beside its own text is found, read once, and put where it belongs."""

import shutil
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.coverage import credible, leaves_print, merged, paragraphs, standing_on_nothing
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import TextSource, Word
from tests.support.curves import print_as_curves
from tests.support.documents import Ledger, changing_scan, typed_pdf

HEADER = (
    "Case 3:24-cv-01187 Document 112-4 Filed 03/17/24 Page 9 of 31 PageID 2204, "
    "received by the clerk of the district court at noon"
)
LINES = ("The harbour master wrote", "that every ship must be", "counted twice before the", "evening tide returned.")


def _scan_under_a_header(path: Path) -> Path:
    """A scanned page of four lines, with a line of text of its own above them."""
    picture = Image.new("L", (1275, 1650), 255)
    for number, line in enumerate(LINES):
        ImageDraw.Draw(picture).text((150, 400 + 90 * number), line, fill=0, font=ImageFont.load_default(48))
    picture.save(path, format="PDF", resolution=150)
    with changing_scan(path) as (page, _):
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.add_resource(font, pikepdf.Name.Font, pikepdf.Name.F1)
        page.contents_add(f"BT /F1 9 Tf 40 760 Td ({HEADER}) Tj ET".encode())
    return path


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
def test_a_scan_under_a_header_is_read_and_the_header_kept(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    [(_, [page])] = process([_scan_under_a_header(tmp_path / "a.pdf")], text_layer="auto", words=True)
    assert page.text_source is TextSource.MIXED
    assert page.text.split() == [*HEADER.split(), *" ".join(LINES).split()]
    assert [word.text for word in page.words] == page.text.split()
    header, last = page.words[0], page.words[-1]
    assert header.top < 60 and 650 < last.top < 750  # at 150 dpi
    assert "beside it by OCR" in page.note


def _as_picture(pdf: pikepdf.Pdf, print_: Image.Image) -> None:
    picture = pdf.make_stream(print_.tobytes(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image)
    picture.Width, picture.Height = print_.size
    picture.ColorSpace, picture.BitsPerComponent = pikepdf.Name.DeviceGray, 8
    pdf.pages[0].resources["/XObject"] = pikepdf.Dictionary(I=picture)
    pdf.pages[0].contents_add(f"q 612 0 0 {612 * print_.height / print_.width} 0 50 cm /I Do Q".encode())


def _as_curves(pdf: pikepdf.Pdf, print_: Image.Image) -> None:
    """Print as paths of which no program can tell that they are letters."""
    boxes = []
    for row in range(print_.height):
        at = 0
        for dark, run in groupby(print_.getpixel((column, row)) < 128 for column in range(print_.width)):  # type: ignore
            length = len(list(run))
            boxes += [f"{at} {print_.height - row} {length} 1 re"] * dark
            at += length
    scale = 612 / print_.width
    pdf.pages[0].contents_add(f"q {scale} 0 0 {scale} 0 50 cm {' '.join(boxes)} f Q".encode())


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
@pytest.mark.parametrize(("draw", "own_lines"), [(_as_picture, 24), (_as_curves, 4), (_as_curves, 24)])
def test_text_in_a_picture_and_text_drawn_as_curves_are_read_below_the_pages_own(
    draw: Callable[[pikepdf.Pdf, Image.Image], None], own_lines: int, tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    own = ["A page of print with text of its own"] * own_lines
    path = typed_pdf(tmp_path / "a.pdf", [") Tj 0 -16 Td (".join(own)])
    print_ = Image.new("L", (1275, 420), 255)
    for number, line in enumerate(LINES):
        ImageDraw.Draw(print_).text((150, 30 + 90 * number), line, fill=0, font=ImageFont.load_default(48))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        draw(pdf, print_)
        pdf.save(path)
    [(_, [page])] = process([path], text_layer="auto")
    assert page.text_source is TextSource.MIXED
    assert page.text.split() == " ".join([*own, *LINES]).split()


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
@pytest.mark.parametrize(("own_lines", "grey", "lines"), [(24, 0.0, LINES), (24, 0.7, LINES), (2, 0.75, LINES[:1])])
def test_letters_drawn_as_curves_are_read_also_on_a_page_full_of_text(
    own_lines: int, grey: float, lines: Sequence[str], tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    own = ["A page of print with text of its own"] * own_lines
    path = typed_pdf(tmp_path / "a.pdf", [") Tj 0 -16 Td (".join(own)])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for number, line in enumerate(lines):
            pdf.pages[0].contents_add(print_as_curves(line, 72, 200 - 30 * number, 14, grey).encode())
        pdf.save(path)
    [(_, [page])] = process([path], text_layer="auto")
    assert page.text_source is TextSource.MIXED
    assert page.text.split() == " ".join([*own, *lines]).split()


def _word(text: str, top: int, line: int, confidence: float = 95.0) -> Word:
    return Word(text, 10, top, 12 * len(text), 10, confidence, line)


def test_what_a_layer_covers_leaves_nothing(tmp_path: Path) -> None:
    picture = Image.new("L", (612, 792), 255)
    for top in range(50, 700, 20):
        picture.paste(0, (50, top, 500, top + 10))
    picture.save(tmp_path / "a.tif", compression="raw")
    raster = Raster(tmp_path / "a.tif", 612, 792, 72)
    bands = [Word("word", 50, top, 450, 10, 100.0, top) for top in range(50, 700, 20)]
    assert not leaves_print(raster, bands)
    assert leaves_print(raster, bands[: len(bands) // 2])


def test_text_is_merged_before_what_stands_below_it() -> None:
    layer = (_word("Heading", 10, 1), _word("Footer", 300, 2))
    read = Recognition(
        "first line\nsecond\n\nthird", (_word("first", 100, 1), _word("second", 120, 2), _word("third", 200, 3))
    )
    assert merged("Heading\n\nFooter", layer, paragraphs(read)) == "Heading\n\nfirst line\nsecond\n\nthird\n\nFooter"


def test_noise_and_what_the_layer_has_are_not_read_again() -> None:
    words = (_word("Heading", 10, 1), _word("~-", 50, 2), _word("blurred", 70, 3, confidence=30.0))
    layer = [_word("The", 12, 1), _word("Heading", 12, 1)]
    assert credible(Recognition("Heading\n~-\nblurred", words), layer) is None
    print_words = (*words, _word("unmistakable", 90, 4))
    kept = credible(Recognition("Heading\n~-\nblurred\nunmistakable", print_words), layer)
    assert kept is not None and kept.text == "unmistakable"


@pytest.mark.parametrize(("misplaced", "kept"), [(False, True), (True, False)])
def test_what_the_layer_has_elsewhere_is_read_unless_it_was_put_where_nothing_is(misplaced: bool, kept: bool) -> None:
    layer = [_word("Received in full", 10, 1)]
    found = credible(Recognition("Received in full", (_word("Received in full", 25, 1),)), layer, layer * misplaced)
    assert (found is not None) is kept


def _sentence(words: str, top: int, line: int) -> list[Word]:
    return [Word(word, 10 + 60 * place, top, 50, 10, 95.0, line) for place, word in enumerate(words.split())]


SENTENCES = (
    "every harbour master counted vessels",
    "barrels of herring were weighed twice",
    "dues could not be paid in march",
)


@pytest.mark.parametrize(
    ("shifts", "kept"),
    [((14, 14, 14), False), ((14, 14, -20), True), ((60, 60, 60), True)],
    ids=["out of place by as much", "by different heights", "far away"],
)
def test_what_the_layer_has_a_little_above_or_below_is_not_doubled(shifts: tuple[int, ...], kept: bool) -> None:
    read = [word for line, text in enumerate(SENTENCES, 1) for word in _sentence(text, 100 * line, line)]
    layer = [
        word
        for line, (text, shift) in enumerate(zip(SENTENCES, shifts), 1)
        for word in _sentence(text, 100 * line + shift, line)
    ]
    found = credible(Recognition("\n".join(SENTENCES), tuple(read)), layer)
    assert (found is not None) is kept


def test_words_of_a_layer_that_stand_on_nothing_are_told(tmp_path: Path) -> None:
    picture = Image.new("L", (300, 200), 250)
    picture.paste(60, (12, 14, 60, 18))
    picture.save(tmp_path / "page.tif")
    on, off, beyond = _word("Heading", 10, 1), _word("Heading", 100, 2), _word("Heading", 500, 3)
    assert standing_on_nothing(Raster(tmp_path / "page.tif", 300, 200, 72), [on, off, beyond]) == [off, beyond]
