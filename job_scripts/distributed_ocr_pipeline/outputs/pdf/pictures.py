"""img2pdf: a picture as PDF, without loss; JPEG, JPEG 2000 and fax data are taken over as they are."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.ocr.rasters.heic import open_heic

_TIFF, _HEIC = "image/tiff", "image/heic"
_PHOTOS = (_HEIC, "image/avif")  # img2pdf does not turn them as their Exif says, if it knows them at all


def picture_as_pdf(picture: Path, media_type: str) -> BinaryIO:
    """The PDF: a page for the picture, or for each frame of a TIFF; its Exif turn becomes the page's.

    Raises:
        BadInput: The picture cannot be read, or is too large for a page.
    """
    import img2pdf  # pylint: disable=import-outside-toplevel  # takes longer to load than many a picture

    settings = {
        "rotation": img2pdf.Rotation.ifvalid,
        "first_frame_only": media_type != _TIFF,
        "nodate": True,
        "engine": img2pdf.Engine.pikepdf,
    }
    made = io.BytesIO()
    with _explaining(picture):
        try:
            known = _on_white(picture, media_type) if media_type in _PHOTOS else str(picture)
            img2pdf.convert(known, outputstream=made, **settings)
        except img2pdf.AlphaChannelError:
            made = io.BytesIO()
            img2pdf.convert(_on_white(picture, media_type), outputstream=made, **settings)
    made.seek(0)
    return made


@contextmanager
def _explaining(picture: Path) -> Iterator[None]:
    """Inside, whatever a decoder raises is a `BadInput`."""
    try:
        with _without_warnings():
            yield
    except MemoryError:
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught  # decoders raise anything on damaged data
        raise BadInput(f"The picture {picture.name!r} cannot be made a PDF: {error}.") from error


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Inside, decoders and img2pdf do not warn: what they warn of has not kept the picture from being read."""
    log = logging.getLogger("img2pdf")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _on_white(picture: Path, media_type: str) -> bytes:
    """A picture that img2pdf does not know well, or whose transparent parts it cannot keep (over 8 bits a channel).

    A frame alone, turned upright.
    """
    with open_heic(picture) if media_type == _HEIC else Image.open(picture) as image:
        upright = ImageOps.exif_transpose(image).convert("RGBA")
        paper = Image.new("RGBA", upright.size, "white")
        made = io.BytesIO()
        dpi = image.info.get("dpi")
        Image.alpha_composite(paper, upright).convert("RGB").save(made, "PNG", **({"dpi": dpi} if dpi else {}))
        return made.getvalue()
