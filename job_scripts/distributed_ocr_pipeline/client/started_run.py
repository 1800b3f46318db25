"""A run that goes on while its caller does something else: `OCRPipeline.start` returns one."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Thread, main_thread
from typing import TYPE_CHECKING

from distributed_ocr_pipeline.client.results import GiveUp, Observer, RunResult
from distributed_ocr_pipeline.records import FormatName
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.progress import Progress

if TYPE_CHECKING:
    import pyarrow as pa

    from distributed_ocr_pipeline.client.exports.exporting import ExportedFile

# pylint: disable=import-outside-toplevel  # as in `results`


@dataclass(frozen=True)
class RunProgress:
    """How far a run is."""

    run_id: str | None  # None before it has one
    planned: int | None  # documents; None before there is a plan
    documents: int  # done so far
    pages: int
    is_running: bool


class Run:
    """A run in a thread of this process (see `give_up`). It needs the process: call `wait` before a program ends.

    Args:
        work: The run; it reports to the observer that it is given.
        output: Where its results come: a folder or an S3 address.
        observer: Told about plan and progress, in the run's thread.
    """

    def __init__(self, work: Callable[[Observer], RunResult], output: str, observer: Observer) -> None:
        self.output = output
        self._watch = _Watch(observer)
        self._result: Future[RunResult] = Future()
        Thread(target=self._work, args=(work,), name="ocr-run").start()

    def wait(self, seconds: float | None = None) -> RunResult:
        """The result, when the run has ended.

        Args:
            seconds: So long at most; None is for ever.

        Raises:
            TimeoutError: The run goes on.
            UnfinishedRun, UnfollowedRun, BadInput, NotDeployed, ServiceFault: As of `OCRPipeline.run`.
        """
        return self._result.result(seconds)

    def progress(self) -> RunProgress:
        """How far it is, without waiting."""
        watch, done = self._watch, self._watch.done
        planned = watch.plan.documents if watch.plan else None
        return RunProgress(watch.run_id, planned, done.documents, done.pages, not self._result.done())

    def give_up(self) -> None:
        """Wait no longer: `wait` raises `GivenUpRun`.

        A run on this machine ends with its report, and the next one does the rest. One on AWS goes on there.
        """
        self._watch.is_given_up = True

    def export(
        self, *formats: FormatName, to: str | Path | None = None, overwrite: bool = False
    ) -> "Iterator[ExportedFile]":
        """Wait for the run, and then do what `RunResult.export` does. Formats are checked before."""
        from distributed_ocr_pipeline.client.exports.exporting import require_formats

        require_formats(formats)
        return self.wait().export(*formats, to=to, overwrite=overwrite)

    def documents(self) -> "pa.Table":
        """The current row of every document in the output, by this run or an earlier one (`latest_documents`)."""
        from distributed_ocr_pipeline.tables.latest import latest_documents

        return latest_documents(self.output)

    def pages(self) -> "pa.Table":
        """Their pages (`latest_pages`)."""
        from distributed_ocr_pipeline.tables.latest import latest_pages

        return latest_pages(self.output)

    def _work(self, work: Callable[[Observer], RunResult]) -> None:
        try:
            self._result.set_result(work(self._watch))
        except BaseException as error:  # pylint: disable=broad-exception-caught  # who waits gets it
            self._result.set_exception(error)
            if not main_thread().is_alive():  # nobody can wait for it any more
                print(
                    f"The run has failed, as the program ends: {error}. Wait for it before (`wait`).", file=sys.stderr
                )


class _Watch(Observer):
    """Remembers what a run reports, and passes it on."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.run_id: str | None = None
        self.plan: Plan | None = None
        self.done = Progress()
        self.is_given_up = False

    def notice(self, text: str) -> None:
        self._observer.notice(text)

    def started(self, run_id: str, output: str) -> None:
        self.run_id = run_id
        self._observer.started(run_id, output)

    def approve(self, plan: Plan) -> None:
        self._observer.approve(plan)

    def planned(self, plan: Plan) -> None:
        self.plan = plan
        self._observer.planned(plan)

    def progressed(self, progress: Progress) -> None:
        self.done = progress
        self._observer.progressed(progress)
        if self.is_given_up:
            raise GiveUp("The caller gave the run up.")
