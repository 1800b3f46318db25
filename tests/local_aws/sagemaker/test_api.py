"""The calls for processing jobs, as boto3 sees them."""

import pytest
from botocore.exceptions import ClientError

from tests.support.harness import BUCKET, Harness, job_request, s3_input


def test_a_name_is_burnt_even_by_a_job_that_failed(local: Harness) -> None:
    job = local.run("sys.exit(1)", "burnt")
    assert job["ProcessingJobStatus"] == "Failed"
    with pytest.raises(ClientError, match="ResourceInUse"):
        local.create("", "burnt")


@pytest.mark.parametrize(
    "changes",
    [
        {"ProcessingJobName": "x" * 64},
        {"ProcessingJobName": "with_underscore"},
        {"Environment": {"LONG": "x" * 257}},
        {"RoleArn": "arn:aws:iam::123456789012:role/nobody"},
        {"StoppingCondition": {"MaxRuntimeInSeconds": 777_601}},
        {"AppSpecification": {"ImageUri": "x" * 256}},
        {"inputs": [s3_input(f"i{number}", f"s3://{BUCKET}/x/") for number in range(10)]},
        {"inputs": [s3_input("../../etc", f"s3://{BUCKET}/x/")]},
        {"inputs": [s3_input("code", f"s3://{BUCKET}/x/")]},
        {
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.x9.huge", "VolumeSizeInGB": 1}
            }
        },
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_request_that_aws_would_refuse_is_refused(local: Harness, changes: dict[str, object]) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        local.client("sagemaker").create_processing_job(**job_request("never-made", **changes))


def test_jobs_are_listed_by_name_and_status_in_pages(local: Harness) -> None:
    for number in range(3):
        local.run("", f"listed-{number}")
    client = local.client("sagemaker")
    query = {"NameContains": "listed-", "StatusEquals": "Completed", "SortBy": "Name", "SortOrder": "Ascending"}
    first = client.list_processing_jobs(**query, MaxResults=2)
    second = client.list_processing_jobs(**query, MaxResults=2, NextToken=first["NextToken"])
    names = [job["ProcessingJobName"] for page in (first, second) for job in page["ProcessingJobSummaries"]]
    assert names == ["listed-0", "listed-1", "listed-2"]
    assert "NextToken" not in second


def test_an_unknown_job_is_not_found(local: Harness) -> None:
    with pytest.raises(ClientError, match="ResourceNotFound"):
        local.client("sagemaker").describe_processing_job(ProcessingJobName="nobody")


def test_an_ended_job_cannot_be_stopped(local: Harness) -> None:
    job = local.run("")
    with pytest.raises(ClientError, match="ValidationException"):
        local.client("sagemaker").stop_processing_job(ProcessingJobName=job["ProcessingJobName"])
