"""A run on a folder: the deployed workflow, on a local environment that lives as long as the run."""

import logging
import os
import platform
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from distributed_ocr_pipeline.client.execution import execute
from distributed_ocr_pipeline.client.results import (
    GivenUpRun,
    GiveUp,
    InterruptedRun,
    Observer,
    RunResult,
    UnfinishedRun,
)
from distributed_ocr_pipeline.config import RunSettings
from distributed_ocr_pipeline.errors import BadInput, ServiceFault
from distributed_ocr_pipeline.layout import new_run_id
from distributed_ocr_pipeline.local.deploy import input_folder
from distributed_ocr_pipeline.local.environment import LocalEnvironment, fast_tesseract
from distributed_ocr_pipeline.local.folders import (
    LEAST_LEFT_BYTES,
    has_earlier_ids,
    locked,
    require_documents,
    require_results_alone,
    require_space,
    require_writable,
)
from distributed_ocr_pipeline.local.interruption import finish_early
from distributed_ocr_pipeline.local.planning import FolderPlanner
from distributed_ocr_pipeline.log_context import LOG_LEVEL_VARIABLE
from distributed_ocr_pipeline.ocr import check_tools
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.progress import Progress
from distributed_ocr_pipeline.run.space import bytes_at_work, result_bytes

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.5
_FASTER = """\
Scanned pages take less than half the time with the Tesseract that `make fast-tesseract` builds (once, 5 minutes): \
runs use it from then on."""
_EARLIER_IDS = """\
This folder has results of an earlier version, which named documents by the folder it was started in. Names are \
file:// URIs now, so these documents are processed again; their earlier rows stay. To have the new ones alone, use an empty \
output folder."""


def run_folder(folder: Path, settings: RunSettings, *, output: Path, observer: Observer) -> RunResult:
    """Process the documents of a folder on this machine; those with an up-to-date result in `output` are left out.

    Documents are read where they are. Results are in `output` as soon as their shard is done, and stay there whatever
    ends the run.

    Args:
        folder: Every file below it is a document.
        settings: The run's options; what is not set has the local deployment's default.
        output: Folder of the results, of this run and of earlier ones, laid out like the output bucket.
        observer: Told about plan and progress.

    Raises:
        UnfinishedRun: The run ended, but not green; its results are in `output`.
        GivenUpRun: The output folder became full or cannot be written any more; what was finished is in it.
        InterruptedRun: Ctrl-C ended it; what was finished is in `output`, with a report.
        BadInput: There are no documents, `output` cannot be written, is in use or holds documents, or there is no space
            for what comes; no job was started.
        MissingTool: A program or a language is not installed; nothing was started.
        NotStarted, NotDeployed, ServiceFault: The local environment does not work.
    """
    started = time.monotonic()
    _require_local(settings, output)
    documents = input_folder(folder, output)
    require_documents(documents, settings.max_document_mb)
    check_tools(settings)
    among_results = require_results_alone(output, settings.max_document_mb)
    require_writable(output)
    run_id = new_run_id()
    with locked(output, folder, run_id, settings.model_dump(mode="json", exclude_unset=True)):
        observer.started(run_id, str(output))
        for notice in filter(None, (among_results, _EARLIER_IDS if has_earlier_ids(output) else "")):
            observer.notice(notice)
        try:
            result = _run(documents.path, settings, output, observer, run_id)
        except UnfinishedRun as error:
            raise type(error)(error.cause, _described(error.result, output, started)) from None
        except ServiceFault:
            require_writable(output)  # if that is the cause, this names it
            raise
    return _described(result, output, started)


def _require_local(settings: RunSettings, output: Path) -> None:
    if output.parts[:1] == ("s3:",):
        raise BadInput("Results of a folder's documents go to a folder.", "Give --output FOLDER.")
    if settings.document_list:
        raise BadInput("A list names documents in S3.", "Choose those of a folder with --include and --exclude.")


def _run(folder: Path, settings: RunSettings, output: Path, observer: Observer, run_id: str) -> RunResult:
    if can_build_tesseract() and not fast_tesseract(os.environ):
        observer.notice(_FASTER)
    observer.notice("Starting the local environment …")
    with LocalEnvironment(documents=folder, results=output, environ=_log_level()) as environment:
        observer.notice(f"Looking for documents below {str(folder)!r} …")
        try:
            return execute(
                environment.deployment(),
                settings,
                f"s3://{environment.input_bucket}/",
                observer=_WatchSpace(observer, settings, folder, output),
                poll_seconds=_POLL_SECONDS,
                planner=FolderPlanner(folder, output),
                run_id=run_id,
            )
        except ServiceFault:
            environment.require_alive()  # if that is the cause, this names it
            raise
        except GivenUpRun as error:
            if isinstance(error, InterruptedRun):
                observer.notice("Interrupted: what is open is finished or put off. Ctrl-C again ends the run at once.")
            report = finish_early(environment.deployment(), error.result.run_id, error.execution_arn)
            raise type(error)(error.cause, replace(error.result, report=report)) from None


class _WatchSpace(Observer):
    """Passes on what a run reports.

    A run whose results have no room does not start; one that can write nothing any more is given up.
    """

    def __init__(self, observer: Observer, settings: RunSettings, documents: Path, output: Path) -> None:
        self._observer, self._settings = observer, settings
        self._documents, self._output = documents, output

    def notice(self, text: str) -> None:
        self._observer.notice(text)

    def planned(self, plan: Plan) -> None:
        self._observer.planned(plan)
        require_space(space_needs(plan, self._settings, self._documents, self._output))

    def progressed(self, progress: Progress) -> None:
        self._observer.progressed(progress)
        try:
            require_writable(self._output, LEAST_LEFT_BYTES)
        except BadInput as error:
            raise GiveUp(f"{error} Then run again: what is finished is kept.") from error


def space_needs(plan: Plan, settings: RunSettings, documents: Path, output: Path) -> dict[Path, int]:
    """Bytes that a run takes, by folder: its results, and in the temporary folder what its jobs have in work.

    Jobs have hard links to documents; on another file system than theirs, copies.
    """
    results, scratch = result_bytes(plan, settings), Path(tempfile.gettempdir())
    copied = 0 if os.stat(scratch).st_dev == os.stat(documents).st_dev else plan.size_bytes
    return {output: results, scratch: bytes_at_work(results + copied, plan)}


def _log_level() -> dict[str, str]:
    """With --debug, jobs say what they do with each document and page; the command shows it."""
    return {LOG_LEVEL_VARIABLE: "DEBUG"} if logger.isEnabledFor(logging.DEBUG) else {}


def can_build_tesseract() -> bool:
    """Whether `make fast-tesseract` works here: on Debian and its kin, on the processors that its build is for."""
    return platform.machine() == "x86_64" and shutil.which("apt-get") is not None


def _described(result: RunResult, output: Path, started: float) -> RunResult:
    return replace(result, output=str(output), seconds=time.monotonic() - started)
