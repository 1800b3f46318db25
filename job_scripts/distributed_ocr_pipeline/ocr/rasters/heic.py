"""HEIC, which phones make photos in: Pillow opens it with `pi_heif`, which decodes by libheif and libde265."""

from pathlib import Path

from PIL import Image


def is_heic(path: str | Path) -> bool:
    """Whether a file may be one: it begins as all of its kin do (ISO/IEC 14496-12, 4.3), AVIF and videos among them."""
    with open(path, "rb") as file:
        return file.read(8)[4:] == b"ftyp"


def open_heic(path: str | Path) -> Image.Image:
    """The picture that the file shows first. Raises what `Image.open` raises."""
    from pi_heif import register_heif_opener  # pylint: disable=import-outside-toplevel  # only such files need it

    register_heif_opener(thumbnails=False, decode_threads=1)  # as many pages are read at once as there are cores
    return Image.open(path, formats=("HEIF",))
