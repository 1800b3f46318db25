"""Processing jobs as the SageMaker API shows them: created, described, listed and stopped by name."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

DEFAULT_MAX_RUNTIME_SECONDS = 86_400
_KILL_SECONDS = 2.0

_NOT_DESCRIBED = frozenset({"Tags"})


class NameInUse(Exception):
    """A job of this name exists or has existed: names are never free again."""


class UnknownJob(Exception):
    """No job of this name."""


@dataclass(frozen=True)
class JobOutcome:
    """How a job ended: status is Completed, Failed or Stopped."""

    status: str
    exit_message: str = ""
    failure_reason: str = ""


class ProcessingJob:
    """One job: what was asked for (a CreateProcessingJob request) and what has become of it so far."""

    def __init__(self, account: str, region: str, request: Mapping[str, Any]) -> None:
        self.name: str = request["ProcessingJobName"]
        self.region = region
        self.request = request
        self.arn = f"arn:aws:sagemaker:{region}:{account}:processing-job/{self.name}"
        self.stop_requested = threading.Event()
        self.abandoned = threading.Event()
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._outcome: JobOutcome | None = None
        self._times = {"CreationTime": _now(), "LastModifiedTime": _now()}

    @property
    def status(self) -> str:
        """InProgress, Stopping, or how it ended."""
        if self._outcome is not None:
            return self._outcome.status
        return "Stopping" if self.stop_requested.is_set() else "InProgress"

    @property
    def run_id(self) -> str:
        """The run that it belongs to, if its environment says so."""
        return str(self.request.get("Environment", {}).get("OCR_RUN_ID", ""))

    @property
    def network_isolation(self) -> bool:
        """Whether the container runs without network and credentials."""
        return bool(self.request.get("NetworkConfig", {}).get("EnableNetworkIsolation", False))

    @property
    def max_runtime_seconds(self) -> int:
        """Seconds after which the container is stopped."""
        condition = self.request.get("StoppingCondition", {})
        return int(condition.get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME_SECONDS))

    def started(self) -> None:
        """Its container begins to run."""
        with self._lock:
            self._times |= {"ProcessingStartTime": _now(), "LastModifiedTime": _now()}

    def stop(self) -> None:
        """Ask it to stop; without effect once it has ended."""
        with self._lock:
            if self._outcome is None:
                self._times["LastModifiedTime"] = _now()
                self.stop_requested.set()

    def end(self, outcome: JobOutcome) -> None:
        """Record how it ended."""
        with self._lock:
            self._outcome = outcome
            self._times |= {"ProcessingEndTime": _now(), "LastModifiedTime": _now()}
        self.ended.set()

    def describe(self) -> dict[str, Any]:
        """As DescribeProcessingJob returns it."""
        with self._lock:
            members = {name: value for name, value in self.request.items() if name not in _NOT_DESCRIBED}
            return members | self._state()

    def summary(self) -> dict[str, Any]:
        """As ListProcessingJobs returns it."""
        with self._lock:
            return {"ProcessingJobName": self.name} | self._state()

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = {"ProcessingJobArn": self.arn, "ProcessingJobStatus": self.status, **self._times}
        if self._outcome is not None and self._outcome.exit_message:
            state["ExitMessage"] = self._outcome.exit_message
        if self._outcome is not None and self._outcome.failure_reason:
            state["FailureReason"] = self._outcome.failure_reason
        return state


class JobRegistry:
    """All jobs of this environment, running or ended. `run` does a job's work and says how it ended."""

    def __init__(self, run: Callable[[ProcessingJob], JobOutcome]) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._jobs: dict[tuple[str, str], ProcessingJob] = {}

    def create(self, account: str, region: str, request: Mapping[str, Any]) -> ProcessingJob:
        """Start a job in a thread of its own."""
        job = ProcessingJob(account, region, request)
        with self._lock:
            if (region, job.name) in self._jobs:
                raise NameInUse(job.name)
            self._jobs[region, job.name] = job
        threading.Thread(target=self._work, args=(job,), name=job.name, daemon=True).start()
        return job

    def get(self, region: str, name: str) -> ProcessingJob:
        """The job of this name; `UnknownJob` if there is none."""
        with self._lock:
            if (region, name) not in self._jobs:
                raise UnknownJob(name)
            return self._jobs[region, name]

    def list(self, region: str) -> list[ProcessingJob]:
        """All jobs of a region, oldest first."""
        with self._lock:
            return [job for (place, _), job in self._jobs.items() if place == region]

    def stop_all(self, timeout_seconds: float) -> None:
        """Stop whatever runs; what has not ended after `timeout_seconds` is killed, whatever its time of grace."""
        with self._lock:
            running = [job for job in self._jobs.values() if not job.ended.is_set()]
        for job in running:
            job.stop()
        end = time.monotonic() + timeout_seconds
        for job in running:
            job.ended.wait(max(0.0, end - time.monotonic()))
        for job in running:
            job.abandoned.set()
        for job in running:
            job.ended.wait(_KILL_SECONDS)

    def _work(self, job: ProcessingJob) -> None:
        try:
            outcome = self._run(job)
        except Exception as error:  # pylint: disable=broad-exception-caught  # becomes the job's status
            reason = f"InternalServerError: {type(error).__name__}: {error}"
            outcome = JobOutcome("Failed", failure_reason=reason[:1024])
        job.end(outcome)


def _now() -> datetime:
    return datetime.now(timezone.utc)
