"""Executions that are started again from where they failed."""

import pytest
from botocore.exceptions import ClientError

from tests.support.harness import Harness


def test_a_redriven_execution_enters_its_fail_state_again_and_fails(local: Harness) -> None:
    client, arn = local.client("stepfunctions"), local.start_machine({"End": {"Type": "Fail", "Error": "Asked"}})
    assert local.finish(arn).get("redriveCount") == 0
    client.redrive_execution(executionArn=arn)
    answer = local.finish(arn)
    assert (answer["status"], answer["error"], answer["redriveCount"]) == ("FAILED", "Asked", 1)


def test_an_execution_that_succeeded_cannot_be_redriven(local: Harness) -> None:
    arn = local.start_machine({"End": {"Type": "Succeed"}})
    local.finish(arn)
    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        local.client("stepfunctions").redrive_execution(executionArn=arn)
