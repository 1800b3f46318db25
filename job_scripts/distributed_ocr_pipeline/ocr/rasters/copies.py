"""Smaller copies of a page in a TIFF (a pyramid for viewers) that the file does not mark as such.

A frame is a copy if it is half as wide and half as high as the one before it, and shows the same everywhere: one other
digit on a form, in print of 150 dpi, differs by 40 grey levels of a cell. What is not certain is a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageStat

from distributed_ocr_pipeline.ocr.rasters.levels import median_level

_MOST_PIXELS = 50_000_000  # of a frame that is decoded for this
_CELL = 8  # pixels of the smaller of two; in cells, it is nearly the same however it was made smaller
_LEAST_SIDE = 16  # cells
_LEAST_INK = 0.5  # grey levels in the mean; two blank pages show the same
_MOST_UNLIKE = 20  # grey levels of a cell; of print made smaller bilinear to Lanczos, or as JPEG of quality 20, 13


@dataclass(frozen=True)
class Frame:
    """A frame of a file: its number, and its width and height in pixels."""

    number: int
    size: tuple[int, int]


def without_copies(image: Image.Image, frames: Sequence[Frame]) -> list[int]:
    """The numbers of the frames that are no smaller copies of those before them."""
    return [
        frame.number
        for index, frame in enumerate(frames)
        if not (index and _is_half(frame, frames[index - 1]) and _show_the_same(image, frames[index - 1], frame))
    ]


def _is_half(smaller: Frame, larger: Frame) -> bool:
    return all(abs(2 * half - whole) <= 1 for half, whole in zip(smaller.size, larger.size))


def _show_the_same(image: Image.Image, larger: Frame, smaller: Frame) -> bool:
    side = min(smaller.size) // _CELL
    if side < _LEAST_SIDE or larger.size[0] * larger.size[1] > _MOST_PIXELS:
        return False
    try:
        one, other = (_cells(image, frame, smaller.size) for frame in (larger, smaller))
    except Exception:  # pylint: disable=broad-exception-caught  # decoders raise anything on damaged data
        return False
    paper = Image.new("L", one.size, median_level(one.histogram()))
    has_ink = ImageStat.Stat(ImageChops.difference(one, paper)).mean[0] >= _LEAST_INK
    return has_ink and not any(ImageChops.difference(one, other).histogram()[_MOST_UNLIKE + 1 :])


def _cells(image: Image.Image, frame: Frame, size: tuple[int, int]) -> Image.Image:
    image.seek(frame.number)
    return image.convert("L").resize(size, Image.Resampling.BOX).reduce(_CELL)
