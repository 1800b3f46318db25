"""One run of the workflow on a deployment: plan, start, follow, read the report."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import PipelineError, without_verdict
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.planning import Plan, plan_run, write_plan
from distributed_ocr_pipeline.run.progress import Progress, parse_progress
from distributed_ocr_pipeline.storage import aws_call

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"

OnProgress = Callable[[Progress], None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How an execution ended."""

    status: str  # SUCCEEDED, FAILED, TIMED_OUT or ABORTED
    cause: str
    report: dict[str, Any] | None  # report.json, if the run came so far


class Execution:
    """A run in the making: its id is the execution's name."""

    def __init__(self, deployment: Deployment, *, poll_seconds: float = 10) -> None:
        self._deployment = deployment
        self._poll_seconds = poll_seconds
        self._storage = deployment.storage()
        self.run_id = f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{uuid4().hex[:6]}"

    def plan(self, overrides: dict[str, Any]) -> Plan:
        """Plan on this machine: it can list the bucket, and saves the minutes a planning job takes to start."""
        options = parse_options(self._deployment.default_options() | overrides)
        return plan_run(self._storage, self._deployment.output_bucket, options)

    def start(self, plan: Plan, overrides: dict[str, Any]) -> str:
        """Store the plan and start the workflow with `overrides` as its input; returns the execution's ARN."""
        with TemporaryDirectory() as folder:
            write_plan(plan, Path(folder))
            self._storage.upload_folder(Path(folder), self._run_location())
        with aws_call("Starting the execution"):
            answer = self._deployment.client("stepfunctions").start_execution(
                stateMachineArn=self._deployment.state_machine_arn,
                name=self.run_id,
                input=json.dumps(overrides | {"planned": True}),
            )
        return str(answer["executionArn"])

    def follow(self, execution_arn: str, on_progress: OnProgress) -> Outcome:
        """Wait until the execution ends, telling how far its jobs are."""
        client = self._deployment.client("stepfunctions")
        watch = _ProgressWatch(self._deployment.client("logs"), self.run_id)
        while True:
            with aws_call("Asking for the execution's status"):
                answer = client.describe_execution(executionArn=execution_arn)
            on_progress(watch.read())
            if answer["status"] != "RUNNING":
                return Outcome(answer["status"], without_verdict(answer.get("cause", "")), self._read_report())
            time.sleep(self._poll_seconds)

    def _read_report(self) -> dict[str, Any] | None:
        location = S3Location(self._deployment.output_bucket, f"runs/{self.run_id}/report.json")
        if not self._storage.exists(location):
            return None
        report: dict[str, Any] = self._storage.get_json(location)
        return report

    def _run_location(self) -> S3Location:
        return S3Location(self._deployment.output_bucket, f"runs/{self.run_id}")


class _ProgressWatch:
    """Adds up the progress lines that the run's jobs log."""

    def __init__(self, logs: Any, run_id: str) -> None:
        self._logs, self._run_id = logs, run_id
        self._shards: dict[str, Progress] = {}
        self._since = int(time.time() * 1000)
        self._usable = True

    def read(self) -> Progress:
        """Progress of the whole run so far; a run whose logs cannot be read goes on without."""
        if self._usable:
            try:
                with aws_call("Reading the jobs' logs"):
                    self._read_new_lines()
            except PipelineError as error:
                if "ResourceNotFound" not in str(error):  # the group appears with the first job
                    logger.warning("Progress is not shown: %s", error)
                    self._usable = False
        return sum(self._shards.values(), Progress())

    def _read_new_lines(self) -> None:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=LOG_GROUP, startTime=self._since, filterPattern=f'"progress run_id={self._run_id}"'
        )
        for event in (event for page in pages for event in page["events"]):
            self._since = max(self._since, event["timestamp"])
            if found := parse_progress(event["message"], self._run_id):
                self._shards[found[0]] = found[1]
