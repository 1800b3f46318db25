"""The proof at the end of a run: every planned document is in the ledger once, and its pages are in the pages table."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.errors import Origin, RunFailed
from distributed_ocr_pipeline.layout import FAILURES_FILE, REPORT_FILE, RunLayout
from distributed_ocr_pipeline.planning.database import open_database
from distributed_ocr_pipeline.planning.prices import load_figures
from distributed_ocr_pipeline.records import DocumentStatus, Quality
from distributed_ocr_pipeline.run.evidence import Evidence, Named, RunProof, fetch_run
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.wording import count_of

_FAILURE_COLUMNS = ["document_id", "source_uri", "status", "error_class", "error_message", "pages_failed", "shard_id"]
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_DOCUMENT_PROBLEMS = {
    "missing": ("planned document is not in the ledger", "planned documents are not in the ledger"),
    "doubled": ("document is in the ledger more than once", "documents are in the ledger more than once"),
    "unplanned": ("document is in the ledger but not in the plan", "documents are in the ledger but not in the plan"),
    "pages_mismatch": ("document has pages that do not add up", "documents have pages that do not add up"),
    "incomplete_files": ("shard has incomplete files", "shards have incomplete files"),
    "outputs_missing": (
        "document lacks files in outputs/ that were made; `ocr-pipeline export` makes them again",
        "documents lack files in outputs/ that were made; `ocr-pipeline export` makes them again",
    ),
}
"""What is wrong with one document or shard, and with several."""

_MAX_REASON_CHARACTERS = 300  # of what a failed job said, in the summary


@dataclass(frozen=True)
class Comparison:
    """An estimate of the plan beside what was measured."""

    estimated: float
    measured: float
    pages: int  # that it comes from


@dataclass(frozen=True)
class Report:
    """The content of report.json.

    A run is balanced when no document is missing, doubled or unplanned and the pages add up. It succeeded when it is
    also complete (nothing deferred) and both error rates are within their limits.
    """

    run_id: str
    input_prefix: str  # as documents are named: of a folder of this machine, file://…
    planned: int
    up_to_date: int
    shards: int
    documents_by_status: Mapping[str, int]
    documents_by_error_class: Mapping[str, int]
    pages: Mapping[str, int]
    processing_seconds: float
    processing_error_rate: float
    input_error_rate: float
    pages_by_quality: Mapping[str, int]
    poor_pages: float  # share of all pages
    missing: Named
    doubled: Named
    unplanned: Named
    pages_mismatch: Named
    deferred: int
    page_keys_doubled: int
    incomplete_files: tuple[str, ...]
    failed_shards: Mapping[str, str]
    map_failure: str  # why the workflow's Map over the shards failed, with where that is written
    problems: tuple[str, ...]
    cpu_seconds: Comparison  # on vCPUs of speed 1
    speed_factor: float  # of earlier runs, which is in that estimate
    usd: Comparison  # of the processing jobs, each with the provisioning that the figures file assumes
    unfinished_parts: int  # of documents that were read in parts; the next run keeps the other parts
    outputs: Mapping[str, int]  # files that were made of documents, by format
    outputs_not_made: int  # files that could not be made; the ledger's column `outputs` says why
    outputs_missing: Named  # documents with files that were made and are not there, or have another size
    interrupted: bool = False  # somebody ended the run early

    @property
    def balanced(self) -> bool:
        """Whether plan, ledger and pages agree, document by document."""
        documents = (self.missing, self.doubled, self.unplanned, self.pages_mismatch)
        return not (any(found.count for found in documents) or self.page_keys_doubled or self.incomplete_files)

    @property
    def ledger_compacted(self) -> bool:
        """Whether the next plan finds all that it must know of the ledger in one file."""
        return self.balanced and not self.unfinished_parts

    @property
    def succeeded(self) -> bool:
        """Whether the run is green."""
        return not self.problems

    @property
    def summary(self) -> str:
        """One line for people: counts by status, then what is wrong."""
        counts = ", ".join(f"{count:,} {status}" for status, count in self.documents_by_status.items() if count)
        outcome = "; ".join(self.problems) if self.problems else "the ledger balances"
        documents = f"{count_of(self.planned, 'document')} planned: {counts or 'none in the ledger'}"
        poor = self.pages_by_quality.get(Quality.POOR.value, 0)
        pages = count_of(self.pages["total"], "page") + (f", {poor:,} of them read badly" if poor else "")
        files = count_of(self.outputs_not_made, "file of a document", "files of documents")
        lacking = f"; {files} could not be made" if self.outputs_not_made else ""
        return f"{documents}; {pages}{lacking}; {outcome}."

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-ready values; of long lists the beginning, and beside it how long they are."""
        values = asdict(self)
        named = {name: value for name in values if isinstance(value := getattr(self, name), Named)}
        values |= {name: found.first for name, found in named.items()}
        values |= {f"{name}_count": found.count for name, found in named.items()}
        verdict = {"balanced": self.balanced, "succeeded": self.succeeded, "summary": self.summary}
        return values | verdict | {"ledger_compacted": self.ledger_compacted}


def store_report(storage: Storage, run: RunLayout, options: RunOptions, *, interrupted: bool = False) -> Report:
    """Compare what a run left with its plan, and store its report, the failures, and the ledger if it is balanced.

    `interrupted` is of a run that somebody ended early.
    """
    with TemporaryDirectory() as name, open_database(Path(name)) as database:
        folder = Path(name)
        proof = RunProof(database, fetch_run(storage, run, folder))
        report = make_report(run.run_id, options, storage.get_json(run.plan), proof.evidence())
        report = replace(report, interrupted=interrupted)
        write_report(report, proof.failures(), folder)
        if report.ledger_compacted:  # before the report, which says that it is there
            storage.upload(proof.write_compact_ledger("compact"), run.ledger)
        storage.upload(folder / FAILURES_FILE, run.failures)
        storage.upload(folder / REPORT_FILE, run.report)
    return report


def make_report(run_id: str, options: RunOptions, plan: Mapping[str, Any], evidence: Evidence) -> Report:
    """Compare the evidence with the plan and the limits."""
    found: dict[str, Any] = {
        **evidence.findings,
        "page_keys_doubled": evidence.page_keys_doubled,
        "incomplete_files": evidence.incomplete_files,
        "failed_shards": evidence.failed_shards,
        "map_failure": evidence.map_failure and f"{evidence.map_failure} (see {RunLayout('', run_id).map_failure.key})",
        "deferred": evidence.documents_by_status[DocumentStatus.DEFERRED.value],
        "processing_error_rate": evidence.error_rate(Origin.PROCESSING),
        "input_error_rate": evidence.error_rate(Origin.INPUT),
        "poor_pages": evidence.poor_pages,
        "unfinished_parts": evidence.unfinished_parts,
    }
    pages = sum(evidence.pages.values())
    return Report(
        run_id=run_id,
        input_prefix=plan.get("input_uri") or options.input_prefix,
        planned=evidence.planned,
        up_to_date=int(plan["up_to_date"]),
        shards=int(plan["shards"]),
        documents_by_status=evidence.documents_by_status,
        documents_by_error_class=evidence.documents_by_error_class,
        pages={**evidence.pages, "total": pages},
        processing_seconds=evidence.processing_seconds,
        pages_by_quality=evidence.pages_by_quality,
        outputs=evidence.outputs,
        outputs_not_made=evidence.outputs_not_made,
        problems=tuple(_problems(found, options)),
        cpu_seconds=_compare_cpu(options, plan, evidence, pages),
        speed_factor=plan.get("speed_factor", 1.0),
        usd=_compare_usd(options, plan, evidence, pages),
        **found,
    )


def _compare_cpu(options: RunOptions, plan: Mapping[str, Any], evidence: Evidence, pages: int) -> Comparison:
    estimated = plan.get("cpu_seconds", {}).get("expected", 0.0)
    speed = load_figures().instance(options.instance_type).speed
    return Comparison(estimated, round(evidence.cpu_seconds * speed, 3), pages)


def _compare_usd(options: RunOptions, plan: Mapping[str, Any], evidence: Evidence, pages: int) -> Comparison:
    figures = load_figures()
    estimated = plan.get("estimate", {}).get("usd", {}).get("expected", 0.0)
    billed = evidence.seconds + int(plan["shards"]) * figures.job.provisioning_seconds
    measured = billed * figures.instance(options.instance_type).usd_per_hour / 3600
    return Comparison(estimated, round(measured, 4), pages)


def _problems(found: Mapping[str, Any], options: RunOptions) -> Iterator[str]:
    for name, sentences in _DOCUMENT_PROBLEMS.items():
        count, first = _counted(found[name])
        if count:
            yield f"{count_of(count, *sentences)} (first: {first})"
    for shard_id, reason in sorted(found["failed_shards"].items())[:1]:
        failed = count_of(len(found["failed_shards"]), "shard")
        yield f"{failed} failed (first: {shard_id}: {reason[:_MAX_REASON_CHARACTERS]})"
    if found["map_failure"] and _counted(found["missing"])[0]:  # all is well where its own notes alone were lost
        yield f"the workflow gave shards up: {found['map_failure'][:_MAX_REASON_CHARACTERS]}"
    if found["page_keys_doubled"]:
        yield f"{count_of(found['page_keys_doubled'], 'page is', 'pages are')} there more than once"
    if found["deferred"]:
        deferred = count_of(found["deferred"], "document was", "documents were")
        yield f"{deferred} not reached before the deadline; run again to process what is left"
    for rate, limit in (("processing_error_rate", "max_error_rate"), ("input_error_rate", "max_input_error_rate")):
        if found[rate] > getattr(options, limit):
            yield f"the {rate} {found[rate]:.3f} is over {limit} {getattr(options, limit)}"
    if found["poor_pages"] > options.max_poor_pages:
        share = f"{found['poor_pages']:.3f}"
        yield f"the share of pages that were read badly, {share}, is over max_poor_pages {options.max_poor_pages}"


def _counted(found: Named | tuple[str, ...]) -> tuple[int, str]:
    """How many there are, and the first of them."""
    names = found.first if isinstance(found, Named) else found
    return found.count if isinstance(found, Named) else len(found), names[0] if names else ""


def write_report(report: Report, failures: Iterable[Mapping[str, Any]], folder: Path) -> None:
    """Write report.json and failures.csv: a line per document that has no full result, unaccounted ones included.

    In failures.csv a cell that begins like a formula begins with an apostrophe, so that no spreadsheet evaluates it.
    """
    values = report.as_dict() | {"made_at": datetime.now(timezone.utc).isoformat(timespec="seconds")}
    (folder / REPORT_FILE).write_text(json.dumps(values, indent=2), encoding="utf-8")
    with (folder / FAILURES_FILE).open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, _FAILURE_COLUMNS, extrasaction="ignore")
        table.writeheader()
        table.writerows(_without_formulas(row) for row in failures)


def _without_formulas(row: Mapping[str, Any]) -> dict[str, Any]:
    cells = {name: str(value) for name, value in row.items() if value is not None}
    return {name: f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for name, cell in cells.items()}


def require_success(report: Report) -> None:
    """Raise `RunFailed` with the report's one-line summary unless the run is green."""
    if not report.succeeded:
        where = RunLayout("", report.run_id).report.key
        raise RunFailed(report.summary, f"See {where}; running again processes only what is missing.")
