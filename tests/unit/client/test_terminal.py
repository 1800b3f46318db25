"""What the command line shows while a run goes on, and at its end."""

import io
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from distributed_ocr_pipeline.client import terminal
from distributed_ocr_pipeline.client.command_line.proposals import command
from distributed_ocr_pipeline.client.results import RunResult
from distributed_ocr_pipeline.client.terminal import TerminalObserver, print_result, seconds_left
from distributed_ocr_pipeline.planning.estimating import Range
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.progress import Progress
from tests.support.plans import make_plan

REPORT = {
    "documents_by_status": {"succeeded": 2, "partial": 0, "failed": 1},
    "documents_by_error_class": {"corrupt": 1},
    "pages": {"succeeded": 5, "failed": 0, "blank": 1, "total": 6},
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """Seconds, as a test sets them."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def fixture_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(terminal, "time", SimpleNamespace(monotonic=clock))
    return clock


def plan(documents: int, size: int = 1000, up_to_date: int = 0) -> Plan:
    return make_plan(documents=documents, size_bytes=documents * size, shards=int(documents > 0), up_to_date=up_to_date)


def test_the_run_and_how_to_follow_it_are_named_first_and_notices_are_lines(tmp_path: Path) -> None:
    stream = io.StringIO()
    observer = TerminalObserver(stream)
    observer.started("20260101-000000-abcdef", "s3://results")
    observer.notice("Looking …")
    follow = command("status", "20260101-000000-abcdef")
    assert stream.getvalue() == f"run 20260101-000000-abcdef\nfollow   {follow}\nLooking …\n"
    observer.started("r1", str(tmp_path))
    assert stream.getvalue().endswith(f"{command('status', 'r1', '--output', str(tmp_path))}\n")


@pytest.mark.parametrize(
    ("size", "shown"),
    [(1, "4 bytes"), (250, "1.0 KB"), (500_000, "2.0 MB"), (300_000_000, "1.2 GB"), (500_000_000_000, "2.0 TB")],
)
def test_the_plan_is_one_line(size: int, shown: str) -> None:
    stream = io.StringIO()
    TerminalObserver(stream).planned(plan(4, size, up_to_date=3))
    assert stream.getvalue() == f"4 documents ({shown}) in 1 shard; 3 up to date\n"


PAGES = Range(100, 95, 110)


@pytest.mark.parametrize(
    ("seconds", "progress", "line"),
    [
        (20, Progress(5, 40), "5 of 10 documents, 40 pages, 2.0 pages/s, about 30 s left"),
        (600, Progress(9, 20), "9 of 10 documents, 20 pages, 0.0 pages/s, about 40 min left"),
        (20, Progress(9, 9), "9 of 10 documents, 9 pages, 0.5 pages/s"),
        (20, Progress(9, 101), "9 of 10 documents, 101 pages, 5.0 pages/s"),
        (20, Progress(0, 1), "0 of 10 documents, 1 page, 0.1 pages/s"),
        (20, Progress(1, 0), "1 of 10 documents, 0 pages"),
    ],
)
def test_without_a_terminal_progress_is_plain_lines(clock: Clock, seconds: int, progress: Progress, line: str) -> None:
    stream = io.StringIO()
    observer = TerminalObserver(stream)
    observer.planned(replace(plan(10), pages=PAGES))
    clock.now += seconds
    observer.progressed(progress)
    assert stream.getvalue().splitlines()[1:] == [line]


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, 10.0),
        ({"pages": Range(100, 60, 140)}, None),  # most documents were not looked into
        ({"text_layer_share": 0.5}, None),  # half of the pages take a hundredth of the others
        ({"text_layer_share": 1.0}, 10.0),
        ({"pages": Range(0, 0, 0)}, None),
    ],
)
def test_time_left_is_said_where_pages_tell_it_and_not_by_documents(
    changes: Mapping[str, Any], left: float | None
) -> None:
    """One document has 99 pages, the others one: when half of all pages are done, nearly all documents may be open."""
    values = {"pages": PAGES, **changes}
    assert seconds_left(make_plan(documents=2, **values), Progress(1, 50), 10) == left


def test_a_run_with_nothing_to_do_has_no_progress(clock: Clock) -> None:
    for stream in (io.StringIO(), Terminal()):
        observer = TerminalObserver(stream)
        observer.progressed(Progress())
        observer.planned(plan(0, up_to_date=3))
        clock.now += 60
        observer.progressed(Progress())
        assert stream.getvalue() == "0 documents (0 bytes) in 0 shards; 3 up to date\n"


def test_plain_lines_are_some_seconds_apart(clock: Clock) -> None:
    stream = io.StringIO()
    observer = TerminalObserver(stream)
    observer.planned(plan(10))
    for pages in range(25):
        observer.progressed(Progress(1, pages))
        clock.now += 1
    assert [line.split(", ")[1] for line in stream.getvalue().splitlines()[1:]] == ["10 pages", "20 pages"]


def test_a_terminal_shows_a_bar_that_goes_away() -> None:
    stream = Terminal()
    observer = TerminalObserver(stream)
    observer.planned(plan(2))
    observer.progressed(Progress(1, 7))
    observer.progressed(Progress(2, 9))
    shown = stream.getvalue()
    assert "0/2 documents" in shown and not shown.rpartition("\n")[2].split("\r")[-2].strip()


def test_what_follows_a_run_that_ended_early_does_not_stand_behind_its_bar() -> None:
    stream = Terminal()
    with closing(TerminalObserver(stream)) as observer:
        observer.planned(plan(2))
        observer.progressed(Progress(1, 7))
    assert not stream.getvalue().rpartition("\n")[2].split("\r")[-2].strip()


def shown_for(of: Plan, report: Mapping[str, Any] | None = None, output: str = "output") -> str:
    stream = io.StringIO()
    print_result(RunResult("r1", of, report, output, seconds=2.0), stream)
    return stream.getvalue()


def test_the_result_is_a_table_with_where_to_find_it() -> None:
    shown = shown_for(plan(3, up_to_date=1), report=REPORT)
    rows = [tuple(line.rsplit(maxsplit=1)) for line in shown.split("\n\n")[0].splitlines()[1:]]
    assert shown.startswith("run r1\n")
    assert rows == [
        ("documents planned", "3"),
        ("up to date, not processed", "1"),
        ("  succeeded", "2"),
        ("  failed", "1"),
        ("    corrupt", "1"),
        ("  pages succeeded", "5"),
        ("  pages failed", "0"),
        ("  pages blank", "1"),
        ("pages", "6"),
        ("seconds", "2.0"),
    ]
    assert shown.endswith(
        "\nresults  output/pages/  output/documents/\n"
        "report   output/runs/r1/report.json\n"
        "failures output/runs/r1/failures.csv\n"
    )


def test_documents_that_no_job_came_to_are_in_the_table() -> None:
    assert f"{'  not processed':<28}{4:>10}\n" in shown_for(plan(7, up_to_date=0), report=REPORT | {"missing_count": 4})


def test_what_failed_of_the_workflow_is_shown_with_where_to_look() -> None:
    failures = {"failed_shards": {"s00000": "No quota."}, "map_failure": "Too many."}
    assert shown_for(plan(3, up_to_date=0), report=REPORT | failures).endswith(
        "shards   output/runs/r1/failed/ says why each failed\n"
        "map      output/runs/r1/map_failure.json says why the workflow gave shards up\n"
    )


def test_a_run_with_nothing_to_do_says_so() -> None:
    shown = shown_for(plan(0, up_to_date=9), output="s3://results")
    assert "Nothing to do: every document has an up-to-date result" in shown
    assert shown.endswith("\nresults  s3://results/pages/  s3://results/documents/\n")
