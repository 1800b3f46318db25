"""Runs to look at, with names and texts that would like to be more than text."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.records import DocumentResult
from tests.support.documents import document, scanned_pdf
from tests.support.runs import outcome, write_run

HOSTILE = (
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    '" onmouseover="window.hacked=1" x="',
    "{{ 7 * 7 }}{% raw %}",
    "<!--<script>",
    "\u202egpj.exe\x00\x1b[2J",
    "javascript:window.hacked=1//",
)
RUN = "20250101-120000-abcdef"


def at(result: DocumentResult, uri: str, **values: Any) -> DocumentResult:
    """A result of the document of another address."""
    return replace(result, document=replace(result.document, source_uri=uri), **values)


def failed(name: str, message: str, error_class: ErrorClass = ErrorClass.CORRUPT) -> DocumentResult:
    """A document that could not be read."""
    result = outcome(name, 1, "failed", pages=0)
    return at(result, f"s3://bucket/docs/{name}", error_class=error_class, error_message=message)


def hostile_results() -> list[DocumentResult]:
    """Documents whose names and messages are hostile."""
    named = [at(outcome(f"n{number}", number), f"s3://bucket/docs/{name}") for number, name in enumerate(HOSTILE)]
    return [*named, *(failed(f"f{number}", text) for number, text in enumerate(HOSTILE))]


def put(output: Path, key: str, value: Any) -> None:
    """Store JSON in an output folder."""
    path = output / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def write_looked_at_run(output: Path, *results: DocumentResult, **more: Any) -> Path:
    """A run with its plan and report, in an output folder; returns the folder."""
    run = RunLayout("", RUN)
    write_run(output, RUN, *results, **more)
    statuses = [result.status.value for result in results]
    plan = {
        "documents": len(results) + 1,
        "shards": 1,
        "up_to_date": 2,
        "pages": {"expected": 7, "low": 5, "high": 9},
        "cpu_seconds": {"expected": 3600, "low": 1800, "high": 7200},
        "estimate": {"usd": {"expected": 1.5, "low": 1, "high": 2}},
    }
    report = {
        "succeeded": False,
        "problems": [f"1 shard failed (first: s1: {HOSTILE[0]})"],
        "documents_by_status": {status: statuses.count(status) for status in sorted(set(statuses))},
        "missing": [f"s3://bucket/docs/{HOSTILE[1]}.lost"],
        "missing_count": 1,
        "failed_shards": {"s1": HOSTILE[0]},
        "cpu_seconds": {"estimated": 3600, "measured": 5400, "pages": 7},
        "usd": {"estimated": 1.5, "measured": 1.25, "pages": 7},
    }
    put(output, run.plan.key, plan)
    put(output, run.options.key, {"input_prefix": "s3://bucket/docs/"})
    put(output, run.report.key, report)
    return output


def scanned_result(path: Path, pages: int = 2) -> DocumentResult:
    """A document of this machine that is there."""
    scan = replace(document(scanned_pdf(path, pages)), document_id=path.stem, source_uri=path.resolve().as_uri())
    return replace(outcome(path.stem, 3, pages=pages), document=scan)
