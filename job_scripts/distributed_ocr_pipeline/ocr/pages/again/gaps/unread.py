"""Lines of print of which nothing was read, as of dots or half-tones below clear print: ink in rows, outside of words.

What was read of the page is certain of itself, so that its confidence does not tell. Drawings, photographs, rules and
single words have no three rows one below the other, as wide as several words and as low as print, with paper between.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from PIL import Image, ImageFilter

from distributed_ocr_pipeline.ocr.pages.again.gaps.cells import CELL, unread_cells
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, Transform, apply, load
from distributed_ocr_pipeline.records import Word

MANY_LINES = 3
"""As many are no chance."""

_LEAST_WIDTH = 20  # cells; several words
_LETTER_GAP = (2, 0)  # cells to both sides, which join the letters of a word
_INKED = 0.35  # of the width; a line of print has two thirds, the paper between two lines less than a tenth
_HIGHEST = 7  # cells of a line
_FARTHEST = 12  # cells between two lines


def unread_lines(finest: Raster, transform: Transform, words: Sequence[Word]) -> int:
    """How many lines of a page are one below the other of which none of `words` was read (pixels of what was read).

    They are looked for on the page as it was read, but with its specks: dots of print may have been taken for such.
    """
    kept = replace(transform, despeckled=False)
    with load(finest.path) as image:
        image.load()
        picture = image if kept == Transform() else apply(image, kept)
    return rows_of_print(unread_cells(picture, words)) if min(picture.size) >= CELL * _LEAST_WIDTH else 0


def rows_of_print(unread: Image.Image) -> int:
    """How many lines of print the cells (255) that were not read make at most, one below the other."""
    box = unread.getbbox()
    if box is None or box[2] - box[0] < _LEAST_WIDTH:
        return 0
    joined = (
        unread.crop(box).filter(ImageFilter.BoxBlur(_LETTER_GAP)).point([255 * (share > 0) for share in range(256)])
    )
    shares = joined.resize((1, joined.height), Image.Resampling.BOX).tobytes()
    most = lines = 0
    for inked, rows in groupby(share >= 255 * _INKED for share in shares):
        height = len(list(rows))
        if height > (_HIGHEST if inked else _FARTHEST):
            lines = 0
        elif inked:
            lines += 1
        most = max(most, lines)
    return most
