"""Results in order, and as much work at once as the machine can take."""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from distributed_ocr_pipeline.ocr.processes import parallel
from distributed_ocr_pipeline.ocr.processes.parallel import ordered_map, worker_count


def test_results_come_in_order_and_items_are_not_taken_far_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(50):
            taken.append(number)
            yield number

    with ThreadPoolExecutor(4) as pool:
        for count, result in enumerate(ordered_map(pool, lambda number: number * number, items(), ahead=5)):
            assert result == count * count
            assert len(taken) <= count + 6


def test_an_error_comes_where_its_result_would() -> None:
    with ThreadPoolExecutor(2) as pool:
        results = ordered_map(pool, lambda number: 1 // number, [1, 0, 1], ahead=1)
        assert next(results) == 1
        with pytest.raises(ZeroDivisionError):
            next(results)


@pytest.fixture(name="machine")
def fixture_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A control group on a machine of 8 cores and 32 GB."""
    monkeypatch.setattr(parallel, "_CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 8 << 20}.__getitem__)
    return tmp_path


@pytest.mark.parametrize(
    ("cpu", "memory", "workers"),
    [
        (None, None, 8),
        ("max 100000", "max", 8),
        ("200000 100000", "max", 2),
        ("50000 100000", "max", 1),
        ("max 100000", str(2 << 30), 4),
        ("max 100000", str(100 << 20), 1),
    ],
)
def test_cores_and_memory_of_the_control_group_count(
    cpu: str | None, memory: str | None, workers: int, machine: Path
) -> None:
    for name, value in (("cpu.max", cpu), ("memory.max", memory)):
        if value is not None:
            (machine / name).write_text(value)
    assert worker_count() == workers


def test_no_wait_for_a_result_is_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python runs a signal's handler in the main thread, which may have begun to wait a moment too early for it."""
    waits: list[float] = []

    def noted(futures: Sequence[Future[None]], timeout: float) -> object:
        waits.append(timeout)
        return wait(futures, timeout)

    monkeypatch.setattr(parallel, "wait", noted)
    monkeypatch.setattr(parallel, "_PULSE_SECONDS", 0.01)
    with ThreadPoolExecutor() as pool:
        assert list(ordered_map(pool, time.sleep, [0.2], ahead=1)) == [None]
    assert len(waits) > 1 and set(waits) == {0.01}
