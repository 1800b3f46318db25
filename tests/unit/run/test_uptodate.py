"""Running again: what is planned, after whatever earlier runs left behind."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.config import RunOptions, parse_options
from distributed_ocr_pipeline.errors import BadInput, ErrorClass
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.records import (
    MAX_ATTEMPTS,
    Document,
    DocumentResult,
    DocumentStatus,
    PageChunk,
    PageResult,
    PageStatus,
    S3Location,
)
from distributed_ocr_pipeline.run.planning import plan_run
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.writer import ShardInfo, ShardTables
from tests.support.aws import s3_client, s3_server, session, upload_folder
from tests.support.documents import document_id_of

BEGINNING = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(name="storage", scope="module")
def fixture_storage() -> Iterator[Storage]:
    with s3_server() as endpoint:
        yield Storage(session(), endpoint)


@dataclass
class Bucket:
    """A bucket with documents under in/ and the results of runs, written as the worker writes them."""

    storage: Storage
    name: str
    folder: Path
    runs: list[str] = field(default_factory=list)

    def options(self, **values: Any) -> RunOptions:
        return parse_options({"input_prefix": f"s3://{self.name}/in/", **values})

    def put(self, name: str, content: str) -> None:
        path = self.folder / "content"
        path.write_text(content)
        self.storage.upload(path, S3Location(self.name, f"in/{name}"))

    def planned(self, **values: Any) -> dict[str, int]:
        """Names of the documents that would be planned, with the attempts made before."""
        with TemporaryDirectory() as folder:
            plan_run(self.storage, self.name, self.options(**values), Path(folder))
            path = Path(folder, "documents.parquet")
            rows = pq.read_table(path, columns=["key", "attempts"]).to_pylist() if path.exists() else []
        return {row["key"].removeprefix("in/"): row["attempts"] for row in rows}

    def run(
        self,
        lose: str = "",
        at: int | None = None,
        upload: bool = True,
        **outcomes: tuple[DocumentStatus, ErrorClass | None],
    ) -> Path:
        """A run of one shard with these documents, as they are now; `lose` is the table that is not uploaded."""
        run_id = f"run{len(self.runs)}"
        self.runs.append(run_id)
        folder = self.folder / run_id
        folder.mkdir()
        options = self.options()
        info = ShardInfo(run_id, "s00000", self.name, "pytesseract", "5", options.fingerprint)
        places = {name: folder / name / f"run_id={run_id}" for name in ("pages", "documents")}
        moment = BEGINNING + timedelta(hours=len(self.runs) if at is None else at)
        with ShardTables(info, options, scratch=folder / "scratch", **places) as tables:
            for document in self._documents():
                if document.key.removeprefix("in/") in outcomes:
                    _write(tables, document, moment, *outcomes[document.key.removeprefix("in/")])
        for name in places:
            if upload and name != lose:
                upload_folder(self.storage, folder / name, S3Location(self.name, name))
        return folder

    def _documents(self) -> list[Document]:
        """As they would be planned; attempts included."""
        planned = self.planned()
        return [
            Document(
                document_id_of(f"s3://{self.name}/{item.key}"),
                f"s3://{self.name}/{item.key}",
                item.key,
                item.etag,
                item.size_bytes,
                planned.get(item.key.removeprefix("in/"), 0),
            )
            for item in self.storage.list_objects(S3Location(self.name, "in/"))
        ]


def _write(
    tables: ShardTables, document: Document, moment: datetime, status: DocumentStatus, error_class: ErrorClass | None
) -> None:
    pages = 1 if status is DocumentStatus.SUCCEEDED else 0
    if pages:
        tables.add_pages(PageChunk(document, "application/pdf", 1, (PageResult(1, PageStatus.SUCCEEDED, text="x"),)))
    tables.add_document(
        DocumentResult(
            document,
            status,
            page_count=pages,
            pages_succeeded=pages,
            error_class=error_class,
            attempts=0 if status is DocumentStatus.DEFERRED else 1,
            processed_at=moment,
        )
    )


@pytest.fixture(name="bucket")
def fixture_bucket(storage: Storage, tmp_path: Path, request: pytest.FixtureRequest) -> Bucket:
    name = f"b-{abs(hash(request.node.nodeid)):x}"
    endpoint = storage._client.meta.endpoint_url  # pylint: disable=protected-access
    s3_client(endpoint).create_bucket(Bucket=name)
    bucket = Bucket(storage, name, tmp_path)
    bucket.put("doc", "content")
    bucket.put("other", "other content")
    return bucket


DONE = (DocumentStatus.SUCCEEDED, None)
DEFERRED = (DocumentStatus.DEFERRED, None)


def failed(error_class: ErrorClass) -> tuple[DocumentStatus, ErrorClass]:
    return DocumentStatus.FAILED, error_class


def test_everything_is_planned_at_first(bucket: Bucket) -> None:
    assert bucket.planned() == {"doc": 0, "other": 0}


def test_a_document_with_a_result_costs_nothing(bucket: Bucket) -> None:
    bucket.run(doc=DONE, other=DONE)
    assert not bucket.planned()
    assert bucket.planned(reprocess=True) == {"doc": 0, "other": 0}


def test_new_content_under_an_old_name_is_processed(bucket: Bucket) -> None:
    bucket.run(doc=DONE, other=DONE)
    bucket.put("doc", "new content")
    assert bucket.planned() == {"doc": 0}


def test_content_that_comes_back_is_processed_again_because_the_current_row_is_of_other_content(bucket: Bucket) -> None:
    bucket.run(doc=DONE, other=DONE)
    bucket.put("doc", "new content")
    bucket.run(doc=DONE)
    bucket.put("doc", "content")
    assert bucket.planned() == {"doc": 0}


def test_other_options_make_other_results(bucket: Bucket) -> None:
    bucket.run(doc=DONE, other=DONE)
    assert bucket.planned(languages="deu") == {"doc": 0, "other": 0}


@pytest.mark.parametrize("error_class", list(ErrorClass))
def test_a_failure_is_tried_again_if_that_can_help(bucket: Bucket, error_class: ErrorClass) -> None:
    bucket.run(doc=failed(error_class), other=DONE)
    assert bucket.planned() == ({"doc": 1} if error_class.retryable else {})


def test_a_deferred_document_is_next_and_was_not_an_attempt(bucket: Bucket) -> None:
    bucket.run(doc=DEFERRED, other=DONE)
    bucket.run(doc=DEFERRED)
    assert bucket.planned() == {"doc": 0}


def test_a_document_that_failed_too_often_is_tried_again_only_when_asked_for(bucket: Bucket) -> None:
    for attempt in range(MAX_ATTEMPTS):
        assert bucket.planned() == ({"doc": attempt} if attempt else {"doc": 0, "other": 0})
        bucket.run(doc=failed(ErrorClass.TIMEOUT), other=DONE)
    assert not bucket.planned()
    assert bucket.planned(retry_failed=True) == {"doc": 0}


def test_new_content_gets_new_attempts(bucket: Bucket) -> None:
    for _ in range(MAX_ATTEMPTS):
        bucket.run(doc=failed(ErrorClass.TIMEOUT), other=DONE)
    bucket.put("doc", "mended")
    assert bucket.planned() == {"doc": 0}


@pytest.mark.parametrize("lost", ["pages", "documents"])
def test_half_an_upload_is_no_result(bucket: Bucket, lost: str) -> None:
    bucket.run(doc=DONE, other=DONE, lose=lost)
    assert bucket.planned() == {"doc": 0, "other": 0}


def test_pages_of_another_attempt_are_no_result(bucket: Bucket) -> None:
    bucket.run(doc=DONE, other=DONE)
    other = bucket.run(doc=failed(ErrorClass.CORRUPT), upload=False)
    pages = other / "pages" / "run_id=run1" / "s00000.parquet"
    bucket.storage.upload(pages, S3Location(bucket.name, "pages/run_id=run0/s00000.parquet"))
    assert bucket.planned() == {"doc": 0, "other": 0}


def test_half_an_upload_does_not_take_an_earlier_result_away(bucket: Bucket) -> None:
    bucket.run(doc=DONE, other=DONE)
    bucket.run(doc=failed(ErrorClass.TIMEOUT), lose="pages")
    assert not bucket.planned()


def test_of_two_runs_at_once_the_later_row_counts(bucket: Bucket) -> None:
    bucket.run(doc=DONE, other=DONE, at=2)
    bucket.run(doc=failed(ErrorClass.TIMEOUT), other=DONE, at=1)
    assert not bucket.planned()


def test_results_of_other_prefixes_play_no_part(bucket: Bucket, storage: Storage, tmp_path: Path) -> None:
    bucket.run(doc=DONE, other=DONE)
    plan = plan_run(storage, bucket.name, parse_options({"input_prefix": f"s3://{bucket.name}/in/d"}), tmp_path)
    assert (plan.documents, plan.up_to_date) == (0, 1)


@pytest.mark.parametrize(
    ("named", "counts"),
    [
        ("s3://{0}/in/", True),
        ("s3://{0}/in/sub/", True),
        ("s3://{0}/elsewhere/", False),
        ("file:///docs/", True),  # named in another way, so nobody knows
    ],
)
def test_a_run_counts_if_its_report_names_a_prefix_that_may_have_the_same_documents(
    named: str, counts: bool, bucket: Bucket
) -> None:
    bucket.run(doc=DONE, other=DONE)
    report = RunLayout(bucket.name, "run0").report
    bucket.storage.put_json(report, {"input_prefix": named.format(bucket.name), "balanced": True})
    assert (bucket.planned() == {}) is counts


@pytest.mark.parametrize("key", ["", "d", "documents/", "pages/run_id=r1/", "locks/"])
def test_results_are_no_documents(bucket: Bucket, tmp_path: Path, key: str) -> None:
    options = parse_options({"input_prefix": f"s3://{bucket.name}/{key}"})
    with pytest.raises(BadInput, match="holds results of runs"):
        plan_run(bucket.storage, bucket.name, options, tmp_path)
    bucket.put("a.pdf", "A")
    assert "a.pdf" in bucket.planned(), "other folders may lie in the bucket of the results"
