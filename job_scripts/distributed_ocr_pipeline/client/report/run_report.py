"""Everything that the report of a run shows, gathered from its tables, its plan and its proof."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from math import floor, log10
from typing import Any

from distributed_ocr_pipeline.client.command_line.proposals import command
from distributed_ocr_pipeline.client.inspection.deployed_runs import DeployedRuns
from distributed_ocr_pipeline.client.inspection.folder_runs import FolderRuns
from distributed_ocr_pipeline.client.inspection.outputs import Output, OutputFolder
from distributed_ocr_pipeline.client.inspection.status import RunState, RunStatus
from distributed_ocr_pipeline.client.report.failures import UNACCOUNTED, Failures, explain, group_failures
from distributed_ocr_pipeline.client.report.figures import (
    DocumentRow,
    PageKey,
    RunFigures,
    Throughput,
    Totals,
    open_figures,
)
from distributed_ocr_pipeline.client.report.names import below, readable
from distributed_ocr_pipeline.client.report.page_views import PageView, view_pages
from distributed_ocr_pipeline.client.report.pictures import PagePictures
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.wording import printable

_SHOWN_PAGES = 6  # of the slowest, and of the least certain
_PICTURE_SIDE = 900
_MOST_DOCUMENTS = 10_000
_MOST_LIST_CHARACTERS = 4_000_000  # of the list of documents; names and messages may be long
_MOST_SHARDS = 50
_FETCHED_BYTES = 200_000_000
_LOOKED_AT = 20  # of the latest runs, for one that has ended with results

ListRow = list[str | int | float | None]


@dataclass(frozen=True)
class Estimate:
    """What the plan expected of something, beside what it was."""

    name: str
    expected: float
    actual: float
    bounds: tuple[float, float] | None = None
    decimals: int = 0


@dataclass(frozen=True)
class ListedDocuments:
    """Rows (address below the run's folder, status, class, reason, pages, confidence, ms, bytes), and how many more."""

    rows: list[ListRow]
    more: int


@dataclass(frozen=True)
class RunReport:
    """The content of report.html."""

    status: RunStatus
    made_at: datetime
    is_local: bool
    totals: Totals
    words: int
    by_status: Mapping[str, int]
    pages_by_status: Mapping[str, int]
    pages_by_source: Mapping[str, int]
    confidence_bins: tuple[int, ...]
    throughput: Throughput | None
    estimates: tuple[Estimate, ...]
    failures: tuple[Failures, ...]
    failed_shards: Mapping[str, str]  # the first of them
    problems: tuple[str, ...]
    slowest: tuple[PageView, ...]
    least_certain: tuple[PageView, ...]
    documents: ListedDocuments


def find_ended_run(place: OutputFolder | Deployment, run_id: str | None) -> RunStatus:
    """A run that has ended; without an id, the latest that left results.

    Raises:
        BadInput: There is no such run, or it goes on.
        ServiceFault: AWS did not answer.
    """
    runs = FolderRuns(place) if isinstance(place, OutputFolder) else DeployedRuns(place)
    if run_id is not None:
        return _require_ended(runs.find(run_id))
    ended = (run for run in runs.latest(_LOOKED_AT) if run.state is not RunState.RUNNING and run.documents)
    found = next(ended, None)
    if found is None:
        words = place.words if isinstance(place, OutputFolder) else ()
        raise BadInput("No run has ended with results there.", f"`{command('status', *words)}` lists the runs.")
    return found


def _require_ended(status: RunStatus) -> RunStatus:
    if status.state is RunState.RUNNING:
        advice = f"Wait for its end; `{status.commands['follow']}` says how far it is."
        raise BadInput(f"The run {status.run_id} goes on.", advice)
    return status


def gather_report(output: Output, status: RunStatus) -> RunReport:
    """Read what a run left; raises `BadInput` for a table that cannot be read, `ServiceFault`."""
    run = RunLayout("", status.run_id)
    report, plan = output.find_json(run.report.key), output.find_json(run.plan.key)
    with open_figures(output, status.run_id) as figures:
        totals, by_status = figures.totals(), figures.counts("documents", "status")
        slowest, least_certain = _view_remarkable(output, status.run_id, figures)
        return RunReport(
            status=status,
            made_at=datetime.now(timezone.utc),
            is_local=isinstance(output, OutputFolder),
            totals=totals,
            words=figures.words(),
            by_status=by_status,
            pages_by_status=figures.counts("pages", "status"),
            pages_by_source=figures.counts("pages", "text_source"),
            confidence_bins=figures.confidence_bins(),
            throughput=figures.throughput(totals),
            estimates=tuple(_estimates(plan or {}, report or {}, totals)),
            failures=tuple(group_failures(figures.counts("documents", "error_class"), by_status, report)),
            failed_shards=dict(list((report or {}).get("failed_shards", {}).items())[:_MOST_SHARDS]),
            problems=tuple((report or {}).get("problems", ())) or tuple(filter(None, [status.problem])),
            slowest=slowest,
            least_certain=least_certain,
            documents=_list_documents(figures.documents(), report or {}, totals),
        )


def _view_remarkable(
    output: Output, run_id: str, figures: RunFigures
) -> tuple[tuple[PageView, ...], tuple[PageView, ...]]:
    """The slowest and the least certain pages; a page that is both is drawn once."""
    pictures = PagePictures(output, max_side=_PICTURE_SIDE, max_document_bytes=_FETCHED_BYTES)
    slowest, least_certain = figures.slowest_pages(_SHOWN_PAGES), figures.least_certain_pages(_SHOWN_PAGES)
    views = view_pages(output, run_id, list(dict.fromkeys([*slowest, *least_certain])), pictures)
    by_key = {PageKey(view.row["document_id"], view.row["page_number"]): view for view in views}

    def chosen(keys: Iterable[PageKey]) -> tuple[PageView, ...]:
        return tuple(by_key[key] for key in keys if key in by_key)

    return chosen(slowest), chosen(least_certain)


def _estimates(plan: Mapping[str, Any], report: Mapping[str, Any], totals: Totals) -> Iterator[Estimate]:
    """Those that the plan made, with what was measured; older plans and runs without a report have fewer."""
    if "documents" in plan:
        yield Estimate("Documents", plan["documents"], totals.documents)
    if pages := plan.get("pages"):
        yield Estimate("Pages", pages["expected"], totals.pages, (pages["low"], pages["high"]))
    for key, name, divisor, bounds in (
        ("cpu_seconds", "CPU hours, on vCPUs of speed 1", 3600, plan.get("cpu_seconds")),
        ("usd", "USD for the processing jobs, by list price", 1, plan.get("estimate", {}).get("usd")),
    ):
        if found := report.get(key):
            limits = (bounds["low"] / divisor, bounds["high"] / divisor) if bounds else None
            expected, actual = found["estimated"] / divisor, found["measured"] / divisor
            yield Estimate(name, expected, actual, limits, _decimals(expected))


def _decimals(value: float) -> int:
    """So many that two digits of a small value are seen, and three of others."""
    return 3 if value >= 0.1 or value <= 0 else min(6, 1 - floor(log10(value)))


def _list_documents(documents: Iterator[DocumentRow], report: Mapping[str, Any], totals: Totals) -> ListedDocuments:
    """As many as are allowed, those without a full result first."""
    reason, _, _ = explain(UNACCOUNTED)
    rows: list[ListRow] = [
        [below(totals.folder, uri), UNACCOUNTED, UNACCOUNTED, reason, 0, None, 0, 0]
        for uri in report.get("missing", ())
    ]
    characters = 0
    for document in documents:
        row = _list_row(document, totals.folder)
        characters += sum(len(value) if isinstance(value, str) else 8 for value in row)
        if len(rows) >= _MOST_DOCUMENTS or characters > _MOST_LIST_CHARACTERS:
            break
        rows.append(row)
    return ListedDocuments(rows, max(0, totals.documents + int(report.get("missing_count", 0)) - len(rows)))


def _list_row(document: DocumentRow, folder: str) -> ListRow:
    return [
        below(folder, document.source_uri),
        document.status,
        document.error_class or "",
        printable(document.error_message or ""),
        document.page_count,
        None if document.confidence is None else round(document.confidence, 1),
        document.duration_ms,
        document.size_bytes,
    ]


def folder_name(report: RunReport) -> str:
    """The folder or prefix that the documents are in, for people."""
    return readable(report.totals.folder)
