"""The report: a run is green only if plan, ledger and pages agree."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.config import RunOptions, parse_options
from distributed_ocr_pipeline.errors import RunFailed
from distributed_ocr_pipeline.run.reporting import Evidence, PlannedDocument, make_report, require_success, write_report

PLAN = {"up_to_date": 0, "shards": 1}


def options(**values: Any) -> RunOptions:
    return parse_options({"input_prefix": "s3://bucket/docs/", **values})


def row(
    document_id: str, *, status: str = "succeeded", error_class: str | None = None, pages: int = 1
) -> dict[str, Any]:
    return {
        "shard_id": "s00000",
        "document_id": document_id,
        "source_uri": f"s3://bucket/docs/{document_id}",
        "page_count": pages,
        "pages_succeeded": pages,
        "pages_failed": 0,
        "pages_blank": 0,
        "status": status,
        "error_class": error_class,
        "error_message": None,
        "duration_ms": 500,
    }


def evidence(**changes: Any) -> Evidence:
    good = Evidence(
        planned={name: PlannedDocument(f"s3://bucket/docs/{name}", "s00000") for name in "abcd"},
        ledger=tuple(row(name) for name in "abcd"),
        pages=dict.fromkeys("abcd", 1),
        page_keys_doubled=0,
        incomplete_files=(),
        failed_shards={},
    )
    return replace(good, **changes)


def test_a_complete_run_is_green() -> None:
    report = make_report("run", options(), PLAN, evidence())
    assert report.balanced and report.succeeded
    assert report.pages == {"succeeded": 4, "failed": 0, "blank": 0, "total": 4}
    require_success(report)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"ledger": tuple(row(name) for name in "abc")}, "not in the ledger (first: s3://bucket/docs/d)"),
        ({"ledger": tuple(row(name) for name in "abcdd")}, "more than once (first: s3://bucket/docs/d)"),
        ({"ledger": tuple(row(name) for name in "abcde"), "pages": dict.fromkeys("abcde", 1)}, "not in the plan"),
        ({"pages": {"a": 1, "b": 1, "c": 1, "d": 2}}, "do not add up (first: s3://bucket/docs/d)"),
        ({"pages": {"a": 1, "b": 1, "c": 1}}, "do not add up (first: s3://bucket/docs/d)"),
        ({"pages": dict.fromkeys("abcdz", 1)}, "do not add up (first: z)"),
        ({"ledger": (*map(row, "abc"), row("d") | {"page_count": 2})}, "do not add up (first: s3://bucket/docs/d)"),
        ({"page_keys_doubled": 2}, "2 pages are there more than once"),
        ({"incomplete_files": ("s00000.parquet",)}, "s00000.parquet"),
        (
            {"ledger": (), "pages": {}, "failed_shards": {"s00000": "exit code: 1"}},
            "1 shards failed (first: s00000: exit code: 1)",
        ),
    ],
)
def test_a_run_that_does_not_balance_fails_and_names_what_is_wrong(changes: dict[str, Any], word: str) -> None:
    report = make_report("run", options(), PLAN, evidence(**changes))
    assert not report.balanced
    with pytest.raises(RunFailed) as error:
        require_success(report)
    assert word in str(error.value) and len(str(error.value).encode()) < 1000


def test_deferred_documents_balance_but_are_not_success() -> None:
    report = make_report("run", options(), PLAN, evidence(ledger=(*map(row, "abc"), row("d", status="deferred"))))
    assert report.balanced and not report.succeeded


@pytest.mark.parametrize(("error_class", "limit"), [("timeout", "max_error_rate"), ("corrupt", "max_input_error_rate")])
def test_each_kind_of_fault_has_its_own_limit(error_class: str, limit: str) -> None:
    ledger = (*map(row, "abc"), row("d", status="failed", error_class=error_class))
    found = evidence(ledger=ledger)
    assert limit in make_report("run", options(**{limit: 0.2}), PLAN, found).summary
    assert make_report("run", options(max_error_rate=0.25), PLAN, found).succeeded


def test_input_faults_alone_never_fail_a_run_by_default() -> None:
    ledger = tuple(row(name, status="failed", error_class="encrypted") for name in "abcd")
    assert make_report("run", options(), PLAN, evidence(ledger=ledger)).succeeded


def test_a_failure_that_a_later_attempt_mended_is_forgotten() -> None:
    assert make_report("run", options(), PLAN, evidence(failed_shards={"s00000": "exit code: 1"})).succeeded


def test_failures_csv_lists_failed_and_unaccounted_documents(tmp_path: Path) -> None:
    ledger = (row("a"), row("b"), row("c", status="failed", error_class="corrupt"))
    found = evidence(ledger=ledger, failed_shards={"s00000": "out of memory"})
    report = make_report("run", options(), PLAN, found)
    write_report(report, found, tmp_path)
    with (tmp_path / "failures.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["document_id"], line["status"]) for line in lines] == [("c", "failed"), ("d", "unaccounted")]
    assert lines[1]["error_message"].startswith("out of memory")
    stored = json.loads((tmp_path / "report.json").read_text())
    assert stored["missing"] == ["s3://bucket/docs/d"] and stored["balanced"] is False
