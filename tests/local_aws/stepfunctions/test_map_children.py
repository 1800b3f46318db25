"""A Map's children as executions: listed, described, with a history."""

import json
from typing import Any

from tests.support.harness import Harness, map_state


def children_of(local: Harness, arn: str, **query: Any) -> list[dict[str, Any]]:
    (map_run,) = local.client("stepfunctions").list_map_runs(executionArn=arn)["mapRuns"]
    found: list[dict[str, Any]] = local.client("stepfunctions").list_executions(
        mapRunArn=map_run["mapRunArn"], **query
    )["executions"]
    return found


def test_children_are_listed_described_and_have_a_history(local: Harness) -> None:
    rule = {"Variable": "$", "NumericEquals": 0, "Next": "Bad"}
    child = {
        "Check": {"Type": "Choice", "Choices": [rule], "Default": "Good"},
        "Bad": {"Type": "Fail", "Error": "Empty", "Cause": "nothing in it"},
        "Good": {"Type": "Succeed"},
    }
    arn = local.start_machine(map_state(3, child, ToleratedFailureCount=1))
    assert local.finish(arn)["status"] == "SUCCEEDED"
    assert sorted(found["status"] for found in children_of(local, arn)) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    (failed,) = children_of(local, arn, statusFilter="FAILED")
    described = local.client("stepfunctions").describe_execution(executionArn=failed["executionArn"])
    assert (described["error"], described["cause"]) == ("Empty", "nothing in it")
    assert json.loads(described["input"]) == 0 and described["startDate"] <= described["stopDate"]
    assert "FailStateEntered" in [event["type"] for event in local.history(failed["executionArn"])]


def test_executions_of_a_state_machine_are_listed_without_children(local: Harness) -> None:
    arn = local.start_machine(map_state(2, {"Good": {"Type": "Succeed"}}))
    local.finish(arn)
    machine = local.client("stepfunctions").describe_execution(executionArn=arn)["stateMachineArn"]
    listed = local.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    assert [found["executionArn"] for found in listed] == [arn]
