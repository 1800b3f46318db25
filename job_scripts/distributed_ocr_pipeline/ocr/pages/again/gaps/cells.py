"""A page in cells of 8 x 8 pixels: which are print, and which no word covers.

Rules are too thin to be print, photographs and borders too massive. Masks have 255 for the cells that are meant.
"""

import math
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw

from distributed_ocr_pipeline.ocr.pages.again.grounds.shaded import paper_of_cells
from distributed_ocr_pipeline.ocr.rasters.neighbours import darkest, lightest
from distributed_ocr_pipeline.records import Word

CELL = 8
"""Pixels; print is 15 high or more."""

MASSIVE = 5
"""Cells; ink without a gap over so many both ways is no print."""

LEAST = 10
"""Cells of print; two or three words have as many."""

_CONTRAST = 0.11  # of the paper's level; a cell with print in it is so much darker
_FAINT = 0.05  # likewise; a cell with the edge of a letter in it
_RUN_STEPS = (1, 2, 4, 4)  # cells, which add up to a run of 12: no word is so long without a gap between its letters
_GROWTH = 8  # cells along ink from a cell with print
_MARGIN = 5  # cells; what is so near to print, itself in the middle, belongs to it


def unread_cells(image: Image.Image, words: Sequence[Word]) -> Image.Image:
    """Cells (255) of a page with print in them that no word covers."""
    cells = image.reduce(CELL)
    paper = paper_level(cells, words)
    papers = Image.new("L", cells.size, paper)
    return unread_print(cells, paper_of_cells(cells, paper) if has_massive_areas(cells, papers) else papers, words)


def paper_level(cells: Image.Image, words: Sequence[Word]) -> int:
    """The grey level in the middle, of the page or of its part with words: a dark table around a page is no paper."""
    level = _middle_level(cells)
    written = Image.new("L", cells.size, 255)
    box = ImageChops.invert(without_words(written, words)).getbbox()
    return level if box is None else max(level, _middle_level(cells.crop(box)))


def _middle_level(cells: Image.Image) -> int:
    return sorted(cells.resize((64, 64), Image.Resampling.NEAREST).tobytes())[64 * 64 // 2]


def has_massive_areas(cells: Image.Image, papers: Image.Image) -> bool:
    """Whether there are photographs or shaded areas."""
    return darkest(_ink(cells, papers, _CONTRAST), MASSIVE).getbbox() is not None


def unread_print(cells: Image.Image, papers: Image.Image, words: Sequence[Word]) -> Image.Image:
    """Cells (255) with print in them that no word covers."""
    ink = _ink(cells, papers, _CONTRAST)
    loose = without_words(ink, words, margin=1)
    high = _higher_than_rules(loose)
    if count(high) < LEAST:
        return high
    massive = massive_areas(ink)
    high = ImageChops.subtract(high, massive)
    if count(high) < LEAST:
        return high
    return ImageChops.lighter(high, ImageChops.subtract(_without_rules(loose, ink), massive))


def unread_ink(cells: Image.Image, papers: Image.Image, words: Sequence[Word]) -> Image.Image:
    """Cells (255) of ink that no word covers, but for photographs: where no rules are, of print."""
    ink = _ink(cells, papers, _CONTRAST)
    return ImageChops.subtract(without_words(ink, words, margin=1), massive_areas(ink))


def massive_areas(ink: Image.Image) -> Image.Image:
    """Cells of photographs, borders and shaded areas, and those around them."""
    middles = darkest(ink, MASSIVE)
    return middles if middles.getbbox() is None else lightest(middles, 2 * MASSIVE + 1)


def _higher_than_rules(ink: Image.Image) -> Image.Image:
    """Cells of ink with ink beside and above them: a rule is one cell wide."""
    beside = ImageChops.darker(ink, ImageChops.offset(ink, 1, 0))
    return ImageChops.darker(beside, ImageChops.offset(beside, 0, 1))


def _without_rules(loose: Image.Image, ink: Image.Image) -> Image.Image:
    """Cells of ink in no long run, across or down: digits that stand alone, which happen to be a cell wide."""
    for across, down in ((1, 0), (0, 1)):
        run = ink
        for step in _RUN_STEPS:
            run = ImageChops.darker(run, ImageChops.offset(run, step * across, step * down))
        for step in _RUN_STEPS:
            run = ImageChops.lighter(run, ImageChops.offset(run, -step * across, -step * down))
        loose = ImageChops.subtract(loose, lightest(run, 3))
    return loose


def count(marked: Image.Image) -> int:
    """How many cells a mask marks."""
    return marked.histogram()[255]


def grown(print_cells: Image.Image, cells: Image.Image, papers: Image.Image) -> Image.Image:
    """Cells of print and the ink that they are connected with, so that no word is cut, with some paper around it."""
    ink = _ink(cells, papers, _FAINT)
    for _ in range(_GROWTH):
        print_cells = ImageChops.darker(lightest(print_cells, 3), ink)
    return lightest(print_cells, _MARGIN)


def _ink(cells: Image.Image, papers: Image.Image, contrast: float) -> Image.Image:
    """Cells (255) that are darker than their paper, by a share of its level."""
    limits = papers.point([math.ceil(level * (1 - contrast)) for level in range(256)])
    return ImageChops.subtract(limits, cells).point([255 * (level > 0) for level in range(256)])


def darker_than(cells: Image.Image, limit: float) -> Image.Image:
    """Cells (255) below a grey level."""
    return cells.point([255 * (level < limit) for level in range(256)])


def without_words(cells: Image.Image, words: Sequence[Word], margin: int = 0) -> Image.Image:
    """A copy of cells, 0 where words are."""
    copy = cells.copy()
    draw = ImageDraw.Draw(copy)
    for word in words:
        left, top = word.left // CELL - margin, word.top // CELL - margin
        right, bottom = (word.left + word.width) // CELL + margin, (word.top + word.height) // CELL + margin
        draw.rectangle((left, top, right, bottom), fill=0)
    return copy
