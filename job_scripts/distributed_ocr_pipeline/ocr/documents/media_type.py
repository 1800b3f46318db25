"""What kind of file a document is, by its first bytes: names and declared types lie."""

import re
import stat
from pathlib import Path

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass

PDF = "application/pdf"
TIFF = "image/tiff"
HEIC = "image/heic"
SUPPORTED = "PDF, TIFF, PNG, JPEG, WebP, BMP, JPEG 2000, AVIF, HEIC"

_HEAD_BYTES = 1024 + 8  # a PDF's header may come after up to 1 KB of something else
# Not within a line of text, which only speaks of PDF. The second form is that of old writers (ISO 32000-1, annex H,
# implementation note 14).
_PDF_HEADER = re.compile(rb"(?:\A\s*|[^ -~])%PDF-\d|\A\s*%PDF-|\A\s*%!PS-Adobe-\d\.\d PDF-\d")
_MAIL = re.compile(
    rb"(?:From|To|Subject|Date|Received|Return-Path|MIME-Version|Message-ID|Delivered-To|X-[\w-]+): ", re.I
)
_BMP_HEADER_SIZES = (12, 40, 52, 56, 64, 108, 124)
_STARTS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"II*\0": TIFF,
    b"MM\0*": TIFF,
    b"II+\0": TIFF,
    b"MM\0+": TIFF,
    b"\0\0\0\x0cjP  \r\n\x87\n": "image/jp2",
    b"\xff\x4f\xff\x51": "image/jp2",
}
_BRANDS = {b"avif": "image/avif", b"avis": "image/avif", b"heic": HEIC, b"heix": HEIC, b"heim": HEIC, b"heis": HEIC}
_MOST_BRANDS = 16


def media_type(path: Path, max_megabytes: int) -> str:
    """The media type of a file.

    Raises `DocumentError`: missing, unreadable, empty, too_large (over `max_megabytes`), unsupported_type.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DocumentError(ErrorClass.UNSUPPORTED_TYPE, "Not a regular file.")
        if status.st_size == 0:
            raise DocumentError(ErrorClass.EMPTY, "The file has no bytes.")
        if status.st_size > max_megabytes * 1024 * 1024:
            megabytes = status.st_size / 1024 / 1024
            raise DocumentError(ErrorClass.TOO_LARGE, f"{megabytes:.0f} MB; the limit is {max_megabytes} MB.")
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except PermissionError as error:
        raise DocumentError(ErrorClass.UNREADABLE, "The file may not be read: permission denied.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DocumentError(ErrorClass.MISSING, f"The file cannot be read: {reason}.") from error
    return _type_of(head)


def _type_of(head: bytes) -> str:
    for start, name in _STARTS.items():
        if head.startswith(start):
            return name
    if head[4:8] == b"ftyp" and (name := _type_of_brands(head)):
        return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return "image/bmp"
    if _MAIL.match(head):
        raise DocumentError(ErrorClass.UNSUPPORTED_TYPE, f"An e-mail, not one of {SUPPORTED}.")
    if _PDF_HEADER.search(head):
        return PDF
    raise DocumentError(ErrorClass.UNSUPPORTED_TYPE, f"Not one of {SUPPORTED}.")


def _type_of_brands(head: bytes) -> str:
    """What the first box of a file says that it is, by its own brand or one that it is compatible with; "" if neither.

    ISO/IEC 14496-12, 4.3, and 23008-12, annex B: videos begin with such a box too, with other brands.
    """
    end = min(int.from_bytes(head[:4], "big"), 16 + 4 * _MOST_BRANDS)
    brands = [head[8:12], *(head[place : place + 4] for place in range(16, end, 4))]
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), "")
