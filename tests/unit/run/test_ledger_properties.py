"""No order of failures, retries and lost shards loses a document, doubles it, or processes it for nothing."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.planning.packing import Limits
from distributed_ocr_pipeline.records import MAX_ATTEMPTS, Document
from distributed_ocr_pipeline.run.reporting import make_report
from distributed_ocr_pipeline.tables.latest import current_rows
from distributed_ocr_pipeline.tables.schema import LEDGER_SCHEMA
from tests.support.documents import document_id_of
from tests.support.plans import Run, plan_documents

OPTIONS = parse_options({"input_prefix": "s3://bucket/in/"})
BEGINNING = datetime(2026, 1, 1, tzinfo=timezone.utc)
LOST = None  # the shard's job left nothing
FATES = st.sampled_from([("succeeded", None), ("failed", "timeout"), ("failed", "corrupt"), ("deferred", None)])
UNFINISHED = st.sampled_from(
    [("failed", "timeout"), ("failed", "timeout"), ("failed", "out_of_memory"), ("deferred", None)]
)
SHARD_FATES = st.one_of(st.just(LOST), st.lists(FATES, min_size=20, max_size=20))


@dataclass(frozen=True)
class Shard:
    """The documents of one processing job."""

    shard_id: str
    documents: list[Document]


class World:
    """Documents in a bucket, and the ledger of all runs so far."""

    def __init__(self, count: int) -> None:
        self.documents = [self._document(number, version=0) for number in range(count)]
        self.ledger: list[dict[str, Any]] = []
        self.runs = 0

    @staticmethod
    def _document(number: int, version: int) -> Document:
        uri = f"s3://bucket/in/{number}"
        return Document(document_id_of(uri), uri, f"in/{number}", f"etag-{version}", 1)

    def change(self, number: int) -> None:
        """New content under the same name."""
        self.documents[number] = self._document(number, version=self.runs + 1)

    def planned(self, files_per_job: int) -> list[Shard]:
        limits = Limits(seconds=3600, size_bytes=10**9, files=files_per_job)
        shards = plan_documents(self.documents, self.ledger, OPTIONS.fingerprint, limits)
        assert all(len(documents) <= files_per_job for documents in shards.values())
        return [Shard(shard_id, documents) for shard_id, documents in shards.items()]

    def run(self, shards: list[Shard], fates: list[Any]) -> list[dict[str, Any]]:
        """One run in which each shard has its fate; returns the run's rows."""
        self.runs += 1
        rows = []
        for shard, fate in zip(shards, fates):
            for document, outcome in zip(shard.documents, fate or ()):
                rows.append(self._row(shard, document, *outcome))
        self.ledger += rows
        return rows

    def table(self) -> pa.Table:
        return pa.Table.from_pylist(self.ledger, schema=LEDGER_SCHEMA)

    def _row(self, shard: Shard, document: Document, status: str, error_class: str | None) -> dict[str, Any]:
        pages = int(status == "succeeded")
        return {name: None for name in LEDGER_SCHEMA.names} | {
            "run_id": f"run-{self.runs:03d}",
            "shard_id": shard.shard_id,
            "document_id": document.document_id,
            "source_uri": document.source_uri,
            "source_etag": document.etag,
            "status": status,
            "error_class": error_class,
            "attempts": document.attempts + (status != "deferred"),
            "options_fingerprint": OPTIONS.fingerprint,
            "processed_at": BEGINNING + timedelta(seconds=self.runs),
            **{"page_count": pages, "pages_succeeded": pages, "pages_failed": 0, "pages_blank": 0, "duration_ms": 1},
        }


def report(shards: list[Shard], rows: list[dict[str, Any]]) -> Any:
    planned = [(item.document_id, item.key, shard.shard_id) for shard in shards for item in shard.documents]
    with TemporaryDirectory() as folder:
        evidence = Run(Path(folder), planned=planned, ledger=rows).evidence()
    return make_report("run", OPTIONS, {"up_to_date": 0, "shards": len(shards)}, evidence)


@settings(max_examples=15, deadline=None)
@given(data=st.data(), count=st.integers(1, 20), files_per_job=st.integers(1, 7), runs=st.integers(1, 6))
def test_no_order_of_failures_and_retries_loses_or_doubles_a_document(
    data: st.DataObject, count: int, files_per_job: int, runs: int
) -> None:
    world = World(count)
    for _ in range(runs):
        shards = world.planned(files_per_job)
        fates = [data.draw(SHARD_FATES) for _ in shards]
        found = report(shards, world.run(shards, fates))
        lost = {item.source_uri for shard, fate in zip(shards, fates) if fate is LOST for item in shard.documents}
        assert set(found.missing.first) == lost and found.balanced == (not lost) and not found.doubled.count
        if data.draw(st.booleans()):
            world.change(data.draw(st.integers(0, count - 1)))
    shards = world.planned(files_per_job)
    world.run(shards, [[("succeeded", None)] * files_per_job for _ in shards])
    rows = current_rows(world.table()).to_pylist()
    assert {row["document_id"]: row["source_etag"] for row in rows} == {
        item.document_id: item.etag for item in world.documents
    }
    assert all(row["error_class"] != "timeout" or row["attempts"] == MAX_ATTEMPTS for row in rows)
    assert all(row["status"] != "deferred" for row in rows)
    assert max(Counter((row["run_id"], row["document_id"]) for row in world.ledger).values()) == 1
    assert not world.planned(files_per_job)


@settings(max_examples=15, deadline=None)
@given(data=st.data(), runs=st.integers(1, 8))
def test_a_document_is_never_paid_for_again_once_its_result_is_final(data: st.DataObject, runs: int) -> None:
    world = World(3)
    for _ in range(runs):
        shards = world.planned(2)
        world.run(shards, [data.draw(st.lists(UNFINISHED | FATES, min_size=2, max_size=2)) for _ in shards])
    for document in world.documents:
        outcomes = [
            (row["status"], row["error_class"])
            for row in world.ledger
            if row["document_id"] == document.document_id and row["status"] != "deferred"
        ]
        assert len(outcomes) <= MAX_ATTEMPTS
        assert all(error_class and ErrorClass(error_class).retryable for _, error_class in outcomes[:-1])
