"""HEIC, which phones make photos in: Pillow opens it with `pi_heif`, which decodes by libheif and libde265."""

import os
from pathlib import Path

from PIL import Image, UnidentifiedImageError

_BOXES = frozenset({b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip"})
_HEADER_BYTES = 8


def is_heic(path: str | Path) -> bool:
    """Whether a file may be one: it begins as all of its kin do (ISO/IEC 14496-12, 4.3), AVIF and videos among them."""
    with open(path, "rb") as file:
        return file.read(8)[4:] == b"ftyp"


def open_heic(path: str | Path) -> Image.Image:
    """The picture that the file shows first. Raises what `Image.open` raises, also where the file has been cut."""
    if _is_cut(path):  # libheif leaves the tiles white that are not there
        raise UnidentifiedImageError("The file ends before its picture does.")
    from pi_heif import register_heif_opener  # pylint: disable=import-outside-toplevel  # only such files need it

    register_heif_opener(thumbnails=False, decode_threads=1)  # as many pages are read at once as there are cores
    return Image.open(path, formats=("HEIF",))


def _is_cut(path: str | Path) -> bool:
    """Whether a file ends before one of its boxes does (ISO/IEC 14496-12, 4.2: size, type, longer size if 1)."""
    end, place = os.path.getsize(path), 0
    with open(path, "rb") as file:
        while place < end:
            file.seek(place)
            header = file.read(16)
            if header[4:8] not in _BOXES:  # what follows is no part of the picture
                return False
            size = int.from_bytes(header[:4]) or end - place
            place += max(int.from_bytes(header[8:]) if size == 1 else size, _HEADER_BYTES)
    return place > end
