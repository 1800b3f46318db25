"""Bucket policies at the server, as boto3 sees them."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.harness import Harness


def bucket_with_policy(local: Harness, **statement: Any) -> str:
    name = f"bucket-{uuid.uuid4()}"
    client = local.client("s3")
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": local.environment.region})
    resources = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    document = {"Statement": [{"Effect": "Deny", "Principal": "*", "Resource": resources, **statement}]}
    client.put_bucket_policy(Bucket=name, Policy=json.dumps(document))
    return name


def test_a_policy_that_requires_tls_lets_calls_through(local: Harness) -> None:
    bucket = bucket_with_policy(local, Action="s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    local.client("s3").put_object(Bucket=bucket, Key="one", Body=b"1")
    assert local.client("s3").get_object(Bucket=bucket, Key="one")["Body"].read() == b"1"


def test_what_a_policy_denies_is_refused(local: Harness) -> None:
    bucket = bucket_with_policy(local, Action="s3:PutObject")
    with pytest.raises(ClientError, match="AccessDenied|403"):
        local.client("s3").put_object(Bucket=bucket, Key="one", Body=b"1")
