"""Faults on demand: refused, failed and stopped jobs, for tests of the workflow's failure paths. Off by default.

The file named by the environment variable OCR_LOCAL_FAULTS, read when the environment starts:

    {
      "retry_wait_scale": 0.01,
      "jobs": [
        {"name": "ocr-plan-*", "refuse": "ResourceLimitExceeded", "times": 3},
        {"name": "ocr-report-*", "end": {"status": "Failed", "failure_reason": "AlgorithmError: , exit code: 1"}},
        {"name": "ocr-s*", "end": {"status": "Completed"}, "times": 1}
      ]
    }

`name` is a shell pattern for job names; `times` says how often a rule applies (default: always); the first rule
that applies is taken. `refuse` is the error code CreateProcessingJob answers with. `end` ends the job without
running its container and without output. `retry_wait_scale` multiplies every wait of the workflow's retries.
"""

import threading
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.local.jobs import JobOutcome

VARIABLE = "OCR_LOCAL_FAULTS"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FaultyEnd(_Record):
    """How a job ends without having run."""

    status: Literal["Completed", "Failed", "Stopped"]
    failure_reason: str = ""
    exit_message: str = ""


class JobFault(_Record):
    """One rule."""

    name: str
    refuse: str | None = None
    end: FaultyEnd | None = None
    times: int = Field(default=2**31, ge=1)


class FaultPlan(_Record):
    """The whole file."""

    retry_wait_scale: float = Field(default=1.0, ge=0)
    jobs: tuple[JobFault, ...] = ()


class Faults:
    """The rules and how often each may still apply."""

    def __init__(self, plan: FaultPlan = FaultPlan()) -> None:
        self.retry_wait_scale = plan.retry_wait_scale
        self._lock = threading.Lock()
        self._left = {number: rule.times for number, rule in enumerate(plan.jobs)}
        self._rules = plan.jobs

    @classmethod
    def from_file(cls, path: str | None) -> "Faults":
        """The faults in the file; none without a path. `BadInput` says what is wrong with the file."""
        if not path:
            return cls()
        try:
            return cls(FaultPlan.model_validate_json(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise BadInput(f"{VARIABLE} names {path}, which cannot be used: {error}") from error

    def refusal(self, job_name: str) -> str | None:
        """The error code to refuse this job with."""
        rule = self._take(job_name, refuse=True)
        return rule.refuse if rule else None

    def end(self, job_name: str) -> JobOutcome | None:
        """How this job is to end without running."""
        rule = self._take(job_name, refuse=False)
        if rule is None or rule.end is None:
            return None
        return JobOutcome(rule.end.status, exit_message=rule.end.exit_message, failure_reason=rule.end.failure_reason)

    def _take(self, job_name: str, *, refuse: bool) -> JobFault | None:
        with self._lock:
            for number, rule in enumerate(self._rules):
                if (rule.refuse is not None) == refuse and self._left[number] and fnmatchcase(job_name, rule.name):
                    self._left[number] -= 1
                    return rule
        return None
