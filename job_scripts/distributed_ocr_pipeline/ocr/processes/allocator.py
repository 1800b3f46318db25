"""The allocator of the programs that the worker starts: Tesseract makes and frees millions of small blocks a page."""

import platform
import sys
from pathlib import Path

_JEMALLOC = "libjemalloc.so.2"
_KEPT_BLOCKS = "glibc.malloc.tcache_count=20000"
_PICTURES = {"PILLOW_BLOCKS_MAX": "4"}  # of 16 MB; a scan of A4 at 300 dpi takes three while it is made smaller
OF_THE_SYSTEM = {"LD_PRELOAD": "", "GLIBC_TUNABLES": ""}
"""For programs that the settings below do not suit: the buffers of a neural network pile up to 4.4 GB in five pages."""


def settings() -> dict[str, str]:
    """Environment variables that let a program use jemalloc, or where it is not installed, glibc with more blocks kept.

    Pillow keeps the memory that its pictures leave, which the next take without asking the system for pages. None of it
    changes a result, only the time (docs/performance.md, "The engine").
    """
    found = [folder / _JEMALLOC for folder in _library_folders() if (folder / _JEMALLOC).is_file()]
    return _PICTURES | ({"LD_PRELOAD": str(found[0])} if found else {"GLIBC_TUNABLES": _KEPT_BLOCKS})


def _library_folders() -> list[Path]:
    """Where distributions of Linux install libraries; none elsewhere."""
    if sys.platform != "linux":
        return []
    return [Path("/usr/lib") / f"{platform.machine()}-linux-gnu", Path("/usr/lib64"), Path("/usr/lib")]
