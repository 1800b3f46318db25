"""The S3 adapter, against a moto server."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import BadInput, ServiceFault
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.planning import plan_run
from distributed_ocr_pipeline.storage import Footer, Storage, aws_call
from tests.support.aws import refusal, s3_client, s3_server, session, use_server


@pytest.fixture(name="endpoint", scope="module")
def fixture_endpoint() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture(name="storage")
def fixture_storage(endpoint: str) -> Storage:
    s3_client(endpoint).create_bucket(Bucket="bucket")
    return Storage(session(), endpoint)


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


def test_a_folder_is_stored_without_its_links(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "up" / "a b").mkdir(parents=True)
    (tmp_path / "up" / "a b" / "é.txt").write_text("one")
    (tmp_path / "up" / "link").symlink_to("/etc/hostname")
    storage.upload_folder(tmp_path / "up", S3Location("bucket", "updown"))
    assert [item.key for item in storage.list_objects(S3Location("bucket", "updown/"))] == ["updown/a b/é.txt"]
    assert storage.get_bytes(S3Location("bucket", "updown/a b/é.txt")) == b"one"


def test_a_missing_bucket_is_the_callers_mistake(storage: Storage) -> None:
    with pytest.raises(BadInput, match="Listing s3://not-there/x failed.*NoSuchBucket"):
        list(storage.list_objects(S3Location("not-there", "x")))


def test_a_refused_upload_is_told_like_any_other_refused_call(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(BadInput, match="Writing s3://not-there/x failed.*NoSuchBucket"):
        storage.upload(tmp_path / "file", S3Location("not-there", "x"))


def test_a_server_that_is_not_there_is_a_service_fault() -> None:
    storage = Storage(session(), "http://127.0.0.1:9")
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


def test_a_refused_call_carries_the_code_of_aws(storage: Storage) -> None:
    with pytest.raises(BadInput) as caught:
        storage.get_bytes(S3Location("bucket", "not-there"))
    assert caught.value.code == "NoSuchKey"


def test_a_refusal_that_is_not_the_callers_fault_carries_its_code_too() -> None:
    with pytest.raises(ServiceFault, match=r"^Testing failed: No\. \(SlowDown\)\.$") as caught, aws_call("Testing"):
        raise refusal("SlowDown")
    assert caught.value.code == "SlowDown"


def test_an_object_exists_or_not(storage: Storage, tmp_path: Path) -> None:
    store(storage, "exists", b"x", tmp_path)
    found = [storage.exists(S3Location(*where)) for where in (("bucket", "exists"), ("bucket", "no"), ("no", "exists"))]
    assert found == [True, False, False]


def test_json_is_read_and_anything_else_named(storage: Storage, tmp_path: Path) -> None:
    store(storage, "good.json", b'{"a": 1}', tmp_path)
    store(storage, "bad.json", b"{", tmp_path)
    assert storage.get_json(S3Location("bucket", "good.json")) == {"a": 1}
    with pytest.raises(BadInput, match="s3://bucket/bad.json cannot be read"):
        storage.get_json(S3Location("bucket", "bad.json"))


SCHEMA = pa.schema([("run_id", pa.string()), ("name", pa.string()), ("later", pa.int32())])


def test_a_table_has_the_columns_of_its_schema_whatever_the_files_have(storage: Storage, tmp_path: Path) -> None:
    for run, name in (("0007", "a"), ("8", "b")):
        (tmp_path / "s" / f"run_id={run}").mkdir(parents=True)
        pq.write_table(pa.table({"name": [name]}), tmp_path / "s" / f"run_id={run}" / "s00000.parquet")
    storage.upload_folder(tmp_path / "s", S3Location("bucket", "s"))
    table = storage.read_table(S3Location("bucket", "s/"), SCHEMA, ["run_id", "name", "later"])
    assert sorted(tuple(row.values()) for row in table.to_pylist()) == [("0007", "a", None), ("8", "b", None)]
    assert storage.read_table(S3Location("bucket", "s/"), SCHEMA, ["name"], ds.field("run_id") == "8").num_rows == 1


def test_a_table_of_no_files_has_its_columns(storage: Storage) -> None:
    table = storage.read_table(S3Location("bucket", "nothing/"), SCHEMA, ["later", "name"])
    assert (table.column_names, table.num_rows) == (["later", "name"], 0)


def test_footers_have_the_rows_and_metadata_of_each_file(storage: Storage, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2]}).replace_schema_metadata({"run": "r1"}), tmp_path / "f.parquet")
    storage.upload(tmp_path / "f.parquet", S3Location("bucket", "footers/f.parquet"))
    store(storage, "footers/no-table.txt", b"x", tmp_path)
    assert list(storage.read_footers(S3Location("bucket", "footers/"))) == [Footer("f.parquet", 2, {"run": "r1"})]


def test_without_credentials_it_says_where_to_get_some(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    with pytest.raises(BadInput, match="No AWS credentials were found. Set AWS_PROFILE"):
        Storage(boto3.Session(region_name="us-east-1"), endpoint).arrow_filesystem()


def test_both_clients_use_the_region_that_is_given(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """A SageMaker job may have no variable that boto3 reads the region from, and Arrow follows no redirect."""
    use_server(monkeypatch, endpoint)
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    storage = Storage(region="eu-central-1")
    assert storage.arrow_filesystem().region == "eu-central-1"
