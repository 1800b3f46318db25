"""A page of print of which a part was read."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageChops

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word
from tests.support.documents import printed_page

READ = 90.0
"""The confidence of what was read well."""


def page(folder: Path) -> tuple[Image.Image, Raster]:
    picture = printed_page()  # lines from 100, every 42 pixels, 28 high
    return picture, Raster(folder / "page.tif", picture.width, picture.height, 220)


def at(text: str, left: int, top: int, line: int, confidence: float = READ) -> Word:
    return Word(text, left, top, 40, 20, confidence, line)


def words_above(bottom: int, confidence: float = READ) -> tuple[Word, ...]:
    """A word over each line of `printed_page` above a row of pixels."""
    tops = range(100, bottom, 42)
    return tuple(Word("line", 90, top - 4, 1100, 40, confidence, number) for number, top in enumerate(tops, 1))


def read_of(words: Sequence[Word]) -> Recognition:
    return Recognition("\n".join(word.text for word in words), tuple(words))


def half_faint(ink: int = 215, paper: int = 238, sigma: float = 0) -> Image.Image:
    """A page whose lines below 700 are hardly darker than their paper."""
    picture = printed_page()
    lower = picture.crop((0, 700, *picture.size)).point([ink + (paper - ink) * level // 255 for level in range(256)])
    whole = picture.point([level * paper // 255 for level in range(256)])
    whole.paste(lower, (0, 700))
    noise = Image.effect_noise(whole.size, sigma)
    return ImageChops.add(whole, noise, offset=-128) if sigma else whole
