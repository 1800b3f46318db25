"""Ends the programs of a process that was killed: one that ends in any other way ends its programs itself.

A small process is told which process groups there are, and kills them when its caller is gone. A program that had just
been started when its caller was killed is known by a mark in its environment.

Why not the kernel's parent-death signal: it comes when the *thread* that started a program ends, and only the child can
ask for it: between fork and exec, which is not safe beside threads, or through another program, which takes 1.3 ms of
CPU for each call, a fifth of what a page with a text layer takes.
"""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

_PULSE_SECONDS = 1.0  # how soon it sees that its caller is gone, where something else holds its pipe open
_READ_BYTES = 64 * 1024
_MARK = "OCR_GUARDIAN"
_EXEC_SECONDS = 0.2  # from fork to exec, while a program has not got its environment
_STARTING = threading.Lock()  # two threads need one guardian


class Guardian:
    """Told of a process's programs; ends when that process does."""

    def __init__(self) -> None:
        process = subprocess.Popen(  # pylint: disable=consider-using-with  # it sees this process end
            [sys.executable, "-I", "-S", __file__, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        process.returncode = 0  # Nothing waits for it; without a status, Python warns that it still runs.
        self.mark: Mapping[str, str] = {_MARK: str(process.pid)}  # for the environment of programs
        assert process.stdin is not None
        self._pipe = os.dup(process.stdin.fileno())  # it stays open to the end, and a file would complain of that
        process.stdin.close()

    def watch(self, group: int) -> None:
        """A process group was started."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """A process group has ended; its number may become another's."""
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        try:
            os.write(self._pipe, line.encode())  # so short a line is written whole
        except BrokenPipeError:  # somebody ended the guardian; work goes on without
            pass


def guardian() -> Guardian:
    """This process's guardian, started when it is first needed."""
    with _STARTING:
        return _guardian_of(os.getpid())


@cache
def _guardian_of(_pid: int) -> Guardian:  # a forked process has its own
    return Guardian()


def guard(parent: int) -> None:
    """Follow what standard input says until the parent is gone, then kill what is left."""
    groups: set[int] = set()
    rest = b""
    while True:
        if not select.select([0], [], [], _PULSE_SECONDS)[0]:
            if os.getppid() != parent:
                break
            continue
        data = os.read(0, _READ_BYTES)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
    _kill(groups)
    _kill(_marked_groups())
    time.sleep(_EXEC_SECONDS)
    _kill(_marked_groups())


def _kill(groups: Iterable[int]) -> None:
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def _marked_groups() -> Iterator[int]:
    """Process groups with this guardian's mark, where the system tells environments (Linux)."""
    mark = f"\0{_MARK}={os.getpid()}\0".encode()
    names = os.listdir("/proc") if os.path.isdir("/proc/self") else []
    for name in filter(str.isdigit, names):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if mark in b"\0" + file.read():
                    yield os.getpgid(int(name))
        except OSError:  # it has ended, or is another user's
            continue


if __name__ == "__main__":
    guard(int(sys.argv[1]))
