"""What a drawn page is like, at two or three hundredths of the time of reading it.

Is anything on it, is it light on dark, how high is its text, is it crooked, does it lie in a shadow, is it strewn with
specks? Text height and skew come from one picture of the page squeezed into narrow vertical strips: in a strip every
line of text is a dark band, and the bands of all strips are in line when the page is straight. That is the projection
profile of Postl ("Detection of linear oblique structures and skew scan in digitized documents", ICPR 1986), with his
measure of sharpness: the sum of the squared differences between neighbouring rows.

`python -m benchmarks.analysis` prints what is measured here for pages of every kind, which is where the limits below
come from; `make accuracy` tells what a change of them does to the text.
"""

import math
import re
from dataclasses import dataclass, replace
from functools import cached_property

from PIL import Image, ImageChops, ImageFilter, ImageOps

from distributed_ocr_pipeline.ocr.rasters.faint import has_faint_print, strengthened
from distributed_ocr_pipeline.ocr.rasters.levels import DARK, level_at, median_level
from distributed_ocr_pipeline.ocr.rasters.neighbours import darkest, lightest
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load

_CELL = 8  # pixels; ink is looked for in cells of this size

# Blank and dark pages; grey levels.
_INK_CONTRAST = 48  # between paper and a cell that surely has ink in it
_WEAK_CONTRAST = 24  # ... and one of print that is 40 levels darker; less is lost in grain
_FAINT_CONTRAST = 12  # ... and one that may have
_FAINT_SHARE = 0.0002  # of the cells; less is dust
_SURROUNDINGS = 9  # cells
_SHADED = 0.6  # of the paper's level: dark enough for light text
_LIT = 0.6  # of the way from a dark page's level to white: more than dense light print makes of an area

# Shadows. Even paper darkens by 0, a page in a shadow by 0.48, and abruptly nowhere; dark pages abruptly.
_UNEVEN = 0.2  # by how much, of its lightest, paper must darken across a page for the engine to lose print in it
_ABRUPT = 0.3  # ... from one place to the next, where it is the edge of a picture and no shadow
_FEW_EDGES = 0.08  # share of places; around a picture of a tenth of the page it is more

# Specks. Pages of known noise have some 120 cells of them, a share of 0.04; all others at most 7.
_SPECK_PIXELS = 6  # of a cell; more is print
_SPECKLED = 0.02  # share of the cells away from print
_FEW_SPECKS = 30  # cells

# Lines of text.
_STRIPS = 48
_BAND_CONTRAST = 0.06  # one stroke of a letter in a strip; at 0.08, letters that a strip cuts fall to pieces
_MIN_BAND = 4  # pixels; less is dust
_RULED = 0.4  # of the paper's level: so dark and so thin, a band is a rule
_MAX_RULE = 6  # pixels
_MIN_BANDS = 12
_RULE = b"\2"  # see `_ink_class`
_INKED = re.compile(rb"[^\0]+")
_SKEW_ROWS = 900
_MAX_SKEW = 12  # degrees
_FINE_STEPS = (-0.375, -0.25, -0.125, 0.125, 0.25, 0.375)  # degrees
_MIN_SKEW = 1.0  # degrees; the engine itself copes with less
_CLEAR = 3  # how much sharper bands are at the right turn than at others
_SKEW_GAIN = 2.0  # how much clearer the bands must become
_SMALL_BAND = 13  # pixels; what look like lower lines may be the strokes of lines that run up or down
_UPRIGHT_GAIN = 1.5  # ... which are two to twenty times sharper than strokes, or columns, that happen to be in line


@dataclass(frozen=True)
class PageAnalysis:
    """What a drawn page is like."""

    blank: bool
    dark: bool = False  # light text on a dark page
    mixed: bool = False  # light text may stand in a dark part of a light page, or the other way round
    shaded: bool = False  # paper that darkens across the page, as in the shadow of a book's fold
    faint: bool = False  # print hardly darker than its paper, or show-through; the rest is of the page strengthened
    speckled: bool = False  # strewn with dots of a pixel or two, which the engine takes for letters
    ink: float = 0.0  # share of the page that is not paper
    sideways: bool = False  # lines run up or down; the next three are of the page with its lines level
    # Pixels from top to bottom of a line of text (about 0.58 of the font's size), the lower quartile and the median.
    text_height_quartile: int | None = None
    text_height_median: int | None = None
    rules: float = 0.0  # level ones, in widths of the page
    skew: float = 0.0  # degrees by which turning it anticlockwise makes the page straight


@dataclass(frozen=True)
class Shade:
    """The lightest and darkest paper of a page, and in how many places of all it changes abruptly."""

    light: int = 0
    dark: int = 0
    abrupt: int = 0
    places: int = 0

    @property
    def is_shadow(self) -> bool:
        """Whether the page lies in a shadow that the engine loses print in."""
        return self.dark < self.light * (1 - _UNEVEN) and self.abrupt < _FEW_EDGES * self.places


@dataclass(frozen=True)
class Specks:
    """Cells in the middle of a page that have a few marked pixels in them, and those that hold no print."""

    cells: int = 0
    empty: int = 0

    @property
    def are_many(self) -> bool:
        """Whether the page is strewn with them."""
        return self.cells >= _FEW_SPECKS and self.cells > _SPECKLED * self.empty


@dataclass(frozen=True)
class _Lines:
    """What the strips across a page's lines say about them."""

    strips: Image.Image
    clear: bool  # there are lines
    sharpness: int = 0  # of their bands
    skew: float = 0.0
    sideways: bool = False

    @cached_property
    def heights(self) -> "_TextHeights":
        """Of the text in all strips."""
        return _text_heights(self.strips)


@dataclass(frozen=True)
class _TextHeights:
    """Lower quartile and median of the heights of dark bands in all strips, in pixels; None if there are few."""

    quartile: int | None = None
    median: int | None = None
    rules: float = 0.0  # thin dark bands, in widths of the page


def analyse(raster: Raster) -> PageAnalysis:
    """Measure a page."""
    with load(raster.path) as image:
        image.load()
        cells = cells_of(image)
        counts = cells.histogram()
        paper = median_level(counts)
        inked, faint = _differing(counts, paper, _INK_CONTRAST), _differing(counts, paper, _FAINT_CONTRAST)
        few = sum(counts) * _FAINT_SHARE
        if not inked and _differing(counts, paper, _WEAK_CONTRAST) <= few and has_faint_print(image):
            return _of_faint_print(image, faint / sum(counts))
        if not inked and (faint <= few or _differing_from_surroundings(cells) <= few):
            return PageAnalysis(blank=True)
        mixed = _has_area(cells, paper, light=paper < DARK)
        dark = paper < DARK and not mixed
        speckled = specks(image).are_many
        lines = _lines_either_way(ImageOps.invert(image) if dark else image)
    return PageAnalysis(
        blank=False,
        dark=dark,
        mixed=mixed,
        shaded=not dark and shade(cells).is_shadow,
        speckled=speckled,
        ink=faint / sum(counts),
        sideways=lines.sideways,
        text_height_quartile=lines.heights.quartile,
        text_height_median=lines.heights.median,
        rules=lines.heights.rules,
        skew=lines.skew,
    )


def _of_faint_print(image: Image.Image, ink: float) -> PageAnalysis:
    lines = _lines_either_way(strengthened(image))
    return PageAnalysis(
        blank=False,
        faint=True,
        ink=ink,
        sideways=lines.sideways,
        text_height_quartile=lines.heights.quartile,
        text_height_median=lines.heights.median,
        rules=lines.heights.rules,
        skew=lines.skew,
    )


def cells_of(image: Image.Image) -> Image.Image:
    """A page in cells; one that is only a few cells large, in pixels."""
    return image.reduce(_CELL) if min(image.size) >= _CELL * _CELL else image.copy()


def _lines_either_way(image: Image.Image) -> _Lines:
    """The lines of a page, which may run up or down."""
    width = max(1, image.width // _STRIPS)
    level = _lines(image.reduce((width, 1)), width)
    if level.clear and (level.heights.quartile or _SMALL_BAND) >= _SMALL_BAND:
        return level
    height = max(1, image.height // _STRIPS)
    upright = _lines(image.reduce((1, height)).transpose(Image.Transpose.ROTATE_90), height)
    if upright.clear and (not level.clear or upright.sharpness > _UPRIGHT_GAIN * level.sharpness):
        return replace(upright, sideways=True)
    return level


def _differing(counts: list[int], paper: int, contrast: int) -> int:
    """How many pixels differ from paper by more than `contrast`."""
    return sum(counts[: max(0, paper - contrast)]) + sum(counts[paper + contrast + 1 :])


def _differing_from_surroundings(cells: Image.Image) -> int:
    """How many cells differ from those around them as faint ink does; a falloff of light has none."""
    around = cells.filter(ImageFilter.MedianFilter(_SURROUNDINGS))
    return sum(ImageChops.difference(cells, around).histogram()[_FAINT_CONTRAST + 1 :])


def _has_area(cells: Image.Image, paper: int, light: bool) -> bool:
    """Whether three by three cells together are dark (or light): more than a stroke of a letter."""
    if min(cells.size) < 3:
        return False
    faintest = darkest(cells, 3) if light else lightest(cells, 3)
    counts = faintest.histogram()
    return any(counts[paper + round((255 - paper) * _LIT) :]) if light else any(counts[: round(paper * _SHADED)])


def shade(cells: Image.Image) -> Shade:
    """How the paper, which is the lightest of nine by nine cells, darkens across a page."""
    paper = _every_third(lightest(_every_third(lightest(cells, 3)), 3))
    if min(paper.size) < 3:
        return Shade()
    light, dark = level_at(paper.histogram(), 0.9), level_at(paper.histogram(), 0.1)
    steps = ImageChops.subtract(lightest(paper, 3), darkest(paper, 3))
    abrupt = sum(steps.histogram()[round(light * _ABRUPT) + 1 :])
    return Shade(light, dark, abrupt, paper.width * paper.height)


def _every_third(image: Image.Image) -> Image.Image:
    return image.resize((max(1, image.width // 3), max(1, image.height // 3)), Image.Resampling.NEAREST)


def specks(image: Image.Image) -> Specks:
    """Count the specks in the middle of a page."""
    width, height = image.size
    middle = image.crop((width // 4, height * 3 // 8, width * 3 // 4, height * 5 // 8))
    if min(middle.size) < _CELL:
        return Specks()
    paper = median_level(middle.histogram())
    marked = middle.point([255 * (abs(level - paper) > _INK_CONTRAST) for level in range(256)]).reduce(_CELL)
    most = 255 * _SPECK_PIXELS // _CELL**2
    printed = lightest(marked.point([255 * (level > most) for level in range(256)]), 3)
    few = ImageChops.subtract(marked, printed)
    return Specks(sum(few.histogram()[1:]), printed.histogram()[0])


def _text_heights(strips: Image.Image) -> _TextHeights:
    paper = median_level(strips.histogram())
    inked = bytes(_ink_class(level, paper) for level in range(256))
    columns = strips.transpose(Image.Transpose.ROTATE_90).tobytes().translate(inked)
    height = strips.height
    runs = [run for start in range(0, len(columns), height) for run in _INKED.findall(columns, start, start + height)]
    rules = sum(len(run) <= _MAX_RULE and _RULE in run for run in runs) / strips.width
    bands = (run for run in runs if len(run) >= _MIN_BAND and (len(run) > _MAX_RULE or _RULE not in run))
    heights = sorted(map(len, bands))
    if len(heights) < _MIN_BANDS:
        return _TextHeights(rules=rules)
    return _TextHeights(heights[len(heights) // 4], heights[len(heights) // 2], rules)


def _ink_class(level: int, paper: int) -> int:
    """0: paper; 1: ink; 2: ink so dark that it may be a rule."""
    if level >= paper - max(10, _BAND_CONTRAST * paper):
        return 0
    return 2 if level < _RULED * paper else 1


def _lines(strips: Image.Image, strip_width: int) -> _Lines:
    """Whether the bands of the strips line up clearly, and at which turn (degrees anticlockwise)."""
    step = max(1, strips.height // _SKEW_ROWS)
    squeezed = strips.reduce((1, step)) if step > 1 else strips
    paper = median_level(squeezed.histogram())
    ink = squeezed.point([max(0, paper - level) for level in range(256)])
    scores: dict[float, int] = {}

    def score(degrees: float) -> int:
        if degrees not in scores:
            scores[degrees] = _sharpness(ink, math.tan(math.radians(degrees)) * strip_width / step)
        return scores[degrees]

    far = max(score(-_MAX_SKEW / 2), score(_MAX_SKEW / 2))
    if score(0) > _CLEAR * far and score(0) >= max(score(-0.5), score(0.5)):
        return _Lines(strips, clear=True, sharpness=score(0))  # nearly every page
    for half_degrees in range(-2 * _MAX_SKEW, 2 * _MAX_SKEW + 1):  # coarser steps would miss the peak
        score(half_degrees / 2)
    coarse = max(scores, key=score)
    for fine in _FINE_STEPS:
        score(coarse + fine)
    best = max(scores, key=score)
    clear = score(best) > _CLEAR * sorted(scores.values())[len(scores) // 2]
    crooked = abs(best) >= _MIN_SKEW and score(best) > _SKEW_GAIN * score(0)
    return _Lines(strips, clear=clear, sharpness=score(best), skew=best if crooked and clear else 0.0)


def _sharpness(ink: Image.Image, slope: float) -> int:
    """How sharp the bands are once each strip is moved by `slope` rows more than its neighbour."""
    shift = (1, 0, 0, slope, 1, -slope * ink.width / 2)
    sheared = ink.transform(ink.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR)
    rows = sheared.reduce((ink.width, 1))
    steps = ImageChops.difference(rows.crop((0, 1, 1, rows.height)), rows.crop((0, 0, 1, rows.height - 1)))
    return sum(step * step * count for step, count in enumerate(steps.histogram()))
