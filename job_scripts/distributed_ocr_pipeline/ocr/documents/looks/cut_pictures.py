"""Which pages of a PDF show a picture whose data end early or are damaged: readers draw what there is, and say nothing.

A JPEG and a JPEG 2000 picture end with a mark, the same (ITU-T T.81, B.1.1.3; T.800, A.4.4). One that lacks it is
decoded, since a file may lack the mark alone; a JPEG that has it is looked at as `rasters.damaged` says. Of pixels
that are stored without loss, it is counted whether they are all there.
"""

import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pikepdf
from PIL import Image, ImageFile

from distributed_ocr_pipeline.ocr.documents.looks.content import content_of
from distributed_ocr_pipeline.ocr.rasters.damaged import END_OF_JPEG, damage_under_mark, missing_rows

_TAIL = 1024  # bytes; some writers fill a stream up
_INFLATED_AT_ONCE = 1 << 20
_SIMPLE = ("/RunLengthDecode", "/ASCIIHexDecode", "/ASCII85Decode")  # of which a byte becomes 64 at most
_SHORTEST = 0.99  # of the pixels; one that lacks its last row is whole to a reader


def pages_with_cut_pictures(path: str, pages: Sequence[int]) -> list[int]:
    """Those of `pages` (numbers from 1) that show a picture whose data end early or are damaged."""
    known: dict[tuple[int, int], bool] = {}
    with pikepdf.open(path) as pdf:
        return [number for number in pages if _shows_cut_picture(pdf.pages[number - 1].obj, known)]


def _shows_cut_picture(page: Any, known: dict[tuple[int, int], bool]) -> bool:
    try:
        pictures = content_of(page).pictures
    except pikepdf.PdfError:  # its reader will say so
        return False
    for picture in pictures:
        if picture.objgen not in known:
            known[picture.objgen] = _is_cut(picture)
    return any(known[picture.objgen] for picture in pictures)


def _is_cut(picture: Any) -> bool:
    try:
        return _ends_early(picture)
    except (pikepdf.PdfError, KeyError, TypeError, ValueError, zlib.error):  # a picture that is no such
        return False


def _ends_early(picture: Any) -> bool:
    filters = picture.get("/Filter", pikepdf.Array())
    names = [str(name) for name in (filters if isinstance(filters, pikepdf.Array) else [filters])]
    data = picture.read_raw_bytes()
    if not names:
        return len(data) < _SHORTEST * _bytes_of(picture)
    if len(names) == 1 and names[0] in _SIMPLE:
        return len(picture.read_bytes(pikepdf.StreamDecodeLevel.specialized)) < _SHORTEST * _bytes_of(picture)
    if names[:-1] == ["/FlateDecode"]:
        data = zlib.decompressobj().decompress(data)
    elif names[:-1]:
        return False
    if names[-1:] == ["/DCTDecode"]:
        return damage_under_mark(data) if END_OF_JPEG in data[-_TAIL:] else _lacks_rows(data)
    if names[-1:] == ["/JPXDecode"]:
        return END_OF_JPEG not in data[-_TAIL:] and not _can_be_decoded(data)
    return names == ["/FlateDecode"] and _inflated(data) < _SHORTEST * _bytes_of(picture)


def _lacks_rows(jpeg: bytes) -> bool:
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # of this call: the sandbox does one thing at a time
    try:
        with Image.open(BytesIO(jpeg), formats=("JPEG",)) as image:
            image.load()
            if image.mode == "CMYK" or missing_rows(image) > 0:  # of inks, it is not known what is filling
                return True
            return "progressive" in image.info and damage_under_mark(jpeg + END_OF_JPEG)  # all there but coarser
    except (OSError, SyntaxError):  # no picture at all
        return True
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _can_be_decoded(jpeg_2000: bytes) -> bool:
    try:
        with Image.open(BytesIO(jpeg_2000), formats=("JPEG2000",)) as image:
            image.load()
    except (OSError, SyntaxError):
        return False
    return True


def _inflated(data: bytes) -> int:
    """How many bytes there are; those after damage do not count."""
    inflating, count = zlib.decompressobj(), 0
    try:
        while data and not inflating.eof:
            count += len(inflating.decompress(data, _INFLATED_AT_ONCE))
            data = inflating.unconsumed_tail
    except zlib.error:
        pass
    return count


def _bytes_of(picture: Any) -> int:
    """How many bytes its pixels take at least."""
    colours = {"/DeviceRGB": 3, "/DeviceCMYK": 4}.get(str(picture.get("/ColorSpace", "")), 1)
    row = int(picture["/Width"]) * colours * int(picture.get("/BitsPerComponent", 1)) // 8
    return row * int(picture["/Height"])
