"""What the workflow tries again, how often and after which waits: as written in docs/errors.md, and as it happens."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.local.definition import DEFINITION, render_definition
from distributed_ocr_pipeline.local.deploy import template_values
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from tests.support.workplace import Workplace

PROJECT = Path(__file__).parents[2]

# Error names, first wait in seconds, growth, longest wait, and how often.
THROTTLED = [
    "SageMaker.AmazonSageMakerException",
    "SageMaker.SdkClientException",
    "SageMaker.ThrottlingException",
    "SageMaker.Throttling",
    "ThrottlingException",
]
START_OF_A_JOB = [(THROTTLED, 5, 2, 120, 60)]
CALL = [(["States.TaskFailed"], 2, 2, 30, 5)]
CONDITIONAL_WRITES = (
    "TakeTurn",
    "TakeOver",
    "QueueUp",
    "ReplaceWaiting",
)  # refused, they mean that another run was first

REFUSALS = {
    "ThrottlingException": 60,
    "InternalFailure": 60,
    "ValidationException": 60,
    "ResourceInUse": 0,  # a name that was used: a retry with the same would hide why
}


def tasks(states: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All Task states, those of the Map's children included."""
    for name, state in states.items():
        if state["Type"] == "Task":
            yield name, state
        yield from tasks(state.get("ItemProcessor", {}).get("States", {}))


def retries(rules: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    fields = ("ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxDelaySeconds", "MaxAttempts")
    return [tuple(rule[name] for name in fields) for rule in rules]


def definition() -> dict[str, Any]:
    return render_definition((PROJECT / DEFINITION).read_text(encoding="utf-8"), template_values("us-west-2"))


def test_every_call_has_the_retries_of_its_kind_all_of_them_jittered() -> None:
    for name, state in tasks(definition()["States"]):
        if name in CONDITIONAL_WRITES:
            assert "Retry" not in state, name
            continue
        rules = state["Retry"]
        if name in ("DescribeHolder", "DescribeWaiting"):
            forgotten, *rules = rules
            assert forgotten == {"ErrorEquals": ["Sfn.ExecutionDoesNotExistException"], "MaxAttempts": 0}
        expected = START_OF_A_JOB if state["Resource"].endswith("createProcessingJob.sync") else CALL
        assert retries(rules) == expected, name
        assert all(rule["JitterStrategy"] == "FULL" for rule in rules), name


def test_no_retry_covers_a_failed_job_a_timeout_or_everything() -> None:
    for name, state in tasks(definition()["States"]):
        errors = {error for rule in state.get("Retry", ()) for error in rule["ErrorEquals"]}
        assert not errors & {"States.ALL", "States.Timeout"}, name
        assert "States.TaskFailed" not in errors or state["Resource"].split(":")[5] == "aws-sdk", name


def test_a_run_may_wait_for_its_turn_as_long_as_any_run_lasts() -> None:
    """A history ends at 25,000 events; each look at whose turn it is makes 16 of them."""
    states = definition()["States"]
    seconds, growth = states["ResolveOptions"]["Parameters"]["turn_wait"]["seconds"], _added(states["WaitLonger"])
    waited = looks = 0
    while waited < 365 * 86_400:
        waited, seconds, looks = waited + seconds, seconds + growth, looks + 1
    assert looks * 16 < 24_000


def _added(state: Mapping[str, Any]) -> int:
    return int(state["Parameters"]["seconds.$"].rpartition(", ")[2].rstrip(")"))


@pytest.fixture(scope="module", name="refusing")
def fixture_refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    rules = [{"name": "ocr-plan-*", "run": f"refused-{code}", "refuse": code} for code in REFUSALS]
    faults = tmp_path_factory.mktemp("faults") / "faults.json"
    faults.write_text(json.dumps({"retry_wait_scale": 0.00001, "jobs": rules}), encoding="utf-8")
    with LocalEnvironment(environ={"OCR_LOCAL_FAULTS": str(faults)}) as environment:
        yield Workplace(environment.deployment())


@pytest.mark.parametrize(("code", "again"), REFUSALS.items())
def test_a_refused_call_is_tried_again_as_often_as_the_table_says(refusing: Workplace, code: str, again: int) -> None:
    prefix = refusing.put("refused", "a.pdf")
    arn = refusing.start(f"refused-{code}", prefix)
    assert refusing.finish(arn)["status"] == "FAILED"
    pages = refusing.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    refused = [event for page in pages for event in page["events"] if code in json.dumps(event, default=str)]
    assert sum(event["type"] == "TaskFailed" for event in refused) == again + 1
