"""The calls that moto lacks or answers differently."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

from tests.support.harness import Harness


def test_published_versions_are_listed_newest_first(local: Harness) -> None:
    client = local.client("stepfunctions")
    machine = client.create_state_machine(
        name=f"versions-{uuid.uuid4()}",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/workflow",
        publish=True,
    )
    arn = machine["stateMachineArn"]
    client.update_state_machine(stateMachineArn=arn, roleArn="arn:aws:iam::123456789012:role/other", publish=True)
    found = client.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    assert [item["stateMachineVersionArn"] for item in found] == [f"{arn}:2", f"{arn}:1"]


def test_an_execution_without_a_name_gets_one(local: Harness) -> None:
    arn = local.start_machine({"End": {"Type": "Succeed"}})
    assert uuid.UUID(arn.rsplit(":", 1)[-1])


def test_a_name_that_aws_refuses_is_refused(local: Harness) -> None:
    client = local.client("stepfunctions")
    arn = local.start_machine({"End": {"Type": "Succeed"}})
    machine = client.describe_execution(executionArn=arn)["stateMachineArn"]
    with pytest.raises(ClientError, match="InvalidName"):
        client.start_execution(stateMachineArn=machine, name="a b")
