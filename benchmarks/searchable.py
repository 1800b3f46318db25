"""Searchable PDFs beside OCRmyPDF's, of the same scans: time, places of words, size and look.

    make fast-tesseract
    python -m benchmarks.searchable [--pages 18] [--repetitions 3] [--output output/searchable]

The scans are pages of prose whose words were printed at known places, every third a grey one of a poor scanner.
Repetitions are interleaved; each figure is the median. OCRmyPDF has its defaults, but for `--output-type pdf` and no
optimisation: nothing is recompressed, as here.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from statistics import median
from xml.etree import ElementTree

from PIL import Image, ImageDraw, ImageOps

from benchmarks import machine
from benchmarks.contestants import Contestant, OCRmyPDF, Ours, built_for_speed
from benchmarks.corpus import TrueDocument, TruePage
from benchmarks.measure import CommandFailed, Measurement
from benchmarks.run import Trial, run_trial
from examples import pages
from examples.pages import Layout, prose
from examples.pdf import Pdf

RECOGNITION = Ours("ours, words in the table", {"words": True})
SEARCHABLE = Ours("ours, searchable PDF", {"words": True, "outputs": ["searchable_pdf"]})
OTHER = OCRmyPDF("OCRmyPDF", ())

_LAYOUT = Layout()
_SENTENCES = 32
_GREY = 70  # JPEG quality
_LEAST_OVERLAP = 0.5  # intersection over union
_LOOK_DPI = 72
_XHTML = "{http://www.w3.org/1999/xhtml}"
_POINTS_PER_PIXEL = 72 / _LAYOUT.dpi

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in points from the page's top left."""


@dataclass(frozen=True)
class PrintedWord:
    """Where a word's ink is, and its place in its line: as wide as the ink, as high as the line's."""

    ink: Box
    line: Box


Printed = Sequence[Sequence[PrintedWord]]
"""The words of each page."""


@dataclass(frozen=True)
class Quality:
    """Of a searchable PDF.

    Attributes:
        on_ink: Share of printed words whose ink overlaps the box of some word by IoU >= 0.5.
        in_line: The same for their places in the line.
        kb_per_page: Added to the scan, in units of 1,000 bytes.
        same_look: Share of pages that Poppler draws as those of the scan, to the last pixel.
    """

    on_ink: float
    in_line: float
    kb_per_page: float
    same_look: float


def write_scans(folder: Path, count: int) -> tuple[TrueDocument, Printed]:
    """One PDF of scans, and where their words are; the same `count` gives the same file."""
    folder.mkdir(parents=True, exist_ok=True)
    pdf, printed, truths = Pdf(), [], []
    for seed in range(count):
        text = " ".join(prose(seed, _SENTENCES))
        image, words = printed_page(text.split())
        is_grey = seed % 3 == 2
        pdf.add_scan(pages.noisy(image, seed) if is_grey else image, _LAYOUT, _GREY if is_grey else None)
        printed.append(words)
        truths.append(TruePage("grey" if is_grey else "black and white", text))
    path = folder / "scans.pdf"
    path.write_bytes(pdf.bytes())
    return TrueDocument(path, "searchable", tuple(truths)), printed


def printed_page(words: Sequence[str]) -> tuple[Image.Image, list[PrintedWord]]:
    """Words in lines of the column's width; as many as fit."""
    image, font = pages.blank(_LAYOUT), _LAYOUT.font()
    draw, blank = ImageDraw.Draw(image), font.getlength(" ")
    start = left = float(_LAYOUT.column_left(0))
    top = float(_LAYOUT.pixels(_LAYOUT.margin_mm))
    lines: list[list[Box]] = [[]]
    for word in words:
        if left + font.getlength(word) > start + _LAYOUT.column_width:
            left, top = start, top + _LAYOUT.line_height
            lines.append([])
        if top + 2 * _LAYOUT.line_height > _LAYOUT.size[1]:
            break
        draw.text((left, top), word, fill=0, font=font)
        lines[-1].append(_ink(image, draw.textbbox((left, top), word, font=font)))
        left += font.getlength(word) + blank
    return image, [word for line in lines for word in _in_line(line)]


def _ink(image: Image.Image, around: Box) -> Box:
    """Where there is black in this part of a page, in pixels."""
    left, top = floor(around[0]), floor(around[1])
    found = ImageOps.invert(image.crop((left, top, ceil(around[2]), ceil(around[3])))).getbbox() or (0, 0, 0, 0)
    return left + found[0], top + found[1], left + found[2], top + found[3]


def _in_line(inks: Sequence[Box]) -> list[PrintedWord]:
    points = [tuple(_POINTS_PER_PIXEL * edge for edge in ink) for ink in inks]
    top, bottom = min((ink[1] for ink in points), default=0), max((ink[3] for ink in points), default=0)
    return [PrintedWord((ink[0], ink[1], ink[2], ink[3]), (ink[0], top, ink[2], bottom)) for ink in points]


def quality(made: Path, scan: Path, printed: Printed) -> Quality:
    """What a searchable PDF is worth."""
    found = boxes_of(made)
    words = [(word, boxes) for page, boxes in zip(printed, found) for word in page]
    before, after = _looks(scan), _looks(made)
    return Quality(
        on_ink=sum(_is_covered(word.ink, boxes) for word, boxes in words) / sum(map(len, printed)),
        in_line=sum(_is_covered(word.line, boxes) for word, boxes in words) / sum(map(len, printed)),
        kb_per_page=(made.stat().st_size - scan.stat().st_size) / 1000 / len(printed),
        same_look=sum(one == other for one, other in zip(before, after)) / len(before),
    )


def boxes_of(pdf: Path) -> list[list[Box]]:
    """The boxes of the words that `pdftotext` finds on each page."""
    done = subprocess.run(["pdftotext", "-bbox", str(pdf), "-"], capture_output=True, check=True, timeout=600)
    edges = ("xMin", "yMin", "xMax", "yMax")
    return [
        [
            (left, top, right, bottom)
            for word in page.iter(f"{_XHTML}word")
            for left, top, right, bottom in [[float(word.attrib[edge]) for edge in edges]]
        ]
        for page in ElementTree.fromstring(done.stdout).iter(f"{_XHTML}page")
    ]


def _is_covered(box: Box, others: Sequence[Box]) -> bool:
    return any(overlap(box, other) >= _LEAST_OVERLAP for other in others)


def overlap(box: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((one[2] - one[0]) * (one[3] - one[1]) for one in (box, other))
    return width * height / (areas - width * height)


def _looks(pdf: Path) -> list[bytes]:
    """The pixels of each page."""
    command = ["pdftoppm", "-gray", "-r", str(_LOOK_DPI), str(pdf)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=600)
    return done.stdout.split(b"P5\n")[1:]


def made_by(contestant: Contestant, scan: Path, work: Path) -> Path | None:
    """The searchable PDF that it made, if it makes any."""
    if isinstance(contestant, OCRmyPDF):
        return work / f"{scan.name}.pdf"
    return next((work / "processing" / "output" / "outputs").rglob("*.pdf"), None)


def table(runs: Mapping[str, Sequence[Measurement]], found: Mapping[str, Quality], count: int) -> str:
    """For Markdown."""
    lines = [
        "| who | pages a second | CPU seconds a page | words in place, by ink | by line | KB a page | same look |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, measured in runs.items():
        speed = median(count / run.seconds for run in measured)
        cpu = median(run.cpu_seconds / count for run in measured)
        made = found.get(name)
        cells = [f"{speed:.2f}", f"{cpu:.3f}", *(_cells(made) if made else "----")]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines)


def _cells(made: Quality) -> list[str]:
    return [f"{made.on_ink:.1%}", f"{made.in_line:.1%}", f"{made.kb_per_page:.2f}", f"{made.same_look:.0%}"]


def ratios(runs: Mapping[str, Sequence[Measurement]]) -> str:
    """What a searchable PDF takes beside recognition, and how much faster than OCRmyPDF it is made: medians."""
    pairs = zip(runs[RECOGNITION.name], runs[SEARCHABLE.name])
    more = median(made.cpu_seconds / read.cpu_seconds for read, made in pairs) - 1
    lines = [f"CPU on top of recognition: {more:+.1%}"]
    if others := runs.get(OTHER.name):
        faster = median(other.seconds / made.seconds for other, made in zip(others, runs[SEARCHABLE.name]))
        lines.append(f"pages a second, divided by OCRmyPDF's: {faster:.2f}")
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.searchable", description="Searchable PDFs side by side."
    )
    parser.add_argument("--pages", type=int, default=18, help="of the scan (default: 18)")
    parser.add_argument("--repetitions", type=int, default=3, help="how often each is measured (default: 3)")
    parser.add_argument("--output", type=Path, default=Path("output/searchable"), help="folder for scans and results")
    return parser.parse_args()


def main() -> int:
    """Make the scans, run everything and print the table."""
    arguments = _arguments()
    output = arguments.output.resolve()
    document, printed = write_scans(output, arguments.pages)
    contestants: list[Contestant] = [RECOGNITION, SEARCHABLE]
    if OCRmyPDF.is_installed():
        contestants.append(OTHER)
    if not built_for_speed():
        print("Ours takes the installed Tesseract: make fast-tesseract builds the image's.", file=sys.stderr)
    runs: dict[str, list[Measurement]] = {contestant.name: [] for contestant in contestants}
    found: dict[str, Quality] = {}
    try:
        for _ in range(arguments.repetitions):
            for contestant in contestants:
                measured, _ = run_trial(Trial("searchable", contestant), [document], output / "work")
                runs[contestant.name].append(measured)
                if made := made_by(contestant, document.path, output / "work"):
                    found[contestant.name] = quality(made, document.path, printed)
    except CommandFailed as error:
        print(f"The benchmark stopped: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(output / "work", ignore_errors=True)
    print(", ".join(f"{name} {value}" for name, value in machine.describe().items()))
    print(table(runs, found, arguments.pages))
    print(ratios(runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
