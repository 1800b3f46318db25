"""Listing S3: every key once, sizes, ETags and storage classes, against moto and boto3's own listing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.planning.listing import Lister, write_listing
from distributed_ocr_pipeline.records import S3Location

BUCKET = "scans"
KEYS = [
    "in/a.pdf",
    "in/b c+d.pdf",
    "in/ü/reply & <order>.pdf",
    "in/2024//empty part.pdf",
    "in/2024/./dot.pdf",
    "in/2025/deep/down/x.tif",
]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def _listed(client: Any, prefix: str) -> dict[str, tuple[str, int, bool]]:
    pages = list(Lister(client).pages(S3Location(BUCKET, prefix)))
    rows = [row for page in pages for row in zip(page.keys, page.etags, page.sizes, page.archived)]
    assert len({row[0] for row in rows}) == len(rows)
    return {key: (etag, size, archived) for key, etag, size, archived in rows}


def test_every_key_is_listed_once_whatever_it_is_made_of(client: Any) -> None:
    for key in [*KEYS, "other/z.pdf"]:
        client.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    etags = {item["Key"]: item["ETag"].strip('"') for item in client.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert _listed(client, "in/") == {key: (etags[key], len(key.encode()), False) for key in KEYS}


def test_more_than_a_page_of_keys_in_folders_and_beside_them(client: Any) -> None:
    keys = [f"in/{folder}/{number:04d}" for folder in ("a", "b") for number in range(502)] + ["in/z"]
    for key in keys:
        client.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    assert sorted(_listed(client, "in/")) == sorted(keys)
    assert sorted(_listed(client, "in")) == sorted(keys)
    assert sorted(_listed(client, "in/a")) == sorted(keys[:502])


def test_archived_objects_are_known_and_folder_marks_left_out(client: Any) -> None:
    client.put_object(Bucket=BUCKET, Key="in/", Body=b"")
    client.put_object(Bucket=BUCKET, Key="in/cold.pdf", Body=b"x", StorageClass="DEEP_ARCHIVE")
    client.put_object(Bucket=BUCKET, Key="in/cool.pdf", Body=b"x", StorageClass="GLACIER_IR")
    assert {key: row[2] for key, row in _listed(client, "in/").items()} == {"in/cold.pdf": True, "in/cool.pdf": False}


def test_a_bucket_that_is_not_there_is_the_callers_fault(client: Any) -> None:
    with pytest.raises(BadInput, match="Listing s3://nowhere/in/ failed: .*NoSuchBucket"):
        list(Lister(client).pages(S3Location("nowhere", "in/")))


def test_an_error_in_one_folder_ends_the_listing(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("in/a/x", "in/b/x"):
        client.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    lister = Lister(client)
    whole = client.list_objects_v2

    def refuse(**call: Any) -> Any:
        if call["Prefix"] == "in/b/":
            return whole(**call | {"Bucket": "nowhere"})
        return whole(**call)

    monkeypatch.setattr(client, "list_objects_v2", refuse)
    with pytest.raises(BadInput, match="NoSuchBucket"):
        list(lister.pages(S3Location(BUCKET, "in/")))


def test_a_listing_is_stored_as_parquet(client: Any, tmp_path: Path) -> None:
    for key in KEYS:
        client.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    pages = Lister(client).pages(S3Location(BUCKET, "in/"))
    assert write_listing((page.batch() for page in pages), tmp_path / "listing.parquet", "bucket") == len(KEYS)
    assert sorted(pq.read_table(tmp_path / "listing.parquet")["key"].to_pylist()) == sorted(KEYS)


def test_a_flat_prefix_is_listed_page_by_page(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1001):
        client.put_object(Bucket=BUCKET, Key=f"in/{number:04d}", Body=b"")
    lister, calls, whole = Lister(client), [], client.list_objects_v2

    def count(**call: Any) -> Any:
        calls.append(call)
        return whole(**call)

    monkeypatch.setattr(client, "list_objects_v2", count)
    pages = lister.pages(S3Location(BUCKET, "in/"))
    first = next(pages)
    assert (len(first.keys), len(calls)) == (1000, 2), "the first look, and the first page"
    assert len(first.keys) + sum(len(page.keys) for page in pages) == 1001
