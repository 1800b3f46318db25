"""Shaded rows and boxes: areas of one light grey, on which print is dark as on paper.

What lies on them is found against their own level: a grey closing of the cells (Serra; see `rasters.even`) leaves areas
of five cells and more, and takes away print. A photograph is not level, so it stays what it is.
"""

from PIL import Image, ImageChops, ImageFilter

from distributed_ocr_pipeline.ocr.rasters.neighbours import darkest, lightest

SHADED = 0.97
"""Of the paper's level; lighter is paper."""

LIGHT = 0.65
"""Likewise; on darker areas print is as often light."""

_REACH = 5  # cells; print is thinner, rows are higher
_LEVEL = 4  # grey levels within an area
_SIDE = 15  # cells: a row is 250 pixels wide, a patch of a map or a photograph less


def paper_of_cells(cells: Image.Image, paper: int) -> Image.Image:
    """The level against which each cell is print: that of the shaded area in which it lies, or `paper`."""
    level = without_print(cells)
    found = papers_of_areas(level, light_grey(level, paper), paper)
    return found or Image.new("L", cells.size, paper)


def without_print(cells: Image.Image, size: int = _REACH) -> Image.Image:
    """A grey closing over so many cells: areas of as many stay, and what is thinner and darker goes."""
    return darkest(lightest(cells, size), size)


def light_grey(level: Image.Image, paper: int) -> Image.Image:
    """Cells (255) that are darker than paper, and light enough for dark print."""
    return level.point([255 * (LIGHT * paper < one < SHADED * paper) for one in range(256)])


def papers_of_areas(
    level: Image.Image, shade: Image.Image, paper: int, *, side: int = _SIDE, edge: int = _REACH
) -> Image.Image | None:
    """The level of each cell of what is level and wide of a `shade` (a mask), `paper` elsewhere; None if nothing is.

    An area reaches so many cells to both `side`s of one in it; at its `edge`, so many cells are not level.
    """
    if shade.getbbox() is None:  # most pages
        return None
    steps = ImageChops.subtract(lightest(level, 3), darkest(level, 3))
    even = ImageChops.darker(shade, steps.point([255 * (step <= _LEVEL) for step in range(256)]))
    across = ImageFilter.BoxBlur((side, 1))
    wide = even.filter(across).point([255 * (share == 255) for share in range(256)])
    if wide.getbbox() is None:
        return None
    areas = lightest(wide.filter(across).point([255 * (share > 0) for share in range(256)]), 2 * edge + 1)
    return Image.composite(level, Image.new("L", level.size, paper), ImageChops.darker(areas, shade))


def flattened(image: Image.Image, papers: Image.Image, paper: int) -> Image.Image:
    """A picture whose shaded areas (see `paper_of_cells`) are as light as its paper."""
    lacking = papers.point([max(0, paper - level) for level in range(256)])
    if lacking.getbbox() is None:
        return image
    across, down = -(-image.width // papers.width), -(-image.height // papers.height)
    wide = lacking.resize((papers.width * across, papers.height * down), Image.Resampling.NEAREST)
    return ImageChops.add(image, wide.crop((0, 0, *image.size)))
