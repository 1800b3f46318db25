"""Memory that a process has freed, but holds: to start or plan a run takes much for a moment, to follow it little."""

import ctypes
import sys


def release_memory() -> None:
    """Give it back to the system: Arrow's, where it is loaded, and the C library's, where that is glibc."""
    if (arrow := sys.modules.get("pyarrow")) is not None:  # the local environment does without it
        arrow.default_memory_pool().release_unused()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
