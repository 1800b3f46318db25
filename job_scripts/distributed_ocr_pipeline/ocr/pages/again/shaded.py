"""Shaded rows and boxes: areas of one light grey, on which print is dark as on paper.

What lies on them is found against their own level: a grey closing of the cells (Serra; see `rasters.even`) leaves areas
of five cells and more, and takes away print. A photograph is not level, so it stays what it is.
"""

from PIL import Image, ImageChops, ImageFilter

from distributed_ocr_pipeline.ocr.rasters.neighbours import darkest, lightest

_REACH = 5  # cells; print is thinner, rows are higher
_LIGHT = 0.65  # of the paper's level; on darker areas print is as often light
_SHADED = 0.97  # likewise; lighter is paper
_LEVEL = 4  # grey levels within an area
_WIDTH = (15, 1)  # cells to both sides of one: a row is 250 pixels wide, a patch of a map or a photograph less


def paper_of_cells(cells: Image.Image, paper: int) -> Image.Image:
    """The level against which each cell is print: that of the shaded area in which it lies, or `paper`."""
    level = darkest(lightest(cells, _REACH), _REACH)
    shade = level.point([255 * (_LIGHT * paper < one < _SHADED * paper) for one in range(256)])
    steps = ImageChops.subtract(lightest(level, 3), darkest(level, 3))
    even = ImageChops.darker(shade, steps.point([255 * (step <= _LEVEL) for step in range(256)]))
    across = ImageFilter.BoxBlur(_WIDTH)
    wide = even.filter(across).point([255 * (share == 255) for share in range(256)])
    areas = wide.filter(across).point([255 * (share > 0) for share in range(256)])
    areas = lightest(areas, 2 * _REACH + 1)
    return Image.composite(level, Image.new("L", cells.size, paper), ImageChops.darker(areas, shade))


def flattened(image: Image.Image, papers: Image.Image, paper: int) -> Image.Image:
    """A picture whose shaded areas (see `paper_of_cells`) are as light as its paper."""
    lacking = papers.point([max(0, paper - level) for level in range(256)])
    if lacking.getbbox() is None:
        return image
    across, down = -(-image.width // papers.width), -(-image.height // papers.height)
    wide = lacking.resize((papers.width * across, papers.height * down), Image.Resampling.NEAREST)
    return ImageChops.add(image, wide.crop((0, 0, *image.size)))
