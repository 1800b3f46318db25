"""S3 and buckets of other regions."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pyarrow.fs import FileSelector, S3FileSystem

from local_aws.clients import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Endpoint
from tests.support.harness import Harness

BUCKET = "far-away"
REGION = "eu-central-1"


@pytest.fixture(name="far", scope="module")
def fixture_far(local: Harness) -> str:
    """The endpoint, which has a bucket of another region with one object."""
    s3 = Endpoint(local.environment.endpoint_url).client("s3", REGION)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=BUCKET, Key="documents/a b", Body=b"one")
    return local.environment.endpoint_url


def client(endpoint: str, region: str) -> Any:
    return Endpoint(endpoint).client("s3", region)


def test_a_bucket_of_another_region_redirects_and_boto3_follows(far: str) -> None:
    s3, seen = client(far, "us-west-2"), []
    s3.meta.events.register("before-parse.s3.*", lambda response_dict, **_: seen.append(response_dict))
    assert s3.get_object(Bucket=BUCKET, Key="documents/a b")["Body"].read() == b"one"
    assert seen[0]["status_code"] == 301 and seen[0]["headers"]["x-amz-bucket-region"] == REGION
    s3.put_object(Bucket=BUCKET, Key="documents/two", Body=b"2" * 100_000)
    assert s3.head_object(Bucket=BUCKET, Key="documents/two")["ContentLength"] == 100_000


def test_arrow_does_not_follow_and_needs_the_buckets_region(far: str) -> None:
    def listed(region: str) -> int:
        arrow = S3FileSystem(
            access_key=ACCESS_KEY_ID, secret_key=SECRET_ACCESS_KEY, region=region, endpoint_override=far
        )
        return len(arrow.get_file_info(FileSelector(f"{BUCKET}/documents", recursive=True)))

    assert listed(REGION) >= 1
    with pytest.raises(OSError, match="301"):
        listed("us-east-1")


def test_the_location_of_a_bucket_is_told_in_every_region(far: str) -> None:
    assert client(far, "us-west-2").get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == REGION
    with pytest.raises(ClientError, match="BucketAlreadyOwnedByYou"):
        client(far, "us-west-2").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )
