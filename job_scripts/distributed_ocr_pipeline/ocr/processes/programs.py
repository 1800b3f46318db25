"""The one runner of external programs.

Every call has a time limit, a memory limit and a limit on what it may print or write; it runs in a process
group of its own, and the whole group is gone when the call returns, whatever happened.
"""

import math
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass, MissingTool
from distributed_ocr_pipeline.ocr.processes import allocator
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.guardian import guardian

_TICK_SECONDS = 0.1  # how soon a stop or a time limit is noticed
_SPARE_SECONDS = 5  # of processor time beyond the wall time that a program may use
_STDERR_BYTES = 64 * 1024  # what is kept of a program's chatter
_READ_BYTES = 64 * 1024
_MEGABYTE = 1024 * 1024
_OUT_OF_MEMORY_SIGNS = ("bad_alloc", "out of memory", "malloc fail", "cannot allocate memory", "memoryerror")
_PASSED_ON = (
    "DYLD_LIBRARY_PATH",
    "FONTCONFIG_FILE",
    "FONTCONFIG_PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONPATH",
    "TESSDATA_PREFIX",
    "TMPDIR",
    "XDG_DATA_DIRS",
)


@dataclass(frozen=True)
class Limits:
    """What one call may use."""

    seconds: float  # wall time of one step
    memory_mb: int
    steps: int = 0  # a new step begins, at most so many times, ...
    step_mark: bytes = b"\0"  # ... whenever this is printed to stderr
    all_seconds: float = math.inf  # wall time of all steps
    stdout_mb: int = 64
    file_mb: int = 2048  # the largest file it may write


@dataclass(frozen=True)
class Finished:
    """A program that ended by itself. `stderr` is cut off after 64 KB."""

    exit_code: int
    stdout: bytes
    stderr: str


class ProgramFailed(DocumentError):
    """A program was ended by a limit or a signal. `stderr` is what it had printed by then."""

    def __init__(self, error_class: ErrorClass, message: str, stderr: str = "") -> None:
        super().__init__(error_class, message)
        self.stderr = stderr


@dataclass
class _Printed:
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    @property
    def chatter(self) -> str:
        """What was printed to stderr, as text."""
        return self.stderr.decode("utf-8", "replace")


def run(command: Sequence[str], limits: Limits, stop: Stop) -> Finished:
    """Run a program to its end.

    Raises `ProgramFailed` (timeout, out_of_memory, too_large, engine_crash), `MissingTool` if there is no such
    program, and `Stopped`. A positive exit status is no error here; only the caller knows what it means.
    """
    stop.check()
    printed = _Printed()
    with started(command, limits) as process:
        _limit_processor_time(process.pid, limits)
        _watch(process, limits, stop, printed)
    _raise_for_end(command[0], process.returncode, printed.chatter)
    return Finished(process.returncode, bytes(printed.stdout), printed.chatter)


@contextmanager
def started(
    command: Sequence[str],
    limits: Limits,
    *,
    pass_fds: Sequence[int] = (),
    capture_output: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """A running program under `limits`; its process group is ended and the program reaped on leaving.

    With `capture_output` its output can be read through pipes; otherwise it is discarded. `environment` is added to
    what every program gets to see. Raises `MissingTool`.
    """
    output = subprocess.PIPE if capture_output else subprocess.DEVNULL
    try:
        process = subprocess.Popen(  # pylint: disable=consider-using-with  # the group is ended, not only the child
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**_environment(), **guardian().mark, **(environment or {})},
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
    except FileNotFoundError:
        raise MissingTool(
            f"The program {command[0]!r} is not installed.", "docs/install.md lists what is needed."
        ) from None
    try:
        guardian().watch(process.pid)
        _limit(process.pid, limits)
        yield process
    finally:
        end_group(process)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End a program and all it started, and reap it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS says PermissionError of a group that is only a zombie
        pass
    guardian().forget(process.pid)
    process.wait()
    _reap_orphans(process.pid)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _reap_orphans(group: int) -> None:
    """Reap what our program had started: as process 1, in a container, this process inherits it."""
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def installed(program: str) -> bool:
    """Whether the program is on the search path."""
    return shutil.which(program) is not None


def error_class_of_end(exit_code: int, chatter: str) -> ErrorClass | None:
    """What an exit status says by itself: a signal, or words about memory. None: the program ended normally."""
    number = -exit_code if exit_code < 0 else exit_code - 128
    if exit_code != 0 and any(sign in chatter.lower() for sign in _OUT_OF_MEMORY_SIGNS):
        return ErrorClass.OUT_OF_MEMORY
    if number == signal.SIGKILL:  # not by us: the kernel, when memory is short
        return ErrorClass.OUT_OF_MEMORY
    if number == signal.SIGXCPU:
        return ErrorClass.TIMEOUT
    if number == signal.SIGXFSZ:
        return ErrorClass.TOO_LARGE
    return ErrorClass.ENGINE_CRASH if number > 0 else None


def _raise_for_end(program: str, exit_code: int, chatter: str) -> None:
    error_class = error_class_of_end(exit_code, chatter)
    if error_class is not None:
        last = chatter.strip().splitlines()[-1:] or [""]
        raise ProgramFailed(
            error_class, f"{os.path.basename(program)} ended with {exit_code}. {last[0]}".strip(), chatter
        )


def _environment() -> dict[str, str]:
    """What a program gets to see: no credentials, one thread (more make Tesseract several times slower), allocator."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | allocator.settings() | {"OMP_THREAD_LIMIT": "1"}


def _limit(pid: int, limits: Limits) -> None:
    """Set memory and file size limits on a running process (Linux; elsewhere only time is limited).

    Done from outside, because code between fork and exec is not safe beside threads.
    """
    if sys.platform != "linux":
        return
    import resource  # pylint: disable=import-outside-toplevel  # not on every platform

    for kind, megabytes in ((resource.RLIMIT_AS, limits.memory_mb), (resource.RLIMIT_FSIZE, limits.file_mb)):
        try:
            resource.prlimit(pid, kind, (megabytes * _MEGABYTE, megabytes * _MEGABYTE))
        except (ProcessLookupError, PermissionError, ValueError):  # ended already, or already limited further
            pass


def _limit_processor_time(pid: int, limits: Limits) -> None:
    """Let the kernel end a program of one thread that nobody watches any more, because its guardian was killed as well.

    While it is watched, its limits of wall time come first.
    """
    if sys.platform != "linux":
        return
    import resource  # pylint: disable=import-outside-toplevel  # not on every platform

    seconds = math.ceil(min(limits.all_seconds, limits.seconds * (limits.steps + 1))) + _SPARE_SECONDS
    try:
        resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds))
    except (ProcessLookupError, PermissionError, ValueError):  # ended already, or already limited further
        pass


def _watch(process: "subprocess.Popen[bytes]", limits: Limits, stop: Stop, printed: _Printed) -> None:
    """Read what the program prints until it ends; raise when a limit is passed or a stop is requested."""
    clock = _Clock(limits)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, printed.stdout)  # type: ignore[arg-type]
        selector.register(process.stderr, selectors.EVENT_READ, printed.stderr)  # type: ignore[arg-type]
        while selector.get_map():
            stop.check()
            clock.check(printed)
            ended = process.poll() is not None  # before the pipes are looked at: it may print and end in between
            ready = selector.select(0 if ended else _TICK_SECONDS)
            for key, _ in ready:
                _read(selector, key, printed, limits)
            if ended and not ready:  # something it started still holds the pipes
                return
    while process.poll() is None:
        stop.check()
        clock.check(printed)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_TICK_SECONDS)


def _read(selector: selectors.BaseSelector, key: selectors.SelectorKey, printed: _Printed, limits: Limits) -> None:
    data = os.read(key.fd, _READ_BYTES)
    if not data:
        selector.unregister(key.fileobj)
    key.data.extend(data)
    del printed.stderr[_STDERR_BYTES:]
    if len(printed.stdout) > limits.stdout_mb * _MEGABYTE:
        raise ProgramFailed(
            ErrorClass.TOO_LARGE, f"A program printed more than {limits.stdout_mb} MB.", printed.chatter
        )


class _Clock:
    """Time limits of one call: each step has its own, and begins when its mark is printed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._begun = self._step_begun = time.monotonic()
        self._marks = 0

    def check(self, printed: _Printed) -> None:
        """Raise if the step, or the whole call, has taken too long."""
        now = time.monotonic()
        marks = min(printed.stderr.count(self._limits.step_mark), self._limits.steps)
        if marks > self._marks:
            self._marks, self._step_begun = marks, now
        limits = self._limits
        if now - self._step_begun > limits.seconds or now - self._begun > limits.all_seconds:
            message = f"Not done after {min(limits.seconds, limits.all_seconds):.0f} seconds."
            raise ProgramFailed(ErrorClass.TIMEOUT, message, printed.chatter)
