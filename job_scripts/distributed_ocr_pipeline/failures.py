"""How jobs fail on AWS, and what the workflow does about each: the one table of it.

docs/errors.md is made from it, and a test walks the states of `modules/workflow/state_machine.asl.yaml` with it. The
words are those of real accounts; where AWS has been seen to use several forms, all of them stand here.
"""

from dataclasses import dataclass
from enum import Enum


class Reaction(Enum):
    """What the workflow does next."""

    CALL_AGAIN = "makes the call again, 60 times in about an hour"
    WAIT = "waits, then starts it again; it does not count as an attempt"
    AGAIN = "starts it once more"
    ALONE = "starts it once more, each document in a worker of its own"
    CHECK = "looks for the documents that cannot be downloaded, then starts it without them"
    FAIL = "gives it up"


@dataclass(frozen=True)
class Sign:
    """By what a failure is known: the error's name in Step Functions, and the job's (or the refused call's) words."""

    words: str
    error: str = "States.TaskFailed"
    exit_message: str = ""  # that our container left


@dataclass(frozen=True)
class JobFailure:
    """One class of failures.

    Attributes:
        step: The reaction to the first and second attempt of the planning or the reporting job.
        shard: The reaction to the first, second and third attempt of a shard's job.
    """

    name: str
    meaning: str
    signs: tuple[Sign, ...]
    step: tuple[Reaction, Reaction]
    shard: tuple[Reaction, Reaction, Reaction]
    advice: str


_GENERAL = "SageMaker.AmazonSageMakerException"
_LIMIT = "SageMaker.ResourceLimitExceededException"
_NO_WORDS = "AlgorithmError: See job logs for more information"  # what a container's failure says in one of its forms

JOB_FAILURES = (
    JobFailure(
        "throttled",
        "More calls than SageMaker takes: one job starts a second in an account and region.",
        (
            Sign("Rate exceeded", "ThrottlingException"),
            Sign(
                "Rate exceeded (Service: AmazonSageMaker; Status Code: 400; Error Code: ThrottlingException)", _GENERAL
            ),
        ),
        (Reaction.CALL_AGAIN,) * 2,
        (Reaction.CALL_AGAIN,) * 3,
        "Nothing. Larger shards start fewer jobs.",
    ),
    JobFailure(
        "quota used up",
        "As many instances run as the account's quota allows.",
        (
            Sign(
                "The account-level service limit 'ml.t3.xlarge for processing job usage' is 2 Instances, with current "
                "utilization of 2 Instances and a request delta of 1 Instances.",
                _LIMIT,
            ),
            Sign(
                "The account-level service limit 'Number of instances across all processing jobs' is 10 Instances, "
                "with current utilization of 10 Instances and a request delta of 1 Instances.",
                _LIMIT,
            ),
        ),
        (Reaction.WAIT,) * 2,
        (Reaction.WAIT,) * 3,
        "Nothing, or raise the quota that the message names.",
    ),
    JobFailure(
        "quota too small",
        "The quota is 0, or the request is beyond it by itself. No wait mends that.",
        (
            Sign(
                "The account-level service limit 'ml.c6i.4xlarge for processing job usage' is 0 Instances, with "
                "current utilization of 0 Instances and a request delta of 1 Instances.",
                _LIMIT,
            ),
            Sign(
                "The request delta of 1025 GBs for 'Size of EBS volume for a processing job instance' is greater than "
                "the account-level service-limit of 1024 GBs.",
                _LIMIT,
            ),
            Sign(
                "The account-level service limit 'Longest run time for a processing job' is 432000 Seconds, with "
                "current utilization of 0 Seconds and a request delta of 500000 Seconds.",
                _LIMIT,
            ),
        ),
        (Reaction.FAIL,) * 2,
        (Reaction.FAIL,) * 3,
        "Raise the quota that the message names, or ask for another instance type, a smaller disk or less time.",
    ),
    JobFailure(
        "capacity",
        "AWS has no such instance at present, or has a fault of its own.",
        (
            Sign(
                "CapacityError: Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity."
            ),
            Sign("InternalServerError: We encountered an internal error. Please try again."),
        ),
        (Reaction.WAIT,) * 2,
        (Reaction.WAIT,) * 3,
        "Nothing for a day; then another instance type.",
    ),
    JobFailure(
        "out of memory",
        "The container needed more memory than the instance has.",
        (
            Sign(
                "ClientError: Please use an instance type with more memory, or reduce the size of job data processed "
                "on an instance."
            ),
            Sign("ClientError: Artifact upload failed:ClientError: Out of Memory. Please use a larger instance"),
        ),
        (Reaction.FAIL,) * 2,
        (Reaction.ALONE, Reaction.ALONE, Reaction.FAIL),
        "A larger instance type: run.instance_type for shards, jobs.planner_instance_type for planning and reporting.",
    ),
    JobFailure(
        "download",
        "SageMaker could not download a document: it is archived, deleted, or under a key that the worker may not use.",
        (
            Sign("ClientError: Failed to download data. The operation is not valid for the object's storage class"),
            Sign("ClientError: Data download failed:AccessDenied (403): Access Denied"),
            Sign('ClientError: No S3 objects found under S3 URL "s3://bucket/a.pdf" given in input data source.'),
        ),
        (Reaction.FAIL,) * 2,
        (Reaction.CHECK,) * 3,
        "What the rows of class `missing` say: restore it, put it there again, or let the worker's role read it.",
    ),
    JobFailure(
        "image",
        "The container's image is not in the repository, or of a kind that SageMaker does not run.",
        (
            Sign("ClientError: The repository 'ocr' does not have an image with the tag '0123456789abcdef'."),
            Sign("ClientError: Requested image 123456789012.dkr.ecr.us-west-2.amazonaws.com/ocr@sha256:0 not found."),
        ),
        (Reaction.FAIL,) * 2,
        (Reaction.FAIL,) * 3,
        "`make deploy`, which builds and pushes it.",
    ),
    JobFailure(
        "permission",
        "A role may not do what SageMaker has to do with it.",
        (Sign("ClientError: Failed to upload data. AccessDenied: not authorized to perform: kms:GenerateDataKey"),),
        (Reaction.FAIL,) * 2,
        (Reaction.FAIL,) * 3,
        "Compare the role with docs/permissions.md, and a bucket's or key's own policy with docs/deploy.md.",
    ),
    JobFailure(
        "bad input",
        "Our container refused what it was given, or reported a run that is not green: FINAL and its exit status.",
        (
            Sign(_NO_WORDS, exit_message="FINAL 64 Option 'dpi': got 0; input should be at least 50."),
            Sign(_NO_WORDS, exit_message="FINAL 65 2 planned documents are not in the ledger."),
            Sign("AlgorithmError: , exit code: 64"),
        ),
        (Reaction.FAIL,) * 2,
        (Reaction.FAIL,) * 3,
        "What the message says.",
    ),
    JobFailure(
        "ours",
        "Our container failed in a way that another try may mend (RETRY and its exit status), or died without a word.",
        (
            Sign(_NO_WORDS, exit_message="RETRY 1 Internal error: ZeroDivisionError: division by zero"),
            Sign("AlgorithmError: , exit code: 2", exit_message="RETRY 2 Reading s3://bucket/key failed: SlowDown."),
            Sign("AlgorithmError: , exit code: 137"),
            Sign(_NO_WORDS),
        ),
        (Reaction.AGAIN, Reaction.FAIL),
        (Reaction.AGAIN, Reaction.ALONE, Reaction.FAIL),
        "If it stays, report it with the job's log.",
    ),
    JobFailure(
        "too slow",
        "The job had not ended half an hour after its time limit.",
        (Sign("", "States.Timeout"),),
        (Reaction.FAIL,) * 2,
        (Reaction.FAIL,) * 3,
        "Run again: what is finished is kept. Raise jobs.max_runtime_seconds, or make shards smaller.",
    ),
)
"""In the order in which docs/errors.md lists them."""
