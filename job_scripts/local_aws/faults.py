"""Faults on demand, for tests of a workflow's failure paths: jobs and S3 calls that go wrong. Off by default.

The server's variable FAULTS names a JSON file, which is read at the start:

    {
      "retry_wait_scale": 0.01,
      "account": {"starts_per_second": 1, "instances": {"ml.t3.xlarge": 20}, "total_instances": 20},
      "jobs": [
        {"name": "ocr-plan-*", "refuse": "ResourceLimitExceeded", "times": 3},
        {"name": "ocr-report-*", "end": {"status": "Failed", "failure_reason": "AlgorithmError: , exit code: 1"}},
        {"name": "ocr-s*", "run": "my-run", "kill": "progress .* documents=[1-9]", "times": 1},
        {"name": "ocr-s00001-*", "lose": "pages"}
      ],
      "requests": [
        {"method": "PUT", "path": "/*/runs/*/run.json", "refuse": "SlowDown", "times": 2}
      ],
      "objects": [
        {"path": "/*/huge.pdf", "size_bytes": 3221225472}
      ]
    }

`retry_wait_scale` multiplies every wait of the workflow's retries, and the time between two starts of jobs. `account`
changes the quotas and words of `account.Account` that it names. A rule for jobs applies to jobs whose name and run
id match its shell patterns, `times` times (default: always), and has one of these:

    refuse  CreateProcessingJob answers with this error code
    end     the job ends this way, without a run and without output
    kill    the job's processes are killed when it prints a line that contains this pattern; exit status 137
    oom     the same, by the kernel for want of memory, which is what SageMaker says then
    stop    the job is stopped at such a line, as by StopProcessingJob
    lose    the output of this name is not uploaded

An `end` may name its reason instead of giving its words: `"failure": "capacity"`; `sagemaker.reasons` has the names.

A rule for requests answers S3 calls of its method whose path (/bucket/key) matches with status 503 and its error code;
with `"done": true` S3 has done what was asked, and only its answer is lost.
A rule for objects says how large those are whose path matches: listings and HEAD tell that size, and GET gives zeros.
The first rule that applies counts.
"""

import re
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Self

from local_aws.account import Account
from local_aws.errors import BadSetting
from local_aws.sagemaker.jobs import JobOutcome, ProcessingJob
from local_aws.sagemaker.reasons import REASONS, Kind
from local_aws.settings import ServerSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

VARIABLE = "FAULTS"

_KINDS = ("refuse", "end", "kill", "oom", "stop", "lose")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Rule(_Record):
    times: int = Field(default=2**31, ge=1)


class FaultyEnd(_Record):
    """How a job ends without a run."""

    status: Literal["Completed", "Failed", "Stopped"]
    failure_reason: str = ""
    failure: Kind | None = None
    exit_message: str = ""

    @property
    def reason(self) -> str:
        """The words of the failure reason."""
        return REASONS[self.failure] if self.failure else self.failure_reason


class JobFault(_Rule):
    """One rule for jobs."""

    name: str = "*"
    run: str = "*"
    refuse: str | None = None
    end: FaultyEnd | None = None
    kill: re.Pattern[str] | None = None
    oom: re.Pattern[str] | None = None
    stop: re.Pattern[str] | None = None
    lose: str | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(getattr(self, kind) is not None for kind in _KINDS) != 1:
            raise ValueError(f"a rule has one of {', '.join(_KINDS)}")
        return self

    def matches(self, job_name: str, run_id: str) -> bool:
        """Whether the rule is about this job."""
        return fnmatchcase(job_name, self.name) and fnmatchcase(run_id, self.run)

    def waits_for(self, line: bytes) -> bool:
        """Whether the job ends at this line of its output."""
        pattern = self.kill or self.oom or self.stop
        return pattern is not None and pattern.search(line.decode("utf-8", "replace")) is not None


class RequestFault(_Rule):
    """One rule for S3 calls."""

    method: str = "*"
    path: str
    refuse: str
    done: bool = False


class ObjectSize(_Record):
    """One rule for objects."""

    path: str
    size_bytes: int = Field(ge=0)


class FaultPlan(_Record):
    """The whole file."""

    retry_wait_scale: float = Field(default=1.0, ge=0)
    account: Account | None = None
    jobs: tuple[JobFault, ...] = ()
    requests: tuple[RequestFault, ...] = ()
    objects: tuple[ObjectSize, ...] = ()


Rule = TypeVar("Rule", JobFault, RequestFault)


class Faults:
    """The rules, and how often each may still apply.

    Args:
        plan: The rules.
        run_variable: The variable of a job's environment that holds the id of its run.
        account: The account that the plan may change.
    """

    def __init__(self, plan: FaultPlan = FaultPlan(), run_variable: str = "", account: Account = Account()) -> None:
        self.retry_wait_scale = plan.retry_wait_scale
        changes = {name: getattr(plan.account, name) for name in plan.account.model_fields_set} if plan.account else {}
        self.account = account.model_copy(update=changes)
        self._run_variable = run_variable
        self._lock = threading.Lock()
        self._jobs, self._requests, self._objects = plan.jobs, plan.requests, plan.objects
        self._left = {id(rule): rule.times for rule in (*plan.jobs, *plan.requests)}

    @classmethod
    def from_environment(cls, settings: ServerSettings, environ: Mapping[str, str]) -> "Faults":
        """The faults in the file that the server's variable names; none where it is not set.

        Raises:
            BadSetting: The file cannot be read, or has a rule that is wrong.
        """
        variable = settings.variable(VARIABLE)
        path = environ.get(variable)
        if not path:
            return cls(account=settings.account)
        try:
            plan = FaultPlan.model_validate_json(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadSetting(f"{variable} names {path}, which cannot be used: {error}") from error
        return cls(plan, settings.run_variable, settings.account)

    def refusal(self, request: Mapping[str, Any]) -> str | None:
        """The error code that refuses this CreateProcessingJob request."""
        rule = self._take_job("refuse", request)
        return rule.refuse if rule else None

    def end(self, job: ProcessingJob) -> JobOutcome | None:
        """How this job ends without a run."""
        rule = self._take_job("end", job.request)
        if rule is None or rule.end is None:
            return None
        return JobOutcome(rule.end.status, exit_message=rule.end.exit_message, failure_reason=rule.end.reason)

    def cut(self, job: ProcessingJob) -> JobFault | None:
        """The rule that kills or stops this job while it runs."""
        rules = (self._take_job(kind, job.request) for kind in ("kill", "oom", "stop"))
        return next((rule for rule in rules if rule), None)

    def lost(self, job: ProcessingJob) -> str | None:
        """The name of the output of this job that is not uploaded."""
        rule = self._take_job("lose", job.request)
        return rule.lose if rule else None

    def request(self, method: str, path: str) -> RequestFault | None:
        """The rule that refuses this S3 call."""
        about = [rule for rule in self._requests if fnmatchcase(method, rule.method) and fnmatchcase(path, rule.path)]
        return self._take(about)

    def size_bytes(self, path: str) -> int | None:
        """How large the object at /bucket/key is; None where no rule says so."""
        return next((rule.size_bytes for rule in self._objects if fnmatchcase(path, rule.path)), None)

    def _take_job(self, kind: str, request: Mapping[str, Any]) -> JobFault | None:
        name, run_id = request["ProcessingJobName"], request.get("Environment", {}).get(self._run_variable, "")
        about = [rule for rule in self._jobs if getattr(rule, kind) is not None and rule.matches(name, run_id)]
        return self._take(about)

    def _take(self, rules: Sequence[Rule]) -> Rule | None:
        """The first rule that may still apply; this use of it is counted."""
        with self._lock:
            for rule in rules:
                if self._left[id(rule)]:
                    self._left[id(rule)] -= 1
                    return rule
        return None


class FaultyRequests:
    """Passes requests on to an application, except those that a rule refuses."""

    def __init__(self, application: "WSGIApplication", faults: Faults) -> None:
        self._application = application
        self._faults = faults

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        rule = self._faults.request(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if rule is None:
            return self._application(environ, start_response)
        if rule.done:
            b"".join(self._application(environ, lambda *_answer: lambda _data: None))
        request_id = ("x-amzn-RequestId", str(uuid.uuid4()))  # moto's workflow engine requires one
        start_response("503 Slow Down", [("Content-Type", "application/xml"), request_id])
        return [f"<Error><Code>{rule.refuse}</Code><Message>Refused by the fault plan.</Message></Error>".encode()]
