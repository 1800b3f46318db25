"""What a new account may start, and how it is refused what it may not."""

import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from distributed_ocr_pipeline.local.environment import LocalEnvironment
from local_aws.account import Account
from local_aws.clients import Endpoint
from local_aws.errors import QuotaExceeded, Throttled
from local_aws.sagemaker.jobs import JobOutcome, ProcessingJob
from local_aws.sagemaker.quotas import StartRate, check_quotas
from tests.support.harness import Harness, job_request, settings, write_scripts


def request(instance_type: str = "ml.t3.medium", **changes: Any) -> Mapping[str, Any]:
    cluster = {"InstanceCount": 1, "InstanceType": instance_type, "VolumeSizeInGB": 30} | changes
    return {"ProcessingJobName": f"job-{uuid.uuid4()}", "ProcessingResources": {"ClusterConfig": cluster}}


def jobs(*instance_types: str) -> list[ProcessingJob]:
    return [ProcessingJob("123456789012", "us-west-2", request(kind)) for kind in instance_types]


def test_a_server_has_a_new_account_unless_its_settings_say_otherwise(tmp_path: Path) -> None:
    account = settings(tmp_path).account
    assert (account.starts_per_second, account.total_instances, account.throttled_as) == (
        *(1, 4),
        "SageMaker.AmazonSageMakerException",
    )
    types = ("ml.t3.medium", "ml.t3.large", "ml.t3.xlarge", "ml.c5.xlarge")
    assert [account.instances_of(kind) for kind in types] == [4, 4, 2, 0]


def test_one_call_a_second_is_answered_and_the_others_are_refused() -> None:
    seconds = [0.0]
    rate = StartRate(1, lambda: seconds[0])
    rate.take("us-west-2")
    rate.take("eu-west-1")
    for now in (0.0, 0.5, 0.99):
        seconds[0] = now
        with pytest.raises(Throttled, match="Rate exceeded"):
            rate.take("us-west-2")
    seconds[0] = 1.0
    rate.take("us-west-2")


@pytest.mark.parametrize(
    ("asked", "running", "words"),
    [
        (request("ml.c5.xlarge"), [], "'ml.c5.xlarge for processing job usage' is 0 Instances, with current"),
        (request("ml.t3.xlarge"), ["ml.t3.xlarge"] * 2, "'ml.t3.xlarge for processing job usage' is 2 Instances"),
        (request("ml.t3.large"), ["ml.t3.medium"] * 4, "'Number of instances across all processing jobs' is 4 Inst"),
        (request(VolumeSizeInGB=2000), [], "'Size of EBS volume for a processing job instance' is 1024 Gigabytes"),
        (
            {**request(), "StoppingCondition": {"MaxRuntimeInSeconds": 432_001}},
            [],
            "'Longest run time for a processing job' is 432000 Seconds",
        ),
    ],
)
def test_a_job_over_a_quota_is_refused_by_its_name(asked: Mapping[str, Any], running: list[str], words: str) -> None:
    with pytest.raises(QuotaExceeded, match=words):
        check_quotas(Account(), asked, jobs(*running))


def test_a_job_that_ended_uses_no_quota() -> None:
    two = jobs("ml.t3.xlarge", "ml.t3.xlarge")
    two[0].end(JobOutcome("Failed"))
    check_quotas(Account(), request("ml.t3.xlarge"), two)


@pytest.fixture(name="account", scope="module")
def fixture_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """A new account, whose seconds between two starts are hours."""
    folder = tmp_path_factory.mktemp("account")
    plan = {"retry_wait_scale": 10_000, "account": Account().model_dump()}
    (folder / "faults.json").write_text(json.dumps(plan), encoding="utf-8")
    environ = {"OCR_LOCAL_FAULTS": str(folder / "faults.json")}
    with LocalEnvironment(bare=True, scripts=write_scripts(folder), environ=environ) as environment:
        yield Harness(environment)


def test_calls_are_throttled_in_aws_words_also_in_a_state_machine(account: Harness) -> None:
    impatient = Endpoint(account.environment.endpoint_url, attempts=1).client("sagemaker", account.environment.region)
    impatient.create_processing_job(**job_request("first"))
    with pytest.raises(ClientError, match="ThrottlingException.*Rate exceeded"):
        impatient.create_processing_job(**job_request("second"))
    failed = account.run_machine({"Job": account.job_state("")})
    assert failed["error"] == "SageMaker.AmazonSageMakerException"
    assert "Rate exceeded" in failed["cause"] and "ThrottlingException" in failed["cause"]


def test_an_instance_type_without_a_quota_is_refused(account: Harness) -> None:
    cluster = {"InstanceCount": 1, "InstanceType": "ml.c6i.4xlarge", "VolumeSizeInGB": 1}
    far = Endpoint(account.environment.endpoint_url).client("sagemaker", "eu-central-1")
    with pytest.raises(ClientError, match="ResourceLimitExceeded.*'ml.c6i.4xlarge for processing job usage' is 0 Inst"):
        far.create_processing_job(**job_request("big", ProcessingResources={"ClusterConfig": cluster}))


def test_service_quotas_has_the_same_numbers(account: Harness) -> None:
    client = account.client("service-quotas")
    pages = client.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    found = {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}
    asked = ("ml.t3.xlarge for processing job usage", "ml.c6i.4xlarge for processing job usage")
    assert [found[name]["Value"] for name in asked] == [2, 0]
    total = found["Number of instances across all processing jobs"]
    assert total["Value"] == 4
    assert client.get_service_quota(ServiceCode="sagemaker", QuotaCode=total["QuotaCode"])["Quota"] == total
    assert client.list_aws_default_service_quotas(ServiceCode="vpc")["Quotas"]
