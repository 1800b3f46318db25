"""Keys and file names: every name of a file becomes a key, and the key leads back to the same bytes."""

import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

_NAME_BYTES = 255  # of one folder or file name, on Linux
_ESCAPE = re.compile(r"%[0-9A-F]{2}")
_NO_TEXT = re.compile("[\udc80-\udcff]")  # how Python shows bytes that are not UTF-8


def escape(name: str) -> str:
    """A file's name as a part of a key.

    Bytes that are not UTF-8 become %XX. In such a name, and in one that looks like it, every percent sign becomes %25,
    so that `unescape` gives the name back.
    """
    if not _NO_TEXT.search(name) and not _ESCAPE.search(name):
        return name
    return _NO_TEXT.sub(lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", name.replace("%", "%25"))


def unescape(part: str) -> str:
    """The file's name that a part of a key stands for."""
    return os.fsdecode(unquote_to_bytes(part)) if _ESCAPE.search(part) else part


def relative_path(key: str, *, escaped: bool) -> Path | None:
    """The path of a key below its bucket's folder; None for a key that cannot be one."""
    parts = [unescape(part) if escaped else part for part in key.split("/")]
    return Path(*parts) if all(_is_name(part) for part in parts) else None


def _is_name(part: str) -> bool:
    fits = len(part.encode("utf-8", "surrogateescape")) <= _NAME_BYTES
    return fits and part not in ("", ".", "..") and "\0" not in part and "/" not in part


def is_text(name: str) -> bool:
    """Whether a file's name is UTF-8."""
    return not _NO_TEXT.search(name)
