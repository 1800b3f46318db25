"""Work in parallel, results in order; and how much parallel work this machine can take."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, wait
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_WORKER_MEMORY_MB = 512  # of a worker thread, its engine and its sandbox, with room (`python -m benchmarks.memory`)
_CGROUP = Path("/sys/fs/cgroup")
_PULSE_SECONDS = 1.0


def ordered_map(
    pool: Executor, function: Callable[[_Item], _Result], items: Iterable[_Item], ahead: int
) -> Iterator[_Result]:
    """`map` on a pool: results in the order of `items`, which are taken only `ahead` of what is handed out.

    Each call runs in a copy of the caller's context, so that its log records are about the same shard.
    """
    pending: deque[Future[_Result]] = deque()
    for item in items:
        pending.append(pool.submit(copy_context().run, function, item))
        while pending and (len(pending) >= ahead or pending[0].done()):
            yield _result(pending.popleft())
    while pending:
        yield _result(pending.popleft())


def _result(future: "Future[_Result]") -> _Result:
    """Its result, waited for in pieces.

    A signal that comes just before the main thread begins to wait is seen when it wakes up, and a wait without an end
    could last as long as a document that hangs.
    """
    while not future.done():
        wait([future], _PULSE_SECONDS)
    return future.result()


def worker_count() -> int:
    """Engine processes to run at once: one a core that this process may use, fewer if memory is short."""
    return max(1, min(_cores(), _memory_mb() // _WORKER_MEMORY_MB))


def _cores() -> int:
    """Cores of the machine, the CPU set and the cgroup's quota, whichever is least."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _cgroup_value("cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def _memory_mb() -> int:
    """Memory of the machine or of the cgroup, whichever is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _cgroup_value("memory.max")
    return (min(total, int(limit)) if limit.isdigit() else total) // 1024**2


def _cgroup_value(name: str) -> str:
    try:
        return (_CGROUP / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""
