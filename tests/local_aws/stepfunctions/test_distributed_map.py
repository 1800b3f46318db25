"""Distributed Map states: what they tolerate, and their children."""

import json
import uuid
from typing import Any

import pytest

from local_aws.stepfunctions.distributed_map import Tolerance
from tests.support.harness import Harness, map_state


@pytest.mark.parametrize(
    ("count", "percentage", "failed", "exceeded"),
    [(0, 0, 0, False), (0, 0, 1, True), (2, 0, 2, False), (2, 0, 3, True), (0, 10, 20, False), (0, 10, 21, True)],
)
def test_tolerance(count: int, percentage: float, failed: int, exceeded: bool) -> None:
    assert Tolerance(200, count, percentage).exceeded(failed) == exceeded


def failing_below(limit: int) -> dict[str, Any]:
    """Children that fail if their number is below `limit`."""
    rule = {"Variable": "$", "NumericLessThan": limit, "Next": "Bad"}
    return {
        "Check": {"Type": "Choice", "Choices": [rule], "Default": "Good"},
        "Bad": {"Type": "Fail", "Error": "States.TaskFailed", "Cause": "too low"},
        "Good": {"Type": "Succeed"},
    }


def test_a_map_of_more_items_than_python_recurses(local: Harness) -> None:
    answer = local.run_machine(map_state(1100, {"Good": {"Type": "Succeed"}}, MaxConcurrency=1))
    assert len(json.loads(answer["output"])) == 1100


@pytest.mark.parametrize(
    ("failed", "limits", "status"),
    [
        (1, {}, "FAILED"),
        (2, {"ToleratedFailureCount": 2}, "SUCCEEDED"),
        (3, {"ToleratedFailureCount": 2}, "FAILED"),
        (2, {"ToleratedFailurePercentagePath": "$.percent"}, "SUCCEEDED"),
        (3, {"ToleratedFailurePercentagePath": "$.percent"}, "FAILED"),
        (3, {"ToleratedFailureCountPath": "$.count"}, "SUCCEEDED"),
        (4, {"ToleratedFailureCountPath": "$.count"}, "FAILED"),
        (3, {"ToleratedFailureCountPath": "$.count", "ToleratedFailurePercentagePath": "$.percent"}, "FAILED"),
    ],
)
def test_a_map_fails_when_more_children_fail_than_tolerated(
    local: Harness, failed: int, limits: dict[str, Any], status: str
) -> None:
    answer = local.run_machine(map_state(10, failing_below(failed), **limits), percent=20, count=3)
    assert answer["status"] == status
    if status == "FAILED":
        assert answer["error"] == "States.ExceedToleratedFailureThreshold"


def test_too_many_failures_abort_the_children_that_still_run(local: Harness) -> None:
    name = f"slow-{uuid.uuid4()}"
    rule = {"Variable": "$", "NumericEquals": 0, "Next": "Job"}
    child = {
        "Check": {"Type": "Choice", "Choices": [rule], "Default": "Wait"},
        "Job": local.job_state("import time; time.sleep(600)", name),
        "Wait": {"Type": "Wait", "Seconds": 2, "Next": "Bad"},
        "Bad": {"Type": "Fail", "Error": "Bad"},
    }
    answer = local.run_machine(map_state(2, child))
    assert answer["error"] == "States.ExceedToleratedFailureThreshold"
    assert local.wait(name)["ProcessingJobStatus"] == "Stopped"


def test_a_map_that_failed_can_be_caught(local: Harness) -> None:
    states = map_state(1, failing_below(1), Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}])
    answer = local.run_machine(states | {"Caught": {"Type": "Succeed"}})
    assert json.loads(answer["output"])["Error"] == "States.ExceedToleratedFailureThreshold"


def test_a_child_is_an_execution_with_a_name_of_its_own(local: Harness) -> None:
    child = {"Name": {"Type": "Pass", "Parameters": {"name.$": "$$.Execution.Name"}, "End": True}}
    selector = {"parent.$": "$$.Execution.Name", "item.$": "$$.Map.Item.Value"}
    states = map_state(2, child, ItemSelector=selector, ResultPath="$.children")
    states["Map"] |= {"Next": "Parent"}
    del states["Map"]["End"]
    states["Parent"] = {
        "Type": "Pass",
        "Parameters": {"children.$": "$.children", "name.$": "$$.Execution.Name"},
        "End": True,
    }
    output = json.loads(local.run_machine(states)["output"])
    assert len({child["name"] for child in output["children"]} | {output["name"]}) == 3


def test_an_execution_with_an_empty_map_succeeds(local: Harness) -> None:
    assert local.run_machine(map_state(0, failing_below(1)))["status"] == "SUCCEEDED"
