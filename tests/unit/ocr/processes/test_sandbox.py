"""Sandboxes: functions are called in another process, by type; what goes wrong there is an error of that call alone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typing_extensions import assert_type

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents import tasks as document_tasks
from distributed_ocr_pipeline.ocr.engines import tesserocr_tasks
from distributed_ocr_pipeline.ocr.processes import sandbox as sandbox_module
from distributed_ocr_pipeline.ocr.processes import sandbox_server
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, Stopped
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.sandbox import Sandbox, SandboxPool
from distributed_ocr_pipeline.ocr.rasters.decoding import rasterise
from distributed_ocr_pipeline.ocr.rasters.rasterised import Rasterised
from tests.support import tasks
from tests.support.documents import page_picture

PROJECT = Path(__file__).parents[4]


@pytest.fixture(name="pool")
def fixture_pool() -> Iterator[SandboxPool]:
    pool = SandboxPool(tasks, Limits(seconds=0, memory_mb=1024), Stop())
    yield pool
    pool.close()


@pytest.fixture(name="sandbox")
def fixture_sandbox(pool: SandboxPool, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    return pool.within(30)


def test_results_are_of_the_types_that_functions_declare(sandbox: Sandbox) -> None:
    pair = sandbox.call(tasks.halves, 7, unit="m")
    assert_type(pair, tasks.Pair)
    assert pair == tasks.Pair(3, 4, "m")
    boxes = sandbox.call(tasks.boxes, count=2)
    assert_type(boxes, list[tuple[int, int]])
    assert boxes == [(0, 1), (1, 2)]
    assert sandbox.call(tasks.where) != os.getpid()


def test_wrong_arguments_are_seen_by_the_type_checker_and_before_the_call(sandbox: Sandbox) -> None:
    with pytest.raises(TypeError):
        sandbox.call(tasks.halves)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        sandbox.call(tasks.boxes, number=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        sandbox.call(tasks.halves, Path("3"), unit="m")  # type: ignore[arg-type]


def test_a_prepared_process_answers_the_first_request_and_is_ended_with_the_others(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.pool.prepare("sched")
    with monkeypatch.context() as now:
        now.setattr(sandbox_module, "started", None)  # no other can be started
        prepared = sandbox.call(tasks.where)
        assert sandbox.call(tasks.has_loaded, "sched") and not sandbox.call(tasks.has_loaded, "pikepdf")
    sandbox.pool.close()
    with pytest.raises(ProcessLookupError):
        os.kill(prepared, 0)


def test_a_process_that_cannot_be_prepared_is_started_when_it_is_needed(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    with monkeypatch.context() as now:
        now.setattr(sandbox_module, "started", no_room)
        sandbox.pool.prepare()
    assert sandbox.call(tasks.where) != os.getpid()


@pytest.mark.parametrize("function", [os.getpid, tasks.not_a_task, rasterise, lambda: 1])
def test_only_tasks_are_called(function: Callable[[], Any], sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="is not a task of tests.support.tasks"):
        sandbox.pool.request(function, {}, 1)


def test_the_process_is_kept_from_call_to_call_but_not_for_ever(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sandbox.call(tasks.where)
    assert sandbox.call(tasks.where) == first
    monkeypatch.setattr(sandbox_module, "_MAX_CALLS", 2)
    assert sandbox.call(tasks.where) != first


@pytest.mark.parametrize(
    ("what", "error_class", "message"),
    [
        ("refuse", ErrorClass.EMPTY, "nothing there"),
        ("raise", ErrorClass.CORRUPT, "KeyError: 'what'"),
        ("hoard", ErrorClass.OUT_OF_MEMORY, "memory limit"),
        ("abort", ErrorClass.ENGINE_CRASH, "ended with -6"),
        ("killed", ErrorClass.OUT_OF_MEMORY, "ended with -9"),
        ("leave", ErrorClass.ENGINE_CRASH, "ended with 0"),
        ("lie", ErrorClass.ENGINE_CRASH, "no sense"),
        ("babble", ErrorClass.ENGINE_CRASH, "no sense"),
        ("accuse", ErrorClass.ENGINE_CRASH, "no sense"),
    ],
)
def test_what_goes_wrong_is_an_error_of_that_call(
    what: str, error_class: ErrorClass, message: str, sandbox: Sandbox
) -> None:
    with pytest.raises(DocumentError, match=message) as raised:
        sandbox.call(tasks.misbehave, what)
    assert raised.value.error_class is error_class
    assert sandbox.call(tasks.halves, 4, unit="m") == tasks.Pair(2, 2, "m")


def test_a_process_that_ran_out_of_memory_is_not_used_again(sandbox: Sandbox) -> None:
    before = sandbox.call(tasks.where)
    with pytest.raises(DocumentError, match="memory limit"):
        sandbox.call(tasks.misbehave, "hoard")
    assert sandbox.call(tasks.where) != before


def test_a_call_that_takes_too_long_is_ended(sandbox: Sandbox) -> None:
    process = sandbox.call(tasks.where)
    with pytest.raises(DocumentError) as raised:
        sandbox.pool.within(0.2).call(tasks.misbehave, "hang")
    assert raised.value.error_class is ErrorClass.TIMEOUT
    assert not Path(f"/proc/{process}").exists()


def test_a_stop_ends_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    pool = SandboxPool(tasks, Limits(seconds=0, memory_mb=1024), Stop(deadline_seconds=0))
    with pytest.raises(Stopped):
        pool.within(60).call(tasks.misbehave, "hang")


def test_a_picture_is_decoded(tmp_path: Path) -> None:
    pool = SandboxPool(document_tasks, Limits(seconds=0, memory_mb=1024), Stop())
    page_picture(size=(90, 30)).save(tmp_path / "a.png")
    target = str(tmp_path / "a.tif")
    made = pool.within(30).call(
        document_tasks.rasterise, path=str(tmp_path / "a.png"), frame=0, target=target, max_pixels=9999, memory_mb=9
    )
    pool.close()
    assert_type(made, Rasterised)
    assert made == Rasterised(90, 30, None, "")


def test_the_package_that_started_a_sandbox_is_found(tmp_path: Path) -> None:
    source = PROJECT / "job_scripts" / "distributed_ocr_pipeline"
    copy = shutil.copytree(source, tmp_path / "distributed_ocr_pipeline")
    tasks_file = copy / "ocr" / "documents" / "tasks.py"
    tasks_file.write_text("__all__ = ['who']\ndef who() -> str:\n    return __file__\n", encoding="utf-8")
    ask = """
import sys
sys.path.insert(0, sys.argv[1])
from distributed_ocr_pipeline.ocr.documents import tasks
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
pool = SandboxPool(tasks, Limits(seconds=9, memory_mb=512), Stop())
print(pool.within(30).call(tasks.who))
pool.close()
"""
    command = [sys.executable, "-c", ask, str(tmp_path)]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tasks_file)


def test_a_sandbox_starts_without_the_worker() -> None:
    command = [sys.executable, "-X", "importtime", "-c", f"import {sandbox_server.__name__}"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert "distributed_ocr_pipeline.errors" in loaded
    assert not any(name in loaded for name in ("pydantic", "PIL", "ocr.worker", "boto3"))


def test_every_module_of_tasks_names_only_what_it_has() -> None:
    modules: list[ModuleType] = [document_tasks, tesserocr_tasks, tasks]
    assert all(callable(getattr(module, name)) for module in modules for name in module.__all__)
