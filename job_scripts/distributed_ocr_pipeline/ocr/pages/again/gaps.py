"""What the first reading left lying: print outside of all words that were read.

The engine's layout analysis drops boxed notes, cells of tables and numbers in margins without a trace. So ink is looked
for outside the boxes of words, in coarse cells; rules are too thin to be print, photographs and borders too massive.
Light print on dark bars is print too. What is left is put on a page of its own, and read there as sparse text. Print
that is hardly darker than its paper has no clear ink; it is looked for where there are neither words nor clear ink,
made dark, and read as a page.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from statistics import median

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition, shared_width
from distributed_ocr_pipeline.ocr.pages.again.dark_areas import without_dark_areas
from distributed_ocr_pipeline.ocr.pages.again.lines import Line, Paragraph, insert, paragraphs_of, reading_of
from distributed_ocr_pipeline.ocr.pages.again.low_rows import without_low_rows
from distributed_ocr_pipeline.ocr.pages.again.shaded import flattened, paper_of_cells
from distributed_ocr_pipeline.ocr.rasters.faint import LEAST_FAINT, faint_part
from distributed_ocr_pipeline.ocr.rasters.levels import ink_level
from distributed_ocr_pipeline.ocr.rasters.neighbours import darkest, in_runs, lightest
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load
from distributed_ocr_pipeline.records import Word

CELL = 8
"""Pixels; print is 15 high or more."""

SPARSE_TEXT, BLOCK, COLUMNS = 11, 6, 3
"""Of Tesseract's page segmentation modes: words wherever they stand, without a layout; lines of one block; a page."""

_CONTRAST = 0.11  # of the paper's level; a cell with print in it is so much darker
_MASSIVE = 5  # cells; ink without a gap over so many both ways is no print
_LEAST = 10  # cells of print; two or three words have as many
_CLEAR = 21  # grey levels; what is so near to paper is no clear ink, whatever the threshold
_WHITE = 255
_INKED = 8  # of 255: two of the 64 pixels of a cell
_NEAR_CLEAR = 2  # cells
_FAINT = 0.05  # likewise; a cell with the edge of a letter in it
_RUN_STEPS = (1, 2, 4, 4)  # cells, which add up to a run of 12: no word is so long without a gap between its letters
_GROWTH = 8  # cells along ink from a cell with print
_NARROW = 0.12  # of the page's width; numbers of lines, of which sparse text leaves out those of one digit
_TALL = 4  # times as high as wide
_RULED = 0.8  # of the paper's level; rules are darker
_RULE_ACROSS, _RULE_DOWN = 1.4, 0.8  # times the height of print: half of the shortest run that is a rule and no letter
_RULE_THICKNESS = 0.25  # likewise, at most
_LONGEST = 120  # pixels; half of the longest run that is asked for
_MARGIN = 5  # cells; what is so near to print, itself in the middle, belongs to it
_PRINTED = 55  # mean confidence; of handwriting, more would be babble
_CONFIDENT = 70  # of a word; drawings, rules and photographs are read with less
_CERTAIN = 90  # of a word with one letter or digit


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
        return _paper(self.cells, self.words)

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
        if min(image.size) < CELL * _MASSIVE:
            return []
        page = _Page(replace(raster, path=stem), image, image.reduce(CELL), read.words)
        return _gaps(page) + ([] if strengthened else _faint_gaps(page))


def unread_cells(image: Image.Image, words: Sequence[Word]) -> Image.Image:
    """Cells (255) of a page with print in them that no word covers."""
    cells = image.reduce(CELL)
    paper = _paper(cells, words)
    papers = Image.new("L", cells.size, paper)
    return _unread(cells, paper_of_cells(cells, paper) if _has_massive(cells, papers) else papers, words)


def _gaps(page: _Page) -> list[Gaps]:
    misread = _misread_columns(page.words)
    words = [word for word in page.words if word not in misread]
    image, cells, paper = page.image, page.cells, page.paper
    if (lighter := without_dark_areas(image, cells, paper)) is not None:
        image, cells = lighter, lighter.reduce(CELL)
    papers = Image.new("L", cells.size, paper)
    print_cells = _unread(cells, papers, words)
    if _has_massive(cells, papers):
        papers = paper_of_cells(cells, paper)
        print_cells, image = _unread(cells, papers, words), flattened(image, papers, paper)
    if _count(print_cells) < _LEAST:
        return []
    if (flat := without_low_rows(image, paper)) is not None:
        image, cells, papers = flat, flat.reduce(CELL), Image.new("L", cells.size, paper)
        print_cells = _unread(cells, papers, words)
    if (plain := without_ruled_lines(image, paper, page.print_height)) is not image:
        image, cells, papers = plain, plain.reduce(CELL), Image.new("L", cells.size, paper)
        print_cells = _loose(cells, papers, words)
    mask = without_words(_grown(print_cells, cells, papers), words)
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
    unread = without_words(_darker(page.cells, page.paper), page.words, margin=_NEAR_CLEAR)
    return page.paper < _WHITE or _count(unread) > LEAST_FAINT * page.cells.width * page.cells.height


def _clear(page: _Page) -> Image.Image:
    """Cells (255) of words and of all else that is no faint print, with some paper around them."""
    cells, paper = page.cells, page.paper
    limit = min(ink_level(page.image.histogram()), paper - _CLEAR)
    ink = page.image.point([255 * (level < limit) for level in range(256)]).reduce(CELL)
    ink = ink.point([255 * (level > _INKED) for level in range(256)])
    light = cells.point([255 * (level > paper + _CLEAR) for level in range(256)])
    near_ink = lightest(ImageChops.lighter(ink, light), 2 * _NEAR_CLEAR + 1)
    near_ink = ImageChops.lighter(near_ink, _massive(_darker(cells, paper - _CLEAR)))
    return ImageOps.invert(without_words(ImageOps.invert(near_ink), page.words, margin=_NEAR_CLEAR))


def merged(read: Recognition, gaps: Gaps, found: Recognition) -> Recognition:
    """The reading with the words that were found in its gaps, each line where it stands; itself if there are none."""
    paragraphs = paragraphs_of(read)
    misread = _misread_columns(read.words)
    lines = _credible_lines(gaps, found, [word for word in read.words if word not in misread])
    if paragraphs is None or not lines:
        return read
    paragraphs = _without_misread(paragraphs, misread, lines)
    for together in _paragraphs(lines, found) if gaps.segmentation == COLUMNS else [[line] for line in lines]:
        insert(paragraphs, together)
    return reading_of(paragraphs, read.language)


# ---- finding print -------------------------------------------------------------------------------------------------


def _paper(cells: Image.Image, words: Sequence[Word]) -> int:
    """The grey level in the middle, of the page or of its part with words: a dark table around a page is no paper."""
    level = _middle_level(cells)
    written = Image.new("L", cells.size, 255)
    box = ImageChops.invert(without_words(written, words)).getbbox()
    return level if box is None else max(level, _middle_level(cells.crop(box)))


def _middle_level(cells: Image.Image) -> int:
    return sorted(cells.resize((64, 64), Image.Resampling.NEAREST).tobytes())[64 * 64 // 2]


def _has_massive(cells: Image.Image, papers: Image.Image) -> bool:
    """Whether there are photographs or shaded areas."""
    return darkest(_ink(cells, papers, _CONTRAST), _MASSIVE).getbbox() is not None


def _unread(cells: Image.Image, papers: Image.Image, words: Sequence[Word]) -> Image.Image:
    """Cells (255) with print in them that no word covers."""
    ink = _ink(cells, papers, _CONTRAST)
    loose = without_words(ink, words, margin=1)
    high = _higher_than_rules(loose)
    if _count(high) < _LEAST:
        return high
    massive = _massive(ink)
    high = ImageChops.subtract(high, massive)
    if _count(high) < _LEAST:
        return high
    return ImageChops.lighter(high, ImageChops.subtract(_without_rules(loose, ink), massive))


def _loose(cells: Image.Image, papers: Image.Image, words: Sequence[Word]) -> Image.Image:
    """Cells (255) of ink that no word covers, but for photographs: where no rules are, of print."""
    ink = _ink(cells, papers, _CONTRAST)
    return ImageChops.subtract(without_words(ink, words, margin=1), _massive(ink))


def _massive(ink: Image.Image) -> Image.Image:
    """Cells of photographs, borders and shaded areas, and those around them."""
    middles = darkest(ink, _MASSIVE)
    return middles if middles.getbbox() is None else lightest(middles, 2 * _MASSIVE + 1)


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


def _count(marked: Image.Image) -> int:
    return marked.histogram()[255]


def _grown(print_cells: Image.Image, cells: Image.Image, papers: Image.Image) -> Image.Image:
    """Cells of print and the ink that they are connected with, so that no word is cut, with some paper around it."""
    ink = _ink(cells, papers, _FAINT)
    for _ in range(_GROWTH):
        print_cells = ImageChops.darker(lightest(print_cells, 3), ink)
    return lightest(print_cells, _MARGIN)


def _ink(cells: Image.Image, papers: Image.Image, contrast: float) -> Image.Image:
    """Cells (255) that are darker than their paper, by a share of its level."""
    limits = papers.point([math.ceil(level * (1 - contrast)) for level in range(256)])
    return ImageChops.subtract(limits, cells).point([255 * (level > 0) for level in range(256)])


def _darker(cells: Image.Image, limit: float) -> Image.Image:
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


def without_ruled_lines(image: Image.Image, paper: int, print_height: float) -> Image.Image:
    """A picture without thin level lines and the upright ones that meet them.

    Of a word in a tight box, the engine sees the box alone. An upright line that meets none may be a large letter's.
    """
    across, down = (min(_LONGEST, round(times * print_height)) for times in (_RULE_ACROSS, _RULE_DOWN))
    ink = image.point([255 * (level < _RULED * paper) for level in range(256)])
    level = in_runs(ink, across=across) if down else Image.new("L", image.size)
    if level.getbbox() is None:
        return image
    upright = in_runs(ink, down=down)
    meeting = ImageChops.darker(upright, lightest(level, 3)).filter(ImageFilter.BoxBlur((0, _LONGEST)))
    runs = ImageChops.lighter(level, ImageChops.darker(upright, meeting.point([255 * (one > 0) for one in range(256)])))
    close = 2 * round(_RULE_THICKNESS * print_height / 2) + 3  # pixels; in bars and photographs, runs lie so close
    rules = ImageChops.subtract(runs, lightest(darkest(runs, close), close))
    return Image.composite(Image.new("L", image.size, paper), image, lightest(rules, 3))


# ---- putting words in ----------------------------------------------------------------------------------------------


def _credible_lines(gaps: Gaps, found: Recognition, known: Sequence[Word]) -> list[Line]:
    """Lines of the words that are print, from top to bottom, in pixels of the page."""
    lines: dict[int, Line] = {}
    for word in found.words:
        moved = replace(word, left=word.left + gaps.left, top=word.top + gaps.top)
        if _is_print(word) and not any(_covers(other, moved) for other in known):
            lines.setdefault(word.line, []).append(moved)
    return sorted(lines.values(), key=lambda line: line[0].top)


def _paragraphs(lines: Sequence[Line], found: Recognition) -> list[Paragraph]:
    """The lines that are kept, in the paragraphs and the order in which they were found."""
    blocks = enumerate(found.text.split("\n\n"))
    block_of = dict(enumerate((number for number, block in blocks for _ in block.split("\n")), 1))
    in_order = sorted(lines, key=lambda line: line[0].line)
    return [list(together) for _, together in groupby(in_order, key=lambda line: block_of[line[0].line])]


def _is_print(word: Word) -> bool:
    letters = sum(map(str.isalnum, word.text))
    return word.confidence >= (_CONFIDENT if letters > 1 else _CERTAIN) and letters * 2 >= len(word.text)


def _covers(word: Word, other: Word) -> bool:
    """Whether the middle of another word lies in one."""
    x, y = other.left + other.width / 2, other.top + other.height / 2
    return word.left <= x <= word.left + word.width and word.top <= y <= word.top + word.height


def _misread_columns(words: Sequence[Word]) -> frozenset[Word]:
    """Words that were made of a column of numbers, each below the other: stacks, and the lines of what is around them.

    Such a column comes as a few stacks and as letters and signs beside, above and below them.
    """
    stacks = [word for word in words if _is_stack(word)]
    if not stacks:
        return frozenset()
    lines: dict[int, Line] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    around = (word for line in lines.values() if all(_is_of_column(one, stacks) for one in line) for word in line)
    return frozenset([*stacks, *around])


def _is_stack(word: Word) -> bool:
    """Whether what was read as a word is likelier a column of numbers, each below the other."""
    return word.confidence < _CONFIDENT and len(word.text) > 2 and word.height > 2 * word.width


def _is_of_column(word: Word, stacks: Sequence[Word]) -> bool:
    """Whether a word that is not certain stands in the column of a stack, or so close to it as a digit to the next."""
    if word.confidence >= _CERTAIN:
        return False
    return any(word.width <= 2 * stack.width and shared_width(word, stack) > -stack.width for stack in stacks)


def _without_misread(
    paragraphs: Sequence[Paragraph], misread: frozenset[Word], lines: Sequence[Line]
) -> list[Paragraph]:
    """The paragraphs without the misread words in whose places words were found."""
    found = [word for line in lines for word in line]

    def stays(word: Word) -> bool:
        return word not in misread or not any(_covers(word, other) for other in found)

    kept = [[[word for word in line if stays(word)] for line in paragraph] for paragraph in paragraphs]
    return [[line for line in paragraph if line] for paragraph in kept if any(paragraph)]
