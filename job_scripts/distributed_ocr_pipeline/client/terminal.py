"""What the command line shows: a progress bar in a terminal, plain lines elsewhere, and a table at the end."""

import os
import time
from collections.abc import Iterable
from typing import TextIO

from tqdm import tqdm
from typing_extensions import Never

from distributed_ocr_pipeline.client.command_line.proposals import command, in_folder
from distributed_ocr_pipeline.client.consent import Approve, approve_all
from distributed_ocr_pipeline.client.results import Observer, RunResult
from distributed_ocr_pipeline.layout import DOCUMENTS, OUTPUTS, PAGES, RunLayout
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.progress import Progress
from distributed_ocr_pipeline.wording import count_of, readable_size

_PLAIN_INTERVAL_SECONDS = 10.0
_UNCERTAIN_SHARE = 0.2  # of the pages, between the bounds of the plan
_UNEVEN_SHARE = 0.05  # of the pages, with or without text of their own
_KNOWN_SHARE = 0.1  # of the pages, before the rate says anything


class TerminalObserver(Observer):
    """Shows documents and pages done, pages a second and the time left; `approve` may refuse a run on AWS."""

    def __init__(self, stream: TextIO, approve: Approve = approve_all) -> None:
        self._stream, self._approve = stream, approve
        self._plan: Plan | None = None
        self._started = self._shown_at = time.monotonic()
        self._bar: tqdm[Never] | None = None  # pylint: disable=unsubscriptable-object  # for the type checker only

    def notice(self, text: str) -> None:
        self.close()
        self._say(text)

    def close(self) -> None:
        """Take the bar away, so that other lines may follow."""
        if self._bar is not None:
            self._bar.close()

    def started(self, run_id: str, output: str) -> None:
        place = () if output.startswith("s3://") else in_folder(output)
        self._say(f"run {run_id}\nfollow   {command('status', run_id, *place)}")

    def approve(self, plan: Plan) -> None:
        if plan.documents:
            self._say(f"Estimate: {plan.summary}.")
        self._approve(plan)

    def planned(self, plan: Plan) -> None:
        self._plan, self._started = plan, time.monotonic()
        documents = f"{count_of(plan.documents, 'document')} ({readable_size(plan.size_bytes)})"
        self._say(f"{documents} in {count_of(plan.shards, 'shard')}; {plan.up_to_date} up to date")
        if self._stream.isatty() and plan.documents:
            unit = "document" if plan.documents == 1 else "documents"
            layout = f"{{l_bar}}{{bar}}| {{n_fmt}}/{{total_fmt}} {unit}{{postfix}} [{{elapsed}}]"
            self._bar = tqdm(total=plan.documents, file=self._stream, bar_format=layout, leave=False)

    def progressed(self, progress: Progress) -> None:
        if self._plan is None or not self._plan.documents:
            return
        seconds = time.monotonic() - self._started
        pages = _pages(progress, seconds, seconds_left(self._plan, progress, seconds))
        if self._bar is not None:
            self._bar.n = progress.documents
            self._bar.set_postfix_str(pages)
            if progress.documents >= self._plan.documents:
                self.close()
        elif time.monotonic() - self._shown_at >= _PLAIN_INTERVAL_SECONDS:
            self._shown_at = time.monotonic()
            self._say(f"{progress.documents} of {count_of(self._plan.documents, 'document')}, {pages}")

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


def seconds_left(plan: Plan, progress: Progress, seconds: float) -> float | None:
    """What the rest of a run takes, by the pages that are done; None where that may be far from true.

    Documents do not tell it: one may have a thousand pages. Pages do, where the plan knows how many there are, all of
    them are read alike (a text layer takes a hundredth of a scan's time), and a tenth is done.
    """
    pages, layers = plan.pages, plan.text_layer_share
    is_counted = pages.high - pages.low <= _UNCERTAIN_SHARE * pages.expected
    is_even = min(layers, 1 - layers) <= _UNEVEN_SHARE
    if not (is_counted and is_even and pages.expected * _KNOWN_SHARE <= progress.pages < pages.expected):
        return None
    return seconds * (pages.expected - progress.pages) / progress.pages


def _pages(progress: Progress, seconds: float, left: float | None) -> str:
    shown = count_of(progress.pages, "page")
    if progress.pages:
        shown += f", {progress.pages / max(1e-3, seconds):.1f} pages/s"
    if left is None:
        return shown
    return f"{shown}, about {f'{left:.0f} s' if left < 120 else f'{left / 60:.0f} min'} left"


def print_result(result: RunResult, stream: TextIO) -> None:
    """Print the counts of a run, and where its results are."""
    print(f"run {result.run_id}", file=stream)
    print(_table(_rows(result)), file=stream)
    if not result.plan.documents:
        print("\nNothing to do: every document has an up-to-date result (--reprocess does them again).", file=stream)
    print(f"\nresults  {result.output}/{PAGES}/  {result.output}/{DOCUMENTS}/", file=stream)
    if result.report is not None:
        layout = RunLayout("", result.run_id)
        print(f"report   {result.output}/{layout.report.key}", file=stream)
        print(f"failures {result.output}/{layout.failures.key}", file=stream)
        if result.report.get("outputs"):
            print(f"files    {result.output}/{layout.table(OUTPUTS).key}", file=stream)
        if result.report.get("outputs_not_made"):
            print("         The ledger says in its column outputs why a file was not made.", file=stream)
        if result.report.get("failed_shards"):
            print(f"shards   {result.output}/{layout.failed_shards.key} says why each failed", file=stream)
        if result.report.get("map_failure"):
            print(
                f"map      {result.output}/{layout.map_failure.key} says why the workflow gave shards up", file=stream
            )


def print_lines(lines: Iterable[str], stream: TextIO) -> None:
    """Print lines as they come. A reader that has seen enough (`| head`) ends this, and is no fault."""
    try:
        for line in lines:
            print(line, file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # for the flush at the process's end


def _rows(result: RunResult) -> Iterable[tuple[str, str]]:
    yield "documents planned", str(result.plan.documents)
    if result.plan.up_to_date:
        yield "up to date, not processed", str(result.plan.up_to_date)
    report = result.report or {"documents_by_status": {}, "documents_by_error_class": {}, "pages": {}}
    for status, count in report["documents_by_status"].items():
        if count:
            yield f"  {status}", str(count)
    for error_class, count in report["documents_by_error_class"].items():
        yield f"    {error_class}", str(count)
    if report.get("missing_count"):
        yield "  not processed", str(report["missing_count"])
    for outcome, count in report["pages"].items():
        yield ("pages" if outcome == "total" else f"  pages {outcome}"), str(count)
    for format_name, count in report.get("outputs", {}).items():
        yield f"files {format_name}", str(count)
    if report.get("outputs_not_made"):
        yield "files that were not made", str(report["outputs_not_made"])
    yield "seconds", f"{result.seconds:.1f}"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name:<28}{value:>10}" for name, value in rows)
