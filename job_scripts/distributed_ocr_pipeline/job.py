"""The contract of a SageMaker Processing job: where its files are and how it ends.

Paths are those of AWS under `/opt/ml`; `OCR_ML_ROOT` moves the root so that the same script runs as a plain
process. (SageMaker guide, "Build your own processing container".)
"""

import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from distributed_ocr_pipeline.config import RunOptions, parse_options
from distributed_ocr_pipeline.errors import BadInput, ExitCode, Interrupted, PipelineError
from distributed_ocr_pipeline.json_files import read_json
from distributed_ocr_pipeline.layout import OPTIONS_FILE, RunLayout
from distributed_ocr_pipeline.log_context import LOG_LEVEL_VARIABLE, ContextLogger, LogContext, LogSettings

_MESSAGE_BYTES = 1000  # SageMaker shows the first KB as the job's ExitMessage

logger = ContextLogger(__name__)


@dataclass(frozen=True)
class JobContext:
    """What the environment tells a job, read once at the start."""

    root: Path
    run_id: str
    output_bucket: str
    pipeline: str = "ocr"  # the deployment's name prefix
    shard_id: str = ""
    max_runtime_seconds: int = 86_400
    attempt: int = 1  # of the shard in this run
    region: str | None = None  # the deployment's
    results_uri: str = ""  # what a page's image_uri begins with

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "JobContext":
        """Read the job's environment; `BadInput` names a variable that is missing."""
        try:
            return cls(
                root=Path(environ.get("OCR_ML_ROOT", "/opt/ml")),
                run_id=environ["OCR_RUN_ID"],
                output_bucket=environ["OCR_OUTPUT_BUCKET"],
                pipeline=environ.get("OCR_PIPELINE", "ocr"),
                shard_id=environ.get("OCR_SHARD_ID", ""),
                max_runtime_seconds=int(environ.get("OCR_MAX_RUNTIME_SECONDS", "86400")),
                attempt=int(environ.get("OCR_ATTEMPT", "1")),
                region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION"),
                results_uri=environ.get("OCR_RESULTS_URI", f"s3://{environ['OCR_OUTPUT_BUCKET']}/"),
            )
        except KeyError as missing:
            raise BadInput(f"The environment variable {missing.args[0]} is not set.", "The workflow sets it.") from None

    def input(self, name: str) -> Path:
        """Folder of one processing input."""
        return self.root / "processing" / "input" / name

    def output(self, name: str) -> Path:
        """Folder of one processing output; created if it does not exist."""
        folder = self.root / "processing" / "output" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def layout(self) -> RunLayout:
        """Where the run's files are in the output bucket."""
        return RunLayout(self.output_bucket, self.run_id)

    def options(self) -> RunOptions:
        """The run's options, from the `run` input."""
        return parse_options(read_json(self.input("run") / OPTIONS_FILE))


def run_job(job: Callable[[JobContext], str]) -> int:
    """Run one job from the process's environment: log, leave its one-line message, turn errors into an exit status.

    `job` returns the message of success. A job that can do better than give up when it is told to stop installs
    handlers of its own for SIGTERM and SIGINT.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    LogSettings(os.environ.get(LOG_LEVEL_VARIABLE, "INFO"), LogContext(os.environ.get("OCR_SHARD_ID", ""))).start()
    root = Path(os.environ.get("OCR_ML_ROOT", "/opt/ml"))
    try:
        message, code = job(JobContext.from_environment(os.environ)), ExitCode.OK
        logger.info("%s", message)
    except PipelineError as error:
        message, code = str(error), error.exit_code
        logger.error("%s", message)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the last stop before the exit status
        message, code = f"Internal error: {type(error).__name__}: {error}", ExitCode.INTERNAL
        logger.exception("%s", message)
    _leave_message(root, message if code is ExitCode.OK else code.verdict + message)
    return int(code)


def end_process(status: int) -> NoReturn:
    """End this process without taking apart all that it has loaded, which takes as long as some pages."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise Interrupted(f"Ended by {signal.Signals(number).name} before the work was done.", "Run again.")


def _leave_message(root: Path, message: str) -> None:
    path = root / "output" / "message"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(message.encode("utf-8")[:_MESSAGE_BYTES].decode("utf-8", "ignore").encode("utf-8"))
    except OSError as error:
        logger.warning("The exit message could not be written: %s", error)
