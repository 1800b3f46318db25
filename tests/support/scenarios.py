"""What goes wrong, and what is to come of it: a table of faults, each with its expected outcome.

Every scenario is a run of the real workflow and the real job scripts on the local environment, over small documents,
and then a second run over the same prefix that nothing disturbs: the repair.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_aws.sagemaker.reasons import REASONS

SEE_LOGS = REASONS["algorithm"]  # says nothing of the exit status
Outcome = tuple[str, str | None]
"""Status and error class."""

DONE: Outcome = ("succeeded", None)
FAILED_JOB = {"status": "Failed", "failure_reason": SEE_LOGS}
BAD_INPUT = {"status": "Failed", "failure_reason": SEE_LOGS, "exit_message": "FINAL 64 Bad input."}
BAD_INPUT_WITHOUT_A_WORD = {"status": "Failed", "failure_reason": "AlgorithmError: , exit code: 64"}
SERVICE_FAULT = {"status": "Failed", "failure_reason": "InternalServerError: try again"}
NO_CAPACITY = {
    "status": "Failed",
    "failure_reason": "CapacityError: Unable to provision requested ML compute capacity.",
}
OUT_OF_MEMORY = {
    "status": "Failed",
    "failure_reason": "ClientError: Please use an instance type with more memory, or reduce the size of job data.",
}
REFUSED_BY_SAGEMAKER = {"status": "Failed", "failure_reason": "ClientError: no such image"}


@dataclass(frozen=True)
class Scenario:
    """One fault.

    Attributes:
        name: Also the run's id.
        status: How the execution ends.
        says: Is found in the execution's cause, or for a green run in nothing.
        documents: Expected row of each document in the first run; None for one that has no row.
        jobs: How many jobs of each kind the first run creates.
        job_faults, request_faults: Rules of the fault plan; they hold for the first run only.
        options: Of both runs.
        repaired: Documents that the second run has to process.
        current: Rows that count after the second run, where they are not all `succeeded`.
    """

    name: str
    status: str = "SUCCEEDED"
    says: str = ""
    documents: Mapping[str, Outcome | None] = field(default_factory=lambda: dict.fromkeys(("a.pdf", "b.pdf"), DONE))
    jobs: Mapping[str, int] = field(default_factory=lambda: {"plan": 1, "s": 1, "check": 0, "report": 1})
    job_faults: tuple[Mapping[str, Any], ...] = ()
    request_faults: tuple[Mapping[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    repaired: int = 0
    current: Mapping[str, Outcome] = field(default_factory=dict)


def shard(**fault: Any) -> tuple[Mapping[str, Any], ...]:
    """A rule for the jobs that process shards."""
    return ({"name": "ocr-s*", **fault},)


def planner(**fault: Any) -> tuple[Mapping[str, Any], ...]:
    """A rule for the planning job."""
    return ({"name": "ocr-plan-*", **fault},)


def reporter(**fault: Any) -> tuple[Mapping[str, Any], ...]:
    """A rule for the reporting job."""
    return ({"name": "ocr-report-*", **fault},)


NO_ROWS: Mapping[str, Outcome | None] = dict.fromkeys(("a.pdf", "b.pdf"))
NOTHING_RAN = {"plan": 1, "s": 0, "check": 0, "report": 0}
ANY_RATE = {"max_error_rate": 1.0}

CALLS = (
    Scenario("quota-is-used-up", job_faults=shard(refuse="ResourceLimitExceeded", times=5)),
    Scenario("calls-are-throttled", job_faults=shard(refuse="ThrottlingException", times=5)),
    Scenario("sagemaker-has-a-fault", job_faults=shard(refuse="InternalFailure", times=3)),
    Scenario(
        "a-job-is-out-of-memory",
        jobs={"plan": 1, "s": 2, "check": 0, "report": 1},
        job_faults=shard(end=OUT_OF_MEMORY, times=1),
    ),
    Scenario(
        "capacity-is-short-for-a-while",
        jobs={"plan": 1, "s": 6, "check": 0, "report": 1},
        job_faults=shard(end=NO_CAPACITY, times=5),
    ),
    Scenario(
        "every-call-is-refused",
        status="FAILED",
        says="2 planned documents are not in the ledger",
        documents=NO_ROWS,
        jobs={"plan": 1, "s": 0, "check": 0, "report": 1},
        job_faults=shard(refuse="ValidationException"),
        repaired=2,
    ),
    Scenario(
        "s3-is-slow-when-the-run-is-recorded",
        request_faults=({"method": "PUT", "path": "*/runs/{run}/run.json", "refuse": "SlowDown", "times": 4},),
    ),
    Scenario(
        "s3-is-slow-when-the-plan-is-read",
        request_faults=({"method": "GET", "path": "*/runs/{run}/plan.json", "refuse": "SlowDown", "times": 4},),
    ),
    Scenario(
        "inputs-cannot-be-downloaded",
        status="FAILED",
        says="Failed to download data",
        documents=NO_ROWS,
        jobs={"plan": 1, "s": 2, "check": 1, "report": 1},
        request_faults=({"method": "GET", "path": "*/runs/{run}/shards/*/manifest.json", "refuse": "SlowDown"},),
        repaired=2,
    ),
    Scenario(
        "results-cannot-be-uploaded",
        status="FAILED",
        says="Failed to upload",
        documents=NO_ROWS,
        request_faults=({"method": "PUT", "path": "*/pages/run_id={run}/*", "refuse": "SlowDown"},),
        repaired=2,
    ),
    Scenario(
        "the-report-cannot-be-stored",
        status="FAILED",
        says="Writing .*report.json failed",
        jobs={"plan": 1, "s": 1, "check": 0, "report": 2},
        request_faults=({"method": "PUT", "path": "*/runs/{run}/report.json", "refuse": "SlowDown"},),
    ),
)

PLANNER = (
    Scenario(
        "planner-fails-once",
        jobs={"plan": 2, "s": 1, "check": 0, "report": 1},
        job_faults=planner(end=FAILED_JOB, times=1),
    ),
    Scenario(
        "planner-is-killed-when-done",
        jobs={"plan": 2, "s": 1, "check": 0, "report": 1},
        job_faults=planner(kill="Planned", times=1),
    ),
    Scenario(
        "planner-fails-twice",
        status="FAILED",
        says=SEE_LOGS,
        documents=NO_ROWS,
        jobs={"plan": 2, "s": 0, "check": 0, "report": 0},
        job_faults=planner(end=FAILED_JOB),
        repaired=2,
    ),
    Scenario(
        "planner-is-stopped",
        status="FAILED",
        says="was stopped",
        documents=NO_ROWS,
        jobs=NOTHING_RAN,
        job_faults=planner(end={"status": "Stopped"}),
        repaired=2,
    ),
    Scenario(
        "planner-says-completed-but-planned-nothing",
        status="FAILED",
        documents=NO_ROWS,
        jobs=NOTHING_RAN,
        job_faults=planner(end={"status": "Completed"}),
        repaired=2,
    ),
)

SHARD = (
    Scenario(
        "a-job-fails-once", jobs={"plan": 1, "s": 2, "check": 0, "report": 1}, job_faults=shard(end=FAILED_JOB, times=1)
    ),
    Scenario(
        "a-job-has-a-service-fault",
        jobs={"plan": 1, "s": 2, "check": 0, "report": 1},
        job_faults=shard(end=SERVICE_FAULT, times=1),
    ),
    Scenario(
        "a-job-is-killed-at-work",
        jobs={"plan": 1, "s": 2, "check": 0, "report": 1},
        job_faults=shard(kill="progress run_id", times=1),
    ),
    Scenario(
        "a-job-is-killed-twice",
        jobs={"plan": 1, "s": 3, "check": 0, "report": 1},
        job_faults=shard(kill="progress run_id", times=2),
    ),
    Scenario(
        "a-job-is-killed-always",
        status="FAILED",
        says=SEE_LOGS,
        documents=NO_ROWS,
        jobs={"plan": 1, "s": 3, "check": 0, "report": 1},
        job_faults=shard(kill="progress run_id"),
        repaired=2,
    ),
    Scenario(
        "bad-input-is-not-tried-again",
        status="FAILED",
        says="Bad input",
        documents=NO_ROWS,
        job_faults=shard(end=BAD_INPUT),
        repaired=2,
    ),
    Scenario(
        "bad-input-is-known-by-its-exit-status-where-a-reason-has-it",
        status="FAILED",
        says="exit code: 64",
        documents=NO_ROWS,
        job_faults=shard(end=BAD_INPUT_WITHOUT_A_WORD),
        repaired=2,
    ),
    Scenario(
        "a-refused-image-is-not-tried-again",
        status="FAILED",
        says="no such image",
        documents=NO_ROWS,
        job_faults=shard(end=REFUSED_BY_SAGEMAKER),
        repaired=2,
    ),
    Scenario(
        "a-job-is-stopped-before-it-began",
        status="FAILED",
        says="was stopped",
        documents=NO_ROWS,
        job_faults=shard(end={"status": "Stopped"}),
        repaired=2,
    ),
    Scenario(
        "a-job-says-completed-but-wrote-nothing",
        status="FAILED",
        says="2 planned documents are not in the ledger",
        documents=NO_ROWS,
        job_faults=shard(end={"status": "Completed"}),
        repaired=2,
    ),
    Scenario(
        "pages-are-lost",
        status="FAILED",
        says="1 shard has incomplete files",
        job_faults=shard(lose="pages"),
        repaired=2,
    ),
    Scenario(
        "the-ledger-is-lost",
        status="FAILED",
        says="2 planned documents are not in the ledger",
        documents=NO_ROWS,
        job_faults=shard(lose="documents"),
        repaired=2,
    ),
    Scenario(
        "one-shard-of-many-fails",
        status="FAILED",
        says="1 planned document is not in the ledger",
        documents={"a.pdf": DONE, "b.pdf": DONE, "c.pdf": None},
        jobs={"plan": 1, "s": 3, "check": 0, "report": 1},
        job_faults=({"name": "ocr-s00002-*", "end": BAD_INPUT},),
        options={"files_per_job": 1, "tolerated_failed_shards": 1},
        repaired=1,
    ),
)

REPORTER = (
    Scenario(
        "report-fails-once",
        jobs={"plan": 1, "s": 1, "check": 0, "report": 2},
        job_faults=reporter(end=FAILED_JOB, times=1),
    ),
    Scenario(
        "report-fails-twice",
        status="FAILED",
        says=SEE_LOGS,
        jobs={"plan": 1, "s": 1, "check": 0, "report": 2},
        job_faults=reporter(end=FAILED_JOB),
    ),
    Scenario("report-is-stopped", status="FAILED", says="was stopped", job_faults=reporter(end={"status": "Stopped"})),
    Scenario(
        "report-says-completed-but-wrote-nothing",
        status="FAILED",
        says="no report.json",
        job_faults=reporter(end={"status": "Completed"}),
    ),
)


def misbehaving(name: str, error_class: str, jobs: int = 1, repaired: int = 1, **options: Any) -> Scenario:
    """A document on which Poppler misbehaves (see programs.py), beside one that is fine."""
    bad = f"{name}.pdf"
    return Scenario(
        f"a-program-does-{name}",
        documents={"a.pdf": DONE, bad: ("failed", error_class)},
        jobs={"plan": 1, "s": jobs, "check": 0, "report": 1},
        options=ANY_RATE | options,
        repaired=repaired,
        current={bad: ("failed", error_class)},
    )


PROGRAMS = (
    misbehaving("hang", "timeout", page_timeout_seconds=2),
    misbehaving("crash", "engine_crash"),
    misbehaving("killed", "out_of_memory"),
    misbehaving("hoard", "out_of_memory"),
    misbehaving("silent", "corrupt", repaired=0),
    misbehaving("babble", "corrupt", repaired=0),
    # SIGKILL means want of memory, so the second job has each document alone. It counts as the third attempt of three.
    misbehaving("poison", "out_of_memory", jobs=2, repaired=0),
)

SCENARIOS = (*CALLS, *PLANNER, *SHARD, *REPORTER, *PROGRAMS)
