"""Run a command and measure it: wall time, CPU time of it and all its descendants, peak memory of them together."""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import psutil

_FIRST_SAMPLE_SECONDS, _SAMPLE_SECONDS = 0.02, 0.25  # soon, as some are done soon; then seldom, to disturb little
_TIMEOUT_SECONDS = 900.0
_MEGABYTE = 1_000_000


class CommandFailed(Exception):
    """A command of the benchmark ended badly; the message holds the end of its output."""


@dataclass(frozen=True)
class Command:
    """A command line, what is set in its environment, where its output goes and what it reads."""

    arguments: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: Path | None = None


@dataclass(frozen=True)
class Measurement:
    """Wall seconds, CPU seconds (user and system) and peak memory (MB) of one or more commands, one after another."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0

    def then(self, other: "Measurement") -> "Measurement":
        """Both, one after the other."""
        return Measurement(
            self.seconds + other.seconds, self.cpu_seconds + other.cpu_seconds, max(self.peak_mb, other.peak_mb)
        )


def measure(command: Command) -> Measurement:
    """Run one command to its end; `CommandFailed` if it ends badly or takes longer than 15 minutes."""
    with open(command.log, "wb") as log, open(command.stdin or os.devnull, "rb") as stdin:
        begun = perf_counter()
        process = subprocess.Popen(  # pylint: disable=consider-using-with  # wait4 reaps it, for its resource usage
            list(command.arguments),
            env=os.environ | command.environment,
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        watch = _Watch(process.pid)
        watch.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:
            watch.end_all()
            raise
        finally:
            watch.finished.set()
        seconds = perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    watch.join()
    if process.returncode != 0:
        raise CommandFailed(f"{command.arguments[0]} ended with {process.returncode}: {_last_lines(command.log)}")
    return Measurement(seconds, usage.ru_utime + usage.ru_stime, watch.peak / _MEGABYTE)


class _Watch(threading.Thread):
    """Samples the memory of a process and its descendants; ends them all if they take too long."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.finished = threading.Event()
        self._pid = pid

    def run(self) -> None:
        begun, pause = perf_counter(), _FIRST_SAMPLE_SECONDS
        while not self.finished.wait(pause):
            self.peak = max(self.peak, sum(_memory(process) for process in self._processes()))
            pause = min(1.5 * pause, _SAMPLE_SECONDS)
            if perf_counter() - begun > _TIMEOUT_SECONDS:
                self.end_all()

    def end_all(self) -> None:
        """Kill the process and what descends from it."""
        for process in self._processes():
            try:
                process.kill()
            except psutil.Error:
                pass

    def _processes(self) -> list[psutil.Process]:
        try:
            process = psutil.Process(self._pid)
            return [process, *process.children(recursive=True)]
        except psutil.Error:
            return []


def _memory(process: psutil.Process) -> int:
    """Bytes of memory that are this process's own; what several share is divided among them (where the system can).

    A child that has not become its program yet (between vfork and exec) has none: all that it shows is its parent's.
    """
    try:
        parent = process.parent()
        if parent is not None and process.cmdline() == parent.cmdline():
            return 0
        usage = process.memory_full_info()
        return int(getattr(usage, "pss", usage.rss))
    except psutil.Error:
        return 0


def _last_lines(log: Path) -> str:
    return " / ".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:])
