"""Processing jobs as the SageMaker API shows them: created, described, listed and stopped by name."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from local_aws.errors import NameInUse, UnknownJob

DEFAULT_MAX_RUNTIME_SECONDS = 86_400
_KILL_SECONDS = 2.0

_NOT_DESCRIBED = frozenset({"Tags"})


@dataclass(frozen=True)
class JobOutcome:
    """How a job ended: status is Completed, Failed or Stopped."""

    status: str
    exit_message: str = ""
    failure_reason: str = ""


class ProcessingJob:
    """One job: its CreateProcessingJob request and its state so far."""

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
        """InProgress, Stopping, or the status of the job's end."""
        if self._outcome is not None:
            return self._outcome.status
        return "Stopping" if self.stop_requested.is_set() else "InProgress"

    @property
    def network_isolation(self) -> bool:
        """Whether the container runs without network and credentials."""
        return bool(self.request.get("NetworkConfig", {}).get("EnableNetworkIsolation", False))

    @property
    def volume_bytes(self) -> int:
        """Bytes that the instance's volume holds."""
        return int(self.request["ProcessingResources"]["ClusterConfig"]["VolumeSizeInGB"]) * 1024**3

    @property
    def max_runtime_seconds(self) -> int:
        """Seconds after which the container is stopped."""
        condition = self.request.get("StoppingCondition", {})
        return int(condition.get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME_SECONDS))

    def started(self) -> None:
        """Record that the container begins to run."""
        with self._lock:
            self._times |= {"ProcessingStartTime": _now(), "LastModifiedTime": _now()}

    def stop(self) -> None:
        """Request the job's stop; this has no effect after its end."""
        with self._lock:
            if self._outcome is None:
                self._times["LastModifiedTime"] = _now()
                self.stop_requested.set()

    def end(self, outcome: JobOutcome) -> None:
        """Record how the job ended."""
        with self._lock:
            self._outcome = outcome
            self._times |= {"ProcessingEndTime": _now(), "LastModifiedTime": _now()}
        self.ended.set()

    def describe(self) -> dict[str, Any]:
        """The job as DescribeProcessingJob returns it."""
        with self._lock:
            members = {name: value for name, value in self.request.items() if name not in _NOT_DESCRIBED}
            return members | self._state()

    def summary(self) -> dict[str, Any]:
        """The job as ListProcessingJobs returns it."""
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
    """All jobs of this server, running or ended. `run` does a job's work and returns how it ended."""

    def __init__(self, run: Callable[[ProcessingJob], JobOutcome]) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._jobs: dict[tuple[str, str], ProcessingJob] = {}
        self._listeners: list[Callable[[ProcessingJob], None]] = []

    def on_end(self, listener: Callable[[ProcessingJob], None]) -> None:
        """Call `listener` with every job that has ended."""
        self._listeners.append(listener)

    def create(self, account: str, region: str, request: Mapping[str, Any]) -> ProcessingJob:
        """Start a job in its own thread; `NameInUse` if there is one of this name."""
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
        """Stop all running jobs; those that run after `timeout_seconds` are killed before their grace time is over."""
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
        except Exception as error:  # pylint: disable=broad-exception-caught  # it becomes the job's status
            reason = f"InternalServerError: {type(error).__name__}: {error}"
            outcome = JobOutcome("Failed", failure_reason=reason[:1024])
        job.end(outcome)
        for listener in self._listeners:
            listener(job)


def _now() -> datetime:
    return datetime.now(timezone.utc)
