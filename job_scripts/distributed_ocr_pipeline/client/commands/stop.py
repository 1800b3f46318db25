"""`ocr-pipeline stop`: ends a run and its jobs, or the jobs that runs left behind when they ended."""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TextIO

from distributed_ocr_pipeline.client.command_line.proposals import command
from distributed_ocr_pipeline.deployment import Deployment, deployment_in, job_names, run_of_job
from distributed_ocr_pipeline.errors import BadInput, NotDeployed, ServiceFault
from distributed_ocr_pipeline.storage import aws_call
from distributed_ocr_pipeline.wording import count_of

_END_SECONDS = 600.0  # a job has two minutes to end, and stores then what it has finished
_PULSE_SECONDS = 3.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Stopped:
    """What a stop did: the names of jobs that it stopped, and of those that had not ended when it stopped waiting."""

    run_id: str | None  # None: the jobs of ended runs were meant
    status: str | None  # of the run's execution before
    jobs: tuple[str, ...]
    not_ended: tuple[str, ...]


def stop_command(arguments: argparse.Namespace, stream: TextIO, notes: TextIO) -> None:
    """Stop what the arguments name, and print what was stopped.

    Args:
        arguments: region, json, and run: None for the jobs of all runs that have ended.
        stream: For the result.
        notes: With `json`, for a line about everything that was stopped.

    Raises:
        BadInput: The deployment has no run of that name.
        NotDeployed, ServiceFault: There is no deployment, or AWS did not answer.
    """
    lines = notes if arguments.json else stream
    stopping = Stopping(_deployment(arguments.region), lambda line: print(line, file=lines, flush=True))
    stopped = stopping.stop_run(arguments.run) if arguments.run else stopping.stop_left_jobs()
    if arguments.json:
        print(json.dumps(asdict(stopped), indent=2), file=stream)


def _deployment(region: str | None) -> Deployment:
    try:
        return deployment_in(region)
    except NotDeployed as error:
        raise NotDeployed(
            "This stops runs on AWS, and no deployment was found.",
            f"A run on this machine ends with Ctrl-C, or with what `{command('status', 'RUN')}` prints.",
        ) from error


class Stopping:
    """Stops executions and jobs of one deployment, and says so.

    Args:
        deployment: Other deployments' jobs are left alone.
        say: Gets a line for everything that was stopped, and one at the end.
        pulse_seconds: Time between two looks at the jobs.
    """

    def __init__(self, deployment: Deployment, say: Say, pulse_seconds: float = _PULSE_SECONDS) -> None:
        self._deployment, self._say, self._pulse_seconds = deployment, say, pulse_seconds
        self._workflows, self._jobs = deployment.client("stepfunctions"), deployment.client("sagemaker")
        self._owners: dict[str, str] = {}  # the run of every job that was seen

    def stop_run(self, run_id: str) -> Stopped:
        """Stop a run's execution, then the jobs that it does not stop by itself."""
        status = self._status(run_id)
        if status is None:
            raise BadInput(
                f"There is no run {run_id!r} of {self._deployment.state_machine_arn}.",
                f"`{command('status')}` lists the latest; an id is the name of an execution.",
            )

        def is_own(owner: str) -> bool:
            return owner == run_id

        at_work = self._find(is_own)  # before the end of the execution, which stops them, too
        if status == "RUNNING":
            with aws_call(f"Stopping the run {run_id}"):
                self._workflows.stop_execution(executionArn=self._deployment.execution_arn(run_id), error="Stopped")
            self._say(f"stopped  {self._deployment.execution_arn(run_id)}")
        else:
            self._say(f"The run {run_id} has ended already: {status}.")
        return Stopped(run_id, status, *self._stop_jobs(at_work, is_own))

    def stop_left_jobs(self) -> Stopped:
        """Stop the jobs whose run has ended without them: it was stopped or ran out of time, or AWS lost a call."""
        ended: dict[str, bool] = {}

        def has_ended(run_id: str) -> bool:
            if run_id not in ended:
                ended[run_id] = self._status(run_id) != "RUNNING"
            return ended[run_id]

        return Stopped(None, None, *self._stop_jobs(self._find(has_ended), has_ended))

    def _stop_jobs(
        self, found: Mapping[str, str], is_wanted: Callable[[str], bool]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Stop these jobs and those that begin meanwhile, and wait until all have ended: their results then count.

        SageMaker lists a job a moment after its start, and a shard may start one while its run ends. Returns the names
        of all, and of those that have not ended.
        """
        stopped: set[str] = set()
        end = time.monotonic() + _END_SECONDS
        while True:
            for name in found.keys() - stopped:
                self._stop_job(name, found[name])
            stopped |= found.keys()
            time.sleep(self._pulse_seconds)
            found = self._find(is_wanted)
            if not found or time.monotonic() > end:
                break
        self._say(
            f"{count_of(len(stopped), 'job')} stopped. What they have finished is kept; the next run does the rest."
        )
        if found:
            self._say(
                f"{count_of(len(found), 'of them has', 'of them have')} not ended yet. "
                "A run that begins before that repeats their work."
            )
        return tuple(sorted(stopped)), tuple(sorted(found))

    def _find(self, is_wanted: Callable[[str], bool]) -> dict[str, str]:
        """Names of the jobs at work whose run is wanted, by its id, with their status."""
        return {name: status for name, status in self._jobs_at_work() if is_wanted(self._owner(name))}

    @cached_property
    def _name_prefix(self) -> str:
        return self._deployment.name_prefix()

    def _jobs_at_work(self) -> Iterator[tuple[str, str]]:
        """Name and status of the deployment's jobs that run, or have been told to stop."""
        ours = job_names(self._name_prefix)
        with aws_call("Listing the jobs"):
            for status in ("InProgress", "Stopping"):
                pages = self._jobs.get_paginator("list_processing_jobs").paginate(
                    StatusEquals=status, NameContains=f"{self._name_prefix}-"
                )
                names = {job["ProcessingJobName"] for page in pages for job in page["ProcessingJobSummaries"]}
                yield from ((name, status) for name in sorted(names) if ours.fullmatch(name))

    def _owner(self, name: str) -> str:
        """The run of a job."""
        if name not in self._owners:
            with aws_call(f"Looking at the job {name}"):
                self._owners[name] = run_of_job(self._jobs.describe_processing_job(ProcessingJobName=name))
        return self._owners[name]

    def _stop_job(self, name: str, status: str) -> None:
        """Stop a job, if the end of its execution has not done so; then it defers what it has not finished."""
        try:
            if status == "InProgress":
                with aws_call(f"Stopping the job {name}"):
                    self._jobs.stop_processing_job(ProcessingJobName=name)
        except ServiceFault as error:
            if error.code != "ValidationException":  # it has ended meanwhile
                raise
        self._say(f"stopped  {name}")

    def _status(self, run_id: str) -> str | None:
        """Of the run's execution; None for one that does not exist, or was forgotten after 90 days."""
        try:
            with aws_call(f"Looking for the run {run_id}"):
                answer = self._workflows.describe_execution(executionArn=self._deployment.execution_arn(run_id))
        except ServiceFault as error:
            if error.code not in ("ExecutionDoesNotExist", "InvalidArn"):
                raise
            return None
        return str(answer["status"])
