"""One run of the workflow on a deployment: plan, start, follow, read the report."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from distributed_ocr_pipeline.client.job_progress import JobProgress
from distributed_ocr_pipeline.client.results import (
    GivenUpRun,
    GiveUp,
    InterruptedRun,
    Observer,
    RunResult,
    UnfinishedRun,
    UnfollowedRun,
)
from distributed_ocr_pipeline.client.scratch import scratch_folder
from distributed_ocr_pipeline.client.turns import last_turn
from distributed_ocr_pipeline.config import RunOptions, RunSettings, parse_options
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput, ServiceFault, without_verdict
from distributed_ocr_pipeline.layout import RunLayout, new_run_id
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.progress import Progress
from distributed_ocr_pipeline.storage import aws_call
from distributed_ocr_pipeline.tables.memory import release_memory

logger = logging.getLogger(__name__)

_FILES_OF_OTHERS = "Files are made of documents that this run reads; the command `export` makes those of the others."

OnProgress = Callable[[Progress], None]


class Planner(Protocol):
    """Makes the plan of a run with these options, whose files go into a folder, and stores them as the run's."""

    def __call__(self, deployment: Deployment, options: RunOptions, folder: Path) -> Plan:
        """Make them."""

    def store(self, deployment: Deployment, run: RunLayout, plan: Plan, folder: Path) -> None:
        """Store them."""


class PlanHere:
    """A `Planner`: this process lists the prefix, and names documents by their S3 addresses.

    What it needs is loaded when it is called: the command line of a run on this machine has it done elsewhere.
    """

    # pylint: disable=import-outside-toplevel

    def __call__(self, deployment: Deployment, options: RunOptions, folder: Path) -> Plan:
        from distributed_ocr_pipeline.run.planning import plan_run

        return plan_run(deployment.storage(), deployment.output_bucket, options, folder, quotas=deployment.quotas())

    def store(self, deployment: Deployment, run: RunLayout, plan: Plan, folder: Path) -> None:
        """Store the files, from here as well."""
        from distributed_ocr_pipeline.run.planning import store_plan

        store_plan(deployment.storage(), run, plan, folder)


@dataclass(frozen=True)
class Outcome:
    """How an execution ended."""

    status: str  # SUCCEEDED, FAILED, TIMED_OUT or ABORTED
    cause: str
    report: dict[str, Any] | None  # report.json, if the run came so far


class Execution:
    """A run before and after its start; its id is the execution's name."""

    def __init__(
        self,
        deployment: Deployment,
        *,
        poll_seconds: float = 10,
        planner: Planner = PlanHere(),
        run_id: str | None = None,
    ) -> None:
        self._deployment, self._planner = deployment, planner
        self._poll_seconds = poll_seconds
        self._storage = deployment.storage()
        self.run_id = run_id or new_run_id()
        self._layout = RunLayout(deployment.output_bucket, self.run_id)

    def last_turn(self, input_prefix: str) -> str:
        """What `turns.last_turn` says of a prefix; to be looked up before the plan is made."""
        return last_turn(self._deployment, self._storage, input_prefix)

    def plan(self, overrides: Mapping[str, Any], folder: Path) -> Plan:
        """Plan into a folder on this machine: it can list the bucket, and saves the minutes a planning job takes."""
        return self._planner(self._deployment, self.options(overrides), folder)

    def options(self, overrides: Mapping[str, Any]) -> RunOptions:
        """What is given, and for the rest the deployment's defaults."""
        return parse_options({**self._deployment.default_options(), **overrides})

    def start(self, plan: Plan, overrides: Mapping[str, Any], folder: Path, *, planned_after: str = "") -> str:
        """Store a folder's plan and start the workflow with `overrides` as its input; returns the execution's ARN.

        Where somebody else had a turn since `planned_after`, the workflow makes a plan of its own.
        """
        self._planner.store(self._deployment, self._layout, plan, folder)
        with aws_call("Starting the execution"):
            answer = self._deployment.client("stepfunctions").start_execution(
                stateMachineArn=self._deployment.state_machine_arn,
                name=self.run_id,
                input=json.dumps({**overrides, "planned": True, "planned_after": planned_after}),
            )
        return str(answer["executionArn"])

    def carried_out(self, plan: Plan) -> Plan:
        """The plan that the run followed: the workflow may have made one of its own (see `start`)."""
        stored = self._storage.get_json(self._layout.plan)
        return replace(
            plan,
            documents=stored["documents"],
            size_bytes=stored["bytes"],
            shards=stored["shards"],
            up_to_date=stored["up_to_date"],
        )

    def follow(self, execution_arn: str, on_progress: OnProgress) -> Outcome:
        """Wait until the execution ends; `on_progress` is called at every look at it."""
        client = self._deployment.client("stepfunctions")
        jobs = JobProgress(self._deployment.client("logs"), self.run_id, self._echo())
        while True:
            with aws_call("Asking for the execution's status"):
                answer = client.describe_execution(executionArn=execution_arn)
            on_progress(jobs.read())
            if answer["status"] != "RUNNING":
                return Outcome(answer["status"], without_verdict(answer.get("cause", "")), self._read_report())
            time.sleep(self._poll_seconds)

    def _echo(self) -> Callable[[str], None] | None:
        """Where the jobs' lines go: shown with --debug, where the logs are this run's alone."""
        if self._deployment.endpoint_url is None or not logger.isEnabledFor(logging.DEBUG):
            return None
        return lambda line: logger.debug("%s", line)

    def _read_report(self) -> dict[str, Any] | None:
        if not self._storage.exists(self._layout.report):
            return None
        report: dict[str, Any] = self._storage.get_json(self._layout.report)
        return report


def execute(
    deployment: Deployment,
    settings: RunSettings,
    input_prefix: str,
    *,
    observer: Observer,
    poll_seconds: float,
    planner: Planner = PlanHere(),
    run_id: str | None = None,
) -> RunResult:
    """Run the workflow over a prefix, from the plan to the report.

    Args:
        deployment: Where the workflow is.
        settings: Only what is set in it goes into the execution's input; the deployment's defaults hold for the rest.
        input_prefix: `s3://bucket/prefix/`.
        observer: Told about plan and progress.
        poll_seconds: Time between two looks at the execution.
        planner: Makes the plan; by default, this process, from what S3 lists and AWS says that the account may run.
        run_id: Its id, if its observer has been told already; None: a new one.

    Raises:
        UnfinishedRun: The run ended, but not green.
        InterruptedRun, GivenUpRun: Ctrl-C or the observer ended the wait for it; the workflow goes on.
        UnfollowedRun: AWS does not say any more how it is; the workflow goes on.
        BadInput, ServiceFault: The run did not start.
    """
    started = time.monotonic()
    output = f"s3://{deployment.output_bucket}"
    execution = Execution(deployment, poll_seconds=poll_seconds, planner=planner, run_id=run_id)
    if run_id is None:
        observer.started(execution.run_id, output)
    plan, execution_arn = _begin(execution, _execution_input(settings, input_prefix), observer)
    release_memory()
    try:
        outcome = execution.follow(execution_arn, observer.progressed)
    except (KeyboardInterrupt, GiveUp) as error:
        result = RunResult(execution.run_id, plan, None, output, time.monotonic() - started)
        raise _given_up(error, result, execution_arn) from None
    except (BadInput, ServiceFault) as error:
        raise UnfollowedRun(str(error), execution.run_id, code=error.code) from error
    plan = execution.carried_out(plan)
    result = RunResult(execution.run_id, plan, outcome.report, output, time.monotonic() - started)
    if outcome.status != "SUCCEEDED":
        raise UnfinishedRun(outcome.cause or f"The execution ended as {outcome.status}.", result)
    return result


def _begin(execution: Execution, overrides: Mapping[str, Any], observer: Observer) -> tuple[Plan, str]:
    """Plan and start; returns the plan and the execution's ARN."""
    with scratch_folder() as folder:
        planned_after = execution.last_turn(overrides["input_prefix"])
        plan = execution.plan(overrides, folder)
        observer.approve(plan)
        observer.planned(plan)
        if plan.up_to_date and execution.options(overrides).outputs:
            observer.notice(_FILES_OF_OTHERS)
        return plan, execution.start(plan, overrides, folder, planned_after=planned_after)


def _given_up(why: BaseException, result: RunResult, execution_arn: str) -> GivenUpRun:
    if isinstance(why, GiveUp):
        return GivenUpRun(str(why), result, execution_arn)
    return InterruptedRun(f"Interrupted while the run {result.run_id} was at work.", result, execution_arn)


def _execution_input(settings: RunSettings, input_prefix: str) -> dict[str, Any]:
    chosen = settings.model_dump(exclude_unset=True)
    return RunOptions(**chosen, input_prefix=input_prefix).model_dump(exclude_unset=True)
