"""The proof at the end of a run: every planned document is in the ledger once, and its pages are in the pages table."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.errors import ErrorClass, Origin, RunFailed, without_verdict
from distributed_ocr_pipeline.layout import FAILURES_FILE, REPORT_FILE, RunLayout
from distributed_ocr_pipeline.records import DocumentStatus, S3Location
from distributed_ocr_pipeline.run.manifests import parse_documents
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.integrity import find_incomplete

_LEDGER_COLUMNS = [
    "shard_id",
    "document_id",
    "source_uri",
    "page_count",
    "pages_succeeded",
    "pages_failed",
    "pages_blank",
    "status",
    "error_class",
    "error_message",
    "duration_ms",
]
_FAILURE_COLUMNS = ["document_id", "source_uri", "status", "error_class", "error_message", "pages_failed", "shard_id"]
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_DOCUMENT_PROBLEMS = {
    "missing": "planned documents are not in the ledger",
    "doubled": "documents are in the ledger more than once",
    "unplanned": "documents are in the ledger but not in the plan",
    "pages_mismatch": "documents have pages that do not add up",
    "incomplete_files": "shards have incomplete files",
}
_MAX_REASON_CHARACTERS = 300  # of what a failed job said, in the summary
_MAX_NAMED_DOCUMENTS = 1000  # in each list of report.json; failures.csv names all


@dataclass(frozen=True)
class PlannedDocument:
    """Where a document was planned."""

    source_uri: str
    shard_id: str


@dataclass(frozen=True)
class Evidence:
    """What the plan promised, what the tables hold, and why shards failed."""

    planned: Mapping[str, PlannedDocument]  # by document_id
    ledger: tuple[Mapping[str, Any], ...]  # rows of `documents`
    pages: Mapping[str, int]  # document_id -> rows of `pages`
    page_keys_doubled: int  # (document_id, page_number) pairs that occur more than once
    incomplete_files: tuple[str, ...]  # files of shards that disagree with their footers
    failed_shards: Mapping[str, str]  # shard_id -> what its last job said


@dataclass(frozen=True)
class Report:
    """The content of report.json.

    A run is balanced when no document is missing, doubled or unplanned and the pages add up. It succeeded when it is
    also complete (nothing deferred) and both error rates are within their limits.
    """

    run_id: str
    input_prefix: str
    planned: int
    up_to_date: int
    shards: int
    documents_by_status: Mapping[str, int]
    documents_by_error_class: Mapping[str, int]
    pages: Mapping[str, int]
    processing_seconds: float
    processing_error_rate: float
    input_error_rate: float
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    unplanned: tuple[str, ...]
    pages_mismatch: tuple[str, ...]
    deferred: int
    page_keys_doubled: int
    incomplete_files: tuple[str, ...]
    failed_shards: Mapping[str, str]
    problems: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        """Whether plan, ledger and pages agree, document by document."""
        documents = self.missing + self.doubled + self.unplanned + self.pages_mismatch
        return not (documents or self.page_keys_doubled or self.incomplete_files)

    @property
    def succeeded(self) -> bool:
        """Whether the run is green."""
        return not self.problems

    @property
    def summary(self) -> str:
        """One line for people: counts by status, then what is wrong."""
        counts = ", ".join(f"{count} {status}" for status, count in self.documents_by_status.items() if count)
        outcome = "; ".join(self.problems) if self.problems else "the ledger balances"
        documents = f"{self.planned} documents planned: {counts or 'none in the ledger'}"
        return f"{documents}; {self.pages['total']} pages; {outcome}."

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-ready values, with long lists cut."""
        values = {
            name: value[:_MAX_NAMED_DOCUMENTS] if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }
        return values | {"balanced": self.balanced, "succeeded": self.succeeded, "summary": self.summary}


def collect_evidence(storage: Storage, run: RunLayout) -> Evidence:
    """Read the plan's documents, the run's ledger and the keys of its pages from S3."""
    ledger = tuple(storage.read_parquet(run.documents, _LEDGER_COLUMNS))
    page_keys = Counter(
        (row["document_id"], row["page_number"])
        for row in storage.read_parquet(run.pages, ["document_id", "page_number"])
    )
    return Evidence(
        planned=_read_planned(storage, run),
        ledger=ledger,
        pages=Counter(document_id for document_id, _ in page_keys.elements()),
        page_keys_doubled=sum(1 for count in page_keys.values() if count > 1),
        incomplete_files=tuple(sorted(find_incomplete(storage, run))),
        failed_shards=_read_failed_shards(storage, run.failed_shards),
    )


def _read_failed_shards(storage: Storage, location: S3Location) -> dict[str, str]:
    """The failures that the workflow recorded: a file `<shard_id>.json` with Error and Cause each."""
    keys = [item.key for item in storage.list_objects(location)]
    failures = {Path(key).stem: storage.get_json(S3Location(location.bucket, key)) for key in keys}
    return {shard_id: _explain_failure(failure) for shard_id, failure in failures.items()}


def _explain_failure(failure: Mapping[str, str]) -> str:
    """What a failed job said. Its cause is the job's description as JSON; that of a refused call is plain text."""
    cause = failure.get("Cause", "")
    try:
        job = json.loads(cause)
        said = [job.get("FailureReason"), without_verdict(job.get("ExitMessage", ""))]
    except ValueError:
        said = [failure.get("Error"), cause]
    return " ".join(part for part in said if part)


def _read_planned(storage: Storage, run: RunLayout) -> dict[str, PlannedDocument]:
    planned: dict[str, PlannedDocument] = {}
    for shard in storage.get_json(run.shards):
        content = storage.get_bytes(run.shard_documents(shard["shard_id"]))
        for document in parse_documents(content.decode("utf-8")):
            planned[document.document_id] = PlannedDocument(document.source_uri, shard["shard_id"])
    return planned


def make_report(run_id: str, options: RunOptions, plan: Mapping[str, Any], evidence: Evidence) -> Report:
    """Compare the evidence with the plan and the limits."""
    rows = Counter(row["document_id"] for row in evidence.ledger)
    sources = {row["document_id"]: row["source_uri"] for row in evidence.ledger}
    sources |= {document_id: document.source_uri for document_id, document in evidence.planned.items()}
    found: dict[str, Any] = {
        "missing": _uris(sources, evidence.planned.keys() - rows.keys()),
        "doubled": _uris(sources, {document_id for document_id, count in rows.items() if count > 1}),
        "unplanned": _uris(sources, rows.keys() - evidence.planned.keys()),
        "pages_mismatch": _uris(sources, _pages_mismatch(evidence)),
        "page_keys_doubled": evidence.page_keys_doubled,
        "incomplete_files": evidence.incomplete_files,
        "failed_shards": _without_result(evidence),
        "deferred": _count(evidence.ledger, "status", DocumentStatus.DEFERRED.value),
        "processing_error_rate": _error_rate(evidence.ledger, Origin.PROCESSING),
        "input_error_rate": _error_rate(evidence.ledger, Origin.INPUT),
    }
    return Report(
        run_id=run_id,
        input_prefix=options.input_prefix,
        planned=len(evidence.planned),
        up_to_date=int(plan["up_to_date"]),
        shards=int(plan["shards"]),
        documents_by_status={
            status.value: _count(evidence.ledger, "status", status.value) for status in DocumentStatus
        },
        documents_by_error_class=dict(Counter(row["error_class"] for row in evidence.ledger if row["error_class"])),
        pages=_count_pages(evidence.ledger),
        processing_seconds=sum(row["duration_ms"] for row in evidence.ledger) / 1000,
        problems=tuple(_problems(found, options)),
        **found,
    )


def _without_result(evidence: Evidence) -> dict[str, str]:
    """Failed shards, less those that a later attempt (a redrive) finished."""
    finished = {row["shard_id"] for row in evidence.ledger}
    return {shard_id: reason for shard_id, reason in evidence.failed_shards.items() if shard_id not in finished}


def _pages_mismatch(evidence: Evidence) -> set[str]:
    """Documents whose pages differ from the counts in their row, and succeeded documents that lack pages."""
    promised: Counter[str] = Counter()
    short: set[str] = set()
    for row in evidence.ledger:
        counted = row["pages_succeeded"] + row["pages_failed"] + row["pages_blank"]
        promised[row["document_id"]] += counted
        if row["status"] == DocumentStatus.SUCCEEDED.value and counted != row["page_count"]:
            short.add(row["document_id"])
    keys = promised.keys() | evidence.pages.keys()
    return short | {key for key in keys if promised[key] != evidence.pages.get(key, 0)}


def _uris(sources: Mapping[str, str], document_ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(sources.get(document_id, document_id) for document_id in document_ids))


def _count(rows: Iterable[Mapping[str, Any]], column: str, value: str) -> int:
    return sum(1 for row in rows if row[column] == value)


def _count_pages(ledger: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    pages: Counter[str] = Counter()
    for row in ledger:
        pages.update({name: row[f"pages_{name}"] for name in ("succeeded", "failed", "blank")})
    return {name: pages[name] for name in ("succeeded", "failed", "blank")} | {"total": pages.total()}


def _error_rate(ledger: tuple[Mapping[str, Any], ...], origin: Origin) -> float:
    faults = sum(1 for row in ledger if row["error_class"] and ErrorClass(row["error_class"]).origin is origin)
    return faults / len(ledger) if ledger else 0.0


def _problems(found: Mapping[str, Any], options: RunOptions) -> Iterator[str]:
    for name, sentence in _DOCUMENT_PROBLEMS.items():
        if documents := found[name]:
            yield f"{len(documents)} {sentence} (first: {documents[0]})"
    for shard_id, reason in sorted(found["failed_shards"].items())[:1]:
        yield f"{len(found['failed_shards'])} shards failed (first: {shard_id}: {reason[:_MAX_REASON_CHARACTERS]})"
    if found["page_keys_doubled"]:
        yield f"{found['page_keys_doubled']} pages are there more than once"
    if found["deferred"]:
        yield f"{found['deferred']} documents were not reached before the deadline; run again to process them"
    for rate, limit in (("processing_error_rate", "max_error_rate"), ("input_error_rate", "max_input_error_rate")):
        if found[rate] > getattr(options, limit):
            yield f"the {rate} {found[rate]:.3f} is over {limit} {getattr(options, limit)}"


def write_report(report: Report, evidence: Evidence, folder: Path) -> None:
    """Write report.json and failures.csv: a line per document that has no full result, unaccounted ones included.

    In failures.csv a cell that begins like a formula begins with an apostrophe, so that no spreadsheet evaluates it.
    """
    (folder / REPORT_FILE).write_text(json.dumps(report.as_dict(), indent=2), encoding="utf-8")
    with (folder / FAILURES_FILE).open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, _FAILURE_COLUMNS, extrasaction="ignore")
        table.writeheader()
        failed = (row for row in evidence.ledger if row["status"] != DocumentStatus.SUCCEEDED.value)
        missing = (_missing_row(evidence, document_id) for document_id in _missing_ids(evidence))
        table.writerows(_without_formulas(row) for row in chain(failed, missing))


def _without_formulas(row: Mapping[str, Any]) -> dict[str, Any]:
    cells = {name: str(value) for name, value in row.items() if value is not None}
    return {name: f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for name, cell in cells.items()}


def _missing_ids(evidence: Evidence) -> list[str]:
    return sorted(evidence.planned.keys() - {row["document_id"] for row in evidence.ledger})


def _missing_row(evidence: Evidence, document_id: str) -> dict[str, str]:
    planned = evidence.planned[document_id]
    reason = evidence.failed_shards.get(planned.shard_id, "its shard left no result")
    return {
        "document_id": document_id,
        "source_uri": planned.source_uri,
        "status": "unaccounted",
        "error_message": f"{reason}; run again to process it",
        "shard_id": planned.shard_id,
    }


def require_success(report: Report) -> None:
    """Raise `RunFailed` with the report's one-line summary unless the run is green."""
    if not report.succeeded:
        where = RunLayout("", report.run_id).report.key
        raise RunFailed(report.summary, f"See {where}; running again processes only what is missing.")
