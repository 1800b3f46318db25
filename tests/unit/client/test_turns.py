"""Whose turn was the last over a prefix: what the lock's metadata says, held against the execution that it names."""

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from distributed_ocr_pipeline.client.turns import last_turn
from distributed_ocr_pipeline.errors import BadInput, ServiceFault
from distributed_ocr_pipeline.layout import turn
from tests.support.aws import CREDENTIALS, OUTPUT_BUCKET, REGION, StandIn, s3_client, s3_server

PREFIX = "s3://docs/in/"
HOLDER = "arn:aws:states:us-west-2:123456789012:execution:ocr:näher"


class Executions:
    """Step Functions, which knows one execution, or fails."""

    def __init__(self, answer: str, ago: timedelta) -> None:
        self._answer, self._ago = answer, ago

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # pylint: disable=invalid-name  # boto3's name
        assert executionArn == HOLDER
        if self._answer.isupper():
            return {"status": self._answer, "stopDate": datetime.now(timezone.utc) - self._ago}
        raise ClientError({"Error": {"Code": self._answer, "Message": "no"}}, "DescribeExecution")


@pytest.fixture(name="endpoint", scope="module")
def fixture_endpoint() -> Iterator[str]:
    with s3_server() as endpoint:
        s3_client(endpoint).create_bucket(Bucket=OUTPUT_BUCKET)
        yield endpoint


def look(endpoint: str, answer: str, input_prefix: str = PREFIX, ago: timedelta = timedelta(hours=1)) -> str:
    metadata = {"execution": base64.b64encode(HOLDER.encode()).decode()}
    key = turn(OUTPUT_BUCKET, PREFIX).key
    s3_client(endpoint).put_object(Bucket=OUTPUT_BUCKET, Key=key, Metadata=metadata)
    services: dict[str, Any] = {"stepfunctions": Executions(answer, ago)}
    deployment = StandIn(REGION, "arn:machine", OUTPUT_BUCKET, None, None, endpoint, CREDENTIALS, services=services)
    return last_turn(deployment, deployment.storage(), input_prefix)


@pytest.mark.parametrize("answer", ["SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT", "ExecutionDoesNotExist"])
def test_an_execution_that_has_ended_or_is_forgotten_had_the_last_turn(endpoint: str, answer: str) -> None:
    assert look(endpoint, answer) == HOLDER


def test_what_was_stopped_just_now_may_still_store_results(endpoint: str) -> None:
    assert look(endpoint, "ABORTED", ago=timedelta(minutes=1)) == ""
    assert look(endpoint, "FAILED", ago=timedelta(minutes=1)) == HOLDER


def test_nobody_had_a_turn_over_a_prefix_without_a_lock(endpoint: str) -> None:
    assert look(endpoint, "RUNNING", "s3://docs/in") == ""


def test_who_is_at_work_is_named_with_how_to_stop_it(endpoint: str) -> None:
    with pytest.raises(BadInput, match=f"{HOLDER} is processing the same prefix.*`.* stop 'näher'`"):
        look(endpoint, "RUNNING")


def test_an_execution_that_cannot_be_described_may_be_at_work(endpoint: str) -> None:
    with pytest.raises(ServiceFault, match="ThrottlingException"):
        look(endpoint, "ThrottlingException")
