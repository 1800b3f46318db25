"""Very faint print: whether there is any on a page that looks blank or beside clear print, and a copy on which it is
black.

Print that is 10 to 25 grey levels darker than its paper makes cells of 8 x 8 pixels so little darker that they cannot
be told from a page's slow changes by their level alone. They are told by their surroundings: a cell is held against the
median of the cells around it, in fractions of a grey level, and needs a contrast beyond that of grain. Grain and blocks
of JPEG make cells lighter as often as darker, print only makes them darker. `tests/unit/ocr/rasters/test_faint.py` has
the pages that are told apart.
"""

from dataclasses import dataclass
from functools import reduce

from PIL import Image, ImageChops, ImageFilter, ImageOps

from distributed_ocr_pipeline.ocr.rasters.even import black_on_white
from distributed_ocr_pipeline.ocr.rasters.levels import level_at, median_level
from distributed_ocr_pipeline.ocr.rasters.neighbours import lightest

LEAST_FAINT = 0.0005
"""Share of the cells (of 8 x 8 pixels) of a page that is no faint print yet; three words have 0.0008."""

_CELL = 8  # pixels
_REACH = 9  # cells; of the surroundings
_PARTS = 6  # of a grey level; cells are that fine, and no pixel counts for more than 128 / _PARTS = 21 levels
_LEAST = 4.0  # grey levels between a cell of print and its surroundings; steps of JPEG of a quality of 30 are 3.4
_GRAIN = 4.0  # ... and standard deviations of the cells of paper
_AS_MANY = 2  # dark cells for each light one are grain
_NORMAL_QUARTILE = 0.45  # of the difference of two equal normal variables, in their standard deviations
_DARK = 110  # of paper
_PAPER_RANK = 60  # of 81 cells around, lightest last: paper also within a paragraph
_FLOOR = 2  # grey levels; less is no ink
_OF_GRAIN = 0.995  # of the pixels; grain makes so many lighter by no more than it makes others darker, in 40 levels 8
_MOST_STRETCH = 20.0
_SHARE_BESIDE = 0.002  # of the cells; a line of print across a page has as much
_FLAT, _UNLIKE = 128, 24  # of even paper, and of what is no such, in `_PARTS` of a grey level
_PALE = 28  # grey levels below paper of a pixel of pale print; grain has less
_PALE_PIXELS = 19  # of 255: five of the 64 pixels of a cell
_WINDOW, _DENSE = 6, 12  # cells to both sides; of 255: five strokes in 104 pixels, where print has ten and more
_NEAR = 2  # cells
_FEW = 40  # of 255: four cells of 25


@dataclass(frozen=True)
class FaintPart:
    """A part of a page with its faint print made dark and all else wiped out, and where its upper left corner is."""

    image: Image.Image
    left: int
    top: int


def has_faint_print(image: Image.Image) -> bool:
    """Whether a grey page without clear print has very faint print, or what looks like it, such as show-through."""
    if min(image.size) < _CELL * _REACH:
        return False
    cells = _fine_cells(_dark_print(image))
    around = cells.filter(ImageFilter.MedianFilter(_REACH))
    contrast = round(_PARTS * max(_LEAST, _GRAIN * _grain(cells)))
    darker, lighter = (
        sum(difference.histogram()[contrast + 1 :])
        for difference in (ImageChops.subtract(around, cells), ImageChops.subtract(cells, around))
    )
    return darker - _AS_MANY * lighter > LEAST_FAINT * cells.width * cells.height


def faint_part(image: Image.Image, clear: Image.Image) -> FaintPart | None:
    """Where a page of dark print has pale or very faint print beside what is `clear` (a mask of its cells); None if
    nowhere.
    """
    if min(image.size) < _CELL * _REACH:
        return None
    letters, other = _pale(image, clear)
    clear = ImageChops.lighter(clear, other)
    enough = letters.histogram()[255] > LEAST_FAINT * clear.width * clear.height
    found = [marks for marks in (letters if enough else None, _faint_marks(image, clear)) if marks is not None]
    return _cut_out(image, clear, reduce(ImageChops.lighter, found)) if found else None


def _pale(image: Image.Image, clear: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Cells that stand out less than what is `clear`: of print, whose strokes stand close to one another; others."""
    limit = median_level(image.histogram()) - _PALE
    marks = image.point([255 * (level < limit) for level in range(256)])
    cells = marks.reduce(_CELL).point([255 * (level > _PALE_PIXELS) for level in range(256)])
    cells = ImageChops.subtract(cells, clear)
    if cells.getbbox() is None:
        return cells, cells
    begun = ImageChops.subtract(marks, ImageChops.offset(marks, 1, 0)).reduce(_CELL)
    dense = begun.filter(ImageFilter.BoxBlur((_WINDOW, 0))).point([255 * (level > _DENSE) for level in range(256)])
    letters = ImageChops.darker(cells, dense)
    around = 2 * _NEAR + 1
    return letters, lightest(ImageChops.subtract(cells, lightest(letters, around)), around)


def _faint_marks(image: Image.Image, clear: Image.Image) -> Image.Image | None:
    cells = _fine_cells(image)
    unread, few = ImageOps.invert(clear), _SHARE_BESIDE * cells.width * cells.height
    counts = cells.histogram(unread)
    if sum(counts[: _FLAT - _UNLIKE]) + sum(counts[_FLAT + _UNLIKE + 1 :]) <= few:  # most pages, in a third of the time
        return None
    paper = cells.filter(ImageFilter.RankFilter(_REACH, _PAPER_RANK))
    rest = Image.composite(paper, cells, clear)
    around = rest.filter(ImageFilter.MedianFilter(_REACH))
    contrast = round(_PARTS * max(_LEAST, _GRAIN * _grain(cells, unread)))
    darker = ImageChops.subtract(around, rest).point([255 * (level > contrast) for level in range(256)])
    lighter = sum(ImageChops.subtract(rest, around).histogram()[contrast + 1 :])
    marks = ImageChops.darker(darker, _crowded(darker))
    return marks if marks.histogram()[255] - _AS_MANY * lighter > few else None


def _crowded(marks: Image.Image) -> Image.Image:
    """Cells with others of their kind near."""
    return marks.filter(ImageFilter.BoxBlur(_NEAR)).point([255 * (level > _FEW) for level in range(256)])


def _cut_out(image: Image.Image, clear: Image.Image, marks: Image.Image) -> FaintPart:
    left, top, right, bottom = lightest(marks, 2 * _NEAR + 1).getbbox() or (0, 0, *marks.size)
    cells = (left, top, right, bottom)
    box = (left * _CELL, top * _CELL, min(right * _CELL, image.width), min(bottom * _CELL, image.height))
    part = image.crop(box)
    paper = _paper_of(part).resize(part.size, Image.Resampling.BILINEAR)
    mask = clear.crop(cells).resize(((right - left) * _CELL, (bottom - top) * _CELL), Image.Resampling.NEAREST)
    wiped = Image.composite(paper, part, mask.crop((0, 0, *part.size)))
    return FaintPart(_strengthened_part(wiped), box[0], box[1])


def strengthened(image: Image.Image) -> Image.Image:
    """A grey page with its faint print made dark, on white paper; light print on dark paper as well.

    Grain is smoothed first: with grain of 4 levels, print of 20 gives the engine nothing, and all words afterwards.
    What is left of coarse grain makes pixels lighter as often as darker, and print only darker: so much is no ink.
    """
    paper, smooth = _paper_and_smooth(image)
    grain = level_at(ImageChops.subtract(smooth, paper).histogram(), _OF_GRAIN)
    return black_on_white(ImageChops.subtract(paper, smooth), max(_FLOOR, grain), _MOST_STRETCH)


def _strengthened_part(part: Image.Image) -> Image.Image:
    """The same of a part of which much is wiped out and has no grain."""
    paper, smooth = _paper_and_smooth(part)
    return black_on_white(ImageChops.subtract(paper, smooth), _FLOOR, _MOST_STRETCH)


def _paper_and_smooth(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """The paper at each pixel, and the picture without fine grain; light print on dark paper as its negative."""
    dark_print = _dark_print(image)
    paper = _paper_of(dark_print).resize(image.size, Image.Resampling.BILINEAR)
    return paper, dark_print.filter(ImageFilter.GaussianBlur(1))


def _paper_of(dark_print: Image.Image) -> Image.Image:
    """The paper at each cell."""
    return dark_print.reduce(_CELL).filter(ImageFilter.RankFilter(_REACH, _PAPER_RANK)).filter(ImageFilter.BoxBlur(2))


def _dark_print(image: Image.Image) -> Image.Image:
    return ImageOps.invert(image) if median_level(image.histogram()) < _DARK else image


def _fine_cells(image: Image.Image) -> Image.Image:
    """Mean levels of cells, paper at 128, in `_PARTS` of a grey level; dust counts for no more than faint print."""
    paper = median_level(image.histogram())
    return image.point([max(0, min(255, _FLAT + (level - paper) * _PARTS)) for level in range(256)]).reduce(_CELL)


def _grain(cells: Image.Image, mask: Image.Image | None = None) -> float:
    """Standard deviation of the cells of paper, in grey levels: neighbours differ little except at print."""
    differences = ImageChops.difference(cells, ImageChops.offset(cells, 1, 0)).histogram(mask)
    return level_at(differences, 0.25) / _NORMAL_QUARTILE / _PARTS
