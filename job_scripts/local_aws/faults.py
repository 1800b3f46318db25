"""Faults on demand, for tests of the workflow's failure paths: jobs and S3 calls that go wrong. Off by default.

The file named by the environment variable OCR_LOCAL_FAULTS, read when the environment starts:

    {
      "retry_wait_scale": 0.01,
      "jobs": [
        {"name": "ocr-plan-*", "refuse": "ResourceLimitExceeded", "times": 3},
        {"name": "ocr-report-*", "end": {"status": "Failed", "failure_reason": "AlgorithmError: , exit code: 1"}},
        {"name": "ocr-s*", "run": "my-run", "kill": "progress .* documents=[1-9]", "times": 1},
        {"name": "ocr-s00001-*", "lose": "pages"}
      ],
      "requests": [
        {"method": "PUT", "path": "/*/runs/*/run.json", "refuse": "SlowDown", "times": 2}
      ]
    }

`retry_wait_scale` multiplies every wait of the workflow's retries. A rule for jobs applies to those whose name and
run id match its shell patterns, `times` times (default: always), and says one of:

    refuse  the error code that CreateProcessingJob answers with
    end     how the job ends, without having run and without output
    kill    the job's processes are killed when it prints a line in which this pattern is found; exit status 137
    stop    likewise, but the job is stopped, as by StopProcessingJob
    lose    the output of this name is not uploaded

A rule for requests answers S3 calls of its method whose path (/bucket/key) matches with status 503 and its error code.
The first rule that applies is taken.
"""

import re
import threading
import uuid
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Self

from distributed_ocr_pipeline.errors import BadInput
from local_aws.sagemaker.jobs import JobOutcome, ProcessingJob

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

VARIABLE = "OCR_LOCAL_FAULTS"

_KINDS = ("refuse", "end", "kill", "stop", "lose")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Rule(_Record):
    times: int = Field(default=2**31, ge=1)


class FaultyEnd(_Record):
    """How a job ends without having run."""

    status: Literal["Completed", "Failed", "Stopped"]
    failure_reason: str = ""
    exit_message: str = ""


class JobFault(_Rule):
    """One rule for jobs."""

    name: str = "*"
    run: str = "*"
    refuse: str | None = None
    end: FaultyEnd | None = None
    kill: re.Pattern[str] | None = None
    stop: re.Pattern[str] | None = None
    lose: str | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(getattr(self, kind) is not None for kind in _KINDS) != 1:
            raise ValueError(f"a rule says one of {', '.join(_KINDS)}")
        return self

    def matches(self, job_name: str, run_id: str) -> bool:
        """Whether it is about this job."""
        return fnmatchcase(job_name, self.name) and fnmatchcase(run_id, self.run)

    def waits_for(self, line: bytes) -> bool:
        """Whether this line of its output is the job's last."""
        pattern = self.kill or self.stop
        return pattern is not None and pattern.search(line.decode("utf-8", "replace")) is not None


class RequestFault(_Rule):
    """One rule for S3 calls."""

    method: str = "*"
    path: str
    refuse: str


class FaultPlan(_Record):
    """The whole file."""

    retry_wait_scale: float = Field(default=1.0, ge=0)
    jobs: tuple[JobFault, ...] = ()
    requests: tuple[RequestFault, ...] = ()


Rule = TypeVar("Rule", JobFault, RequestFault)


class Faults:
    """The rules and how often each may still apply."""

    def __init__(self, plan: FaultPlan = FaultPlan()) -> None:
        self.retry_wait_scale = plan.retry_wait_scale
        self._lock = threading.Lock()
        self._jobs, self._requests = plan.jobs, plan.requests
        self._left = {id(rule): rule.times for rule in (*plan.jobs, *plan.requests)}

    @classmethod
    def from_file(cls, path: str | None) -> "Faults":
        """The faults in the file; none without a path. `BadInput` says what is wrong with the file."""
        if not path:
            return cls()
        try:
            return cls(FaultPlan.model_validate_json(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise BadInput(f"{VARIABLE} names {path}, which cannot be used: {error}") from error

    def refusal(self, job_name: str, run_id: str = "") -> str | None:
        """The error code to refuse this job with."""
        rule = self._take_job("refuse", job_name, run_id)
        return rule.refuse if rule else None

    def end(self, job: ProcessingJob) -> JobOutcome | None:
        """How this job is to end without running."""
        rule = self._take_job("end", job.name, job.run_id)
        if rule is None or rule.end is None:
            return None
        return JobOutcome(rule.end.status, exit_message=rule.end.exit_message, failure_reason=rule.end.failure_reason)

    def cut(self, job: ProcessingJob) -> JobFault | None:
        """The rule by which this job is to be killed or stopped while it runs."""
        return self._take_job("kill", job.name, job.run_id) or self._take_job("stop", job.name, job.run_id)

    def lost(self, job: ProcessingJob) -> str | None:
        """The name of an output of this job that is not to be uploaded."""
        rule = self._take_job("lose", job.name, job.run_id)
        return rule.lose if rule else None

    def request(self, method: str, path: str) -> str | None:
        """The error code to answer this S3 call with."""
        about = [rule for rule in self._requests if fnmatchcase(method, rule.method) and fnmatchcase(path, rule.path)]
        rule = self._take(about)
        return rule.refuse if rule else None

    def _take_job(self, kind: str, job_name: str, run_id: str) -> JobFault | None:
        about = [rule for rule in self._jobs if getattr(rule, kind) is not None and rule.matches(job_name, run_id)]
        return self._take(about)

    def _take(self, rules: Sequence[Rule]) -> Rule | None:
        """The first rule that may still apply; it then may once less."""
        with self._lock:
            for rule in rules:
                if self._left[id(rule)]:
                    self._left[id(rule)] -= 1
                    return rule
        return None


class FaultyRequests:
    """Hands requests on to an application, unless a rule refuses them."""

    def __init__(self, application: "WSGIApplication", faults: Faults) -> None:
        self._application = application
        self._faults = faults

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        code = self._faults.request(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if code is None:
            return self._application(environ, start_response)
        request_id = ("x-amzn-RequestId", str(uuid.uuid4()))  # moto's workflow engine wants one
        start_response("503 Slow Down", [("Content-Type", "application/xml"), request_id])
        return [f"<Error><Code>{code}</Code><Message>Refused by the fault plan.</Message></Error>".encode()]
