"""The benchmark's documents: pages of known text, drawn by `examples.pages`, grouped by what is to be learnt.

A group is one PDF. Public scans with known text join in where `OCR_BENCH_SCANS` names their folder.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from examples import pages
from examples.pages import Layout, Paragraphs, draw_table, draw_text, prose, text_of, text_of_table
from examples.pdf import Pdf

_BESIDE_THE_PROJECT = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "truth"
_PUBLIC = {
    "phototest": ("phototest.tif", "phototest.gold.txt"),
    "phototest turned left": ("phototest-rotated-L.png", "phototest.gold.txt"),
    "phototest turned right": ("phototest-rotated-R.png", "phototest.gold.txt"),
    "phototest upside down": ("phototest-rotated-180.png", "phototest.gold.txt"),
    "eurotext": ("eurotext.tif", "eurotext.txt"),
    "8071_093.3B": ("8071_093.3B.tif", "8071_093.3B.txt"),
}

_A4 = Layout()
_SMALL_PRINT = Layout(points=7)
_COLUMNS = Layout(points=10, columns=2)
_SLIDE = Layout(points=16)
_GREY = 70  # JPEG quality of a grey scan; the other scans are black and white


@dataclass(frozen=True)
class TruePage:
    """A page's kind and the text that a perfect reader returns."""

    kind: str
    text: str


@dataclass(frozen=True)
class TrueDocument:
    """A file and what is on its pages. `group` says what it is there for."""

    path: Path
    group: str
    pages: tuple[TruePage, ...]


@dataclass(frozen=True)
class Sizes:
    """How many pages of each kind the generated groups have."""

    scanned: dict[str, int]
    born_digital: int
    scanned_sample: dict[str, int]  # for whoever is too slow for all of them
    born_digital_sample: int


FULL = Sizes(
    scanned={"clean": 14, "noisy": 4, "small print": 4, "two columns": 4, "table": 4, "white on dark": 2},
    born_digital=500,
    scanned_sample={"clean": 2, "noisy": 1, "two columns": 1},
    born_digital_sample=8,
)
QUICK = Sizes(
    scanned=dict.fromkeys(FULL.scanned, 1),
    born_digital=40,
    scanned_sample={"clean": 1},
    born_digital_sample=2,
)
_CROOKED = dict.fromkeys(("turned 90°", "turned 180°", "turned 270°", "skewed 2°", "skewed 5°", "skewed -5°"), 1)


@dataclass(frozen=True)
class _Drawn:
    """One page before it is put into a file."""

    truth: TruePage
    image: Image.Image
    quality: int | None = None


def generate(folder: Path, sizes: Sizes) -> list[TrueDocument]:
    """Write the generated groups into `folder`; the same `sizes` give the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _write_scans(folder, "scanned", sizes.scanned),
        _write_scans(folder, "scanned sample", sizes.scanned_sample),
        _write_scans(folder, "crooked", _CROOKED),
        _write_born_digital(folder, "born-digital", sizes.born_digital),
        _write_born_digital(folder, "born-digital sample", sizes.born_digital_sample),
        _write_mixed(folder),
    ]


def scanned_pages(folder: Path) -> TrueDocument:
    """The group `scanned` of the full size alone, by which estimates.py tells how fast a machine is."""
    return _write_scans(folder, "scanned", FULL.scanned)


def pages_of(folder: Path, kind: str, count: int) -> TrueDocument:
    """Scanned pages of one kind."""
    return _write_scans(folder, kind, {kind: count})


def text_pages(folder: Path, name: str, count: int) -> TrueDocument:
    """A document of so many pages like those of the group `born-digital`."""
    return _write_born_digital(folder, name, count)


def public_scans(folder: Path | None = None) -> list[TrueDocument]:
    """Public scans with known text, as their projects publish them; none if the folder is not there."""
    folder = folder or Path(os.environ.get("OCR_BENCH_SCANS") or _BESIDE_THE_PROJECT)
    return [
        TrueDocument(folder / image, "public", (TruePage(kind, (folder / text).read_text(encoding="utf-8")),))
        for kind, (image, text) in _PUBLIC.items()
        if (folder / image).is_file()
    ]


def _write_scans(folder: Path, group: str, counts: dict[str, int]) -> TrueDocument:
    drawn = [_DRAW[kind](kind, seed) for kind, count in counts.items() for seed in range(count)]
    pdf = Pdf()
    for page in drawn:
        pdf.add_scan(page.image, _A4, page.quality)
    return _write(folder / f"{group}.pdf", group, pdf, [page.truth for page in drawn])


def _write_born_digital(folder: Path, group: str, count: int) -> TrueDocument:
    pdf, truths = Pdf(), []
    for seed in range(count):
        paragraphs = prose(seed, 32)
        pdf.add_text(paragraphs, _A4)
        truths.append(TruePage("born-digital", text_of(paragraphs)))
    return _write(folder / f"{group}.pdf", group, pdf, truths)


def _write_mixed(folder: Path) -> TrueDocument:
    """Text pages, scanned pages, blank pages and scans in a shadow by turns."""
    pdf, truths = Pdf(), []
    for seed in (70, 80):
        born, scanned = prose(seed, 32), prose(seed + 1, 32)
        pdf.add_text(born, _A4)
        pdf.add_scan(draw_text(scanned, _A4), _A4)
        pdf.add_scan(pages.noisy(pages.blank(_A4), seed, grain=20, specks=0.000002), _A4, _GREY)
        shaded = _draw_text("in a shadow", seed + 2, fault=pages.shaded)
        pdf.add_scan(shaded.image, _A4, _GREY)
        truths += [TruePage("mixed", text_of(born)), TruePage("mixed", text_of(scanned)), TruePage("blank", "")]
        truths.append(shaded.truth)
    return _write(folder / "mixed.pdf", "mixed", pdf, truths)


def _write(path: Path, group: str, pdf: Pdf, truths: Sequence[TruePage]) -> TrueDocument:
    path.write_bytes(pdf.bytes())
    return TrueDocument(path, group, tuple(truths))


_Fault = Callable[[Image.Image], Image.Image]


def _draw_text(kind: str, seed: int, layout: Layout = _A4, sentences: int = 32, fault: _Fault | None = None) -> _Drawn:
    paragraphs = prose(seed, sentences)
    image = draw_text(paragraphs, layout)
    return _Drawn(TruePage(kind, text_of(paragraphs)), fault(image) if fault else image)


def _draw_noisy(kind: str, seed: int) -> _Drawn:
    upright = _draw_text(kind, seed + 10)
    return _Drawn(upright.truth, pages.noisy(upright.image, seed), _GREY)


def _draw_skewed(kind: str, seed: int, degrees: float) -> _Drawn:
    upright = _draw_text(kind, seed + 20, sentences=28)
    return _Drawn(upright.truth, pages.skewed(upright.image, degrees), _GREY)


def _draw_table(kind: str, seed: int) -> _Drawn:
    rows: list[Paragraphs] = [("Number", "Layer", "Before", "After", "Loss"), *_table_rows(seed)]
    return _Drawn(TruePage(kind, text_of_table(rows)), draw_table(rows, _A4))


def _table_rows(seed: int) -> Iterator[Paragraphs]:
    layers = ("Upper", "Middle", "Lower", "Ground")
    for number in range(20):
        before, loss = 380 + (number * 37 + seed * 11) % 90, 12 + (number * 13 + seed * 7) % 48
        yield f"No. {seed + 1}{number + 10}", layers[number % 4], f"{before}.5", f"{before - loss}.5", str(loss)


_DRAW: dict[str, Callable[[str, int], _Drawn]] = {
    "clean": _draw_text,
    "noisy": _draw_noisy,
    "small print": partial(_draw_text, layout=_SMALL_PRINT, sentences=56),
    "two columns": partial(_draw_text, layout=_COLUMNS, sentences=34),
    "table": _draw_table,
    "white on dark": partial(_draw_text, layout=_SLIDE, sentences=12, fault=pages.inverted),
    **{f"turned {turn}°": partial(_draw_text, fault=partial(pages.turned, degrees=turn)) for turn in (90, 180, 270)},
    **{f"skewed {degrees}°": partial(_draw_skewed, degrees=degrees) for degrees in (2, 5, -5)},
}
