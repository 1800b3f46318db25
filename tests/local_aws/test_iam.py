"""Policies as the local endpoint reads them."""

import pytest

from local_aws.iam.actions import Request
from local_aws.iam.policies import Call, Decision, Policy, decide

READ: Policy = {"Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": ["arn:aws:s3:::in/*"]}]}
LIST: Policy = {
    "Statement": {
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": "arn:aws:s3:::out",
        "Condition": {"StringLike": {"s3:prefix": ["runs/*", "pages/*"]}},
    }
}
TLS_ONLY: Policy = {
    "Statement": [
        {
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
}


@pytest.mark.parametrize(
    ("call", "decision"),
    [
        (Call("s3:GetObject", "arn:aws:s3:::in/a/b.pdf"), Decision.ALLOWED),
        (Call("s3:PutObject", "arn:aws:s3:::in/a/b.pdf"), Decision.NOT_MENTIONED),
        (Call("s3:GetObject", "arn:aws:s3:::out/a/b.pdf"), Decision.NOT_MENTIONED),
        (Call("s3:ListBucket", "arn:aws:s3:::out", {"s3:prefix": "runs/1/"}), Decision.ALLOWED),
        (Call("s3:ListBucket", "arn:aws:s3:::out", {"s3:prefix": "images/1/"}), Decision.NOT_MENTIONED),
        (Call("s3:ListBucket", "arn:aws:s3:::out"), Decision.NOT_MENTIONED),
    ],
)
def test_only_what_a_statement_names_is_allowed(call: Call, decision: Decision) -> None:
    assert decide([READ, LIST], call) is decision


def test_a_denial_weighs_more_than_a_permission_where_its_condition_holds() -> None:
    def decision(secure: str) -> Decision:
        return decide([READ, TLS_ONLY], Call("s3:GetObject", "arn:aws:s3:::in/a", {"aws:SecureTransport": secure}))

    assert (decision("true"), decision("false")) == (Decision.ALLOWED, Decision.DENIED)


def test_an_unknown_operator_is_not_guessed() -> None:
    condition = {"IpAddress": {"aws:SourceIp": "127.0.0.1"}}
    policy: Policy = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}]}
    with pytest.raises(KeyError, match="IpAddress"):
        decide([policy], Call("s3:GetObject", "arn:aws:s3:::in/a", {"aws:SourceIp": "127.0.0.1"}))


def asked(method: str, path: str, query: str = "") -> list[tuple[str, str]]:
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
def test_an_s3_request_asks_for_its_actions(method: str, path: str, query: str, calls: list[tuple[str, str]]) -> None:
    assert asked(method, path, query) == calls


def test_creating_a_job_asks_for_its_role_and_its_tags_too() -> None:
    body = b'{"ProcessingJobName": "ocr-1", "RoleArn": "arn:role", "Tags": [{"Key": "a", "Value": "b"}]}'
    request = Request("key", "us-west-2", "sagemaker", "POST", "/", "", "SageMaker.CreateProcessingJob", body)
    job = "arn:aws:sagemaker:us-west-2:123456789012:processing-job/ocr-1"
    assert [(call.action, call.resource) for call in request.calls("123456789012", {})] == [
        ("sagemaker:CreateProcessingJob", job),
        ("iam:PassRole", "arn:role"),
        ("sagemaker:AddTags", job),
    ]
