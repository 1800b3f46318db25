"""Rules that call their targets."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pytest

from local_aws.account import Account
from local_aws.eventbridge import JOB_CHANGE, render
from tests.support.harness import BUCKET, END_SECONDS, Harness

T = TypeVar("T")
EVENT = {"detail": {"job": "ocr-1", "reason": 'Failed to download "s3://a"', "count": 3}}
PATHS = {"job": "$.detail.job", "reason": "$.detail.reason", "none": "$.detail.nothing", "count": "$.detail.count"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('"Job <job>: <reason>"', '"Job ocr-1: Failed to download "s3://a""'),
        ('{"job": <job>, "n": <count>}', '{"job": "ocr-1", "n": 3}'),
        ('{"reason": <reason>}', '{"reason": "Failed to download \\"s3://a\\""}'),
        ('"<job>, <none>, <unknown>"', '"ocr-1, , <unknown>"'),
    ],
)
def test_a_template_is_filled_without_escaping(template: str, text: str) -> None:
    assert render({"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": template}}, EVENT) == text


def test_a_target_without_a_template_gets_its_input_or_the_event() -> None:
    assert render({"Input": '{"a": 1}'}, EVENT) == '{"a": 1}'
    assert json.loads(render({}, EVENT)) == EVENT


def queue(local: Harness) -> tuple[str, str]:
    client = local.client("sqs")
    address: str = client.create_queue(QueueName=f"queue-{uuid.uuid4()}")["QueueUrl"]
    attributes = client.get_queue_attributes(QueueUrl=address, AttributeNames=["QueueArn"])["Attributes"]
    return address, attributes["QueueArn"]


def add_rule(local: Harness, pattern: Mapping[str, Any], **target: Any) -> str:
    name, client = f"rule-{uuid.uuid4()}", local.client("events")
    client.put_rule(Name=name, EventPattern=json.dumps(pattern))
    client.put_targets(Rule=name, Targets=[{"Id": "one", **target}])
    return name


def until(look: Callable[[], T]) -> T:
    end = time.monotonic() + END_SECONDS
    while not (seen := look()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return seen


def received(local: Harness, address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        local.client("sqs")
        .receive_message(QueueUrl=address, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        .get("Messages", [])
    )
    return found


def test_a_failed_job_is_told_and_what_makes_no_json_goes_to_the_dead_letter_queue(local: Harness) -> None:
    address, arn = queue(local)
    dead, dead_arn = queue(local)
    prefix = f"told-{uuid.uuid4()}"
    detail = {"ProcessingJobStatus": ["Failed"], "ProcessingJobName": [{"prefix": prefix}]}
    pattern = {"source": ["aws.sagemaker"], "detail-type": [JOB_CHANGE], "detail": detail}
    paths = {"job": "$.detail.ProcessingJobName", "words": "$.detail.ExitMessage"}
    template = {"InputPathsMap": paths, "InputTemplate": '"<job> failed: <words>"'}
    rule = add_rule(local, pattern, Arn=arn, InputTransformer=template, DeadLetterConfig={"Arn": dead_arn})
    local.run("MESSAGE.write_text('no ink'); sys.exit(1)", f"{prefix}-a")
    assert json.loads(until(lambda: received(local, address))[0]["Body"]) == f"{prefix}-a failed: no ink"
    local.run("MESSAGE.write_text('no \"ink\"'); sys.exit(1)", f"{prefix}-b")
    letter, *_ = until(lambda: received(local, dead))
    assert "Invalid input for target" in letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    failed = local.client("cloudwatch").list_metrics(Namespace="AWS/Events", MetricName="FailedInvocations")["Metrics"]
    assert {"Name": "RuleName", "Value": rule} in [metric["Dimensions"][0] for metric in failed]


def test_an_object_starts_a_workflow_at_least_once_and_sometimes_twice(local: Harness) -> None:
    machine = local.client("stepfunctions").create_state_machine(
        name=f"machine-{uuid.uuid4()}",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/workflow",
    )["stateMachineArn"]
    local.client("s3").put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"object": {"key": [{"prefix": "incoming/"}]}},
    }
    add_rule(local, pattern, Arn=machine, Input='{"input_prefix": "s3://data/incoming/"}')
    calls = Account().events_repeated_every
    for number in range(calls):
        local.put(f"incoming/{number}", b"1")

    def started() -> list[Any]:
        found: list[Any] = local.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
        return found if len(found) > calls else []

    assert len(until(started)) == calls + 1
