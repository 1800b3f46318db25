"""Poppler: the only module that calls `pdfinfo`, `pdfimages`, `pdftotext`, `pdftoppm` and `pdfdetach`.

Their exit status is not believed: 0 may mean no output at all, so every answer is counted. Damaged files make them
run for ever or crash; `programs` ends them.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.programs import Finished, Limits, run
from distributed_ocr_pipeline.ocr.scripts import (
    has_leftward_letters,
    is_leftward,
    line_as_read,
    plain_letters,
    words_as_read,
)

PROGRAMS = ("pdfinfo", "pdfimages", "pdftotext", "pdftoppm", "pdfdetach")
POINTS_PER_INCH = 72.0
EXTRACTED = "extracted"
"""How the names of extracted pictures begin."""

_FARTHEST = 10_000_000.0  # points; no page is so large
_PAGE_LINE = re.compile(r"^Page\s+(\d+) (?:size:\s+(\S+) x (\S+) pts|rot:\s+(\d+))", re.MULTILINE)
_BOX_LINE = re.compile(r"^Page\s+(\d+) (Media|Crop)Box:([ \d.-]+)$", re.MULTILINE)
_PAGES_LINE = re.compile(r"^Pages:\s+(\d+)\s*$", re.MULTILINE)
_XFA_LINE = re.compile(rb"^Form:\s+XFA\s*$", re.MULTILINE)
_ATTACHMENT_LINE = re.compile(r"^\d+: (.*)$", re.MULTILINE)
_FAULTS = ("Syntax Error", "Internal Error", "I/O Error", "Bogus memory")  # and not warnings
_TSV_PAGE_LEVEL, _TSV_WORD_LEVEL = "1", "5"
_TSV_COLUMNS = 12
_PART = re.compile(r"\S+")
_BLANK = re.compile("[\\s\u202a-\u202e]+")  # and Poppler's marks of direction


@dataclass(frozen=True)
class PageSize:
    """A page as displayed: points (1/72 inch), its own rotation applied."""

    width: float
    height: float
    cut: tuple[int, int] | None = None  # left and top of what the crop box shows, if that is less than the media box


@dataclass(frozen=True)
class DocumentInfo:
    """A file as a whole: how many pages it has, and whether it is an XFA form, whose fields are not on its pages."""

    pages: int
    is_xfa: bool
    first_sizes: Mapping[int, PageSize] | None = None  # of its first pages; None if they could not be had with it


@dataclass(frozen=True)
class PlacedImage:
    """A picture on a page: pixels of the picture, how many of them lie on an inch of the page, how it is stored."""

    width: int
    height: int
    x_ppi: float
    y_ppi: float
    colours: str = ""  # gray, rgb, cmyk, icc, index ...
    components: int = 0  # of a pixel
    bits: int = 0  # of a component
    encoding: str = ""  # jpeg, ccitt, jbig2, jpx, image ...

    @property
    def is_grey(self) -> bool:
        """Whether it has no colours of its own; a stencil (of the colour "-") may be painted in one."""
        return self.components == 1 and self.colours in ("gray", "icc", "-")

    @property
    def area(self) -> float:
        """Square inches covered on the page."""
        return self.width / self.x_ppi * self.height / self.y_ppi


@dataclass(frozen=True)
class LayerWord:
    """A word of the text layer, box in points from the page's top left; `line` counts from 1."""

    text: str
    left: float
    top: float
    width: float
    height: float
    line: int


@dataclass(frozen=True)
class Extracted:
    """Pictures by page number, and Poppler's first word of anything that it could not read, or ""."""

    files: Mapping[int, Path]
    fault: str


@dataclass(frozen=True)
class Rendered:
    """Drawn pages in order, and Poppler's first word of anything that it could not draw, or ""."""

    files: Sequence[Path]
    fault: str


def document_info(pdf: Path, first_pages: range, limits: Limits, stop: Stop) -> DocumentInfo:
    """What the file is as a whole, and the sizes of its first pages, as many of `first_pages` as there are.

    Raises `DocumentError`: encrypted, corrupt, timeout. A fault of one of these pages is none of the file: then their
    sizes are left out.
    """
    try:
        finished = _opened(pdf, ["-box", *_page_range(first_pages)], limits, stop)
        return replace(_document_info(pdf, finished), first_sizes=_sizes_in(finished))
    except DocumentError as error:
        if error.error_class is ErrorClass.ENCRYPTED:
            raise
    return _document_info(pdf, _opened(pdf, (), limits, stop))


def _opened(pdf: Path, options: Sequence[str], limits: Limits, stop: Stop) -> Finished:
    finished = run(["pdfinfo", *options, str(pdf)], limits, stop)
    if "Incorrect password" in finished.stderr:
        raise DocumentError(ErrorClass.ENCRYPTED, "A password is needed to open the file.")
    if "security handler" in finished.stderr:  # Poppler goes on as if the file were not encrypted
        raise DocumentError(ErrorClass.ENCRYPTED, _complaint(finished, "The encryption of the file is not supported."))
    return finished


def _document_info(pdf: Path, finished: Finished) -> DocumentInfo:
    found = _PAGES_LINE.findall(finished.stdout.decode("utf-8", "replace"))
    if finished.exit_code != 0 or not found:
        raise DocumentError(ErrorClass.CORRUPT, _complaint(finished, "The file cannot be opened as a PDF."))
    pages = int(found[-1])  # the title, printed before it, may have lines of its own
    if not 0 < pages <= pdf.stat().st_size:
        raise DocumentError(ErrorClass.CORRUPT, f"A file of {pdf.stat().st_size} bytes says it has {pages} pages.")
    return DocumentInfo(pages, bool(_XFA_LINE.search(finished.stdout)))


def page_sizes(pdf: Path, pages: range, limits: Limits, stop: Stop) -> dict[int, PageSize]:
    """Sizes by page number; a page that is not really there is left out."""
    return _sizes_in(run(["pdfinfo", "-box", *_page_range(pages), str(pdf)], limits, stop))


def _sizes_in(finished: Finished) -> dict[int, PageSize]:
    printed = finished.stdout.decode("utf-8", "replace")
    boxes = {(int(page), name): tuple(map(_points, sides.split())) for page, name, sides in _BOX_LINE.findall(printed)}
    turns: dict[int, int] = {}
    sizes: dict[int, PageSize] = {}
    for number, width, height, turn in _PAGE_LINE.findall(printed):
        page = int(number)
        if (width, height) == ("0", "0"):  # what Poppler says of a page that the file does not have
            continue
        if not turn:
            sizes[page] = PageSize(_points(width), _points(height))
        elif page in sizes:
            turns[page] = int(turn) % 360
            if turns[page] % 180 == 90:
                sizes[page] = PageSize(sizes[page].height, sizes[page].width)
    return {
        page: replace(size, cut=_cut(boxes.get((page, "Media")), boxes.get((page, "Crop")), turns.get(page, 0)))
        for page, size in sizes.items()
    }


def _cut(media: tuple[float, ...] | None, crop: tuple[float, ...] | None, turn: int) -> tuple[int, int] | None:
    """Left and top of the crop box on the page as it is displayed; None if it shows all of the media box."""
    if not media or not crop or len(media) != 4 or len(crop) != 4:
        return None
    hidden = (
        crop[0] - media[0],
        media[3] - crop[3],
        media[2] - crop[2],
        crop[1] - media[1],
    )  # left, top, right, bottom
    if max(hidden) <= 1:
        return None
    quarters = turn // 90  # each turn clockwise brings the left to the top, and the bottom to the left
    return round(max(0.0, hidden[-quarters % 4])), round(max(0.0, hidden[(1 - quarters) % 4]))


def placed_images(pdf: Path, pages: range, limits: Limits, stop: Stop) -> dict[int, list[PlacedImage]]:
    """The pictures on each page by page number (masks of pictures left out)."""
    finished = run(["pdfimages", "-list", *_page_range(pages), str(pdf)], limits, stop)
    images: dict[int, list[PlacedImage]] = {}
    for line in finished.stdout.decode("utf-8", "replace").splitlines():
        fields = line.split()
        if len(fields) >= 14 and fields[0].isdigit() and fields[2] in ("image", "stencil"):
            width, height, x_ppi, y_ppi = int(fields[3]), int(fields[4]), float(fields[-4]), float(fields[-3])
            if min(width, height, x_ppi, y_ppi) > 0:
                stored = (fields[5], _integer(fields[6]), _integer(fields[7]), fields[8])
                images.setdefault(int(fields[0]), []).append(PlacedImage(width, height, x_ppi, y_ppi, *stored))
    return images


def extract_images(pdf: Path, pages: range, *, folder: Path, limits: Limits, stop: Stop) -> Extracted:
    """The one picture of each of consecutive pages: JPEG as it is stored, others decoded (PBM, PPM)."""
    prefix = folder / f"{EXTRACTED}-{pages.start}"
    finished = run(["pdfimages", "-p", "-j", *_page_range(pages), str(pdf), str(prefix)], limits, stop)
    files: dict[int, Path] = {}
    for file in folder.glob(f"{prefix.name}-*"):
        files[int(file.name.split("-")[2])] = file
    return Extracted(files, _first_fault(finished) or ("" if finished.exit_code == 0 else "pdfimages failed"))


def attachment_names(pdf: Path, limits: Limits, stop: Stop) -> list[str]:
    """Names of the files that are embedded in the document. Raises `DocumentError`."""
    finished = run(["pdfdetach", "-list", str(pdf)], limits, stop)
    return [" ".join(name.split()) for name in _ATTACHMENT_LINE.findall(finished.stdout.decode("utf-8", "replace"))]


def layer_texts(pdf: Path, pages: range, limits: Limits, stop: Stop, shown: PageSize | None = None) -> list[str]:
    """The text layer of each page, as `pdftotext` orders it; of pages that are cut, what is `shown`.

    Raises `DocumentError` (corrupt) if pages are missing.
    """
    box: Sequence[str] = ()
    if shown and shown.cut:
        sides = (*shown.cut, math.ceil(shown.width), math.ceil(shown.height))
        box = [argument for name, side in zip(("-x", "-y", "-W", "-H"), sides) for argument in (name, str(side))]
    finished = run(["pdftotext", "-q", "-enc", "UTF-8", *box, *_page_range(pages), str(pdf), "-"], limits, stop)
    texts = plain_letters(finished.stdout.decode("utf-8", "replace")).split("\f")[:-1]
    if finished.exit_code != 0 or len(texts) != len(pages):
        message = f"pdftotext gave {len(texts)} pages instead of {len(pages)}."
        raise DocumentError(ErrorClass.CORRUPT, _complaint(finished, message))
    return texts


def texts_as_read(pdf: Path, pages: range, texts: Sequence[str], limits: Limits, stop: Stop) -> list[str]:
    """Text layers (see `layer_texts`) with letters of scripts that run from right to left, in the order of reading."""
    try:
        drawn = _drawn_words(pdf, pages, limits, stop)
    except DocumentError:  # what Poppler says of the text is better than none
        return list(texts)
    return [_with_lines(text, drawn[page]) for page, text in zip(pages, texts)]


def _with_lines(text: str, drawn: Sequence[LayerWord]) -> str:
    """A text with right-to-left letters, each line as its words are read.

    Poppler has a number's blank on its wrong side, so that the number is one word with its neighbour, and adds marks of
    direction. Its lines and those of the words have the same letters.
    """
    leftward = _is_leftward(drawn)
    lines: dict[str, str] = {}
    for _, words in groupby(drawn, key=lambda word: word.line):
        line = plain_letters(line_as_read([word.text for word in words], leftward=leftward))
        lines[_letters(line)] = line
    return "\n".join(lines.get(_letters(line), line) for line in text.split("\n"))


def _letters(line: str) -> str:
    """What is the same of a line, whatever the order of its letters."""
    return "".join(sorted(unicodedata.normalize("NFKD", _BLANK.sub("", line))))


def layer_words(pdf: Path, pages: range, limits: Limits, stop: Stop) -> dict[int, list[LayerWord]]:
    """The words of each page's text layer with their boxes, as far as they are on the page as it is drawn.

    Raises `DocumentError` (corrupt) if not all pages are there.
    """
    drawn = _drawn_words(pdf, pages, limits, stop)
    return {page: _as_read(words) for page, words in drawn.items()}


def _drawn_words(pdf: Path, pages: range, limits: Limits, stop: Stop) -> dict[int, list[LayerWord]]:
    """The words of each page, those of a line as they stand from left to right; raises as `layer_words`."""
    finished = run(["pdftotext", "-q", "-tsv", "-cropbox", *_page_range(pages), str(pdf), "-"], limits, stop)
    found = _words_in(finished.stdout.decode("utf-8", "replace"))
    if sorted(found) != list(pages):
        message = f"pdftotext gave the words of {len(found)} pages instead of {len(pages)}."
        raise DocumentError(ErrorClass.CORRUPT, _complaint(finished, message))
    return found


def _words_in(printed: str) -> dict[int, list[LayerWord]]:
    """Words by page number; lines count from 1 on each page."""
    found: dict[int, list[LayerWord]] = {}
    words: list[LayerWord] = []
    lines: dict[tuple[str, ...], int] = {}
    for row in printed.split("\n"):
        cells = row.split("\t", _TSV_COLUMNS - 1)
        if len(cells) == _TSV_COLUMNS and cells[0] == _TSV_PAGE_LEVEL:
            words, lines = found.setdefault(_integer(cells[1]), []), {}
        elif len(cells) == _TSV_COLUMNS and cells[0] == _TSV_WORD_LEVEL and cells[11].strip():
            line = lines.setdefault(tuple(cells[2:5]), len(lines) + 1)
            left, top, width, height = map(_points, cells[6:10])
            words += _parted(LayerWord(cells[11].strip(), left, top, width, height, line))
    return found


def _parted(word: LayerWord) -> Iterator[LayerWord]:
    """The words of what Poppler takes for one, such as a phrase of `ActualText`, whose letters it places evenly."""
    for part in _PART.finditer(word.text):
        text, share = part.group(), word.width / len(word.text)
        text = text if has_leftward_letters(text) else plain_letters(text)
        yield replace(word, text=text, left=word.left + part.start() * share, width=len(part.group()) * share)


def _as_read(drawn: list[LayerWord]) -> list[LayerWord]:
    """A page's words, each line in the order of reading; forms of letters become letters only then."""
    if not has_leftward_letters("".join(word.text for word in drawn)):
        return drawn
    leftward = _is_leftward(drawn)
    read: list[LayerWord] = []
    for _, words in groupby(drawn, key=lambda word: word.line):
        line = list(words)
        for text, number in words_as_read([word.text for word in line], leftward=leftward):
            read.append(replace(line[number], text=plain_letters(text)))
    return read


def _is_leftward(words: Sequence[LayerWord]) -> bool:
    return is_leftward("".join(word.text for word in words))


def render(
    pdf: Path, pages: range, dpi: int, *, folder: Path, limits: Limits, stop: Stop, coloured: bool = False
) -> Rendered:
    """Draw consecutive pages as uncompressed images (TIFF), grey or in colour (RGB).

    Raises `DocumentError` (corrupt) if a page is missing from the output.
    """
    prefix = folder / f"drawn-{pages.start}"
    for left in folder.glob(f"{prefix.name}-*"):  # by a call for more pages that failed
        left.unlink()
    colours = [] if coloured else ["-gray"]
    options = [*colours, "-tiff", "-tiffcompression", "none", "-cropbox", "-r", str(dpi), *_page_range(pages)]
    finished = run(["pdftoppm", *options, str(pdf), str(prefix)], limits, stop)
    files = sorted(folder.glob(f"{prefix.name}-*.tif"), key=lambda file: (len(file.name), file.name))
    if finished.exit_code != 0 or len(files) != len(pages):
        message = f"pdftoppm drew {len(files)} pages instead of {len(pages)}."
        raise DocumentError(ErrorClass.CORRUPT, _complaint(finished, message))
    return Rendered(files, _first_fault(finished))


def version(stop: Stop) -> str:
    """The version of Poppler, such as `22.12.0`."""
    finished = run(["pdftoppm", "-v"], Limits(seconds=20, memory_mb=512), stop)
    found = re.search(r"version (\S+)", finished.stderr + finished.stdout.decode("utf-8", "replace"))
    return found.group(1) if found else "unknown"


def _points(number: str) -> float:
    """A length as Poppler prints it: of a damaged file also 1e+30, inf or -nan, which become very far."""
    try:
        return max(-_FARTHEST, min(_FARTHEST, float(number)))  # of a number and -nan, `min` takes the first
    except ValueError:
        return _FARTHEST


def _page_range(pages: range) -> Sequence[str]:
    return ("-f", str(pages.start), "-l", str(pages.stop - 1))


def _integer(number: str) -> int:
    return int(number) if number.isdigit() else 0


def _first_fault(finished: Finished) -> str:
    faults = (line.strip() for line in finished.stderr.splitlines() if line.startswith(_FAULTS))
    return next(faults, "")[:200]


def _complaint(finished: Finished, fallback: str) -> str:
    """The program's own first line about what is wrong, if it has one."""
    lines = [line.strip() for line in finished.stderr.splitlines() if line.strip()]
    return f"{fallback} {lines[0][:200]}" if lines else fallback
