"""`OCRPipeline.start`: a run that its caller does not wait for."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from distributed_ocr_pipeline import OCRPipeline
from distributed_ocr_pipeline.client import pipeline
from distributed_ocr_pipeline.client.results import GivenUpRun, GiveUp, Observer, RunResult
from distributed_ocr_pipeline.client.started_run import Run, RunProgress
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.progress import Progress
from tests.support.plans import make_plan
from tests.support.runs import outcome, write_run

SECONDS = 60


@pytest.fixture(name="gate")
def fixture_gate() -> Iterator[Event]:
    """Opened for every run at the end, which a failed test would wait for."""
    gate = Event()
    yield gate
    gate.set()


def work(gate: Event, output: str) -> Callable[[Observer], RunResult]:
    """A run that reports all that runs report, and goes on when the gate opens."""

    def run(observer: Observer) -> RunResult:
        observer.started("r1", output)
        observer.planned(make_plan(documents=3))
        observer.progressed(Progress(1, 5))
        observer.notice("waiting")
        assert gate.wait(SECONDS)
        try:
            observer.progressed(Progress(3, 9))
        except GiveUp as error:
            raise GivenUpRun(str(error), RunResult("r1", make_plan(), None, output, 1.0)) from None
        return RunResult("r1", make_plan(), None, output, 1.0)

    return run


class Recording(Observer):
    """What a caller's observer hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.waits = Event()

    def notice(self, text: str) -> None:
        self.waits.set()

    def started(self, run_id: str, output: str) -> None:
        self.heard.append(run_id)

    def progressed(self, progress: Progress) -> None:
        self.heard.append(progress)


def test_a_run_says_how_far_it_is_and_gives_its_result(gate: Event) -> None:
    observer = Recording()
    run = Run(work(gate, "output"), "output", observer)
    assert observer.waits.wait(SECONDS)
    assert run.progress() == RunProgress("r1", 3, documents=1, pages=5, is_running=True)
    with pytest.raises(TimeoutError):
        run.wait(0)
    gate.set()
    assert run.wait(SECONDS).run_id == "r1"
    assert run.progress() == RunProgress("r1", 3, documents=3, pages=9, is_running=False)
    assert observer.heard == ["r1", Progress(1, 5), Progress(3, 9)]


def test_a_run_that_is_given_up_says_so(gate: Event) -> None:
    observer = Recording()
    run = Run(work(gate, "output"), "output", observer)
    assert observer.waits.wait(SECONDS)
    run.give_up()
    gate.set()
    with pytest.raises(GivenUpRun, match="The caller gave the run up."):
        run.wait(SECONDS)
    assert not run.progress().is_running


def test_an_observer_refuses_a_run_that_nobody_waits_for() -> None:
    class Refusing(Observer):
        """Somebody whose answer is no."""

        def approve(self, plan: Plan) -> None:
            raise BadInput("The run was not started.")

    def execute(observer: Observer) -> RunResult:
        observer.approve(make_plan())
        return RunResult("r1", make_plan(), None, "output", 1.0)

    with pytest.raises(BadInput, match="not started"):
        Run(execute, "output", Refusing()).wait(SECONDS)


def test_the_results_are_the_current_rows(gate: Event, tmp_path: Path) -> None:
    write_run(tmp_path, "r0", outcome("a"), outcome("b"))
    write_run(tmp_path, "r1", outcome("a", 1, pages=3))
    gate.set()
    run = Run(work(gate, str(tmp_path)), str(tmp_path), Observer())
    for found in (run, run.wait(SECONDS)):
        assert sorted(found.documents()["run_id"].to_pylist()) == ["r0", "r1"]
        assert found.pages().num_rows == 4


def test_a_folder_is_processed_here_and_a_wrong_prefix_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("OCR_BUCKET_NAME", raising=False)
    run = OCRPipeline(output=tmp_path / "output").start(str(tmp_path / "nothing"))
    assert run.output == str(tmp_path / "output")
    with pytest.raises(BadInput, match="nothing"):
        run.wait(SECONDS)
    with pytest.raises(BadInput, match="empty"):
        OCRPipeline().start(" ")


def test_an_address_is_processed_by_the_deployment(monkeypatch: pytest.MonkeyPatch, gate: Event) -> None:
    monkeypatch.setenv("OCR_STATE_MACHINE_ARN", "arn:machine")
    monkeypatch.setenv("OCR_OUTPUT_BUCKET", "results")
    gate.set()

    def execute(*_: Any, observer: Observer, **__: Any) -> RunResult:
        return work(gate, "s3://results")(observer)

    monkeypatch.setattr(pipeline, "execute", execute)
    run = OCRPipeline().start("s3://docs/in/")
    assert (run.output, run.wait(SECONDS).run_id, run.progress().pages) == ("s3://results", "r1", 9)


def test_a_format_that_there_is_not_is_refused_before_the_run_has_ended(gate: Event, tmp_path: Path) -> None:
    run = Run(work(gate, str(tmp_path)), str(tmp_path), Observer())
    with pytest.raises(BadInput, match="no format 'docx'"):
        run.export("docx")  # type: ignore[arg-type]
    assert run.progress().is_running


def test_a_program_that_ends_without_waiting_says_what_became_of_its_run() -> None:
    program = """
import time
from concurrent.futures import ThreadPoolExecutor
from distributed_ocr_pipeline.client.results import Observer
from distributed_ocr_pipeline.client.started_run import Run

def work(observer):
    time.sleep(0.5)
    with ThreadPoolExecutor() as pool:
        return pool.submit(print).result()

Run(work, "output", Observer())
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stderr.startswith("The run has failed, as the program ends: cannot schedule new futures")
    assert found.stderr.endswith("Wait for it before (`wait`).\n")
