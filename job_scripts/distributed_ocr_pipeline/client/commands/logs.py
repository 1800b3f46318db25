"""`ocr-pipeline logs`: what the jobs of a run logged."""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TextIO

from distributed_ocr_pipeline.client.inspection.deployed_runs import DeployedRuns
from distributed_ocr_pipeline.client.inspection.folder_runs import FolderRuns
from distributed_ocr_pipeline.client.inspection.job_logs import LogLine, RunLogs
from distributed_ocr_pipeline.client.inspection.outputs import OutputFolder, looked_at
from distributed_ocr_pipeline.client.inspection.status import RunState
from distributed_ocr_pipeline.client.terminal import print_lines
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.wording import printable

_PULSE_SECONDS = 3.0


def logs_command(arguments: argparse.Namespace, stream: TextIO, notes: TextIO) -> None:
    """Print log lines, or say that there are none.

    Args:
        arguments: target (a run's id, an output folder or None for the latest run), document, follow, output, region,
            json.
        stream: For the lines.
        notes: Says where there are none.

    Raises:
        BadInput: There is no such run.
        ServiceFault: AWS did not answer.
    """
    place, run_id = looked_at(arguments.target, arguments.output, arguments.region)
    if isinstance(place, OutputFolder):
        print(_no_logs(place, run_id), file=notes)
        return
    count = 0

    def shown() -> Iterator[str]:
        nonlocal count
        for line in read_lines(place, run_id, arguments.document, follow=arguments.follow):
            count += 1
            yield json.dumps(line.as_dict()) if arguments.json else _text(line)

    with suppress(KeyboardInterrupt):  # how one stops to follow
        print_lines(shown(), stream)
    if not count:
        print(_nothing(arguments.document), file=notes)


def read_lines(
    deployment: Deployment,
    run_id: str | None,
    document_id: str | None = None,
    *,
    follow: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[LogLine]:
    """The log lines of a run's jobs; with `follow`, until it has ended."""
    runs = DeployedRuns(deployment)
    run = runs.execution(run_id)
    logs = RunLogs(deployment, run, document_id)
    while True:
        is_over = (
            not follow or runs.execution(run.run_id).state is not RunState.RUNNING
        )  # before its last lines are read
        yield from logs.new()
        if is_over:
            return
        sleep(_PULSE_SECONDS)


def _text(line: LogLine) -> str:
    return f"{line.time:%Y-%m-%d %H:%M:%S} {line.part:<7} {printable(line.message)}"


def _nothing(document_id: str | None) -> str:
    if document_id is None:
        return "The run's jobs have logged nothing, or the logs have been deleted."
    return f"No line names the document {document_id}: jobs name those that they fail at as a whole."


def _no_logs(output: OutputFolder, run_id: str | None) -> str:
    """Jobs on this machine log to their environment, which ends with the run."""
    runs = FolderRuns(output)
    if run_id is None and not runs.count():
        raise BadInput(f"There are no runs in {output.address!r}.", "Name the folder that runs wrote to with --output.")
    found = runs.find(run_id) if run_id else runs.latest(1)[0]
    run = RunLayout("", found.run_id)
    remains = [name for name in (run.failed_shards.key, run.failures.key) if (output.path / name).exists()]
    why = f" What failed, and why: {' and '.join(f'{output.address}/{name}' for name in remains)}." if remains else ""
    return f"The run {found.run_id} left no logs: jobs on this machine log while it goes on, shown with --debug.{why}"
