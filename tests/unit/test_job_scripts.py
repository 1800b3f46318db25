"""The planning and the reporting job, with S3 on a moto server and the worker's rows written by its own writer."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import RunFailed
from distributed_ocr_pipeline.job import JobContext
from distributed_ocr_pipeline.planning.quotas import Quotas
from distributed_ocr_pipeline.records import (
    Document,
    DocumentResult,
    DocumentStatus,
    PageChunk,
    PageResult,
    PageStatus,
    S3Location,
)
from distributed_ocr_pipeline.run.delivery.local_documents import file_version
from distributed_ocr_pipeline.run.delivery.manifests import parse_documents
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.writer import ShardInfo, ShardTables
from job_scripts import plan_shards as planner
from job_scripts.plan_shards import plan_shards
from job_scripts.process_shard import working_seconds
from job_scripts.report_run import report_run
from tests.support.aws import s3_client, s3_server, upload_folder, use_server
from tests.support.documents import typed_pdf

OPTIONS = {"input_prefix": "s3://docs/in/", "files_per_job": 2}


@pytest.fixture(name="s3")
def fixture_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with s3_server() as endpoint:
        use_server(monkeypatch, endpoint)
        client = s3_client(endpoint)
        for bucket in ("docs", "results"):
            client.create_bucket(Bucket=bucket)
        for name in "abc":
            client.put_object(Bucket="docs", Key=f"in/{name}.pdf", Body=name.encode())
        yield client


@pytest.fixture(name="job")
def fixture_job(tmp_path: Path) -> JobContext:
    job = JobContext(tmp_path / "ml", "r1", "results")
    job.input("run").mkdir(parents=True)
    (job.input("run") / "run.json").write_text(json.dumps(OPTIONS))
    return job


def planned(job: JobContext) -> dict[str, list[Document]]:
    """The documents of every shard."""
    storage = Storage()
    return {
        shard["shard_id"]: parse_documents(
            storage.get_bytes(job.layout.shard_documents(shard["shard_id"])).decode("utf-8")
        )
        for shard in storage.get_json(job.layout.shards)
    }


def process(job: JobContext, shard_id: str, documents: list[Document], folder: Path) -> None:
    """What the shard's job leaves: a page for every document."""
    options = parse_options(OPTIONS)
    info = ShardInfo(job.run_id, shard_id, "results", options.engine, "5", options.fingerprint)
    places = {"pages": folder / job.layout.pages.key, "documents": folder / job.layout.documents.key}
    with ShardTables(info, options, scratch=folder / "scratch", **places) as tables:
        for document in documents:
            page = PageResult(1, PageStatus.SUCCEEDED, text="x")
            tables.add_pages(PageChunk(document, "application/pdf", 1, (page,)))
            tables.add_document(DocumentResult(document, DocumentStatus.SUCCEEDED, page_count=1, pages_succeeded=1))
    for name in ("pages", "documents"):
        upload_folder(Storage(), folder / name, S3Location("results", name))


@pytest.mark.usefixtures("s3")
def test_a_planned_and_processed_run_is_green(job: JobContext, tmp_path: Path) -> None:
    assert plan_shards(job).startswith("Planned 3 documents in 2 shards (0 up to date); about 0 pages")
    for shard_id, documents in planned(job).items():
        process(job, shard_id, documents, tmp_path / shard_id)
    assert report_run(job) == "3 documents planned: 3 succeeded; 3 pages; the ledger balances."
    report = Storage().get_json(job.layout.report)
    assert report["balanced"] and report["pages"]["total"] == 3 and not report["failed_shards"]
    assert Storage().get_bytes(job.layout.failures).count(b"\n") == 1
    assert plan_shards(replace(job, run_id="r2")).startswith("Planned 0 documents in 0 shards (3 up to date)")


@pytest.mark.usefixtures("s3")
def test_a_plan_starts_no_more_jobs_than_the_accounts_quotas_allow(
    job: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job.input("run") / "run.json").write_text(json.dumps(OPTIONS | {"files_per_job": 1}))
    asked: list[str] = []

    def read(service_quotas: Any, sagemaker: Any, own_job: str) -> Quotas:
        services = [client.meta.service_model.service_name for client in (service_quotas, sagemaker)]
        asked.extend([*services, own_job])
        return Quotas({"ml.t3.xlarge": 2}, total=4)

    monkeypatch.setattr(planner, "find_quotas", read)
    plan_shards(job)
    plan = Storage().get_json(job.layout.plan)
    assert (plan["shards"], plan["max_concurrency"], plan["concurrency_bound"]) == (3, 2, "quota of ml.t3.xlarge")
    assert asked == ["service-quotas", "sagemaker", f"{job.pipeline}-plan-"]


@pytest.mark.parametrize(("limit", "working"), [(14_400, 12_960), (600, 300), (5, 2.5)])
def test_a_job_keeps_time_to_upload_however_short_its_limit(limit: int, working: float) -> None:
    assert working_seconds(limit) == working


FAILURES = {
    '{"Error": "States.TaskFailed", "Cause": "{\\"FailureReason\\": \\"Died.\\"}"}': "Died.",
    '{"Error": "States.TaskFailed", "Cause": "{\\"ExitMessage\\": \\"Bad.\\"}"}': "Bad.",
    '{"Error": "SageMaker.ResourceLimitExceeded", "Cause": "No quota."}': "SageMaker.ResourceLimitExceeded No quota.",
    '{"Error": "States.Timeout"}': "States.Timeout",
}
"""What the workflow records of a failed shard, and what the report says of it."""


def test_a_shard_that_failed_is_named_with_its_reason_and_its_documents(
    s3: Any, job: JobContext, tmp_path: Path
) -> None:
    for name in "de":
        s3.put_object(Bucket="docs", Key=f"in/{name}.pdf", Body=name.encode())
    (job.input("run") / "run.json").write_text(json.dumps(OPTIONS | {"files_per_job": 1}))
    plan_shards(job)
    shards = planned(job)
    process(job, "s00000", shards.pop("s00000"), tmp_path)
    for shard_id, failure in zip(shards, FAILURES):
        s3.put_object(Bucket="results", Key=job.layout.failed(shard_id).key, Body=failure)
    stopped = json.dumps({"Error": "States.ExceedToleratedFailureThreshold", "Cause": "Too many."})
    s3.put_object(Bucket="results", Key=job.layout.map_failure.key, Body=stopped)
    with pytest.raises(RunFailed) as caught:
        report_run(job)
    assert "4 shards failed (first: s00001: Died.)" in str(caught.value)
    assert str(caught.value).endswith("See runs/r1/report.json; running again processes only what is missing.")
    report, failures = Storage().get_json(job.layout.report), Storage().get_bytes(job.layout.failures).decode()
    assert report["failed_shards"] == dict(zip(shards, FAILURES.values()))
    assert report["map_failure"].startswith("States.ExceedToleratedFailureThreshold Too many. (see runs/r1/map_")
    assert report["missing"] == sorted(document.source_uri for (document,) in shards.values())
    assert all(f"{reason}; run again to process it" in failures for reason in FAILURES.values())


def ledger_of_shard(root: Path, documents: list[Document]) -> list[dict[str, Any]]:
    """Rows of the ledger that the shard's job writes of documents of `root`."""
    folder = root / "processing/input"
    for name in ("run", "shard", "documents"):
        (folder / name).mkdir(parents=True)
    (folder / "run/run.json").write_text(json.dumps(OPTIONS))
    for document in documents:
        name = document.key.removeprefix("in/")
        os.link(root / name, folder / "documents" / name)
    (folder / "shard/documents.jsonl").write_text("\n".join(json.dumps(asdict(item)) for item in documents))
    where = {"OCR_ML_ROOT": str(root), "OCR_RUN_ID": "r1", "OCR_OUTPUT_BUCKET": "results", "OCR_SHARD_ID": "s00000"}
    script = Path(planner.__file__).with_name("process_shard.py")
    subprocess.run([sys.executable, str(script)], env=os.environ | where, check=True, capture_output=True)
    rows: list[dict[str, Any]] = pq.read_table(root / "processing/output/documents").to_pylist()
    return rows


def test_a_document_that_was_written_to_after_the_plan_is_no_success(tmp_path: Path) -> None:
    documents = []
    for name, etag in (("same", None), ("changed", "of an earlier version")):
        path = typed_pdf(tmp_path / f"{name}.pdf", ["Some text of its own"])
        etag = etag or file_version(path)
        documents.append(Document(name, path.as_uri(), f"in/{path.name}", etag, path.stat().st_size))
    found = {row["document_id"]: (row["status"], row["error_class"]) for row in ledger_of_shard(tmp_path, documents)}
    assert found == {"same": ("succeeded", None), "changed": ("partial", "changed")}


def test_the_ledger_has_the_size_of_the_file_and_not_what_a_list_without_sizes_made_the_plan_guess(
    tmp_path: Path,
) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["Some text of its own"])
    (row,) = ledger_of_shard(tmp_path, [Document("a", "s3://docs/in/a.pdf", "in/a.pdf", "", 60_000)])
    assert (row["status"], row["size_bytes"]) == ("succeeded", path.stat().st_size)
