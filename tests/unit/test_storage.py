"""The S3 adapter, against a moto server."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import BadInput, PipelineError, ServiceFault
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.planning import plan_run, store_plan
from distributed_ocr_pipeline.storage import Storage, aws_call, copy_columns
from tests.support.aws import refusal, s3_client, s3_server, session, upload_folder, use_server


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
    upload_folder(storage, folder, S3Location("bucket", "many/"))
    assert sum(1 for _ in storage.list_objects(S3Location("bucket", "many/"))) == 1001


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


def test_a_prefix_without_documents_is_the_callers_mistake(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no documents under s3://bucket/empty/"):
        plan_run(storage, "bucket", parse_options({"input_prefix": "s3://bucket/empty/"}), tmp_path)


def test_a_prefix_that_may_be_empty_is_nothing_to_do(storage: Storage, tmp_path: Path) -> None:
    options = parse_options({"input_prefix": "s3://bucket/empty/", "may_be_empty": True})
    plan = plan_run(storage, "bucket", options, tmp_path)
    assert (plan.documents, plan.shards, plan.up_to_date) == (0, 0, 0)
    store_plan(storage, RunLayout("bucket", "r1"), plan, tmp_path)
    assert storage.get_json(RunLayout("bucket", "r1").shards) == []


def test_a_plan_over_another_one_does_not_have_its_reasons(storage: Storage, tmp_path: Path) -> None:
    run, options = RunLayout("bucket", "twice"), parse_options({"input_prefix": "s3://bucket/twice/"})
    for key in ("twice/a", "twice/a/b.pdf"):
        store(storage, key, b"x", tmp_path)
    reasons = run.shard("s00000").below("undeliverable.json")
    for name, left_out in (("first", 1), ("second", 0)):
        (tmp_path / name).mkdir()
        plan = plan_run(storage, "bucket", options, tmp_path / name)
        store_plan(storage, run, plan, tmp_path / name)
        assert len(storage.get_json(reasons)) == left_out
        storage.client().delete_object(Bucket="bucket", Key="twice/a/b.pdf")


def test_folder_markers_are_not_documents(storage: Storage, tmp_path: Path) -> None:
    store(storage, "marked/", b"", tmp_path)
    store(storage, "marked/empty.pdf", b"", tmp_path)
    plan = plan_run(storage, "bucket", parse_options({"input_prefix": "s3://bucket/marked/"}), tmp_path)
    assert plan.documents == 1
    assert pq.read_table(tmp_path / "documents.parquet")["key"].to_pylist() == ["marked/empty.pdf"]


@pytest.mark.parametrize("few", [0, 40, 200])
def test_many_small_objects_are_stored_and_fetched(
    few: int, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By boto3 if they are few, the others by Arrow's client."""
    monkeypatch.setattr("distributed_ocr_pipeline.storage._FEW", few)
    locations = [S3Location("bucket", f"small{few}/{number:03d}") for number in range(100)]
    storage.put_small((location, location.key.encode()) for location in locations)
    storage.get_small((location, tmp_path / location.key) for location in locations)
    assert all((tmp_path / location.key).read_bytes() == location.key.encode() for location in locations)


@pytest.mark.parametrize(("few", "kind"), [(0, ServiceFault), (200, BadInput)])
def test_a_small_object_that_cannot_be_stored_is_a_fault(
    few: int, kind: type[PipelineError], storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distributed_ocr_pipeline.storage._FEW", few)
    with pytest.raises(kind, match="Writing s3://not-there/x failed"):
        storage.put_small([(S3Location("not-there", "x"), b"x")])


def test_a_few_small_objects_are_stored_without_arrows_client(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Storage, "arrow_filesystem", lambda _: pytest.fail("It takes 50 MB."))
    storage.put_small([(S3Location("bucket", "few"), b"x")])
    assert storage.get_bytes(S3Location("bucket", "few")) == b"x"


def test_a_piece_of_an_object_is_read(storage: Storage, tmp_path: Path) -> None:
    store(storage, "pieces", b"0123456789", tmp_path)
    assert storage.get_range(S3Location("bucket", "pieces"), 7, 100) == b"789"


def test_a_list_without_sizes_is_planned_with_those_that_s3_says(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "a.pdf").write_bytes(b"0" * 1234)
    upload_folder(storage, tmp_path / "documents", S3Location("bucket", "listed/"))
    (tmp_path / "list.txt").write_text("s3://bucket/listed/a.pdf\ns3://bucket/listed/nowhere.pdf\n", encoding="utf-8")
    options = {"input_prefix": "s3://bucket/listed/", "document_list": str(tmp_path / "list.txt")}
    plan = plan_run(storage, None, parse_options(options), tmp_path)
    assert (plan.documents, plan.size_bytes) == (2, 2 * 1234)
    assert (plan.looked.without_size, plan.looked.asked_for_size) == (2, 1)


def test_folders_below_a_prefix_are_named(storage: Storage, tmp_path: Path) -> None:
    for key in ("top/a/1", "top/a/2", "top/b/c/3", "top/file"):
        store(storage, key, b"x", tmp_path)
    assert list(storage.find_folders(S3Location("bucket", "top/"))) == ["a", "b"]


def test_json_that_is_not_there_is_none_and_a_missing_bucket_is_not(storage: Storage) -> None:
    assert storage.find_json(S3Location("bucket", "nothing.json")) is None
    with pytest.raises(BadInput):
        storage.find_json(S3Location("not-there", "nothing.json"))


def test_some_columns_are_copied_into_one_file(storage: Storage, tmp_path: Path) -> None:
    for name in ("a", "b"):
        pq.write_table(
            pa.table({"document_id": [name], "page_number": pa.array([1], pa.int32()), "x": [1]}), tmp_path / name
        )
        storage.upload(tmp_path / name, S3Location("bucket", f"columns/{name}.parquet"))
    keys = ["columns/a.parquet", "columns/b.parquet"]
    copy_columns(storage, "bucket", keys, ["document_id", "page_number"], tmp_path / "copy.parquet")
    assert pq.read_table(tmp_path / "copy.parquet").to_pydict() == {"document_id": ["a", "b"], "page_number": [1, 1]}


def test_where_there_is_nothing_to_copy_arrows_client_is_not_made(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Storage, "arrow_filesystem", lambda _: pytest.fail("It takes 50 MB."))
    copy_columns(storage, "bucket", [], ["document_id", "page_number"], tmp_path / "copy.parquet")
    assert pq.read_table(tmp_path / "copy.parquet").to_pydict() == {"document_id": [], "page_number": []}


def test_an_object_that_is_not_there_leaves_no_file(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        storage.get_small([(S3Location("bucket", "not-there"), tmp_path / "file")])
    assert not (tmp_path / "file").exists()


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
