"""The S3 adapter, against a moto server."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import BadInput, ServiceFault
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.planning import plan_run
from distributed_ocr_pipeline.storage import Storage


@pytest.fixture(name="endpoint", scope="module")
def fixture_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(name="storage")
def fixture_storage(endpoint: str) -> Storage:
    session = local_session()
    session.client("s3", endpoint_url=endpoint).create_bucket(Bucket="bucket")
    return Storage(session, endpoint)


def local_session() -> boto3.Session:
    return boto3.Session("testing", "testing", region_name="us-east-1")


def store(storage: Storage, key: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes(content)
    storage.upload(path, S3Location("bucket", key))


def test_a_listing_goes_beyond_one_page_of_answers(storage: Storage, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for index in range(1001):
        (folder / f"{index:04d}").write_bytes(b"x")
    storage.upload_folder(folder, S3Location("bucket", "many/"))
    assert sum(1 for _ in storage.list_objects(S3Location("bucket", "many/"))) == 1001


def test_a_folder_goes_up_and_comes_down_the_same(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "up" / "a b").mkdir(parents=True)
    (tmp_path / "up" / "a b" / "é.txt").write_text("one")
    (tmp_path / "up" / "link").symlink_to("/etc/hostname")
    storage.upload_folder(tmp_path / "up", S3Location("bucket", "updown"))
    assert storage.download_prefix(S3Location("bucket", "updown/"), tmp_path / "down") == 1
    assert (tmp_path / "down" / "a b" / "é.txt").read_text() == "one"


def test_a_missing_bucket_is_the_callers_mistake(storage: Storage) -> None:
    with pytest.raises(BadInput, match="Listing s3://not-there/x failed.*NoSuchBucket"):
        list(storage.list_objects(S3Location("not-there", "x")))


def test_a_refused_upload_is_told_like_any_other_refused_call(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(BadInput, match="Writing s3://not-there/x failed.*NoSuchBucket"):
        storage.upload(tmp_path / "file", S3Location("not-there", "x"))


def test_a_server_that_is_not_there_is_a_service_fault() -> None:
    storage = Storage(local_session(), "http://127.0.0.1:9")
    with pytest.raises(ServiceFault, match="Listing"):
        list(storage.list_objects(S3Location("bucket", "")))


def test_columns_of_a_hive_layout_are_read_with_a_filter(storage: Storage, tmp_path: Path) -> None:
    for run, names in (("r1", ["a", "b"]), ("r2", ["c"])):
        folder = tmp_path / "t" / f"run_id={run}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"name": names, "other": names}), folder / "s00000.parquet")
    storage.upload_folder(tmp_path / "t", S3Location("bucket", "t"))
    rows = storage.read_parquet(S3Location("bucket", "t/"), ["name", "run_id"], ds.field("name") != "a")
    assert sorted(map(tuple, (row.values() for row in rows))) == [("b", "r1"), ("c", "r2")]


def test_reading_where_nothing_was_written_gives_nothing(storage: Storage) -> None:
    assert not list(storage.read_parquet(S3Location("bucket", "nothing/"), ["x"]))
    assert not list(storage.read_footers(S3Location("bucket", "nothing/")))


def test_a_prefix_without_documents_is_the_callers_mistake(storage: Storage) -> None:
    with pytest.raises(BadInput, match="no documents under s3://bucket/empty/"):
        plan_run(storage, "bucket", parse_options({"input_prefix": "s3://bucket/empty/"}))


def test_folder_markers_are_not_documents(storage: Storage, tmp_path: Path) -> None:
    store(storage, "marked/", b"", tmp_path)
    store(storage, "marked/empty.pdf", b"", tmp_path)
    plan = plan_run(storage, "bucket", parse_options({"input_prefix": "s3://bucket/marked/"}))
    assert [item.key for shard in plan.shards for item in shard.documents] == ["marked/empty.pdf"]
