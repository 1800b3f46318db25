"""What surrounds a run on this machine: documents in, earlier runs' ledger in, results out."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.local.folders import (
    download_results,
    find_documents,
    require_writable,
    upload_documents,
    upload_ledger,
)
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import Storage
from tests.support.aws import s3_client, s3_server, session


@pytest.fixture(name="endpoint", scope="module")
def fixture_endpoint() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture(name="bucket")
def fixture_bucket(endpoint: str, request: pytest.FixtureRequest) -> str:
    name = f"b-{abs(hash(request.node.nodeid)):x}"
    s3_client(endpoint).create_bucket(Bucket=name)
    return name


@pytest.fixture(name="storage")
def fixture_storage(endpoint: str) -> Storage:
    return Storage(session(), endpoint)


def keys(storage: Storage, bucket: str) -> list[str]:
    return [item.key for item in storage.list_objects(S3Location(bucket, ""))]


def write(folder: Path, *names: str, content: str = "x") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


def test_documents_are_all_files_below_a_folder_in_order(tmp_path: Path) -> None:
    write(tmp_path, "b.pdf", "a/z.pdf", ".hidden")
    (tmp_path / "link.pdf").symlink_to(tmp_path / "b.pdf")
    assert [path.relative_to(tmp_path).as_posix() for path in find_documents(tmp_path)] == [
        ".hidden",
        "a/z.pdf",
        "b.pdf",
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.pdf", "secret.pdf")
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "secret.pdf")
    with pytest.raises(BadInput, match="secret.pdf' cannot be read. Change its permissions"):
        find_documents(tmp_path)


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    write(tmp_path, "a.pdf", "locked/b.pdf")
    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(BadInput, match="locked' cannot be read: Permission denied"):
        find_documents(tmp_path)


@pytest.mark.parametrize("given", ["docs", "docs/", "./docs"])
def test_a_document_below_the_working_folder_keeps_its_key(
    given: str, tmp_path: Path, storage: Storage, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "docs/a/b.pdf")
    monkeypatch.chdir(tmp_path)
    assert upload_documents(Path(given), storage, bucket) == f"s3://{bucket}/docs/"
    assert keys(storage, bucket) == ["docs/a/b.pdf"]


def test_the_working_folder_itself_is_the_whole_bucket(
    tmp_path: Path, storage: Storage, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.pdf")
    monkeypatch.chdir(tmp_path)
    assert upload_documents(Path("."), storage, bucket) == f"s3://{bucket}/"
    assert keys(storage, bucket) == ["a.pdf"]


def test_a_document_elsewhere_has_its_whole_path_as_key(
    tmp_path: Path, storage: Storage, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "docs/a.pdf", "work/x")
    monkeypatch.chdir(tmp_path / "work")
    prefix = upload_documents(Path("../docs"), storage, bucket)
    below = (tmp_path / "docs").as_posix().lstrip("/")
    assert (prefix, keys(storage, bucket)) == (f"s3://{bucket}/{below}/", [f"{below}/a.pdf"])


def test_an_output_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    require_writable(tmp_path / "new" / "output")
    assert not list((tmp_path / "new" / "output").iterdir())


def test_earlier_runs_come_back_with_the_pages_of_those_that_nothing_vouches_for(
    tmp_path: Path, storage: Storage, bucket: str
) -> None:
    for run_id in ("balanced", "unbalanced", "unreported"):
        write(tmp_path, f"documents/run_id={run_id}/s00000.parquet", f"pages/run_id={run_id}/s00000.parquet")
    for run_id in ("balanced", "unbalanced"):
        write(tmp_path, f"runs/{run_id}/report.json", content=json.dumps({"balanced": run_id == "balanced"}))
    write(
        tmp_path, "documents/run_id=without-pages/s00000.parquet", "runs/other/report.json", "images/run_id=balanced/x"
    )
    upload_ledger(tmp_path, storage, bucket)
    assert keys(storage, bucket) == [
        "documents/run_id=balanced/s00000.parquet",
        "documents/run_id=unbalanced/s00000.parquet",
        "documents/run_id=unreported/s00000.parquet",
        "documents/run_id=without-pages/s00000.parquet",
        "pages/run_id=unbalanced/s00000.parquet",
        "pages/run_id=unreported/s00000.parquet",
        "runs/balanced/report.json",
        "runs/unbalanced/report.json",
    ]


def test_results_come_down_under_the_same_names_without_those_of_other_runs(
    tmp_path: Path, storage: Storage, bucket: str
) -> None:
    wanted = [
        "documents/run_id=r1/s00000.parquet",
        "images/run_id=r1/doc/page-0001.jpeg",
        "pages/run_id=r1/language=eng/s00000.parquet",
        "runs/r1/failures.csv",
        "runs/r1/plan.json",
        "runs/r1/report.json",
        "runs/r1/run.json",
        "runs/r1/shards.json",
    ]
    others = [
        "documents/run_id=r10/s00000.parquet",
        "runs/r1/map/manifest.json",
        "runs/r1/shards/s00000/documents.jsonl",
    ]
    write(tmp_path / "up", *wanted, *others)
    storage.upload_folder(tmp_path / "up", S3Location(bucket, ""))
    download_results("r1", tmp_path / "down", storage, bucket)
    found = [
        path.relative_to(tmp_path / "down").as_posix() for path in (tmp_path / "down").rglob("*") if path.is_file()
    ]
    assert sorted(found) == wanted


def test_a_run_that_ended_early_has_what_it_has(tmp_path: Path, storage: Storage, bucket: str) -> None:
    download_results("r1", tmp_path / "down", storage, bucket)
    assert not (tmp_path / "down").exists()
