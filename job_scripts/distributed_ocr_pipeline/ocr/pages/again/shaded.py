"""Shaded rows and boxes: areas of one light grey, on which print is dark as on paper.

What lies on them is found against their own level: a grey closing of the cells (Serra; see `rasters.even`) leaves areas
of five cells and more, and takes away print. A photograph is not level, so it stays what it is.
"""

from dataclasses import replace

from PIL import Image, ImageChops, ImageFilter

from distributed_ocr_pipeline.ocr.rasters.levels import median_level
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load

_CELL = 8  # pixels
_SURROUNDINGS = 9  # cells
_REACH = 5  # cells; print is thinner, rows are higher
_LOW_CELLS = ((8, 4), (8, 3))  # pixels across and down; rows of 28 are five such cells high wherever they begin, of 20
_LIGHT = 0.65  # of the paper's level; on darker areas print is as often light
_SHADED = 0.97  # likewise; lighter is paper
_LEVEL = 4  # grey levels within an area
_WIDTH = (15, 1)  # cells to both sides of one: a row is 250 pixels wide, a patch of a map or a photograph less


def paper_of_cells(cells: Image.Image, paper: int, below: Image.Image | None = None) -> Image.Image:
    """The level against which each cell is print: that of the shaded area in which it lies, or `paper`.

    Areas that are not darker than `below`, a picture of levels, are left out.
    """
    level = cells.filter(ImageFilter.MaxFilter(_REACH)).filter(ImageFilter.MinFilter(_REACH))
    shade = level.point([255 * (_LIGHT * paper < one < _SHADED * paper) for one in range(256)])
    if below is not None:
        darker = ImageChops.subtract(below.resize(level.size, Image.Resampling.NEAREST), level)
        shade = ImageChops.darker(shade, darker.point([255 * (one > 0) for one in range(256)]))
    steps = ImageChops.subtract(level.filter(ImageFilter.MaxFilter(3)), level.filter(ImageFilter.MinFilter(3)))
    even = ImageChops.darker(shade, steps.point([255 * (step <= _LEVEL) for step in range(256)]))
    across = ImageFilter.BoxBlur(_WIDTH)
    wide = even.filter(across).point([255 * (share == 255) for share in range(256)])
    areas = wide.filter(across).point([255 * (share > 0) for share in range(256)])
    areas = areas.filter(ImageFilter.MaxFilter(2 * _REACH + 1))
    return Image.composite(level, Image.new("L", cells.size, paper), ImageChops.darker(areas, shade))


def without_rows(raster: Raster) -> Raster:
    """Write a copy of a picture without low shaded rows beside it; the picture itself if there are none."""
    with load(raster.path) as image:
        image.load()
        flat = without_low_rows(image, median_level(image.histogram()))
    if flat is None:
        return raster
    target = raster.path.with_name(f"{raster.path.stem}-unshaded.tif")
    flat.save(target, format="TIFF", compression="raw")
    return replace(raster, path=target)


def without_low_rows(image: Image.Image, paper: int) -> Image.Image | None:
    """A picture whose shaded rows of 20 to 70 pixels are as light as its paper; None if there are none.

    Unlike a shadow, they are darker than what is near them above or below.
    """
    if min(image.size) < _CELL * _SURROUNDINGS:
        return None
    lightest = image.reduce(_CELL).filter(ImageFilter.MaxFilter(_SURROUNDINGS))
    around = lightest.filter(ImageFilter.MinFilter(_SURROUNDINGS)).point(
        [round(_SHADED * level) for level in range(256)]
    )
    flat = image
    for cell in _LOW_CELLS:
        flat = flattened(flat, paper_of_cells(flat.reduce(cell), paper, around), paper)
    return None if flat is image else flat


def flattened(image: Image.Image, papers: Image.Image, paper: int) -> Image.Image:
    """A picture whose shaded areas (see `paper_of_cells`) are as light as its paper."""
    lacking = papers.point([max(0, paper - level) for level in range(256)])
    if lacking.getbbox() is None:
        return image
    across, down = -(-image.width // papers.width), -(-image.height // papers.height)
    wide = lacking.resize((papers.width * across, papers.height * down), Image.Resampling.NEAREST)
    return ImageChops.add(image, wide.crop((0, 0, *image.size)))
