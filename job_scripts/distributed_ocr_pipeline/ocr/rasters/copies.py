"""Smaller copies of a page in a TIFF (a pyramid for viewers) that the file does not mark as such.

A frame is a copy if it is half as wide and half as high as the one before it, and shows the same: pixel by pixel on
small pictures of both, in which different print differs by half of its ink or more. What is not certain is a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageStat

from distributed_ocr_pipeline.ocr.rasters.levels import median_level

_MOST_PIXELS = 50_000_000  # of a frame that is decoded for this
_REDUCED = 4  # times, of the smaller of two; by then, it is the same however it was made smaller
_LEAST_SIDE = 32  # pixels of what is left
_LEAST_INK = 0.5  # grey levels in the mean; two blank pages show the same
_MOST_UNLIKE = 0.25  # of the ink


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
    side = min(smaller.size) // _REDUCED
    if side < _LEAST_SIDE or larger.size[0] * larger.size[1] > _MOST_PIXELS:
        return False
    try:
        one, other = (_small(image, frame, smaller.size) for frame in (larger, smaller))
    except Exception:  # pylint: disable=broad-exception-caught  # decoders raise anything on damaged data
        return False
    paper = Image.new("L", one.size, median_level(one.histogram()))
    ink = _mean_difference(one, paper)
    return ink >= _LEAST_INK and _mean_difference(one, other) <= _MOST_UNLIKE * ink


def _small(image: Image.Image, frame: Frame, size: tuple[int, int]) -> Image.Image:
    image.seek(frame.number)
    width, height = (side // _REDUCED for side in size)
    return image.convert("L").resize((width, height), Image.Resampling.BOX)


def _mean_difference(one: Image.Image, other: Image.Image) -> float:
    return ImageStat.Stat(ImageChops.difference(one, other)).mean[0]
