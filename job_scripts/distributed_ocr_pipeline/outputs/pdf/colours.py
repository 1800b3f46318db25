"""Colours that mean the same on every device (ISO 19005-2, 6.2.4), given what the device's RGB is."""

import io
from typing import Any

from pikepdf import Array, Name, Stream
from PIL import Image, ImageCms

_CHANNELS = {"/DeviceGray": 1, "/CalGray": 1, "/DeviceRGB": 3, "/CalRGB": 3, "/Lab": 3}
_SPACES = {1: (b"GRAY",), 3: (b"RGB ", b"Lab ")}  # of profiles, by channels
_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
_OUTPUT_CLASSES = (b"mntr", b"prtr")
_SIGNATURE, _LAST_VERSION = b"acsp", 4


def channels(space: Any, nested: bool = False) -> int:
    """Of grey and RGB, whatever says so; 0 of what a printer's profile would have to explain, and what is damaged."""
    if isinstance(space, Name):
        return _CHANNELS.get(str(space), 0) if str(space).startswith("/Device") else 0
    kind = str(space[0]) if isinstance(space, Array) and len(space) else ""
    if kind == "/Indexed":
        return int(not nested and len(space) == 4 and channels(space[1], nested=True) > 0)
    if kind == "/ICCBased":
        return int(space[1].N) if len(space) == 2 and is_sound_profile(space[1]) else 0
    return _CHANNELS.get(kind, 0)


def is_sound_profile(profile: Any, classes: tuple[bytes, ...] = _CLASSES) -> bool:
    """Whether it is a profile of grey, RGB or Lab, of a version that PDF/A-2 takes, with the channels that it says."""
    if not isinstance(profile, Stream):
        return False
    data = profile.read_bytes()
    if data[36:40] != _SIGNATURE or data[8] > _LAST_VERSION or data[12:16] not in classes:
        return False
    if data[16:20] not in _SPACES.get(int(profile.get(Name.N, 0)), ()):
        return False
    try:
        ImageCms.ImageCmsProfile(io.BytesIO(data))
    except (OSError, ImageCms.PyCMSError):
        return False
    return True


def is_output_profile(profile: Any) -> bool:
    """Whether it can say what the device's RGB is (6.2.3)."""
    return is_sound_profile(profile, _OUTPUT_CLASSES) and profile.read_bytes()[16:20] == b"RGB "


def channels_of_jpeg(data: bytes) -> int:
    """Of a JPEG file; 0 of what is none."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            return len(image.getbands())
    except OSError:
        return 0
