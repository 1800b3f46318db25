"""Decoding pictures from outside into rasters; `damaged` says what is there of a file that ends early.

These functions read files from strangers, so they run in a sandbox (`processes.sandbox`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import AvifImagePlugin, Image, ImageFile, ImageFilter, ImageOps, PngImagePlugin, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.rasters.coloured import grey_of_colour, is_coloured
from distributed_ocr_pipeline.ocr.rasters.copies import Frame, without_copies
from distributed_ocr_pipeline.ocr.rasters.damaged import (
    END_OF_JPEG,
    GREY_FILLING,
    damage_under_mark,
    missing_rows,
    whitened,
)
from distributed_ocr_pipeline.ocr.rasters.heic import is_heic, open_heic
from distributed_ocr_pipeline.ocr.rasters.raster import QUARTER_TURNS, made_smaller, most_scale
from distributed_ocr_pipeline.ocr.rasters.rasterised import Rasterised

_BYTES_PER_PIXEL = 8  # what decoding and turning grey may take at worst
_PLAUSIBLE_DPI = (50, 2400)
_SQUARE = 1.1  # how much finer one direction may be than the other, in pixels that are taken for square
_MOST_STRETCHED = 3.5  # ... of which it is believed; of faxes, one is 2.1 times as fine as the other
_SUBFILE_TYPE, _REDUCED_OR_MASK = 254, 5  # TIFF 6.0, NewSubfileType: bit 0 a smaller copy of a page, bit 2 a mask
_SIDE_DATA_BYTES = 256 * 1024 * 1024  # of a PNG's texts, which are not read; the sandbox limits memory anyway
_OUTLIERS = 0.0002  # share of the pixels of a deep picture that are darker, or lighter, than all print and paper
_SAMPLE_SIDE = 1000  # pixels; of a deep picture, for its range
_COARSER = 4  # times; a stroke of print keeps its colour
_LIGHT_INK = 160  # grey level; of print on a transparent ground that must be dark to show it
_BLOCK = 16  # rows of a JPEG that are decoded together, of which a decoder makes something without any data
_ENDED = ("truncated", "broken data stream", "unexpected end")
_DOCUMENTS = ("TIFF", "PNG", "JPEG", "WEBP", "BMP", "DIB", "JPEG2000", "AVIF")
_OTHERS = ("HEIF", "AVIF", "MPO", "PNG", "WEBP")  # formats of which further frames are no pages
_EXTRACTED = ("JPEG", "PPM")  # what `pdfimages` writes


@dataclass(frozen=True)
class _Damage:
    """What a file lacks: nothing of its picture (a note), or a part of it (a fault)."""

    note: str = ""
    fault: str = ""


def page_frames(path: str) -> list[int]:
    """The frames of a picture that are its pages. Only a TIFF has several; other frames are animation.

    Smaller copies of pages and masks are left out, also copies that are not marked as such. If the file ends before its
    list of frames does, the last frame is one that cannot be read: what is missing must show.
    """
    with _opened(path) as image:
        return _frames_of_tiff(image) if image.format == "TIFF" else [0]


def _frames_of_tiff(image: Image.Image) -> list[int]:
    pages: list[Frame] = []
    frame, cut = 0, list[int]()
    while not cut:
        try:
            image.seek(frame)
        except EOFError:
            break
        except Exception:  # pylint: disable=broad-exception-caught  # a directory that is cut raises anything
            cut = [frame]
        else:
            if not int(image.tag_v2.get(_SUBFILE_TYPE, 0)) & _REDUCED_OR_MASK:  # type: ignore[attr-defined]
                pages.append(Frame(frame, image.size))
            frame += 1
    return [*without_copies(image, pages), *cut] or [0]


def rasterise(path: str, frame: int, target: str, max_pixels: int, memory_mb: int) -> Rasterised:
    """Write one frame (from 0) as grey TIFF to `target`. Raises `DocumentError` (too_large)."""
    with _opened(path) as image:
        if frame:  # without, a file shows the frame that it wants to be seen
            _seek(image, frame)
        size = image.size
        if size[0] * size[1] * _BYTES_PER_PIXEL > memory_mb * 1024 * 1024:
            image.draft("L", (round(max_pixels**0.5), round(max_pixels**0.5)))  # a JPEG can be decoded smaller
        if image.size[0] * image.size[1] * _BYTES_PER_PIXEL > memory_mb * 1024 * 1024:
            raise DocumentError(
                ErrorClass.TOO_LARGE,
                f"A picture of {size[0]} x {size[1]} pixels needs too much memory (engine_memory_mb: {memory_mb}).",
            )
        dpi, others = _dpi_of(image), _others_of(image)
        if isinstance(image, TiffImageFile):
            image.filename = ""  # Pillow maps the pixels of a named file with the sides that its orientation swaps
        damage = _load(image)
        grey, scale = _reduced(_squared(_grey(image), _densities(image)), max_pixels)
        grey.save(target, format="TIFF", compression="raw")
    notes = [damage.note, others, f"reduced from {size[0]} x {size[1]} pixels" if scale < 1 else ""]
    note, dpi = "; ".join(filter(None, notes)), round(dpi * scale) if dpi else None
    return Rasterised(grey.width, grey.height, dpi, note, damage.fault)


def _others_of(image: Image.Image) -> str:
    """A note if a file that is one page holds further pictures: other photos, or those of an animation."""
    count = getattr(image, "n_frames", 1) if image.format in _OTHERS else 1
    return f"the file holds {count} pictures; this is the one that it shows first" if count > 1 else ""


def _seek(image: Image.Image, frame: int) -> None:
    """Go to a frame. Raises `DocumentError` (corrupt) if the file ends before what it says of it."""
    try:
        image.seek(frame)
    except Exception as error:  # pylint: disable=broad-exception-caught  # a directory that is cut raises anything
        raise DocumentError(ErrorClass.CORRUPT, "The file ends before this page, or what it says of it.") from error


def _load(image: Image.Image) -> _Damage:
    """Decode a picture in place, as far as the file goes.

    Raises `DocumentError` (corrupt) if the data cannot be read, or nothing of the picture is there.
    """
    try:
        image.load()
        return _damage_under_mark(image)
    except OSError as error:
        if "not available" in str(error):
            raise DocumentError(ErrorClass.UNSUPPORTED_TYPE, f"A picture of a kind not read here: {error}.") from error
        if image.format not in ("JPEG", "TIFF") or not any(sign in str(error) for sign in _ENDED):
            raise
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # of this call: the sandbox does one thing at a time
    try:
        image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    missing = missing_rows(image)
    if missing == image.height:
        raise DocumentError(ErrorClass.CORRUPT, "The file ends before the first row of the picture.")
    if not missing:
        return _damage_without_mark(image)
    image.paste(whitened(image, missing))
    share = missing / image.height
    return _Damage(fault=f"incomplete: the file ends early, the last {share:.0%} of the picture are missing")


def _damage_without_mark(image: Image.Image) -> _Damage:
    """What a picture lacks of which all rows are there: its mark, or the last, finest passes of a progressive JPEG."""
    if "progressive" in image.info and damage_under_mark(_bytes_of(image) + END_OF_JPEG):
        return _Damage(fault="incomplete: the file ends early, the picture is coarser than it was")
    return _Damage(note="the file ends without the mark of its end")


def _damage_under_mark(image: Image.Image) -> _Damage:
    """What a JPEG lacks that has the mark of its end: it was cut and given one again, or its bytes were changed.

    Raises `DocumentError` (corrupt) if nothing of the picture is there.
    """
    if image.format != "JPEG":
        return _Damage()
    filled = image.getpixel((0, image.height - 1)) in (GREY_FILLING, (GREY_FILLING,) * 3)
    if not (filled or "progressive" in image.info) or not damage_under_mark(_bytes_of(image)):
        return _Damage()
    missing = missing_rows(image) if filled else 0
    if image.height - missing <= _BLOCK:
        raise DocumentError(ErrorClass.CORRUPT, "The file has nothing of the picture.")
    if not missing:
        return _Damage(fault="incomplete: the data of the picture are damaged")
    image.paste(whitened(image, missing))
    share = missing / image.height
    return _Damage(fault=f"incomplete: the last {share:.0%} of the picture are the grey of data that are not there")


def _bytes_of(image: Image.Image) -> bytes:
    return Path(image.filename).read_bytes()  # type: ignore[attr-defined]  # of an image of a file


def rasterise_scan(path: str, stored: Sequence[int], turn: int, size: Sequence[int], target: str) -> None:
    """Write a picture extracted from a PDF, of the `stored` size (width, height), as grey TIFF of another `size`.

    It is made smaller with a filter that weighs every pixel, since strokes become uneven in Poppler's boxes of whole
    pixels (`python -m benchmarks.typefaces` counts the errors), and turned by `turn` degrees clockwise. Raises if the
    picture is not what was announced.
    """
    with _opened(path, _EXTRACTED) as image:
        if image.size != tuple(stored) or image.mode not in ("1", "L", "RGB", "YCbCr"):
            raise DocumentError(ErrorClass.CORRUPT, f"A picture of {image.size} pixels instead of {tuple(stored)}.")
        if not _shows_colour(path, image):
            image.draft("L", image.size)  # of a JPEG in colour, decode the lightness alone
        grey = grey_of_colour(image)
    upright = grey.transpose(QUARTER_TURNS[turn]) if turn else grey
    if upright.size != tuple(size):
        upright = made_smaller(upright, (size[0], size[1]))
    upright.save(target, format="TIFF", compression="raw")


def _shows_colour(path: str, image: Image.Image) -> bool:
    """Whether a JPEG is one in colour that has any, by a copy made while decoding, a third of the time of decoding."""
    if image.mode in ("1", "L"):
        return False
    with _opened(path, _EXTRACTED) as coarse:
        coarse.draft("RGB", (image.width // _COARSER, image.height // _COARSER))
        return is_coloured(coarse)


def _opened(path: str, formats: tuple[str, ...] = _DOCUMENTS) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # the size is checked by the memory it needs, and this is a process of its own
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # as many pages are read at once as there are cores
    PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = _SIDE_DATA_BYTES
    try:
        return Image.open(path, formats=formats)
    except UnidentifiedImageError as error:
        if formats is _DOCUMENTS and is_heic(path):
            return _opened_heic(path)
        return _opened_without_side_data(path, error)


def _opened_without_side_data(path: str, error: UnidentifiedImageError) -> Image.Image:
    """A PNG of which a chunk that a reader may skip has a wrong checksum. Raises `DocumentError`."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # of this call: the sandbox does one thing at a time
    try:
        return Image.open(path, formats=("PNG",))
    except UnidentifiedImageError:
        raise _unidentified(path) from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _opened_heic(path: str) -> Image.Image:
    try:
        return open_heic(path)
    except UnidentifiedImageError as error:
        raise _unidentified(path) from error


def _unidentified(path: str) -> DocumentError:
    """Why Pillow does not know a picture: a TIFF may have pixels of a kind that it cannot decode."""
    try:
        TiffImageFile(path)
    except (SyntaxError, KeyError) as error:
        if "unknown" in str(error):
            return DocumentError(ErrorClass.UNSUPPORTED_TYPE, f"A TIFF of a kind not read here: {error}.")
    except Exception:  # pylint: disable=broad-exception-caught  # decoders raise anything on damaged data
        pass
    return DocumentError(ErrorClass.CORRUPT, "The file cannot be read as the picture that it begins as.")


def _grey(image: Image.Image) -> Image.Image:
    """8-bit grey, upright as its Exif says, transparent parts white, or black if the print is light."""
    upright = _transposed(image)
    if upright.mode.startswith(("I", "F")):
        return _from_deep(upright)
    if "A" in upright.mode or "transparency" in upright.info or upright.mode in ("PA", "La"):
        rgba = upright.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, (0, 0, 0, 255) if _is_light_print(rgba) else (255, 255, 255, 255))
        return grey_of_colour(Image.alpha_composite(paper, rgba).convert("RGB"))
    return grey_of_colour(upright)


def _is_light_print(rgba: Image.Image) -> bool:
    """Whether what stands on a ground that is mostly transparent is light."""
    weights = rgba.getchannel("A").histogram()
    if sum(weights[128:]) * 2 > sum(weights):
        return False
    levels = rgba.convert("L").histogram(rgba.getchannel("A").point([255 * (alpha >= 128) for alpha in range(256)]))
    count = sum(levels)
    return count > 0 and sum(level * number for level, number in enumerate(levels)) > _LIGHT_INK * count


def _from_deep(image: Image.Image) -> Image.Image:
    """8 bits of 16 or 32: the range from the darkest to the lightest pixel, without a few outliers at both ends."""
    values = image.convert("F")
    sample = values.copy()
    sample.thumbnail((_SAMPLE_SIDE, _SAMPLE_SIDE), Image.Resampling.NEAREST)
    levels = sorted(level for level in memoryview(sample.tobytes()).cast("f") if not math.isnan(level))
    few = int(len(levels) * _OUTLIERS) + (len(levels) > _SAMPLE_SIDE)
    low, high = float(levels[few]), float(levels[-1 - few])
    scale = 255.0 / ((high - low) or 1.0)
    return values.point(lambda value: value * scale - low * scale).convert("L")


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


def _densities(image: Image.Image) -> tuple[int, int] | None:
    """Dots per inch across and down that the file claims, if a scanner could have them."""
    try:
        across, down = (round(float(density)) for density in image.info["dpi"])
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError):
        return None
    return (across, down) if all(_PLAUSIBLE_DPI[0] <= one <= _PLAUSIBLE_DPI[1] for one in (across, down)) else None


def _dpi_of(image: Image.Image) -> int | None:
    """The finer of the two resolutions, which the raster has."""
    densities = _densities(image)
    return max(densities) if densities else None


def _squared(grey: Image.Image, densities: tuple[int, int] | None) -> Image.Image:
    """The picture with square pixels: a fax of standard resolution has 204 dots an inch across, and 98 down."""
    if densities is None or not _SQUARE <= max(densities) / min(densities) <= _MOST_STRETCHED:
        return grey
    across, down = (max(densities) / density for density in densities)
    square = grey.resize((round(grey.width * across), round(grey.height * down)), Image.Resampling.BICUBIC)
    # Stretching leaves steps: without them three of four faxes are read better (errors 0.065 > 0.058, 0.032 > 0.023).
    return square.filter(ImageFilter.GaussianBlur(1))
