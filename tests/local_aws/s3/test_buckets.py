"""Buckets that are folders, through boto3: as S3 answers, and on disk what was put."""

import io
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from pyarrow.fs import FileSelector, S3FileSystem
from werkzeug.serving import WSGIRequestHandler, make_server

from local_aws.s3.buckets import FolderBuckets
from local_aws.s3.folder import INCOMING, FolderBucket
from local_aws.settings import BucketFolder
from tests.support.local_runs import write_deep

KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-west-2"}


class Handler(WSGIRequestHandler):
    """Adds the path as it was sent, as moto's handler does, and logs nothing."""

    def make_environ(self) -> Any:
        return super().make_environ() | {"RAW_URI": self.path}

    def log(self, *_: Any) -> None:
        return


def moto(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("418 I am moto", [])
    return [b""]


@pytest.fixture(name="root")
def fixture_root(tmp_path: Path) -> Path:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture(name="endpoint")
def fixture_endpoint(root: Path) -> Iterator[str]:
    buckets = {
        "in": FolderBucket(BucketFolder(root / "in", read_only=True, left_out=(root / "in" / "output",))),
        "out": FolderBucket(BucketFolder(root / "out")),
    }
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        server = make_server(
            host, port, FolderBuckets(moto, buckets), threaded=True, request_handler=Handler, fd=listener.fileno()
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{host}:{port}"
        server.shutdown()
        server.server_close()


@pytest.fixture(name="s3")
def fixture_s3(endpoint: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client("s3", endpoint_url=endpoint, config=config, **KEYS)  # type: ignore[call-overload]


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")


def keys(s3: Any, bucket: str, **more: Any) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, **more)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_what_is_put_is_a_file_at_once_and_comes_back(s3: Any, root: Path) -> None:
    etag = s3.put_object(Bucket="out", Key="a/run_id=1/ü %2F.bin", Body=b"0123456789")["ETag"]
    assert (root / "out/a/run_id=1/ü %2F.bin").read_bytes() == b"0123456789"
    found = s3.get_object(Bucket="out", Key="a/run_id=1/ü %2F.bin")
    assert (found["Body"].read(), found["ETag"], found["ContentLength"]) == (b"0123456789", etag, 10)
    part = s3.get_object(Bucket="out", Key="a/run_id=1/ü %2F.bin", Range="bytes=2-4")
    assert (part["Body"].read(), part["ContentRange"]) == (b"234", "bytes 2-4/10")
    assert s3.head_object(Bucket="out", Key="a/run_id=1/ü %2F.bin")["ETag"] == etag
    assert keys(s3, "out") == ["a/run_id=1/ü %2F.bin"]


def test_a_large_file_goes_up_and_down_in_parts(s3: Any, root: Path) -> None:
    content = os.urandom(12 * 1024 * 1024)
    parts = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(content), "out", "big", Config=parts)
    assert (root / "out/big").read_bytes() == content
    s3.download_file("out", "big", str(root / "back"), Config=parts)
    assert (root / "back").read_bytes() == content
    assert not list((root / "out" / INCOMING).iterdir())


def test_a_call_whose_body_breaks_off_stores_nothing(endpoint: str, root: Path) -> None:
    host, port = endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(b"PUT /out/key HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this")
        caller.shutdown(socket.SHUT_WR)
        assert b" 400 " in caller.recv(4096)
    assert not (root / "out/key").exists() and not list((root / "out" / INCOMING).iterdir())


def test_a_killed_servers_half_objects_go_at_the_next_start(root: Path) -> None:
    write(root / "out", f"{INCOMING}/half", "whole")
    FolderBucket(BucketFolder(root / "out"))
    assert not (root / "out" / INCOMING).exists() and (root / "out/whole").exists()


def test_listings_have_the_order_of_s3_in_pages_of_any_size(s3: Any, root: Path) -> None:
    names = ["a!", "a.pdf", "a/1", "a/b/2", "a/b.pdf", "a0", "b/1", "Z", "é"]
    write(root / "out", *names)
    assert keys(s3, "out") == sorted(names)
    assert keys(s3, "out", PaginationConfig={"PageSize": 2}) == sorted(names)
    assert keys(s3, "out", Prefix="a/b") == ["a/b.pdf", "a/b/2"]
    assert keys(s3, "out", StartAfter="a/b.pdf") == [name for name in sorted(names) if name > "a/b.pdf"]
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="out", Prefix="a", Delimiter="/", PaginationConfig={"PageSize": 1}
    )
    shown = [[*page.get("Contents", []), *page.get("CommonPrefixes", [])] for page in pages]
    assert [entry.get("Key") or entry["Prefix"] for page in shown for entry in page] == ["a!", "a.pdf", "a/", "a0"]


def test_a_page_comes_though_another_caller_took_the_listing(s3: Any, root: Path) -> None:
    write(root / "out", "a", "b", "c/d")
    token = s3.list_objects_v2(Bucket="out", MaxKeys=1)["NextContinuationToken"]
    for _ in range(2):
        page = s3.list_objects_v2(Bucket="out", ContinuationToken=token)
        assert [item["Key"] for item in page["Contents"]] == ["b", "c/d"]


def test_objects_go(s3: Any, root: Path) -> None:
    write(root / "out", "a/b", "c", "d")
    s3.delete_object(Bucket="out", Key="a/b")
    s3.delete_object(Bucket="out", Key="a")  # a folder is no object
    s3.delete_objects(Bucket="out", Delete={"Objects": [{"Key": "c"}, {"Key": "never there"}]})
    assert keys(s3, "out") == ["d"]


def test_an_object_is_made_only_if_it_is_new(s3: Any, root: Path) -> None:
    s3.put_object(Bucket="out", Key="k", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="out", Key="k", Body=b"2", IfNoneMatch="*")
    assert code(error) == "PreconditionFailed" and (root / "out/k").read_bytes() == b"1"


def test_an_object_is_replaced_only_while_it_is_the_one_that_was_seen(s3: Any, root: Path) -> None:
    seen = s3.put_object(Bucket="out", Key="k", Body=b"1")["ETag"]
    newer = s3.put_object(Bucket="out", Key="k", Body=b"2", IfMatch=seen)["ETag"]
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="out", Key="k", Body=b"3", IfMatch=seen)
    assert code(error) == "PreconditionFailed" and newer != seen and (root / "out/k").read_bytes() == b"2"


def test_metadata_are_kept_with_their_object(s3: Any) -> None:
    s3.put_object(Bucket="out", Key="a/k", Body=b"1", Metadata={"holder": "run 1"})
    assert s3.head_object(Bucket="out", Key="a/k")["Metadata"] == {"holder": "run 1"}
    answer = s3.get_object(Bucket="out", Key="a/k")
    assert (answer["Body"].read(), answer["Metadata"]) == (b"1", {"holder": "run 1"})
    assert keys(s3, "out") == ["a/k"]
    s3.put_object(Bucket="out", Key="a/k", Body=b"2")
    assert s3.head_object(Bucket="out", Key="a/k")["Metadata"] == {}


@pytest.mark.parametrize("key", ["../out2/x", "a/../../x", "/x", "a//b", ".", "a/", ".incoming/x", "x" * 300])
def test_a_key_that_cannot_be_a_path_in_the_folder_is_refused(key: str, endpoint: str, s3: Any, root: Path) -> None:
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="out", Key=key, Body=b"")
    assert code(error) == "InvalidArgument" and endpoint
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket="out", Key=key)
    assert code(error) == "NoSuchKey" and not list((root / "out" / INCOMING).iterdir())


@pytest.mark.parametrize("more", [{"Tagging": "a=b"}, {"ACL": "private"}])
def test_what_a_file_has_no_place_for_is_refused(s3: Any, more: dict[str, Any], root: Path) -> None:
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="out", Key="k", Body=b"", **more)
    assert code(error) == "NotImplemented" and not (root / "out/k").exists()


def test_a_folder_that_is_read_takes_nothing(s3: Any, root: Path) -> None:
    write(root / "in", "a")
    calls: list[Callable[[], Any]] = [
        lambda: s3.put_object(Bucket="in", Key="b", Body=b""),
        lambda: s3.delete_object(Bucket="in", Key="a"),
        lambda: s3.delete_objects(Bucket="in", Delete={"Objects": [{"Key": "a"}]}),
        lambda: s3.create_multipart_upload(Bucket="in", Key="b"),
    ]
    for call in calls:
        with pytest.raises(ClientError) as error:
            call()
        assert code(error) == "AccessDenied"
    assert [path.name for path in (root / "in").iterdir()] == ["a"]


def test_everything_in_a_folder_that_is_read_is_listed(s3: Any, root: Path) -> None:
    write(root / "in", "a.pdf", ".hidden", "output/pages/x", "sub/b.pdf")
    write(root, "secret")
    (root / "in/inside.pdf").symlink_to("a.pdf")
    (root / "in/outside.pdf").symlink_to(root / "secret")
    (root / "in/loop").symlink_to(".")
    os.mkfifo(root / "in/fifo")
    listed = [".hidden", "a.pdf", "fifo", "inside.pdf", "loop", "outside.pdf", "sub/b.pdf"]
    assert keys(s3, "in") == listed
    assert s3.get_object(Bucket="in", Key="inside.pdf")["Body"].read() == b"a.pdf"
    for name in ("outside.pdf", "fifo", "loop"):
        with pytest.raises(ClientError) as error:
            s3.get_object(Bucket="in", Key=name)
        assert code(error) == "AccessDenied"


def test_what_lies_deeper_than_a_path_can_say_is_listed_and_has_no_content(s3: Any, root: Path) -> None:
    levels = (4095 - len(str(root / "in"))) // 251
    room = 4095 - len(str(root / "in")) - levels * 251 - 1
    key = write_deep(root / "in", levels, b"content", name="x" * min(255, room + 10))
    folder = write_deep(root / "in", levels + 3, b"content")
    listed = keys(s3, "in")
    assert key in listed and any(folder.startswith(f"{name}/") for name in listed) and len(listed) == 2
    for name in listed:
        with pytest.raises(ClientError) as error:
            s3.get_object(Bucket="in", Key=name)
        assert code(error) == "AccessDenied"


@pytest.mark.parametrize("name", [b"caf\xe9.pdf", b"100%.pdf", b"a%20b.pdf", b"%FF\xff%41", "ü".encode(), b"a\nb"])
def test_every_name_of_a_file_is_a_key_that_leads_back_to_it(name: bytes, s3: Any, root: Path) -> None:
    path = os.path.join(os.fsencode(root), b"in", name)
    with open(path, "wb") as file:
        file.write(b"content")
    (key,) = keys(s3, "in")
    assert s3.get_object(Bucket="in", Key=key)["Body"].read() == b"content"


def test_an_etag_changes_with_the_file_and_with_nothing_else(s3: Any, root: Path) -> None:
    write(root / "in", "a")
    first = s3.head_object(Bucket="in", Key="a")["ETag"]
    assert s3.list_objects_v2(Bucket="in")["Contents"][0]["ETag"] == first
    write(root / "in", "new")
    (root / "in/new").replace(root / "in/a")
    assert s3.head_object(Bucket="in", Key="a")["ETag"] != first


def test_arrow_reads_the_folder(endpoint: str, root: Path) -> None:
    write(root / "out", "pages/run_id=1/a.parquet", "pages/run_id=2/b.parquet", "pages2/c")
    arrow = S3FileSystem(access_key="x", secret_key="x", region="us-west-2", endpoint_override=endpoint)
    found = arrow.get_file_info(FileSelector("out/pages", recursive=True))
    files = [info.path for info in found if info.is_file]
    assert files == ["out/pages/run_id=1/a.parquet", "out/pages/run_id=2/b.parquet"]
    with arrow.open_input_file(files[0]) as file:
        file.seek(6)
        assert file.read(3) == b"run"


def test_other_buckets_and_calls_for_the_bucket_itself_are_motos(s3: Any, endpoint: str) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: s3.get_bucket_policy(Bucket="out"),
        lambda: s3.list_objects_v2(Bucket="other"),
        lambda: s3.get_object(Bucket="other", Key="k"),
    ]
    for call in calls:
        with pytest.raises(ClientError) as error:
            call()
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 418 and endpoint
