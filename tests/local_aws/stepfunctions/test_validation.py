"""The errors of a definition."""

import json
from typing import Any

import pytest

from tests.support.harness import Harness, map_state


def validate(local: Harness, definition: str) -> dict[str, Any]:
    answer: dict[str, Any] = local.client("stepfunctions").validate_state_machine_definition(definition=definition)
    return answer


def test_a_valid_definition_is_ok(local: Harness) -> None:
    answer = validate(local, json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}))
    assert (answer["result"], answer["diagnostics"]) == ("OK", [])


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    """A state machine that starts with A."""
    return {"StartAt": "A", "States": states}


END: dict[str, Any] = {"Type": "Succeed"}
TO_NOWHERE = {"Variable": "$", "IsNull": True, "Next": "B"}
NO_SUCH_CALL = "arn:aws:states:::sagemaker:createNothing.sync"
MAP = map_state(1, {"A": {"Type": "Pass", "Next": "Nowhere"}})


@pytest.mark.parametrize(
    "definition",
    [
        "not even JSON",
        json.dumps(machine(A={"Type": "Nothing"})),
        json.dumps(machine(A={"Type": "Pass", "Next": "B"})),
        json.dumps(machine(B=END)),
        json.dumps(machine(A={"Type": "Choice", "Choices": [TO_NOWHERE]})),
        json.dumps(machine(A={"Type": "Parallel", "End": True, "Branches": [machine(B=END)]})),
        json.dumps({"StartAt": "Items", "States": MAP}),
        json.dumps(machine(A={"Type": "Task", "Resource": NO_SUCH_CALL, "End": True})),
    ],
)
def test_an_invalid_definition_has_errors(local: Harness, definition: str) -> None:
    answer = validate(local, definition)
    assert answer["result"] == "FAIL"
    assert [found["severity"] for found in answer["diagnostics"]] == ["ERROR"]
