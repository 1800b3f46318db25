"""Progress and metrics: what a job prints about itself can be read back."""

import json
import logging
import re

import pytest

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.records import Document, DocumentResult, DocumentStatus, PageChunk, PageResult, PageStatus
from distributed_ocr_pipeline.run.metrics import ShardMetrics, Stopwatch, embedded_metrics
from distributed_ocr_pipeline.run.progress import Progress, ShardProgress, parse_progress

DOCUMENT = Document("a", "s3://bucket/a.pdf", "a.pdf", "etag", 1)


def finished(status: DocumentStatus, error_class: ErrorClass | None = None) -> DocumentResult:
    return DocumentResult(DOCUMENT, status, error_class=error_class)


def test_logged_progress_can_be_read_back(caplog: pytest.LogCaptureFixture) -> None:
    progress = ShardProgress("run1", "s00003")
    progress.add(
        PageChunk(DOCUMENT, "application/pdf", 2, (PageResult(1, PageStatus.BLANK), PageResult(2, PageStatus.BLANK)))
    )
    progress.add(finished(DocumentStatus.SUCCEEDED))
    with caplog.at_level(logging.INFO, logger="distributed_ocr_pipeline"):
        progress.log()
    assert parse_progress(f"INFO {caplog.messages[-1]}", "run1") == ("s00003", Progress(documents=1, pages=2))
    assert parse_progress(caplog.messages[-1], "another run") is None
    assert parse_progress("INFO something else", "run1") is None


def test_metrics_count_processing_faults_and_leave_deferred_documents_out() -> None:
    progress = ShardProgress("run1", "s00003")
    for result in (
        finished(DocumentStatus.SUCCEEDED),
        finished(DocumentStatus.FAILED, ErrorClass.TIMEOUT),
        finished(DocumentStatus.FAILED, ErrorClass.CORRUPT),
        finished(DocumentStatus.PARTIAL, ErrorClass.OUT_OF_MEMORY),
        finished(DocumentStatus.DEFERRED),
    ):
        progress.add(result)
    values = progress.metrics(Stopwatch()).values()
    assert (values["DocumentsProcessed"], values["ErrorRate"]) == (4, 50.0)


def test_the_metrics_line_is_one_json_object_in_embedded_metric_format() -> None:
    line = embedded_metrics(ShardMetrics(8, 2.5, 1, 0.75), "ocr", {"run_id": "run1"})
    record = json.loads(line)
    (directive,) = record["_aws"]["CloudWatchMetrics"]
    assert {metric["Name"] for metric in directive["Metrics"]} == {
        "DocumentsProcessed",
        "ProcessingTime",
        "ProcessingErrors",
        "ErrorRate",
        "InstanceUtilization",
    }
    assert all(isinstance(record[metric["Name"]], (int, float)) for metric in directive["Metrics"])
    assert directive["Dimensions"] == [["Pipeline"]] and record["Pipeline"] == "ocr"
    assert (record["ErrorRate"], record["InstanceUtilization"], record["run_id"]) == (12.5, 75.0, "run1")
    assert record["ProcessingErrors"] == 1
    assert "\n" not in line


def test_a_shard_without_documents_has_no_error_rate() -> None:
    assert ShardMetrics(0, 1.0, 0, 0.0).values()["ErrorRate"] == 0.0


def test_the_exit_message_counts_documents_by_status_and_pages() -> None:
    progress = ShardProgress("run1", "s00001")
    for status in (DocumentStatus.SUCCEEDED, DocumentStatus.SUCCEEDED, DocumentStatus.FAILED):
        progress.add(DocumentResult(DOCUMENT, status))
    progress.add(PageChunk(DOCUMENT, "application/pdf", 1, (PageResult(1, PageStatus.BLANK),)))
    message = progress.summary(Stopwatch())
    assert re.fullmatch(r"Processed 3 documents \(1 failed, 2 succeeded\), 1 page in \d+\.\d s\.", message)
