"""Tasks for sandboxes, most of which misbehave."""

import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass

__all__ = ["boxes", "halves", "has_loaded", "misbehave", "where"]


@dataclass(frozen=True)
class Pair:
    """Two parts of a whole."""

    smaller: int
    larger: int
    unit: str


def halves(number: int, unit: str) -> Pair:
    return Pair(number // 2, number - number // 2, unit)


def boxes(count: int) -> list[tuple[int, int]]:
    return [(number, number + 1) for number in range(count)]


def has_loaded(module: str) -> bool:
    return module in sys.modules


def where() -> int:
    return os.getpid()


def not_a_task() -> int:
    return 0


def misbehave(what: str) -> int:
    """Fail in one of many ways."""
    if what == "refuse":
        raise DocumentError(ErrorClass.EMPTY, "nothing there")
    if what == "raise":
        raise KeyError("what")
    if what == "hoard":
        return len(bytearray(1 << 33))
    if what == "abort":
        os.abort()
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "leave":
        os._exit(0)
    if what == "hang":
        time.sleep(600)
    if what == "babble":
        _say(b"[1, 2")
    if what == "accuse":
        _say(json.dumps({"error_class": "no such class", "message": "anything"}).encode())
    return "no number"  # type: ignore[return-value]


def _say(answer: bytes) -> None:
    """Answer over the socket by itself, as a process that was taken over could."""
    for descriptor in Path("/proc/self/fd").iterdir():
        if descriptor.is_symlink() and os.readlink(descriptor).startswith("socket:"):
            Connection(int(descriptor.name), readable=False).send_bytes(answer)
    time.sleep(600)
