"""Pictures: opening documents that are pictures, changing drawn pages, writing page images.

`describe` and `rasterise*` read files from outside, so they run in a helper process (`helper`); the other functions
are given what this pipeline itself has drawn: 8-bit grey, uncompressed TIFF files (of a PGM file, the engine's
library reads each pixel with a call of its own: 6 % of the time of a page).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageOps
from PIL.TiffImagePlugin import TiffImageFile

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass

MAX_SIDE = 32_000  # Tesseract reads no picture with a side over 32,767
_WEBP_SIDE = 16_383
_JPEG_SIDE = 65_500
_BYTES_PER_PIXEL = 8  # what decoding and turning grey may take at worst
_PLAUSIBLE_DPI = (50, 2400)
_DOCUMENTS = ("TIFF", "PNG", "JPEG", "WEBP", "BMP", "DIB", "JPEG2000")
_TAKEN_OUT = ("JPEG", "PPM")
_BAND_ROWS = 128


@dataclass(frozen=True)
class Raster:
    """A page drawn as an uncompressed grey image.

    `dpi` is None if the document does not say it; `fault` is what Poppler said of anything that it could not draw.
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


_QUARTERS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


def describe(path: str) -> dict[str, Any]:
    """Number of pages of a picture: `{"frames": n}`. Only a TIFF has several; other frames are animation."""
    with _opened(path) as image:
        return {"frames": int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1}


def rasterise(path: str, frame: int, target: str, max_pixels: int, memory_mb: int) -> dict[str, Any]:
    """Write one frame (from 0) as grey TIFF to `target`; returns width, height, dpi and note of a `Raster`."""
    with _opened(path) as image:
        image.seek(frame)
        size = image.size
        if size[0] * size[1] * _BYTES_PER_PIXEL > memory_mb * 1024 * 1024:
            image.draft("L", (round(max_pixels**0.5), round(max_pixels**0.5)))  # a JPEG can be decoded smaller
        if image.size[0] * image.size[1] * _BYTES_PER_PIXEL > memory_mb * 1024 * 1024:
            raise DocumentError(
                ErrorClass.TOO_LARGE, f"A picture of {size[0]} x {size[1]} pixels needs too much memory."
            )
        dpi = _dpi_of(image)
        grey, scale = _reduced(_grey(image), max_pixels)
        grey.save(target, format="TIFF", compression="raw")
    note = f"reduced from {size[0]} x {size[1]} pixels" if scale < 1 else ""
    return {
        "width": grey.width,
        "height": grey.height,
        "dpi": round(dpi * scale) if dpi else None,
        "note": note,
    }


def rasterise_scan(path: str, stored: Sequence[int], turn: int, size: Sequence[int], target: str) -> None:
    """Write a picture that was taken out of a PDF, of the `stored` size, as grey TIFF of a `size` (width, height).

    Made smaller with a filter that weighs every pixel, since strokes become uneven in Poppler's boxes of whole pixels
    (`benchmarks.typefaces` counts the errors). Turned by `turn` degrees clockwise. Raises if the picture is not what
    was announced.
    """
    with _opened(path, _TAKEN_OUT) as image:
        if image.size != tuple(stored) or image.mode not in ("1", "L", "RGB", "YCbCr"):
            raise DocumentError(ErrorClass.CORRUPT, f"A picture of {image.size} pixels instead of {tuple(stored)}.")
        image.draft("L", image.size)  # of a JPEG in colour, decode the lightness alone
        grey = image.convert("L")
    upright = grey.transpose(_QUARTERS[turn]) if turn else grey
    if upright.size != tuple(size):
        upright = upright.resize((size[0], size[1]), Image.Resampling.BILINEAR)
    upright.save(target, format="TIFF", compression="raw")


def load(path: Path) -> Image.Image:
    """A raster of our own. Not by `Image.open`, which warns of pictures that are as large as our limit allows."""
    return TiffImageFile(path)


def transformed(raster: Raster, change: Transform, target: Path) -> Raster:
    """Write a changed copy of a raster."""
    with load(raster.path) as image:
        changed = apply(image, change)
    changed.save(target, format="TIFF", compression="raw")
    dpi = round(raster.dpi * change.scale) if raster.dpi else None
    return Raster(target, changed.width, changed.height, dpi, raster.note)


def most_scale(size: tuple[int, int], max_pixels: int) -> float:
    """By how much a picture can be scaled within the limits on pixels and sides."""
    return min(math.sqrt(max_pixels / (size[0] * size[1])), MAX_SIDE / max(size))


def apply(image: Image.Image, change: Transform) -> Image.Image:
    """A changed copy of a grey picture: despeckled, quarter turn, inverted, straightened, scaled, in this order."""
    image = median(image) if change.despeckled else image
    image = image.transpose(_QUARTERS[change.quarter]) if change.quarter else image
    image = ImageOps.invert(image) if change.inverted else image
    if change.skew:
        image = image.rotate(change.skew, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    if change.scale != 1.0:
        size = (max(1, round(image.width * change.scale)), max(1, round(image.height * change.scale)))
        image = image.resize(size, Image.Resampling.BILINEAR if change.scale < 1 else Image.Resampling.BICUBIC)
    return image


def median(image: Image.Image) -> Image.Image:
    """The median of the 3 x 3 pixels around each, as of `ImageFilter.MedianFilter(3)`, in a tenth of its time.

    In bands, which the processor's cache can hold.
    """
    wider = _with_doubled_edges(image)
    result = Image.new("L", image.size)
    for top in range(0, image.height, _BAND_ROWS):
        band = wider.crop((0, top, wider.width, min(top + _BAND_ROWS + 2, wider.height)))
        result.paste(_median_of_band(band).crop((1, 1, band.width - 1, band.height - 1)), (0, top))
    return result


def _with_doubled_edges(image: Image.Image) -> Image.Image:
    """One pixel wider on all sides."""
    wider = Image.new("L", (image.width + 2, image.height + 2))
    for place in ((0, 0), (2, 0), (0, 2), (2, 2), (1, 0), (0, 1), (2, 1), (1, 2), (1, 1)):
        wider.paste(image, place)
    return wider


def _median_of_band(band: Image.Image) -> Image.Image:
    """Sort the columns of three; the median of all nine is that of greatest least, middle middle and least greatest."""
    above, below = ImageChops.offset(band, 0, 1), ImageChops.offset(band, 0, -1)
    lower, upper = ImageChops.darker(above, band), ImageChops.lighter(above, band)
    least, greatest = ImageChops.darker(lower, below), ImageChops.lighter(upper, below)
    middle = ImageChops.lighter(lower, ImageChops.darker(upper, below))
    left, centre, right = _beside(least)
    greatest_least = ImageChops.lighter(ImageChops.lighter(left, centre), right)
    left, centre, right = _beside(greatest)
    least_greatest = ImageChops.darker(ImageChops.darker(left, centre), right)
    return _median_of_three(greatest_least, _median_of_three(*_beside(middle)), least_greatest)


def _beside(band: Image.Image) -> tuple[Image.Image, Image.Image, Image.Image]:
    return ImageChops.offset(band, 1, 0), band, ImageChops.offset(band, -1, 0)


def _median_of_three(first: Image.Image, second: Image.Image, third: Image.Image) -> Image.Image:
    lower, upper = ImageChops.darker(first, second), ImageChops.lighter(first, second)
    return ImageChops.lighter(lower, ImageChops.darker(upper, third))


def save_page_image(raster: Raster, change: Transform, target: Path, image_format: str) -> None:
    """Write the page image (`webp` or `jpeg`), turned as it was read, made smaller if the format cannot hold it."""
    side = _WEBP_SIDE if image_format == "webp" else _JPEG_SIDE
    target.parent.mkdir(parents=True, exist_ok=True)
    with load(raster.path) as loaded:
        image = apply(loaded, replace(change, inverted=False, scale=1.0, despeckled=False))
        if max(image.size) > side:
            image.thumbnail((side, side))
        if image_format == "webp":
            image.save(target, format="WEBP", quality=75, method=0)
        else:
            image.save(target, format="JPEG", quality=80)


def _opened(path: str, formats: tuple[str, ...] = _DOCUMENTS) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # the size is checked by what it costs, and this is a process of its own
    return Image.open(path, formats=formats)


def _grey(image: Image.Image) -> Image.Image:
    """8-bit grey, upright as its Exif says, transparent parts white."""
    upright = _transposed(image)
    if upright.mode.startswith(("I", "F")):
        return _from_deep(upright)
    if "A" in upright.mode or "transparency" in upright.info or upright.mode in ("PA", "La"):
        rgba = upright.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(paper, rgba).convert("L")
    return upright.convert("L")


def _from_deep(image: Image.Image) -> Image.Image:
    """8 bits of 16 or 32: the range from the darkest to the lightest pixel."""
    values = image.convert("F")
    low, high = values.getextrema()
    span = (float(high) - float(low)) or 1.0  # type: ignore[arg-type]
    return values.point(lambda value: value * (255.0 / span) - float(low) * 255.0 / span).convert("L")  # type: ignore[arg-type]


def _transposed(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, MemoryError):
        raise
    except Exception:  # pylint: disable=broad-exception-caught  # Exif data may hold anything
        return image


def _reduced(grey: Image.Image, max_pixels: int) -> tuple[Image.Image, float]:
    """The picture within the limits on pixels and sides, and the scale that took."""
    scale = min(1.0, most_scale(grey.size, max_pixels))
    if scale == 1.0:
        return grey, 1.0
    return grey.resize((max(1, int(grey.width * scale)), max(1, int(grey.height * scale))), Image.Resampling.BOX), scale


def _dpi_of(image: Image.Image) -> int | None:
    """The resolution the file claims, if it is one a scanner could have."""
    try:
        dpi = round(float(image.info["dpi"][0]))
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError):
        return None
    return dpi if _PLAUSIBLE_DPI[0] <= dpi <= _PLAUSIBLE_DPI[1] else None
