"""What the first reading left lying, as pictures: print outside of all words that were read.

The engine's layout analysis drops boxed notes, cells of tables and numbers in margins without a trace. So ink is looked
for outside the boxes of words, in coarse cells. Light print on dark bars is print too. What is left is put on a page of
its own, and read there as sparse text. Print that is hardly darker than its paper has no clear ink; it is looked for
where there are neither words nor clear ink, made dark, and read as a page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from statistics import median

from PIL import Image, ImageChops, ImageOps

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.again.gaps.cells import (
    CELL,
    LEAST,
    MASSIVE,
    count,
    darker_than,
    grown,
    has_massive_areas,
    massive_areas,
    paper_level,
    unread_ink,
    unread_print,
    without_words,
)
from distributed_ocr_pipeline.ocr.pages.again.gaps.stacks import misread_columns
from distributed_ocr_pipeline.ocr.pages.again.grounds.dark_areas import without_dark_areas
from distributed_ocr_pipeline.ocr.pages.again.grounds.low_rows import without_low_rows
from distributed_ocr_pipeline.ocr.pages.again.grounds.rules import without_ruled_lines
from distributed_ocr_pipeline.ocr.pages.again.grounds.shaded import flattened, paper_of_cells
from distributed_ocr_pipeline.ocr.rasters.faint import LEAST_FAINT, faint_part
from distributed_ocr_pipeline.ocr.rasters.levels import ink_level
from distributed_ocr_pipeline.ocr.rasters.neighbours import lightest
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load
from distributed_ocr_pipeline.records import Word

SPARSE_TEXT, BLOCK, COLUMNS = 11, 6, 3
"""Of Tesseract's page segmentation modes: words wherever they stand, without a layout; lines of one block; a page."""

_CLEAR = 21  # grey levels; what is so near to paper is no clear ink, whatever the threshold
_WHITE = 255
_INKED = 8  # of 255: two of the 64 pixels of a cell
_NEAR_CLEAR = 2  # cells
_NARROW = 0.12  # of the page's width; numbers of lines, of which sparse text leaves out those of one digit
_TALL = 4  # times as high as wide
_PRINTED = 55  # mean confidence; of handwriting, more would be babble


@dataclass(frozen=True)
class Gaps:
    """A picture of what was left lying, where its upper left corner is on the page (pixels), and how it is read."""

    raster: Raster
    left: int
    top: int
    segmentation: int = SPARSE_TEXT
    faint: bool = False  # print hardly darker than its paper, made dark, or show-through


@dataclass(frozen=True)
class _Page:
    """A page that was read, and in cells; the path of its raster is how the names of its gaps' pictures begin."""

    raster: Raster
    image: Image.Image
    cells: Image.Image
    words: Sequence[Word]

    @cached_property
    def paper(self) -> int:
        """Its grey level."""
        return paper_level(self.cells, self.words)

    @cached_property
    def print_height(self) -> float:
        """Pixels, of a usual word that was read; 0 if none is believed."""
        return median([word.height for word in self.words if word.confidence >= _PRINTED] or [0])

    def target(self, name: str) -> Raster:
        """Where a picture of a gap is to be written; its size is the page's still."""
        return replace(self.raster, path=self.raster.path.with_name(f"{self.raster.path.name}-{name}.tif"))


def gaps_of(raster: Raster, read: Recognition, stem: Path, strengthened: bool) -> list[Gaps]:
    """Write pictures of the print outside of all words; none if there is next to none, or the page is no print.

    A narrow column, such as the numbers of lines, has a picture of its own, and so has faint print beside clear print,
    which is not looked for if the whole page has been strengthened. The files' names are `stem` and a number or a word.
    """
    if read.confidence is None or read.confidence < _PRINTED:
        return []
    with load(raster.path) as image:
        image.load()
        if min(image.size) < CELL * MASSIVE:
            return []
        page = _Page(replace(raster, path=stem), image, image.reduce(CELL), read.words)
        return _gaps(page) + ([] if strengthened else _faint_gaps(page))


def _gaps(page: _Page) -> list[Gaps]:
    misread = misread_columns(page.words)
    words = [word for word in page.words if word not in misread]
    image, cells, paper = page.image, page.cells, page.paper
    if (lighter := without_dark_areas(image, cells, paper)) is not None:
        image, cells = lighter, lighter.reduce(CELL)
    papers = Image.new("L", cells.size, paper)
    print_cells = unread_print(cells, papers, words)
    if has_massive_areas(cells, papers):
        papers = paper_of_cells(cells, paper)
        print_cells, image = unread_print(cells, papers, words), flattened(image, papers, paper)
    if count(print_cells) < LEAST:
        return []
    if (flat := without_low_rows(image, paper)) is not None:
        image, cells, papers = flat, flat.reduce(CELL), Image.new("L", cells.size, paper)
        print_cells = unread_print(cells, papers, words)
    if (plain := without_ruled_lines(image, paper, page.print_height)) is not image:
        image, cells, papers = plain, plain.reduce(CELL), Image.new("L", cells.size, paper)
        print_cells = unread_ink(cells, papers, words)
    mask = without_words(grown(print_cells, cells, papers), words)
    return [_cut_out(page, str(number), image, part) for number, part in enumerate(_columns_and_rest(mask))]


def _faint_gaps(page: _Page) -> list[Gaps]:
    part = faint_part(page.image, _clear(page)) if _may_have_faint(page) else None
    if part is None:
        return []
    target, (width, height) = page.target("faint"), part.image.size
    part.image.save(target.path, format="TIFF", compression="raw")
    return [Gaps(replace(target, width=width, height=height), part.left, part.top, COLUMNS, faint=True)]


def _may_have_faint(page: _Page) -> bool:
    """Whether so many cells outside of words are darker than white paper that faint print may be among them.

    All of it makes its cell darker where nothing is lighter than the paper; on other paper, grain may make up for it.
    """
    unread = without_words(darker_than(page.cells, page.paper), page.words, margin=_NEAR_CLEAR)
    return page.paper < _WHITE or count(unread) > LEAST_FAINT * page.cells.width * page.cells.height


def _clear(page: _Page) -> Image.Image:
    """Cells (255) of words and of all else that is no faint print, with some paper around them."""
    cells, paper = page.cells, page.paper
    limit = min(ink_level(page.image.histogram()), paper - _CLEAR)
    ink = page.image.point([255 * (level < limit) for level in range(256)]).reduce(CELL)
    ink = ink.point([255 * (level > _INKED) for level in range(256)])
    light = cells.point([255 * (level > paper + _CLEAR) for level in range(256)])
    near_ink = lightest(ImageChops.lighter(ink, light), 2 * _NEAR_CLEAR + 1)
    near_ink = ImageChops.lighter(near_ink, massive_areas(darker_than(cells, paper - _CLEAR)))
    return ImageOps.invert(without_words(ImageOps.invert(near_ink), page.words, margin=_NEAR_CLEAR))


def _columns_and_rest(mask: Image.Image) -> list[Image.Image]:
    """The masks of narrow columns, each alone, and of all else."""
    found, rest = list[Image.Image](), mask.copy()
    for left, right in _bands(mask):
        column = Image.new("L", mask.size)
        column.paste(mask.crop((left, 0, right, mask.height)), (left, 0))
        _, top, _, bottom = column.getbbox() or (0, 0, 0, 0)
        if right - left < _NARROW * mask.width and bottom - top > _TALL * (right - left):
            found.append(column)
            rest = ImageChops.subtract(rest, column)
    return found + [rest] * (rest.getbbox() is not None)


def _bands(mask: Image.Image) -> Iterator[tuple[int, int]]:
    """Where cells of a mask stand without a gap across the page: left and right."""
    marked = [
        strip.getbbox() is not None for strip in (mask.crop((x, 0, x + 1, mask.height)) for x in range(mask.width))
    ]
    for inked, columns in groupby(range(mask.width), key=marked.__getitem__):
        if inked:
            found = list(columns)
            yield found[0], found[-1] + 1


def _cut_out(page: _Page, name: str, image: Image.Image, mask: Image.Image) -> Gaps:
    """Write what a mask of cells shows of a page's picture, on paper, cut to its size."""
    box, target = mask.getbbox() or (0, 0, *mask.size), page.target(name)
    left, top, right, bottom = (side * CELL for side in box)
    part = image.crop((left, top, min(right, image.width), min(bottom, image.height)))
    whole = mask.crop(box).resize((right - left, bottom - top), Image.Resampling.NEAREST).crop((0, 0, *part.size))
    on_paper = Image.composite(part, Image.new("L", part.size, page.paper), whole)
    on_paper.save(target.path, format="TIFF", compression="raw")
    is_column = part.width < _NARROW * image.width and part.height > _TALL * part.width
    mode = BLOCK if is_column else SPARSE_TEXT
    return Gaps(replace(target, width=part.width, height=part.height), left, top, mode)
