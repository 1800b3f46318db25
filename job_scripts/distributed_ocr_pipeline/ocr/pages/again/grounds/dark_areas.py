"""Dark bars and boxes, as titles, buttons and heads of tables have them: areas of one dark grey with lighter print.

The engine reads most of them, and drops a word or a row of others without a trace. They are found as `shaded` finds
areas, by a grey opening instead of a closing: it takes away what is thinner and lighter. Print, rules and photographs
are too thin or not level.
"""

from PIL import Image, ImageChops, ImageFilter

from distributed_ocr_pipeline.ocr.pages.again.grounds.shaded import LIGHT, SHADED, papers_of_areas
from distributed_ocr_pipeline.ocr.rasters.neighbours import darkest, lightest

_SCALES = ((8, 9), (8, 5), (4, 5), (3, 5))
"""How high a cell is (pixels; it is 8 wide), and over how many of them an opening goes: for titles, boxes, and bars
of one line, down to 15 pixels."""

_SIDE = 11  # cells to both sides of one: a label is 190 pixels wide; bold lines are level over less
_STRETCHES = ((15, 0), (0, 15), (2, 2))  # cells to both sides of one: across, down, and both ways
_BARE = 4  # grey levels between ground and ground
_LEAST_BARE, _AROUND = 0.15, 15  # of the cells around one, so many to both sides


def without_dark_areas(image: Image.Image, cells: Image.Image, paper: int) -> Image.Image | None:
    """A picture whose dark areas are paper, what lies on them dark; None if there are none. `cells` are of 8 pixels."""
    if paper == 0 or not _may_have_areas(cells, paper):  # most pages
        return None
    found = image
    for height, reach in _SCALES:
        cells = image.reduce((8, height))
        level = lightest(darkest(cells, reach), reach)
        dark = ImageChops.subtract(_dark(level, paper), _stretches_of_paper(cells, paper))
        grounds = papers_of_areas(level, _solid(cells, level, dark, reach), paper, side=_SIDE, edge=1)
        if grounds is not None:
            found = _turned_round(image, found, grounds, paper, height)
    return None if found is image else found


def _may_have_areas(cells: Image.Image, paper: int) -> bool:
    """Whether a row of cells is of one dark level over the width of an area; light print is thinner than two cells."""
    level = darkest(cells, 3)
    steps = ImageChops.difference(level, ImageChops.offset(level, 1, 0))
    even = ImageChops.darker(_dark(level, paper), steps.point([255 * (step <= _BARE) for step in range(256)]))
    return even.filter(ImageFilter.BoxBlur((_SIDE, 0))).histogram()[255] > 0


def _dark(level: Image.Image, paper: int) -> Image.Image:
    """Cells (255) that are too dark for dark print."""
    return level.point([255 * (one <= LIGHT * paper) for one in range(256)])


def _stretches_of_paper(cells: Image.Image, paper: int) -> Image.Image:
    """Cells (255) of paper between areas; light print has no stretch without a gap between its letters."""
    light = cells.point([255 * (one > SHADED * paper) for one in range(256)])
    stretches = Image.new("L", cells.size)
    for size in _STRETCHES:
        whole = light.filter(ImageFilter.BoxBlur(size)).point([255 * (share == 255) for share in range(256)])
        grown = whole.filter(ImageFilter.BoxBlur(size)).point([255 * (share > 0) for share in range(256)])
        stretches = ImageChops.lighter(stretches, grown)
    return stretches


def _solid(cells: Image.Image, level: Image.Image, dark: Image.Image, reach: int) -> Image.Image:
    """The dark cells of whose neighbours enough are bare ground; those of lines of dark print have ink and paper."""
    bare = ImageChops.subtract(cells, level).point([255 * (over <= _BARE) for over in range(256)])
    around = ImageFilter.BoxBlur((_AROUND, reach))
    dense = (
        ImageChops.darker(bare, dark).filter(around).point([255 * (share >= 255 * _LEAST_BARE) for share in range(256)])
    )
    return ImageChops.darker(dark, dense.filter(around).point([255 * (share > 0) for share in range(256)]))


def _turned_round(
    image: Image.Image, elsewhere: Image.Image, grounds: Image.Image, paper: int, height: int
) -> Image.Image:
    """What differs from the ground of a dark area is darker than paper; white on the lightest of them becomes black."""
    size = (grounds.width * 8, grounds.height * height)
    wide = grounds.resize(size, Image.Resampling.NEAREST).crop((0, 0, *image.size))
    lightest_ground = max(level for level in grounds.tobytes() if level <= LIGHT * paper)
    stretch = paper / (paper - lightest_ground)
    print_on_it = ImageChops.difference(image, wide).point([min(255, round(stretch * over)) for over in range(256)])
    on_paper = ImageChops.subtract(Image.new("L", image.size, paper), print_on_it)
    return Image.composite(on_paper, elsewhere, _dark(wide, paper))
