"""Pages that are nothing but a scan are taken out of the PDF, and only those; what comes out is what Poppler draws."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageStat

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.ocr.documents import tasks
from distributed_ocr_pipeline.ocr.documents.bare_scans import bare_scans
from distributed_ocr_pipeline.ocr.documents.pdf import PdfSource
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey, Source, Tools
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, TimeLimit
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load
from distributed_ocr_pipeline.records import PageStatus
from tests.support.documents import Ledger, page_picture

WIDTH, HEIGHT = 900, 600  # pixels; at 300 dpi, 216 x 144 points
FAR_FROM_EQUAL = 0.6  # grey levels, mean over a page of which the text makes 1.8


def scan(path: Path, mode: str = "L") -> Path:
    """A page that is a JPEG, or black and white (CCITT)."""
    page_picture("A page that was scanned", (WIDTH, HEIGHT)).convert(mode).save(path, format="PDF", resolution=300)
    return path


@contextmanager
def changing(path: Path) -> Iterator[tuple[pikepdf.Page, pikepdf.Object]]:
    """The page and its picture, to be changed."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        page = pdf.pages[0]
        [picture] = page.resources["/XObject"].values()
        yield page, picture
        pdf.save(path)


def drawing(path: Path, commands: str) -> Path:
    """The scan with more commands after its own; `{name}` is its picture's name."""
    with changing(path) as (page, _):
        name = next(iter(page.resources["/XObject"].keys()))
        page.contents_add(commands.replace("{name}", str(name)).encode())
    return path


def test_a_page_that_is_one_picture_is_a_bare_scan(tmp_path: Path) -> None:
    assert bare_scans(str(scan(tmp_path / "a.pdf")), [1]) == [(1, 0)]


@pytest.mark.parametrize(
    "commands",
    [
        "q 3 Tr Q BT 3 Tr /F1 9 Tf 20 20 Td (hidden) Tj [(text)] TJ ET",
        "/Artifact BMC EMC /P << /MCID 0 >> BDC EMC",
        "q 1 0 0 1 5 5 cm Q 2 w 1 J",
    ],
)
def test_what_shows_nothing_may_be_on_it(commands: str, tmp_path: Path) -> None:
    assert bare_scans(str(drawing(scan(tmp_path / "a.pdf"), commands)), [1]) == [(1, 0)]


@pytest.mark.parametrize(
    "commands",
    [
        "BT /F1 9 Tf 20 20 Td (seen) Tj ET",
        "q 3 Tr Q BT /F1 9 Tf (seen again) Tj ET",
        "BT 3 Tr 7 Tr (a shape to clip to) ' ET",
        "0 0 m 90 90 l S",
        "0 0 50 50 re W n",
        "0 0 50 50 re f",
        "/GS0 gs",
        "{name} Do",
        "/OC /MC0 BDC EMC",
        "BI /W 1 /H 1 /BPC 8 /CS /G ID a EI",
        "Q",
    ],
)
def test_what_may_show_something_may_not(commands: str, tmp_path: Path) -> None:
    assert not bare_scans(str(drawing(scan(tmp_path / "a.pdf"), commands)), [1])


@pytest.mark.parametrize(
    ("placing", "is_bare"),
    [
        ("216 0 0 144 0 0 cm", True),
        ("108 0 0 72 0 0 cm 2 0 0 2 0 0 cm", True),
        ("2 0 0 2 0 0 cm 108 0 0 72 0 0 cm", True),
        ("216 0 0 144 0.5 -0.5 cm", True),
        ("216 0 0 144 3 0 cm", False),
        ("200 0 0 144 0 0 cm", False),
        ("216 0 0 -144 0 144 cm", False),
        ("-216 0 0 144 216 0 cm", False),
        ("0 144 -216 0 216 0 cm", False),
        ("216 9 0 144 0 0 cm", False),
    ],
)
def test_it_reaches_all_edges_and_stands_upright(placing: str, is_bare: bool, tmp_path: Path) -> None:
    path = scan(tmp_path / "a.pdf")
    with changing(path) as (page, _):
        name = next(iter(page.resources["/XObject"].keys()))
        page.obj["/Contents"].write(f"q {placing} {name} Do Q".encode())
    assert bool(bare_scans(str(path), [1])) is is_bare


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("/Decode", pikepdf.Array([1, 0])),
        ("/Mask", pikepdf.Array([250, 255])),
        ("/ImageMask", True),
        ("/SMaskInData", 1),
        ("/OC", pikepdf.Dictionary()),
    ],
)
def test_a_picture_that_is_not_shown_as_it_is_stored_is_left(key: str, value: object, tmp_path: Path) -> None:
    path = scan(tmp_path / "a.pdf")
    with changing(path) as (_, picture):
        picture[key] = value
    assert not bare_scans(str(path), [1])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("/CropBox", pikepdf.Array([0, 0, 216, 100])),
        ("/MediaBox", pikepdf.Array([0, 0, 300, 144])),
        ("/UserUnit", 2),
        ("/Annots", pikepdf.Array([pikepdf.Dictionary(Subtype=pikepdf.Name.Stamp)])),
    ],
)
def test_a_page_of_which_more_or_less_is_shown_is_left(key: str, value: object, tmp_path: Path) -> None:
    path = scan(tmp_path / "a.pdf")
    with changing(path) as (page, _):
        page.obj[key] = value
    assert not bare_scans(str(path), [1])


def test_a_file_that_must_be_repaired_is_left_to_poppler(tmp_path: Path) -> None:
    path = scan(tmp_path / "a.pdf")
    path.write_bytes(path.read_bytes().replace(b"startxref", b"startxrex"))
    assert not bare_scans(str(path), [1])


def test_many_commands_are_not_looked_through(tmp_path: Path) -> None:
    path = drawing(scan(tmp_path / "a.pdf"), "1 w " * 300_000)
    assert not bare_scans(str(path), [1])


# ---- taking out --------------------------------------------------------------------------------------------------


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """A document as the worker opens it."""
    stop = Stop()
    sandboxes = SandboxPool(tasks, Limits(seconds=30, memory_mb=2048), stop)
    try:
        yield PdfSource(path, Tools(OCRConfig(), sandboxes, stop))
    finally:
        sandboxes.close()


def limit() -> TimeLimit:
    return TimeLimit(page_seconds=30, until=monotonic() + 60)


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
    path = scan(tmp_path / "a.pdf", mode)
    with changing(path) as (page, _):
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
    [(_, [page])] = process([scan(tmp_path / "a.pdf")])
    assert (page.status, page.text) == (PageStatus.SUCCEEDED, "A page that was scanned")


@pytest.fixture
def was_drawn(tmp_path: Path, install_program: Callable[[str, str], Path]) -> Callable[[], bool]:
    """Whether Poppler was asked to draw something."""
    mark, program = tmp_path / "drawn-by-poppler", shutil.which("pdftoppm")
    install_program("pdftoppm", f"import os, sys\nopen({str(mark)!r}, 'w')\nos.execv({program!r}, sys.argv)")
    return mark.exists


def test_a_scan_is_not_made_larger(tmp_path: Path, was_drawn: Callable[[], bool]) -> None:
    with opened(scan(tmp_path / "a.pdf")) as source:
        [survey] = source.survey(range(1, 2), limit())
        finer, _ = drawn(source, survey, 600, tmp_path / "drawn")
    assert (finer.width, finer.height) == (2 * WIDTH, 2 * HEIGHT)
    assert was_drawn()


def test_a_cut_off_picture_is_left_to_poppler(
    tmp_path: Path, process: Callable[..., Ledger], was_drawn: Callable[[], bool]
) -> None:
    path = scan(tmp_path / "a.pdf")
    with changing(path) as (_, picture):
        content = picture.read_raw_bytes()
        picture.write(content[: len(content) * 3 // 4], filter=pikepdf.Name.DCTDecode)
    [(_, [page])] = process([path])
    assert (page.status, page.text) == (PageStatus.SUCCEEDED, "A page that was scanned")
    assert was_drawn()


def test_damage_of_a_black_and_white_picture_is_noted(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = scan(tmp_path / "a.pdf", "1")
    with changing(path) as (_, picture):
        content, parameters = picture.read_raw_bytes(), picture["/DecodeParms"]
        assert isinstance(parameters, pikepdf.Array)
        picture.write(content[: len(content) // 2], filter=pikepdf.Name.CCITTFaxDecode, decode_parms=parameters)
    [(_, [page])] = process([path])
    assert "CCITTFax" in page.note or "CCITTFax" in page.error_message


def test_a_picture_of_another_size_than_announced_is_left_to_poppler(
    tmp_path: Path, process: Callable[..., Ledger], was_drawn: Callable[[], bool]
) -> None:
    path = scan(tmp_path / "a.pdf")
    with changing(path) as (_, picture):
        picture["/Height"] = HEIGHT - 100
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
    [(_, [page])] = process([scan(tmp_path / "a.pdf")])
    assert (page.status, page.text) == (PageStatus.SUCCEEDED, "A page that was scanned")
    assert was_drawn()


def test_a_page_with_text_of_its_own_is_not_looked_through(tmp_path: Path) -> None:
    lines = "".join(
        f"1 0 0 1 10 {height} Tm (A page that was scanned, and read before) Tj " for height in range(20, 130, 10)
    )
    path = drawing(scan(tmp_path / "a.pdf"), f"BT 3 Tr /F1 9 Tf {lines} ET")
    assert bare_scans(str(path), [1]) == [(1, 0)]
    with changing(path) as (page, _):
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.resources["/Font"] = pikepdf.Dictionary(F1=font)
    with opened(path) as source:
        [survey] = source.survey(range(1, 2), limit())
    assert survey.verdict.trusted and survey.bare_scan is None
