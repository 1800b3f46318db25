"""Documents that SageMaker cannot download leave the manifest and become rows with a reason."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from distributed_ocr_pipeline.errors import BadInput, ErrorClass, ServiceFault
from distributed_ocr_pipeline.records import Document, S3Location
from distributed_ocr_pipeline.run.delivery.undeliverable import check_shard, read_reasons, undelivered
from distributed_ocr_pipeline.storage import Storage
from tests.support.documents import format_documents

SHARD = S3Location("outbox", "runs/r/shards/s00000/")
INPUT = S3Location("inbox", "scans/")
NAMES = ("a.pdf", "empty.pdf", "archived.pdf", "gone.pdf")


def document(name: str) -> Document:
    return Document(name.partition(".")[0], f"s3://inbox/scans/{name}", f"scans/{name}", "etag", 1)


@pytest.fixture(name="s3")
def fixture_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        for bucket in ("inbox", "outbox"):
            client.create_bucket(Bucket=bucket)
        client.put_object(Bucket="inbox", Key="scans/a.pdf", Body=b"%PDF")
        client.put_object(Bucket="inbox", Key="scans/empty.pdf", Body=b"")
        client.put_object(Bucket="inbox", Key="scans/archived.pdf", Body=b"%PDF", StorageClass="GLACIER")
        yield client


def plan(s3: Any, *names: str) -> None:
    body = format_documents(document(name) for name in names).encode()
    s3.put_object(Bucket="outbox", Key=f"{SHARD.key}documents.jsonl", Body=body)


def stored(s3: Any, name: str) -> Any:
    return json.loads(s3.get_object(Bucket="outbox", Key=SHARD.key + name)["Body"].read())


@pytest.mark.parametrize(("name", "listed"), [("passwords.txt", ["passwords.txt"]), ("gone.txt", [])])
def test_the_passwords_stay_in_the_manifest_unless_they_cannot_be_read(s3: Any, name: str, listed: list[str]) -> None:
    s3.put_object(Bucket="inbox", Key="scans/passwords.txt", Body=b"one")
    plan(s3, *NAMES)
    assert set(check_shard(Storage(), SHARD, INPUT, name)) == {"archived", "gone"}
    assert stored(s3, "manifest.json") == [{"prefix": "s3://inbox/scans/"}, "a.pdf", "empty.pdf", *listed]


def test_what_cannot_be_read_leaves_the_manifest_and_an_empty_document_stays(s3: Any) -> None:
    plan(s3, *NAMES)
    reasons = check_shard(Storage(), SHARD, INPUT)
    assert {name: reason.partition(":")[0] for name, reason in reasons.items()} == {
        "archived": "InvalidObjectState",
        "gone": "NoSuchKey",
    }
    assert stored(s3, "manifest.json") == [{"prefix": "s3://inbox/scans/"}, "a.pdf", "empty.pdf"]
    assert stored(s3, "undeliverable.json") == {
        document_id: {"error_class": "missing", "message": f"SageMaker cannot download it: {reason}"}
        for document_id, reason in reasons.items()
    }


def test_what_the_plan_left_out_stays_out_with_its_reason(s3: Any) -> None:
    plan(s3, *NAMES)
    known = {"a": {"error_class": "too_large", "message": "it is larger than the limit of 1 MB"}}
    s3.put_object(Bucket="outbox", Key=f"{SHARD.key}undeliverable.json", Body=json.dumps(known).encode())
    assert set(check_shard(Storage(), SHARD, INPUT)) == {"archived", "gone"}
    assert stored(s3, "manifest.json") == [{"prefix": "s3://inbox/scans/"}, "empty.pdf"]
    assert stored(s3, "undeliverable.json").keys() == {"a", "archived", "gone"}
    assert stored(s3, "undeliverable.json")["a"] == known["a"]


def test_a_manifest_never_lists_nothing(s3: Any) -> None:
    plan(s3, "archived.pdf", "gone.pdf")
    check_shard(Storage(), SHARD, INPUT)
    assert stored(s3, "manifest.json") == [{"prefix": "s3://outbox/runs/r/shards/s00000/"}, "documents.jsonl"]


class Refusing(Storage):
    """A storage whose role may read none of the documents."""

    def find_unreadable(self, locations: Any) -> dict[str, str]:
        return {location.key: "AccessDenied: Access Denied" for location in locations}


def test_a_role_that_may_read_nothing_is_no_fault_of_the_documents(s3: Any) -> None:
    plan(s3, "a.pdf", "empty.pdf")
    with pytest.raises(BadInput, match="none of the shard's 2 documents: AccessDenied"):
        check_shard(Refusing(), SHARD, INPUT)
    written = s3.list_objects_v2(Bucket="outbox")["Contents"]
    assert [item["Key"] for item in written] == [f"{SHARD.key}documents.jsonl"]


def test_a_fault_of_s3_is_not_taken_for_one_of_the_document(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(s3, "a.pdf")
    storage = Storage()
    error = {"Error": {"Code": "InternalError", "Message": "again"}, "ResponseMetadata": {"HTTPStatusCode": 500}}

    def fail(**_: Any) -> None:
        raise s3.exceptions.ClientError(error, "GetObject")

    monkeypatch.setattr(storage._client, "get_object", fail)  # pylint: disable=protected-access
    with pytest.raises(ServiceFault):
        storage.find_unreadable([S3Location("inbox", "scans/a.pdf")])


def test_their_rows_have_the_reason(tmp_path: Path) -> None:
    assert not read_reasons(tmp_path)
    (tmp_path / "undeliverable.json").write_text(
        json.dumps({"gone": {"error_class": "too_large", "message": "larger than the limit"}})
    )
    (row,) = undelivered([document(name) for name in NAMES], read_reasons(tmp_path))
    assert (row.document.document_id, row.error_class) == ("gone", ErrorClass.TOO_LARGE)
    assert row.error_message == "larger than the limit"
