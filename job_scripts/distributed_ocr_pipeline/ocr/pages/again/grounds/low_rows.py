"""Low shaded rows, as tables have them: 20 to 70 pixels of one light grey, with paper above or below.

They are found as `shaded` finds areas, by a grey closing, but in cells lower than wide, five of which lie within such a
row wherever it begins. Rows are darker than what a closing over 72 pixels leaves; shadows and larger areas are not.
"""

from dataclasses import replace

from PIL import Image, ImageChops

from distributed_ocr_pipeline.ocr.pages.again.grounds.shaded import (
    SHADED,
    flattened,
    light_grey,
    papers_of_areas,
    without_print,
)
from distributed_ocr_pipeline.ocr.rasters.levels import median_level
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load

_CELL = 8  # pixels
_LOW_CELLS = ((8, 4), (8, 3))  # pixels across and down; five of the first fit in a row of 28, of the other in 20
_LEAST_SIDE = 9  # cells; rows are lower, larger areas and shadows are not


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
    """A picture whose low shaded rows are as light as its paper; None if there are none."""
    if min(image.size) < _CELL * _LEAST_SIDE:
        return None
    around = without_print(image.reduce(_CELL), _LEAST_SIDE).point([round(SHADED * level) for level in range(256)])
    flat = image
    for cell in _LOW_CELLS:
        papers = _papers(flat.reduce(cell), paper, around)
        flat = flat if papers is None else flattened(flat, papers, paper)
    return None if flat is image else flat


def _papers(cells: Image.Image, paper: int, around: Image.Image) -> Image.Image | None:
    """The level of the row in which a cell lies, or `paper`; None if there are no rows."""
    level = without_print(cells)
    darker = ImageChops.subtract(around.resize(level.size, Image.Resampling.NEAREST), level)
    darker = darker.point([255 * (one > 0) for one in range(256)])
    return papers_of_areas(level, ImageChops.darker(darker, light_grey(level, paper)), paper)
