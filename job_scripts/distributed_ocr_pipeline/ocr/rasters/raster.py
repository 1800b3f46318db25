"""A page as a grey picture, what is done to it before it is read, and the page image that is kept of it.

Rasters are 8-bit grey, uncompressed TIFF files of this pipeline's own making. (Of a PGM file, the engine's library
reads each pixel with a call of its own: 6 % of the time of a page.)
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cykooz_resizer import FilterType, ResizeAlg, ResizeOptions, Resizer
from PIL import Image, ImageFilter, ImageOps
from PIL.TiffImagePlugin import TiffImageFile

from distributed_ocr_pipeline.ocr.rasters.even import even_paper
from distributed_ocr_pipeline.ocr.rasters.faint import strengthened
from distributed_ocr_pipeline.ocr.rasters.median import median

MAX_SIDE = 32_000
"""Pixels. Tesseract reads no picture with a side over 32,767 (INT16_MAX)."""

QUARTER_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
"""Pillow's name for each clockwise turn; Pillow turns anticlockwise."""

_MAX_SIDE_OF_FORMAT = {"webp": 16_383, "jpeg": 65_500}  # pixels; limits of the formats


@dataclass(frozen=True)
class Raster:
    """A page drawn as an uncompressed grey image.

    `dpi` is None if the document does not say it; `fault` says why a part is not on it, in the words of Poppler or of a
    decoder.
    """

    path: Path
    width: int
    height: int
    dpi: int | None
    note: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Transform:
    """What is done to a raster before it is read."""

    quarter: int = 0  # clockwise turn: 0, 90, 180 or 270 degrees
    skew: float = 0.0  # further turn, anticlockwise
    inverted: bool = False
    scale: float = 1.0
    despeckled: bool = False

    @property
    def clockwise(self) -> float:
        """The whole turn in degrees, clockwise."""
        return self.quarter - self.skew


def load(path: Path) -> Image.Image:
    """A raster of our own. Not by `Image.open`, which warns of pictures that are as large as our limit allows."""
    image = TiffImageFile(path)
    _join_strips(image)
    return image


def _join_strips(image: TiffImageFile) -> None:
    """Poppler writes hundreds of strips, one behind the other; as one they are mapped into memory instead of read."""
    strips, width = list(image.tile), image.width
    end = strips[0].offset
    for codec, extents, offset, how in strips:
        left, top, right, bottom = extents or (0, 0, 0, 0)
        if (codec, left, right, offset, how) != ("raw", 0, width, end, strips[0].args):
            return
        end += (bottom - top) * width * len(image.getbands())
    image.tile = [strips[0]._replace(extents=(0, 0, *image.size))]


def transformed(raster: Raster, transform: Transform, target: Path) -> Raster:
    """Write a transformed copy of a raster."""
    with load(raster.path) as image:
        result = apply(image, transform)
    result.save(target, format="TIFF", compression="raw")
    dpi = round(raster.dpi * transform.scale) if raster.dpi else None
    return Raster(target, result.width, result.height, dpi, raster.note)


def evened(raster: Raster, target: Path) -> Raster:
    """Write a copy of a raster with even paper."""
    return _changed(raster, even_paper, target)


def with_strong_print(raster: Raster, target: Path) -> Raster:
    """Write a copy of a raster with very faint print made dark."""
    return _changed(raster, strengthened, target)


def smoothed(raster: Raster, radius: float, target: Path) -> Raster:
    """Write a copy of a raster on which dots and grain run into one another: a Gaussian of a radius in pixels."""
    return _changed(raster, lambda image: image.filter(ImageFilter.GaussianBlur(radius)), target)


def _changed(raster: Raster, change: Callable[[Image.Image], Image.Image], target: Path) -> Raster:
    with load(raster.path) as image:
        image.load()
        change(image).save(target, format="TIFF", compression="raw")
    return replace(raster, path=target)


def most_scale(size: tuple[int, int], max_pixels: int) -> float:
    """By how much a picture can be scaled within the limits on pixels and sides."""
    return min(math.sqrt(max_pixels / (size[0] * size[1])), MAX_SIDE / max(size))


def apply(image: Image.Image, transform: Transform) -> Image.Image:
    """A transformed copy of a grey picture. In this order: despeckled, turned, inverted, straightened, scaled."""
    image = median(image) if transform.despeckled else image
    image = image.transpose(QUARTER_TURNS[transform.quarter]) if transform.quarter else image
    image = ImageOps.invert(image) if transform.inverted else image
    if transform.skew:
        image = image.rotate(transform.skew, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    if transform.scale != 1.0:
        size = (max(1, round(image.width * transform.scale)), max(1, round(image.height * transform.scale)))
        image = made_smaller(image, size) if transform.scale < 1 else image.resize(size, Image.Resampling.BICUBIC)
    return image


def made_smaller(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A grey picture at a smaller size, of which every pixel counts: Pillow's `BILINEAR`, in a third of its time.

    Pixels differ from Pillow's by two grey levels at most, most by none: sums are rounded otherwise.
    """
    smaller = Image.new("L", size)
    Resizer().resize_pil(image, smaller, ResizeOptions(resize_alg=ResizeAlg.convolution(FilterType.bilinear)))
    return smaller


def save_page_image(raster: Raster, transform: Transform, target: Path, image_format: str) -> None:
    """Write the page image (`webp` or `jpeg`), turned as it was read, made smaller if the format cannot hold it."""
    side = _MAX_SIDE_OF_FORMAT[image_format]
    target.parent.mkdir(parents=True, exist_ok=True)
    with load(raster.path) as loaded:
        image = apply(loaded, replace(transform, inverted=False, scale=1.0, despeckled=False))
        if max(image.size) > side:
            image.thumbnail((side, side))
        if image_format == "webp":
            image.save(target, format="WEBP", quality=75, method=0)
        else:
            image.save(target, format="JPEG", quality=80)
