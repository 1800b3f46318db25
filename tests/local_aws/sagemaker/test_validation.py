"""What CreateProcessingJob accepts."""

from typing import Any

import pytest

from local_aws.errors import InvalidRequest
from local_aws.sagemaker.validation import RequestValidator, check_processing_job
from tests.support.harness import job_request, s3_input


def test_a_refusal_names_the_member_and_its_limit() -> None:
    with pytest.raises(InvalidRequest, match="at 'environment.LONG'.*length less than or equal to 256"):
        RequestValidator("CreateProcessingJob").check(job_request("name", Environment={"LONG": "x" * 257}))


def test_a_member_of_the_wrong_type_is_named() -> None:
    with pytest.raises(InvalidRequest, match="Invalid type for parameter Environment"):
        RequestValidator("CreateProcessingJob").check(job_request("name", Environment=["A=1"]))


def test_a_value_below_its_limit_is_refused() -> None:
    request = job_request("name", StoppingCondition={"MaxRuntimeInSeconds": 0})
    with pytest.raises(InvalidRequest, match="StoppingCondition.MaxRuntimeInSeconds, value: 0, valid min value: 1"):
        RequestValidator("CreateProcessingJob").check(request)


def test_a_tag_may_hold_letters_of_any_language() -> None:
    RequestValidator("CreateProcessingJob").check(job_request("name", Tags=[{"Key": "Büro", "Value": "Zürich 1"}]))


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ([("RunId", "run (1)")], "at 'tags.1.member.value'.*pattern"),
        ([("RunId", "it's")], "at 'tags.1.member.value'.*pattern"),
        ([("aws:run", "1")], "at 'tags.1.member.key'.*pattern|must not begin with aws:"),
        ([("A", "1"), ("A", "2")], "Duplicate tag keys"),
        ([(str(number), "") for number in range(51)], "less than or equal to 50"),
    ],
)
def test_tags_that_aws_would_refuse_are_refused(tags: list[tuple[str, str]], words: str) -> None:
    request = job_request("name", Tags=[{"Key": key, "Value": value} for key, value in tags])
    with pytest.raises(InvalidRequest, match=words):
        RequestValidator("CreateProcessingJob").check(request)
        check_processing_job(request)


def changed_input(**changes: Any) -> dict[str, Any]:
    item = s3_input("data", "s3://bucket/")
    item["S3Input"] |= changes
    return job_request("name", inputs=[item])


CLUSTER = {"InstanceCount": 2, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (changed_input(S3InputMode="Pipe"), "File mode"),
        (changed_input(S3CompressionType="Gzip"), "uncompressed"),
        (changed_input(LocalPath="/opt/ml/model"), "LocalPath must be a path under"),
        (changed_input(LocalPath="/opt/ml/processing/../model"), "LocalPath must be a path under"),
        (changed_input(LocalPath="/opt/ml/processing/input/code"), "its own LocalPath"),
        (job_request("name", inputs=[{"InputName": "data", "DatasetDefinition": {}}]), "needs S3Input"),
        (job_request("name", ProcessingResources={"ClusterConfig": CLUSTER}), "InstanceCount of 1"),
    ],
)
def test_what_cannot_run_here_is_refused_when_the_job_is_created(request_: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        check_processing_job(request_)
