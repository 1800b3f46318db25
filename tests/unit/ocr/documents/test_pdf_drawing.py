"""Rasters of PDF pages: what is extracted is what Poppler draws, and what cannot be drawn is no blank page."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import which

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey, Source
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load
from distributed_ocr_pipeline.records import DocumentStatus, PageStatus, Quality
from tests.support.documents import (
    SCAN_HEIGHT,
    SCAN_WIDTH,
    Ledger,
    changing_scan,
    drawing_on_scan,
    page_picture,
    pdf_bytes,
    replaced,
    scan_pdf,
    stamped_pdf,
    typed_pdf,
)
from tests.support.sources import limit, opened

FAR = ["99999999999", "1" + "0" * 30, "9" * 400]  # points


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


@pytest.mark.parametrize(("scanned_at", "dpi"), [(300, 220), (200, 200), (72, 100)])
def test_a_scan_is_drawn_as_finely_as_it_is_worth(
    scanned_at: int, dpi: int, tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    picture = page_picture(size=(1800, 900))
    picture.save(tmp_path / "a.pdf", resolution=scanned_at)
    [(_, [page])] = process([tmp_path / "a.pdf"])
    assert (page.dpi, page.width_px) == (dpi, 1800 * dpi // scanned_at)


def test_a_page_over_the_pixel_limit_is_drawn_smaller_with_a_note(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    page_picture(size=(3000, 1000)).save(tmp_path / "a.png")
    ledger = process([tmp_path / "a.png", typed_pdf(tmp_path / "b.pdf", ["Text"])], max_page_pixels=1_000_000)
    for result, [page] in ledger:
        assert result.status is DocumentStatus.SUCCEEDED
        assert page.width_px and page.height_px and page.width_px * page.height_px <= 1_000_000
        assert "pixel" in page.note


FAR_FROM_EQUAL = 0.6  # grey levels, mean over a page of which the text makes 1.8


def drawn(source: Source, survey: PageSurvey, dpi: int, folder: Path) -> tuple[Raster, Image.Image]:
    folder.mkdir()
    raster = source.draw([survey], dpi, folder, limit())[1]
    assert isinstance(raster, Raster), raster
    assert [file.name for file in folder.iterdir()] == [raster.path.name]
    with load(raster.path) as image:
        image.load()
    assert image.size == (raster.width, raster.height)
    return raster, image


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("dpi", [150, 217, 300])
def test_what_is_taken_out_is_what_poppler_draws(mode: str, turn: int, dpi: int, tmp_path: Path) -> None:
    path = scan_pdf(tmp_path / "a.pdf", mode)
    with changing_scan(path) as (page, _):
        page.rotate(turn, relative=False)
    with opened(path) as source:
        [survey] = source.survey(range(1, 2), limit())
        assert survey.bare_scan is not None
        raster, taken = drawn(source, survey, dpi, tmp_path / "taken")
        expected, by_poppler = drawn(source, replace(survey, bare_scan=None), dpi, tmp_path / "drawn")
    assert (raster.width, raster.height, raster.dpi) == (expected.width, expected.height, expected.dpi)
    coarse = taken.reduce(8), by_poppler.reduce(8)  # filters differ at the edges of letters
    assert ImageStat.Stat(ImageChops.difference(*coarse)).mean[0] < FAR_FROM_EQUAL
    assert ImageStat.Stat(ImageChops.difference(taken, Image.new("L", taken.size, 255))).mean[0] > 1.5, "there is text"


def test_poppler_does_not_draw_what_is_taken_out(
    tmp_path: Path, process: Callable[..., Ledger], install_program: Callable[[str, str], Path]
) -> None:
    install_program("pdftoppm", "raise SystemExit(1)")
    [(_, [page])] = process([scan_pdf(tmp_path / "a.pdf")])
    assert (page.status, page.text) == (PageStatus.SUCCEEDED, "A page that was scanned")


@pytest.fixture
def was_drawn(tmp_path: Path, install_program: Callable[[str, str], Path]) -> Callable[[], bool]:
    """Whether Poppler was asked to draw something."""
    mark, program = tmp_path / "drawn-by-poppler", shutil.which("pdftoppm")
    install_program("pdftoppm", f"import os, sys\nopen({str(mark)!r}, 'w')\nos.execv({program!r}, sys.argv)")
    return mark.exists


def test_a_scan_is_not_made_larger(tmp_path: Path, was_drawn: Callable[[], bool]) -> None:
    with opened(scan_pdf(tmp_path / "a.pdf")) as source:
        [survey] = source.survey(range(1, 2), limit())
        finer, _ = drawn(source, survey, 600, tmp_path / "drawn")
    assert (finer.width, finer.height) == (2 * SCAN_WIDTH, 2 * SCAN_HEIGHT)
    assert was_drawn()


def test_a_cut_off_picture_is_left_to_poppler(
    tmp_path: Path, process: Callable[..., Ledger], was_drawn: Callable[[], bool]
) -> None:
    path = scan_pdf(tmp_path / "a.pdf")
    with changing_scan(path) as (_, picture):
        content = picture.read_raw_bytes()
        picture.write(content[: len(content) * 3 // 4], filter=pikepdf.Name.DCTDecode)
    [(_, [page])] = process([path])
    assert (page.status, page.text) == (PageStatus.SUCCEEDED, "A page that was scanned")
    assert "incomplete" in page.note and page.quality is Quality.DOUBTFUL
    assert was_drawn()


def test_damage_of_a_black_and_white_picture_is_noted(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = scan_pdf(tmp_path / "a.pdf", "1")
    with changing_scan(path) as (_, picture):
        content, parameters = picture.read_raw_bytes(), picture["/DecodeParms"]
        assert isinstance(parameters, pikepdf.Array)
        picture.write(content[: len(content) // 2], filter=pikepdf.Name.CCITTFaxDecode, decode_parms=parameters)
    [(_, [page])] = process([path])
    assert "CCITTFax" in page.note or "CCITTFax" in page.error_message


def test_a_picture_of_another_size_than_announced_is_left_to_poppler(
    tmp_path: Path, process: Callable[..., Ledger], was_drawn: Callable[[], bool]
) -> None:
    path = scan_pdf(tmp_path / "a.pdf")
    with changing_scan(path) as (_, picture):
        picture["/Height"] = SCAN_HEIGHT - 100
    [(_, [page])] = process([path])
    assert page.status is PageStatus.SUCCEEDED and was_drawn()


def test_where_the_helper_fails_poppler_draws(
    tmp_path: Path,
    process: Callable[..., Ledger],
    was_drawn: Callable[[], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "pikepdf.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    [(_, [page])] = process([scan_pdf(tmp_path / "a.pdf")])
    assert (page.status, page.text) == (PageStatus.SUCCEEDED, "A page that was scanned")
    assert was_drawn()


# ---- coloured print ------------------------------------------------------------------------------------------------

LOST = "Orange words are print"
IN_COLOUR = ("framed scan", "bare scan", "palette", "curves")


def orange_page(path: Path, kind: str) -> Path:
    """A page with a line of orange print above a black one."""
    orange, black = page_picture(LOST), page_picture("Black words below it")
    scan = Image.new("RGB", (SCAN_WIDTH, SCAN_HEIGHT), (255, 255, 255))
    scan.paste(ImageOps.colorize(orange, (255, 165, 0), (255, 255, 255)), (0, 0))
    scan.paste(black.convert("RGB"), (0, SCAN_HEIGHT // 2))
    if kind == "curves":
        return drawn_as_curves(path, scan)
    (scan.quantize(16) if kind == "palette" else scan).save(path, format="PDF", resolution=300, quality=90)
    return drawing_on_scan(path, "0 0 0 RG 1 1 214 142 re S") if kind == "framed scan" else path


def drawn_as_curves(path: Path, picture: Image.Image) -> Path:
    """A page without pictures or text: each run of coloured pixels is a rectangle."""
    commands = ["0.24 0 0 0.24 0 0 cm"]
    pixels = picture.load()
    assert pixels is not None
    for y in range(picture.height):
        x = 0
        while x < picture.width:
            begun, colour = x, pixels[x, y]
            while x < picture.width and pixels[x, y] == colour:
                x += 1
            if colour != (255, 255, 255):
                shares = " ".join(f"{part / 255:.3f}" for part in colour)  # type: ignore[union-attr]
                commands.append(f"{shares} rg {begun} {picture.height - 1 - y} {x - begun} 1 re f")
    stream = "\n".join(commands)
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 216 144] /Contents 4 0 R >>"
    pages = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    content = f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream"
    path.write_bytes(pdf_bytes(["<< /Type /Catalog /Pages 2 0 R >>", pages, page, content]))
    return path


@pytest.mark.parametrize("kind", IN_COLOUR)
def test_coloured_print_beside_black_is_read(kind: str, tmp_path: Path, process: Callable[..., Ledger]) -> None:
    [(_, [page])] = process([orange_page(tmp_path / "a.pdf", kind)])
    assert page.text.split("\n") == [LOST, "", "Black words below it"]


def test_pages_whose_pictures_are_grey_are_drawn_grey(
    tmp_path: Path, process: Callable[..., Ledger], install_program: Callable[[str, str], Path]
) -> None:
    log, program = tmp_path / "log", shutil.which("pdftoppm")
    noting = f"import os, sys\nopen({str(log)!r}, 'a').write(repr(sys.argv) + '\\n')\nos.execv({program!r}, sys.argv)"
    install_program("pdftoppm", noting)
    process([stamped_pdf(tmp_path / "grey.pdf", 2)], workers=1)
    process([orange_page(tmp_path / "coloured.pdf", "framed scan")], workers=1)
    calls = log.read_text(encoding="utf-8").splitlines()
    assert {("coloured.pdf" in call, "-gray" in call) for call in calls} == {(False, True), (True, False)}


@pytest.mark.parametrize("kind", ["black", "neutral scan"])
def test_a_page_without_colours_is_the_same_to_the_byte_drawn_in_colour_or_grey(kind: str, tmp_path: Path) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["Black"]) if kind == "black" else scan_pdf(tmp_path / "a.pdf", "RGB")
    with opened(path) as source:
        [survey] = source.survey(range(1, 2), limit())
        assert survey.may_be_coloured
        in_colour, grey = (
            drawn(source, replace(survey, bare_scan=None, may_be_coloured=coloured), 200, tmp_path / str(coloured))[1]
            for coloured in (True, False)
        )
    assert in_colour.mode == "L" and in_colour.tobytes() == grey.tobytes()
