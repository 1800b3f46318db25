"""The runs of a deployment: executions of its workflow, with their files in the output bucket."""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any

from distributed_ocr_pipeline.client.command_line.proposals import command, run_command_line
from distributed_ocr_pipeline.client.inspection.outputs import OutputBucket, bucket_of
from distributed_ocr_pipeline.client.inspection.status import Phase, Reason, RunState, RunStatus, ShardCounts
from distributed_ocr_pipeline.client.inspection.stored_runs import StoredRun, read_stored_run
from distributed_ocr_pipeline.client.inspection.waiting import what_it_waits_for
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput, PipelineError, ServiceFault, without_verdict
from distributed_ocr_pipeline.storage import aws_call

_STATES = {
    "RUNNING": RunState.RUNNING,
    "PENDING_REDRIVE": RunState.RUNNING,
    "SUCCEEDED": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "TIMED_OUT": RunState.TIMED_OUT,
    "ABORTED": RunState.STOPPED,
}
_PARALLEL_CALLS = 8
_MAX_HISTORIES = 100  # a bucket of some hundred calls, refilled with a few a second, is the account's
_LATEST_EVENTS = 20
_NO_SUCH_RUN = ("ExecutionDoesNotExist", "InvalidArn")


@dataclass(frozen=True)
class RunExecution:
    """What Step Functions says of a run."""

    run_id: str
    state: RunState
    started: datetime
    ended: datetime | None
    cause: str = ""


class DeployedRuns:
    """Runs by their ids, the latest first.

    Raises of all methods:
        ServiceFault: AWS did not answer.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment, self._workflows = deployment, deployment.client("stepfunctions")

    @cached_property
    def _output(self) -> OutputBucket:
        return bucket_of(self._deployment)

    def latest(self, limit: int) -> list[RunStatus]:
        """The latest runs, without what their open shards do. AWS forgets executions after 90 days."""
        with aws_call("Listing the runs"):
            found = [_execution(item) for item in islice(self._executions(), limit)]
        with ThreadPoolExecutor(_PARALLEL_CALLS) as pool:
            return list(pool.map(self._status, found))

    def find(self, run_id: str) -> RunStatus:
        """One run; `BadInput` if the deployment has none of this id."""
        execution = self._describe(run_id)
        if execution is None:
            return self._forgotten(run_id)
        status = self._status(execution)
        if status.state is not RunState.RUNNING:
            return status
        return self._look_into(status)

    def execution(self, run_id: str | None) -> RunExecution:
        """The execution of a run, or of the latest; `BadInput` if there is none."""
        if run_id is not None:
            found = self._describe(run_id)
        else:
            with aws_call("Looking for the latest run"):
                found = next((_execution(item) for item in self._executions()), None)
        if found is None:
            raise self._no_run(run_id)
        return found

    def _no_run(self, run_id: str | None) -> BadInput:
        what = "no run yet" if run_id is None else f"no run {run_id!r}"
        return BadInput(
            f"There is {what} of {self._deployment.state_machine_arn}.", f"`{command('status')}` lists the latest."
        )

    def _executions(self) -> Iterator[Mapping[str, Any]]:
        pages = self._workflows.get_paginator("list_executions").paginate(
            stateMachineArn=self._deployment.state_machine_arn
        )
        return (item for page in pages for item in page["executions"])

    def _describe(self, run_id: str) -> RunExecution | None:
        try:
            with aws_call(f"Looking for the run {run_id}"):
                return _execution(
                    self._workflows.describe_execution(executionArn=self._deployment.execution_arn(run_id))
                )
        except ServiceFault as error:
            if error.code not in _NO_SUCH_RUN:
                raise
            return None

    def _forgotten(self, run_id: str) -> RunStatus:
        """A run whose execution AWS has forgotten, or that was planned and never started."""
        stored = read_stored_run(self._output, run_id)
        if stored.plan is None and stored.report is None:
            raise self._no_run(run_id)
        return _combine(stored, stored.state, None)

    def _status(self, execution: RunExecution) -> RunStatus:
        is_running = execution.state is RunState.RUNNING
        stored = read_stored_run(self._output, execution.run_id, is_running=is_running)
        return _combine(stored, execution.state, execution)

    def _look_into(self, status: RunStatus) -> RunStatus:
        """Add what the open shards do, as far as whoever asks may know."""
        try:
            with aws_call("Looking at the shards"):
                waits_for = what_it_waits_for(self._latest_events(self._deployment.execution_arn(status.run_id)))
                shards = self._look_at_shards(status) if status.phase is Phase.PROCESSING else status.shards
        except PipelineError as error:
            return replace(status, problem=f"What the shards do is not known: {error}")
        return replace(status, waits_for=waits_for, shards=shards)

    def _look_at_shards(self, status: RunStatus) -> ShardCounts:
        children = list(self._children(self._deployment.execution_arn(status.run_id)))
        asked = children[:_MAX_HISTORIES]
        with ThreadPoolExecutor(_PARALLEL_CALLS) as pool:
            reasons = list(pool.map(lambda arn: what_it_waits_for(self._latest_events(arn)), asked))
        waiting = Counter(reason.value for reason in reasons if reason)
        shards = status.shards
        started = min(len(children), shards.open)  # one may have ended since its files were listed
        if shards.open > started:
            waiting[Reason.TURN.value] = shards.open - started
        running = max(0, shards.open - waiting.total())
        return replace(shards, running=running, waiting=dict(waiting), looked_at=len(asked))

    def _children(self, execution_arn: str) -> Iterator[str]:
        """ARNs of the executions of shards that go on."""
        for run in self._workflows.list_map_runs(executionArn=execution_arn)["mapRuns"]:
            pages = self._workflows.get_paginator("list_executions").paginate(
                mapRunArn=run["mapRunArn"], statusFilter="RUNNING"
            )
            yield from (child["executionArn"] for page in pages for child in page["executions"])

    def _latest_events(self, execution_arn: str) -> list[Mapping[str, Any]]:
        events: list[Mapping[str, Any]] = self._workflows.get_execution_history(
            executionArn=execution_arn, reverseOrder=True, maxResults=_LATEST_EVENTS, includeExecutionData=False
        )["events"]
        return events


def _execution(found: Mapping[str, Any]) -> RunExecution:
    cause = without_verdict(found.get("cause") or "")
    return RunExecution(found["name"], _STATES[found["status"]], found["startDate"], found.get("stopDate"), cause)


def _combine(stored: StoredRun, state: RunState, execution: RunExecution | None) -> RunStatus:
    plan = stored.plan or {}
    return RunStatus(
        run_id=stored.run_id,
        state=state,
        phase=stored.phase if state is RunState.RUNNING else Phase.ENDED,
        started=execution.started if execution else None,
        ended=execution.ended if execution else None,
        output=stored.output,
        planned=plan.get("documents"),
        up_to_date=plan.get("up_to_date", 0),
        documents=stored.documents,
        shards=stored.shards,
        problem=stored.problem or (execution.cause if execution else ""),
        commands=_commands(stored, state),
    )


def _commands(stored: StoredRun, state: RunState) -> dict[str, str]:
    if state is RunState.RUNNING:
        return {"follow": command("status", stored.run_id), "stop": command("stop", stored.run_id)}
    prefix = (stored.plan or {}).get("input_prefix")
    if state is RunState.SUCCEEDED or not prefix:
        return {}
    return {"continue": run_command_line(prefix, None, {})}
