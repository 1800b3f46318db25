"""Scans become searchable PDFs from end to end: read, written, and read again by Poppler.

The scans are examples, and public ones with known text where `OCR_BENCH_SCANS` names their folder.
"""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageOps

from tests.support.copies import PROJECT
from tests.support.made_outputs import Made, make_outputs, public_documents
from tests.support.outputs import poppler_text, poppler_words

DPI = 150
NAMES = ("scan-clean", "scan-turned-90", "scan-upside-down", "scan-skewed", "scan-two-columns")
EXAMPLES = [PROJECT / "examples" / "documents" / f"{name}.pdf" for name in NAMES]
PUBLIC = {path.name: path for path in public_documents("truth", "OCR_BENCH_SCANS") if path.suffix != ".txt"}
SCANS = [*EXAMPLES, *PUBLIC.values()]
TRUTHS = {
    **{name: "phototest.gold.txt" for name in PUBLIC if name.startswith("phototest")},
    **{name: "8071_093.3B.txt" for name in PUBLIC if name.startswith("8071")},
}

WITH_PHOTOS = ("8071_093.3B.tif",)  # whose ink is no print


@pytest.fixture(name="made", scope="module")
def fixture_made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_outputs(SCANS, tmp_path_factory.mktemp("made"))


def drawn(pdf: Path) -> Image.Image:
    """The first page."""
    command = ["pdftoppm", "-gray", "-r", str(DPI), "-l", "1", "-singlefile", str(pdf), str(pdf.with_suffix(""))]
    subprocess.run(command, check=True)
    return Image.open(pdf.with_suffix(".pgm"))


@pytest.mark.parametrize("scan", SCANS, ids=lambda path: path.name)
def test_words_stand_where_there_is_print_and_all_print_has_words(scan: Path, made: Made) -> None:
    pdf = made.files(scan.name)["searchable_pdf"]
    page = drawn(pdf)
    ink = ImageOps.invert(page.convert("L")).point(lambda level: 255 if level > 127 else 0)
    boxes = [[round(edge * DPI / 72) for edge in box] for _, box in poppler_words(pdf)]
    assert len(boxes) > 30
    on_print = [ink.crop((left, top, right, bottom)).getbbox() for left, top, right, bottom in boxes]
    assert sum(map(bool, on_print)) > 0.98 * len(boxes)
    everything = ink.histogram()[255]
    draw = ImageDraw.Draw(ink)
    for left, top, right, bottom in boxes:
        draw.rectangle((left - 2, top - 2, right + 2, bottom + 2), fill=0)
    assert ink.histogram()[255] < 0.06 * everything or scan.name in WITH_PHOTOS


@pytest.mark.parametrize("scan", EXAMPLES, ids=lambda path: path.name)
def test_pages_look_as_they_did(scan: Path, made: Made, tmp_path: Path) -> None:
    before = tmp_path / scan.name
    before.write_bytes(scan.read_bytes())
    assert drawn(before).tobytes() == drawn(made.files(scan.name)["searchable_pdf"]).tobytes()


@pytest.mark.parametrize("scan", SCANS, ids=lambda path: path.name)
def test_the_words_are_those_that_were_read_and_those_that_are_printed(scan: Path, made: Made) -> None:
    found = words(poppler_text(made.files(scan.name)["searchable_pdf"]))
    read = words(" ".join(page.text for page in made.pages[scan.name]))
    assert (found & read).total() > 0.97 * read.total() > 30
    if truth := TRUTHS.get(scan.name):
        printed = words((PUBLIC[scan.name].parent / truth).read_text(encoding="utf-8"))
        assert (found & printed).total() > 0.9 * printed.total()


def words(text: str) -> "Counter[str]":
    """Words of letters; those that were divided at the end of a line are whole, as `pdftotext` makes them."""
    return Counter(re.findall(r"\w+", re.sub(r"-\s*\n\s*", "", text)))
