"""The table of failures is what the workflow does: its states are walked with every sign of every failure."""

import copy
import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.failures import JOB_FAILURES, JobFailure, Reaction, Sign
from distributed_ocr_pipeline.local.definition import DEFINITION, render_definition
from distributed_ocr_pipeline.local.deploy import template_values

DEFINED = render_definition(DEFINITION.read_text(encoding="utf-8"), template_values("us-west-2"))["States"]
IN_SHARD = DEFINED["ProcessShards"]["ItemProcessor"]["States"]
ENDS = {
    "StepWaits": Reaction.WAIT,
    "ShardWaits": Reaction.WAIT,
    "RetryStep": Reaction.AGAIN,
    "RetryShard": Reaction.AGAIN,
    "CheckWaits": Reaction.WAIT,
    "RetryCheck": Reaction.AGAIN,
    "TryDocumentsAlone": Reaction.ALONE,
    "CheckDownloads": Reaction.CHECK,
    "RunFailed": Reaction.FAIL,
    "ExplainFailure": Reaction.FAIL,
    "RecordShardFailure": Reaction.FAIL,
}
SIGNS = [(failure, sign) for failure in JOB_FAILURES for sign in failure.signs]
NO_WORDS = {"FailureReason": "", "ExitMessage": ""}


def found(data: Mapping[str, Any], path: str) -> Any:
    """What a path such as $.a.b leads to; `KeyError` if to nothing, which on AWS would end the execution."""
    value: Any = data
    for name in path.removeprefix("$.").split("."):
        value = value[name]
    return value


def holds(rule: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """A Choice rule, with the operators that the workflow uses."""
    if "And" in rule:
        return all(holds(part, data) for part in rule["And"])
    if "Or" in rule:
        return any(holds(part, data) for part in rule["Or"])
    if "IsPresent" in rule:
        return is_present(data, rule["Variable"]) is rule["IsPresent"]
    return compares(rule, found(data, rule["Variable"]))


def is_present(data: Mapping[str, Any], path: str) -> bool:
    try:
        found(data, path)
    except KeyError:
        return False
    return True


def compares(rule: Mapping[str, Any], value: Any) -> bool:
    """A rule with a single operator, on the value of its variable."""
    ((operator, wanted),) = ((key, wanted) for key, wanted in rule.items() if key not in ("Variable", "Next"))
    match operator:
        case "StringMatches":
            return fnmatchcase(value, wanted.replace("[", "[[]").replace("?", "[?]"))
        case "NumericLessThan":
            return bool(value < wanted)
        case "StringEquals" | "NumericEquals" | "BooleanEquals":
            return bool(value == wanted)
    raise AssertionError(f"the test knows no operator {operator}")


def walk(states: Mapping[str, Any], task: str, sign: Sign, data: dict[str, Any]) -> Reaction:
    """What comes of it when the task fails with the sign."""
    if any(sign.error in rule["ErrorEquals"] for rule in states[task]["Retry"]):
        return Reaction.CALL_AGAIN
    (catch,) = states[task]["Catch"]
    data = copy.deepcopy(data) | {"failure": cause_of(sign)}
    name = catch["Next"]
    while name not in ENDS:
        state = states[name]
        if state["Type"] == "Choice":
            name = next((rule["Next"] for rule in state["Choices"] if holds(rule, data)), state.get("Default"))
            continue
        assert state["Type"] == "Pass", name
        if state["ResultPath"] == "$.failure":
            data["failure"]["job"] = NO_WORDS | json.loads(data["failure"]["Cause"])
        name = state["Next"]
    return ENDS[name]


def cause_of(sign: Sign) -> dict[str, str]:
    """Error and Cause as the Catch of a task sees them."""
    if sign.error == "States.Timeout":
        return {"Error": sign.error}
    if sign.error != "States.TaskFailed":
        return {"Error": sign.error, "Cause": sign.words}
    said = {"ExitMessage": sign.exit_message} if sign.exit_message else {}
    job = {"ProcessingJobStatus": "Failed", "FailureReason": sign.words, "Environment": {"OCR_RUN_ID": "CapacityError"}}
    return {"Error": sign.error, "Cause": json.dumps(job | said)}


def shard(attempt: int, shortages: int = 0, checked: bool = False) -> dict[str, Any]:
    return {"attempt": attempt, "wait": {"longest": 120, "shortages": shortages}, "checked": checked}


@pytest.mark.parametrize(("failure", "sign"), SIGNS, ids=lambda value: getattr(value, "name", None))
def test_the_workflow_does_what_the_table_says(failure: JobFailure, sign: Sign) -> None:
    steps = {"PlanShards": "plan", "ReportRun": "report"}
    for task, name in steps.items():
        for attempt, reaction in enumerate(failure.step, 1):
            data = {"step": {"name": name, "attempt": attempt}, "wait": {"longest": 120, "shortages": 0}}
            assert walk(DEFINED, task, sign, data) is reaction, (task, attempt)
    for attempt, reaction in enumerate(failure.step, 1):
        data = shard(1) | {"check_attempt": attempt}
        assert walk(IN_SHARD, "CheckDownloads", sign, data) is reaction, ("CheckDownloads", attempt)
    for attempt, reaction in enumerate(failure.shard, 1):
        assert walk(IN_SHARD, "ProcessShard", sign, shard(attempt)) is reaction, attempt


def test_downloads_are_checked_once() -> None:
    (failure,) = (failure for failure in JOB_FAILURES if failure.name == "download")
    for sign in failure.signs:
        assert walk(IN_SHARD, "ProcessShard", sign, shard(1, checked=True)) is Reaction.FAIL


def test_a_request_refused_for_a_document_that_is_gone_is_checked_too() -> None:
    words = 'No S3 objects found under S3 URL "s3://bucket/a.pdf" given in input data source.'
    refused = Sign(words, "SageMaker.AmazonSageMakerException")
    after_retries = {**IN_SHARD, "ProcessShard": IN_SHARD["ProcessShard"] | {"Retry": []}}
    assert walk(after_retries, "ProcessShard", refused, shard(1)) is Reaction.CHECK
    assert walk(after_retries, "ProcessShard", refused, shard(1, checked=True)) is Reaction.FAIL


def test_a_fault_of_aws_is_not_waited_for_without_end_but_a_quota_is() -> None:
    by_name = {failure.name: failure.signs[0] for failure in JOB_FAILURES}
    after_a_day = shard(3, shortages=144)  # 144 waits of 10 minutes
    assert walk(IN_SHARD, "ProcessShard", by_name["capacity"], after_a_day) is Reaction.WAIT
    assert walk(IN_SHARD, "ProcessShard", by_name["capacity"], shard(3, shortages=163)) is Reaction.FAIL
    assert walk(IN_SHARD, "ProcessShard", by_name["quota used up"], shard(3, shortages=10**6)) is Reaction.WAIT


@pytest.mark.parametrize("code", [code for code in ExitCode if code is not ExitCode.OK])
@pytest.mark.parametrize(
    "reason", ["AlgorithmError: See job logs for more information", "AlgorithmError: , exit code: {}"]
)
def test_the_verdict_of_every_exit_status_is_obeyed_in_both_forms_of_the_reason(code: ExitCode, reason: str) -> None:
    sign = Sign(reason.format(code.value), exit_message=f"{code.verdict}some words")
    expected = Reaction.AGAIN if code.retryable else Reaction.FAIL
    assert walk(IN_SHARD, "ProcessShard", sign, shard(1)) is expected


def test_words_of_a_document_or_a_name_are_not_taken_for_a_verdict() -> None:
    sign = Sign("AlgorithmError: , exit code: 1", exit_message="RETRY 1 Internal error: cannot read 'FINAL 64.pdf'")
    assert walk(IN_SHARD, "ProcessShard", sign, shard(1)) is Reaction.AGAIN
