"""Decoding pictures from outside into rasters.

These functions read files from strangers, so they run in a sandbox (`processes.sandbox`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageOps

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.rasters.raster import QUARTER_TURNS, most_scale

_BYTES_PER_PIXEL = 8  # what decoding and turning grey may take at worst
_PLAUSIBLE_DPI = (50, 2400)
_DOCUMENTS = ("TIFF", "PNG", "JPEG", "WEBP", "BMP", "DIB", "JPEG2000")
_EXTRACTED = ("JPEG", "PPM")  # what `pdfimages` writes


@dataclass(frozen=True)
class Rasterised:
    """What has been written: width, height, dpi and note of a `Raster`."""

    width: int
    height: int
    dpi: int | None
    note: str


def count_frames(path: str) -> int:
    """Number of pages of a picture. Only a TIFF has several; other frames are animation."""
    with _opened(path) as image:
        return int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1


def rasterise(path: str, frame: int, target: str, max_pixels: int, memory_mb: int) -> Rasterised:
    """Write one frame (from 0) as grey TIFF to `target`. Raises `DocumentError` (too_large)."""
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
    return Rasterised(grey.width, grey.height, round(dpi * scale) if dpi else None, note)


def rasterise_scan(path: str, stored: Sequence[int], turn: int, size: Sequence[int], target: str) -> None:
    """Write a picture extracted from a PDF, of the `stored` size (width, height), as grey TIFF of another `size`.

    It is made smaller with a filter that weighs every pixel, since strokes become uneven in Poppler's boxes of whole
    pixels (`python -m benchmarks.typefaces` counts the errors), and turned by `turn` degrees clockwise. Raises if the
    picture is not what was announced.
    """
    with _opened(path, _EXTRACTED) as image:
        if image.size != tuple(stored) or image.mode not in ("1", "L", "RGB", "YCbCr"):
            raise DocumentError(ErrorClass.CORRUPT, f"A picture of {image.size} pixels instead of {tuple(stored)}.")
        image.draft("L", image.size)  # of a JPEG in colour, decode the lightness alone
        grey = image.convert("L")
    upright = grey.transpose(QUARTER_TURNS[turn]) if turn else grey
    if upright.size != tuple(size):
        upright = upright.resize((size[0], size[1]), Image.Resampling.BILINEAR)
    upright.save(target, format="TIFF", compression="raw")


def _opened(path: str, formats: tuple[str, ...] = _DOCUMENTS) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # the size is checked by the memory it needs, and this is a process of its own
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
