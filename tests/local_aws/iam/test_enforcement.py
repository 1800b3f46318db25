"""A server that enforces IAM: jobs, workflows and callers may do what their roles' policies allow."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from distributed_ocr_pipeline.local.environment import LocalEnvironment
from local_aws.clients import Endpoint
from tests.support.harness import BUCKET, ROLE, Harness, write_scripts

BUCKET_ARN = f"arn:aws:s3:::{BUCKET}"
WORKFLOW = "workflow"
NOTHING_NEEDED = ("s3:ListAllMyBuckets", "*")


@pytest.fixture(name="guarded", scope="module")
def fixture_guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    scripts = write_scripts(tmp_path_factory.mktemp("scripts"))
    with LocalEnvironment(bare=True, scripts=scripts, environ={"OCR_LOCAL_IAM": "enforced"}) as environment:
        yield Harness(environment)


@pytest.fixture(name="key", scope="module")
def fixture_key(guarded: Harness) -> str:
    arn: str = guarded.client("kms").create_key()["KeyMetadata"]["Arn"]
    return arn


def allow(local: Harness, role: str, *statements: tuple[str, str]) -> None:
    """Replace the role's policy by these actions and resources."""
    listed = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]
    document = json.dumps({"Version": "2012-10-17", "Statement": listed})
    local.client("iam").put_role_policy(RoleName=role, PolicyName="work", PolicyDocument=document)


def as_role(local: Harness, role_arn: str = ROLE, service: str = "s3") -> Any:
    endpoint = Endpoint(local.environment.endpoint_url)
    credentials = endpoint.assume_role(role_arn, "test", local.environment.region)
    return endpoint.client(service, local.environment.region, credentials)


def test_a_role_may_do_what_its_policy_allows_and_nothing_else(guarded: Harness) -> None:
    guarded.put("a/one", b"1")
    allow(guarded, "job", ("s3:GetObject", f"{BUCKET_ARN}/a/*"))
    client = as_role(guarded)
    assert client.get_object(Bucket=BUCKET, Key="a/one")["Body"].read() == b"1"
    with pytest.raises(ClientError, match="AccessDenied.*s3:PutObject on resource: arn:aws:s3:::data/a/two"):
        client.put_object(Bucket=BUCKET, Key="a/two", Body=b"2")
    with pytest.raises(ClientError, match="s3:ListBucket"):
        client.list_objects_v2(Bucket=BUCKET)


def test_an_object_of_an_encrypted_bucket_needs_the_key_too(guarded: Harness, key: str) -> None:
    guarded.client("s3").create_bucket(
        Bucket="encrypted", CreateBucketConfiguration={"LocationConstraint": guarded.environment.region}
    )
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    guarded.client("s3").put_bucket_encryption(Bucket="encrypted", ServerSideEncryptionConfiguration={"Rules": [rule]})
    guarded.client("s3").put_object(Bucket="encrypted", Key="one", Body=b"1")
    allow(guarded, "job", ("s3:GetObject", "arn:aws:s3:::encrypted/*"))
    with pytest.raises(ClientError, match="kms:Decrypt"):
        as_role(guarded).get_object(Bucket="encrypted", Key="one")
    allow(guarded, "job", ("s3:GetObject", "arn:aws:s3:::encrypted/*"), ("kms:Decrypt", key))
    assert as_role(guarded).get_object(Bucket="encrypted", Key="one")["Body"].read() == b"1"


def test_an_object_needs_the_key_it_was_written_with_whatever_its_buckets_key_is(guarded: Harness, key: str) -> None:
    guarded.client("s3").put_object(
        Bucket=BUCKET, Key="old/ü", Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId=key
    )
    allow(guarded, "job", ("s3:GetObject", f"{BUCKET_ARN}/*"))
    with pytest.raises(ClientError, match=f"kms:Decrypt on resource: {key}"):
        as_role(guarded).get_object(Bucket=BUCKET, Key="old/ü")
    allow(guarded, "job", ("s3:GetObject", f"{BUCKET_ARN}/*"), ("kms:Decrypt", key))
    assert as_role(guarded).get_object(Bucket=BUCKET, Key="old/ü")["Body"].read() == b"1"


def test_that_an_object_is_missing_is_told_to_those_who_may_list_without_a_condition(guarded: Harness) -> None:
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET_ARN}/*"}
    list_some = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": BUCKET_ARN}
    for condition, code in (({"StringLike": {"s3:prefix": ["a/*"]}}, "AccessDenied"), ({}, "NoSuchKey")):
        document = {"Version": "2012-10-17", "Statement": [read, list_some | {"Condition": condition}]}
        guarded.client("iam").put_role_policy(RoleName="job", PolicyName="work", PolicyDocument=json.dumps(document))
        assert as_role(guarded).list_objects_v2(Bucket=BUCKET, Prefix="a/not-there")["KeyCount"] == 0
        with pytest.raises(ClientError, match=code):
            as_role(guarded).get_object(Bucket=BUCKET, Key="a/not-there")


def test_a_job_whose_role_may_not_read_its_input_fails(guarded: Harness) -> None:
    allow(guarded, "job", NOTHING_NEEDED)
    refused = guarded.run("")
    assert refused["FailureReason"].startswith("ClientError: Failed to download data")
    allow(guarded, "job", ("s3:*", BUCKET_ARN), ("s3:*", f"{BUCKET_ARN}/*"))
    assert guarded.run("")["ProcessingJobStatus"] == "Completed"


def test_a_workflow_that_may_not_pass_its_jobs_role_starts_no_job(guarded: Harness) -> None:
    allow(guarded, "job", ("s3:*", BUCKET_ARN), ("s3:*", f"{BUCKET_ARN}/*"))
    allow(guarded, WORKFLOW, ("sagemaker:CreateProcessingJob", "*"))
    name = f"pass-{uuid.uuid4()}"
    refused = guarded.run_machine({"Job": guarded.job_state("", name)})
    assert refused["status"] == "FAILED" and f"iam:PassRole on resource: {ROLE}" in refused["cause"]
    allow(guarded, WORKFLOW, ("sagemaker:CreateProcessingJob", "*"), ("iam:PassRole", ROLE))
    assert guarded.run_machine({"Job": guarded.job_state("", name)})["status"] == "SUCCEEDED"


def test_a_workflow_reads_s3_as_its_role(guarded: Harness) -> None:
    guarded.put("plan.json", b"3")
    read = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket": BUCKET, "Key": "plan.json"},
        "End": True,
    }
    allow(guarded, WORKFLOW, NOTHING_NEEDED)
    assert "s3:GetObject" in guarded.run_machine({"Read": read})["cause"]
    allow(guarded, WORKFLOW, ("s3:GetObject", f"{BUCKET_ARN}/plan.json"))
    assert json.loads(guarded.run_machine({"Read": read})["output"])["Body"] == "3"


def test_other_services_know_their_actions_by_name(guarded: Harness) -> None:
    allow(guarded, "job", ("logs:Describe*", "*"))
    client = as_role(guarded, service="logs")
    assert "logGroups" in client.describe_log_groups()
    with pytest.raises(ClientError, match="AccessDeniedException.*logs:CreateLogGroup"):
        client.create_log_group(logGroupName="mine")
