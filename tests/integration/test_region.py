"""A run that a user starts in the Step Functions console of another region than the default, over buckets there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from distributed_ocr_pipeline.local.deploy import deploy
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from local_aws.account import NEW_ACCOUNT_INSTANCES, Account
from local_aws.clients import Endpoint
from tests.support.workplace import Workplace

PROJECT = Path(__file__).resolve().parents[2]
REGION = "eu-central-1"


@pytest.fixture(scope="module", name="workplace")
def fixture_workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """The workflow in that region, on a new account. No process knows the region but by what the workflow tells it."""
    faults = tmp_path_factory.mktemp("faults") / "faults.json"
    account = Account(instances=NEW_ACCOUNT_INSTANCES).model_dump()
    faults.write_text(json.dumps({"account": account}), encoding="utf-8")
    with LocalEnvironment(bare=True, environ={"OCR_LOCAL_FAULTS": str(faults)}) as environment:
        yield Workplace(deploy(Endpoint(environment.endpoint_url), PROJECT, REGION))


def test_what_is_typed_into_the_console_becomes_a_green_run(workplace: Workplace) -> None:
    prefix = workplace.put("documents", "a.pdf", "b.pdf")
    s3 = workplace.client("s3")
    for bucket in (workplace.input_bucket, workplace.deployment.output_bucket):
        assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == REGION
    typed = json.dumps({"input_prefix": prefix})
    arn = workplace.client("stepfunctions").start_execution(
        stateMachineArn=workplace.deployment.state_machine_arn, input=typed
    )["executionArn"]
    answer = workplace.finish(arn)
    assert answer["status"] == "SUCCEEDED", answer.get("cause")
    assert workplace.report(answer["name"])["succeeded"]
    assert {name for name, _, text in workplace.pages(answer["name"]) if name in text} == {"a.pdf", "b.pdf"}
