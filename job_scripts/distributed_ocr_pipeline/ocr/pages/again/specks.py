"""Whether what was taken for specks and removed may have been print: dotted or broken strokes, fine half-tones.

Specks lie all over a page, a pixel or two here and there. Print that was removed lies close together, where no word was
read. So the pixels that are gone are counted in windows of three letters, outside of all words.
"""

from collections.abc import Sequence

from PIL import ImageChops, ImageFilter, ImageOps

from distributed_ocr_pipeline.ocr.pages.again.gaps.cells import CELL, without_words
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load
from distributed_ocr_pipeline.records import Word

_CONTRAST = 48  # grey levels by which a pixel has become another
_WINDOW = (4, 1)  # cells to both sides of one: 72 x 24 pixels
_CLOSE = 8  # of 255: 54 of the pixels of a window; of pages with 5,000 specks it is 4, of dotted print 21 and more


def may_be_print(before: Raster, after: Raster, words: Sequence[Word]) -> bool:
    """Whether a page of the same size, before and after its specks were removed, has lost more than specks."""
    with load(before.path) as first, load(after.path) as second:
        whole = (0, 0, first.width // CELL * CELL, first.height // CELL * CELL)
        gone = ImageChops.difference(first, second).crop(whole)
    marks = gone.point([255 * (level > _CONTRAST) for level in range(256)]).reduce(CELL)
    beyond = ImageOps.expand(without_words(marks, words), max(_WINDOW))  # else, cells of the rim would count as several
    return any(beyond.filter(ImageFilter.BoxBlur(_WINDOW)).histogram()[_CLOSE:])
