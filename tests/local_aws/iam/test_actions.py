"""The actions that a request needs."""

import pytest

from local_aws.iam.actions import Request


def needed(method: str, path: str, query: str = "") -> list[tuple[str, str]]:
    request = Request("key", "us-west-2", "s3", method, path, query, target="", body=b"")
    return [(call.action, call.resource) for call in request.calls("123456789012", {"out": "arn:key"})]


@pytest.mark.parametrize(
    ("method", "path", "query", "calls"),
    [
        ("GET", "/in", "list-type=2&prefix=a", [("s3:ListBucket", "arn:aws:s3:::in")]),
        ("GET", "/in", "location", [("s3:GetBucketLocation", "arn:aws:s3:::in")]),
        ("HEAD", "/in/a%20b", "", [("s3:GetObject", "arn:aws:s3:::in/a b")]),
        ("PUT", "/out/a", "", [("s3:PutObject", "arn:aws:s3:::out/a"), ("kms:GenerateDataKey", "arn:key")]),
        ("GET", "/out/a", "", [("s3:GetObject", "arn:aws:s3:::out/a"), ("kms:Decrypt", "arn:key")]),
        ("DELETE", "/out/a", "uploadId=1", [("s3:AbortMultipartUpload", "arn:aws:s3:::out/a")]),
    ],
)
def test_an_s3_request_needs_its_actions(method: str, path: str, query: str, calls: list[tuple[str, str]]) -> None:
    assert needed(method, path, query) == calls


def test_creating_a_job_needs_its_role_and_its_tags_too() -> None:
    body = b'{"ProcessingJobName": "ocr-1", "RoleArn": "arn:role", "Tags": [{"Key": "a", "Value": "b"}]}'
    request = Request("key", "us-west-2", "sagemaker", "POST", "/", "", "SageMaker.CreateProcessingJob", body)
    job = "arn:aws:sagemaker:us-west-2:123456789012:processing-job/ocr-1"
    assert [(call.action, call.resource) for call in request.calls("123456789012", {})] == [
        ("sagemaker:CreateProcessingJob", job),
        ("iam:PassRole", "arn:role"),
        ("sagemaker:AddTags", job),
    ]


@pytest.mark.parametrize(
    ("service", "target", "body", "call"),
    [
        ("states", "ListMapRuns", '{"executionArn": "arn:e"}', ("states:ListMapRuns", "arn:e")),
        ("states", "ListExecutions", '{"mapRunArn": "arn:m"}', ("states:ListExecutions", "arn:m")),
        ("states", "StartExecution", '{"stateMachineArn": "arn:s"}', ("states:StartExecution", "arn:s")),
        ("states", "ListStateMachines", "", ("states:ListStateMachines", "*")),
        (
            "ecr",
            "DescribeImages",
            '{"repositoryName": "ocr"}',
            ("ecr:DescribeImages", "arn:aws:ecr:us-west-2:123456789012:repository/ocr"),
        ),
        ("sagemaker", "ListProcessingJobs", "{}", ("sagemaker:ListProcessingJobs", "*")),
    ],
)
def test_a_call_is_about_what_it_names(service: str, target: str, body: str, call: tuple[str, str]) -> None:
    request = Request("key", "us-west-2", service, "POST", "/", "", f"Service.{target}", body.encode())
    assert [(found.action, found.resource) for found in request.calls("123456789012", {})] == [call]
