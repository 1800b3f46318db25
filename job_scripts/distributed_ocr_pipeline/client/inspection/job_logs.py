"""What the jobs of a deployed run logged, from CloudWatch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from distributed_ocr_pipeline.client.inspection.deployed_runs import RunExecution
from distributed_ocr_pipeline.deployment import LOG_GROUP, Deployment, job_names, run_of_job
from distributed_ocr_pipeline.errors import PipelineError, ServiceFault
from distributed_ocr_pipeline.storage import aws_call

_LATE = timedelta(seconds=30)  # a line may be there so much later than one that was logged after it
_AFTER_THE_END = timedelta(hours=1)  # jobs of a run that was stopped finish what they have open


@dataclass(frozen=True)
class LogLine:
    """One line of a job."""

    time: datetime
    job: str  # its name
    part: str  # what the job is for: plan, s00001, check, report
    message: str

    def as_dict(self) -> dict[str, str]:
        """JSON-ready; the time in ISO 8601."""
        return {"time": self.time.isoformat(), "job": self.job, "part": self.part, "message": self.message}


class RunLogs:
    """The lines of one run's jobs, each once. All processing jobs of an account and region share their log group.

    Args:
        deployment: Whose jobs.
        run: Which run, and when.
        document_id: Only lines that name this document.
    """

    def __init__(self, deployment: Deployment, run: RunExecution, document_id: str | None = None) -> None:
        self._client, self._jobs = deployment.client("logs"), deployment.client("sagemaker")
        prefix = deployment.name_prefix()
        self._names = job_names(prefix)
        self._run_of = lru_cache(maxsize=None)(self._ask_for_run)
        self._run_id, self._since = run.run_id, run.started
        self._request: dict[str, Any] = {
            "logGroupName": LOG_GROUP,
            "logStreamNamePrefix": f"{prefix}-",
        }
        if run.ended:
            self._request["endTime"] = _milliseconds(run.ended + _AFTER_THE_END)
        if document_id:
            self._request["filterPattern"] = f'"document_id={document_id}"'
        self._seen: dict[str, datetime] = {}

    def new(self) -> Iterator[LogLine]:
        """The lines since the last call, as they were logged; none before there is a log group.

        Raises:
            ServiceFault: AWS did not answer.
        """
        start = _milliseconds(self._since - _LATE)
        try:
            with aws_call("Reading the jobs' logs"):
                for page in self._client.get_paginator("filter_log_events").paginate(startTime=start, **self._request):
                    yield from filter(None, map(self._line, page["events"]))
        except PipelineError as error:
            if error.code != "ResourceNotFoundException":  # the log group appears with the first job
                raise
        self._seen = {event: time for event, time in self._seen.items() if time >= self._since - 2 * _LATE}

    def _line(self, event: Mapping[str, Any]) -> LogLine | None:
        job = event["logStreamName"].partition("/")[0]
        name = self._names.fullmatch(job)
        if name is None or event["eventId"] in self._seen or self._run_of(job) != self._run_id:
            return None
        time = datetime.fromtimestamp(event["timestamp"] / 1000, timezone.utc)
        self._seen[event["eventId"]] = time
        self._since = max(self._since, time)
        return LogLine(time, job, name[1], event["message"])

    def _ask_for_run(self, job: str) -> str:
        try:
            with aws_call(f"Looking at the job {job}"):
                return run_of_job(self._jobs.describe_processing_job(ProcessingJobName=job))
        except ServiceFault as error:
            if error.code not in ("ResourceNotFound", "ValidationException"):  # AWS has forgotten it
                raise
            return ""


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
