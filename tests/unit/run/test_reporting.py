"""The report: a run is green only if plan, ledger and pages agree."""

import csv
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.config import RunOptions, parse_options
from distributed_ocr_pipeline.errors import RunFailed
from distributed_ocr_pipeline.run.evidence import MAX_NAMED_DOCUMENTS, Named
from distributed_ocr_pipeline.run.joining import Joining, PlannedPart
from distributed_ocr_pipeline.run.reporting import make_report, require_success, write_report
from distributed_ocr_pipeline.tables.integrity import LedgerFooter
from tests.support.parts import part
from tests.support.plans import Run

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


DOCUMENTS = [(name, f"docs/{name}", "s00000") for name in "abcd"]


def run(folder: Path, **changes: Any) -> Run:
    good: dict[str, Any] = {"planned": DOCUMENTS, "ledger": [row(name) for name in "abcd"]}
    return Run(folder, **good | changes)


def opened(**pages: int) -> dict[str, Any]:
    """The pages of the shard were opened, since it does not vouch for them."""
    keys = [(name, number + 1) for name, count in pages.items() for number in range(count)]
    return {"page_keys": keys, "opened_shards": ("s00000",)}


def test_a_complete_run_is_green(tmp_path: Path) -> None:
    report = make_report("run", options(), PLAN, run(tmp_path).evidence())
    assert report.balanced and report.succeeded
    assert report.pages == {"succeeded": 4, "failed": 0, "blank": 0, "total": 4}
    require_success(report)


def test_a_report_names_the_folder_where_the_plan_does(tmp_path: Path) -> None:
    found = run(tmp_path).evidence()
    assert make_report("run", options(), PLAN, found).input_prefix == "s3://bucket/docs/"
    assert make_report("run", options(), PLAN | {"input_uri": "file:///docs/"}, found).input_prefix == "file:///docs/"


def test_a_run_whose_pages_had_to_be_opened_is_green_if_they_add_up(tmp_path: Path) -> None:
    assert make_report("run", options(), PLAN, run(tmp_path, **opened(a=1, b=1, c=1, d=1)).evidence()).succeeded


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"ledger": [row(name) for name in "abc"]}, "not in the ledger (first: s3://bucket/docs/d)"),
        ({"ledger": [row(name) for name in "abcdd"]}, "more than once (first: s3://bucket/docs/d)"),
        ({"ledger": [row(name) for name in "abcde"]}, "not in the plan"),
        (opened(a=1, b=1, c=1, d=2), "do not add up (first: s3://bucket/docs/d)"),
        (opened(a=1, b=1, c=1), "do not add up (first: s3://bucket/docs/d)"),
        (opened(a=1, b=1, c=1, d=1, z=1), "do not add up (first: z)"),
        (
            opened(a=1, b=1, c=1, d=1) | {"page_keys": [*zip("abcd", [1] * 4), ("a", 1)]},
            "1 page is there more than once",
        ),
        ({"incomplete": frozenset({"s00000.parquet"})}, "s00000.parquet"),
        ({"ledger": [], "failures": {"s00000": "exit code: 1"}}, "1 shard failed (first: s00000: exit code: 1)"),
        (
            {"ledger": [], "map_failure": "States.ExceedToleratedFailureThreshold Too many."},
            "the workflow gave shards up: States.ExceedToleratedFailureThreshold Too many. "
            "(see runs/run/map_failure.json)",
        ),
        ({"ledger": [row("a") | {"page_count": 2}, *map(row, "bcd")]}, "do not add up (first: s3://bucket/docs/a)"),
    ],
)
def test_a_run_that_does_not_balance_fails_and_names_what_is_wrong(
    tmp_path: Path, changes: dict[str, Any], word: str
) -> None:
    report = make_report("run", options(), PLAN, run(tmp_path, **changes).evidence())
    assert not report.balanced
    with pytest.raises(RunFailed) as error:
        require_success(report)
    assert word in str(error.value) and len(str(error.value).encode()) < 1000


def with_output(document_id: str, **output: Any) -> dict[str, Any]:
    made = {"format": "text", "uri": f"s3://out/outputs/run_id=run/{document_id}.txt", "size_bytes": 7, "error": None}
    return row(document_id) | {"outputs": [made | output]}


def test_files_of_documents_that_are_not_there_are_named(tmp_path: Path) -> None:
    listed = [{"key": f"outputs/run_id=run/{name}.txt", "size_bytes": 6 if name == "b" else 7} for name in "ab"]
    pq.write_table(pa.Table.from_pylist(listed), tmp_path / "listed.parquet")
    found = {"output_files": tmp_path / "listed.parquet", "outputs_prefix": "outputs/run_id=run/"}
    ledger = [*map(with_output, "abc"), with_output("d", uri=None, size_bytes=None, error="It says why.")]
    report = make_report("run", options(), PLAN, run(tmp_path, ledger=ledger, **found).evidence())
    assert report.outputs_missing == Named(2, ("s3://bucket/docs/b", "s3://bucket/docs/c"))
    assert (dict(report.outputs), report.outputs_not_made) == ({"text": 3}, 1)
    assert report.balanced and not report.succeeded
    assert "2 documents lack files in outputs/" in report.summary and "1 file of a document could" in report.summary


def test_files_that_are_all_there_are_counted(tmp_path: Path) -> None:
    listed = [{"key": "outputs/run_id=run/a.txt", "size_bytes": 7}, {"key": "outputs/run_id=run/z", "size_bytes": 1}]
    pq.write_table(pa.Table.from_pylist(listed), tmp_path / "listed.parquet")
    found = {"output_files": tmp_path / "listed.parquet", "outputs_prefix": "outputs/run_id=run/"}
    ledger = [with_output("a"), *map(row, "bcd")]
    report = make_report("run", options(), PLAN, run(tmp_path, ledger=ledger, **found).evidence())
    assert report.succeeded and dict(report.outputs) == {"text": 1}


def test_a_ledger_of_an_older_image_that_has_no_files_of_documents(tmp_path: Path) -> None:
    older = run(tmp_path)
    path = tmp_path / "ledger/s00000.parquet"
    pq.write_table(pq.ParquetFile(path).read().drop_columns("outputs"), path)
    report = make_report("run", options(), PLAN, older.evidence())
    assert report.succeeded and report.documents_by_status["succeeded"] == 4 and not report.outputs


def test_a_run_of_which_step_functions_notes_alone_were_lost_is_green_and_names_it(tmp_path: Path) -> None:
    report = make_report("run", options(), PLAN, run(tmp_path, map_failure="States.ResultWriterFailed").evidence())
    assert report.succeeded and report.map_failure == "States.ResultWriterFailed (see runs/run/map_failure.json)"


def test_long_lists_are_cut_but_counted(tmp_path: Path) -> None:
    planned = [(f"{number:05d}", f"docs/{number:05d}", "s00000") for number in range(MAX_NAMED_DOCUMENTS + 5)]
    report = make_report("run", options(), PLAN, run(tmp_path, planned=planned, ledger=[]).evidence()).as_dict()
    assert (len(report["missing"]), report["missing_count"]) == (MAX_NAMED_DOCUMENTS, MAX_NAMED_DOCUMENTS + 5)
    assert f"{MAX_NAMED_DOCUMENTS + 5:,} planned documents" in report["summary"]


def test_the_report_shows_the_estimate_beside_what_was_measured(tmp_path: Path) -> None:
    plan = PLAN | {"cpu_seconds": {"expected": 120.0}, "estimate": {"usd": {"expected": 0.02}}}
    report = make_report("run", options(instance_type="ml.c6i.4xlarge"), plan, run(tmp_path).evidence()).as_dict()
    assert report["cpu_seconds"] == {"estimated": 120.0, "measured": 100.0, "pages": 4}
    assert report["usd"]["measured"] == pytest.approx((60 + 270) * 0.816 / 3600, rel=0.01)


def test_deferred_documents_balance_but_are_not_success(tmp_path: Path) -> None:
    ledger = [*map(row, "abc"), row("d", status="deferred")]
    report = make_report("run", options(), PLAN, run(tmp_path, ledger=ledger).evidence())
    assert report.balanced and not report.succeeded


@pytest.mark.parametrize(("error_class", "limit"), [("timeout", "max_error_rate"), ("corrupt", "max_input_error_rate")])
def test_each_kind_of_fault_has_its_own_limit(tmp_path: Path, error_class: str, limit: str) -> None:
    ledger = [*map(row, "abc"), row("d", status="failed", error_class=error_class)]
    found = run(tmp_path, ledger=ledger).evidence()
    assert limit in make_report("run", options(**{limit: 0.2}), PLAN, found).summary
    assert make_report("run", options(max_error_rate=0.25), PLAN, found).succeeded


def test_pages_that_were_read_badly_are_counted_and_can_fail_a_run(tmp_path: Path) -> None:
    found = run(tmp_path, qualities={"good": 2, "doubtful": 1, "poor": 1}).evidence()
    report = make_report("run", options(), PLAN, found)
    assert report.succeeded and report.as_dict()["pages_by_quality"] == {"good": 2, "doubtful": 1, "poor": 1}
    assert "4 pages, 1 of them read badly; the ledger balances" in report.summary
    assert make_report("run", options(max_poor_pages=0.25), PLAN, found).succeeded
    strict = make_report("run", options(max_poor_pages=0.2), PLAN, found)
    assert strict.balanced and "0.250, is over max_poor_pages 0.2" in strict.summary


def test_input_faults_alone_never_fail_a_run_by_default(tmp_path: Path) -> None:
    ledger = [row(name, status="failed", error_class="encrypted") for name in "abcd"]
    assert make_report("run", options(), PLAN, run(tmp_path, ledger=ledger).evidence()).succeeded


def test_a_failure_that_a_later_attempt_mended_is_forgotten(tmp_path: Path) -> None:
    found = run(tmp_path, failures={"s00000": "exit code: 1"}).evidence()
    assert make_report("run", options(), PLAN, found).succeeded


def test_failures_csv_lists_failed_and_unaccounted_documents(tmp_path: Path) -> None:
    ledger = [row("a"), row("b"), row("c", status="failed", error_class="corrupt")]
    found = run(tmp_path, ledger=ledger, failures={"s00000": "out of memory"})
    write_report(make_report("run", options(), PLAN, found.evidence()), found.failures(), tmp_path)
    with (tmp_path / "failures.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["document_id"], line["status"]) for line in lines] == [("c", "failed"), ("d", "unaccounted")]
    assert lines[1]["error_message"].startswith("out of memory")
    stored = json.loads((tmp_path / "report.json").read_text())
    assert stored["missing"] == ["s3://bucket/docs/d"] and stored["balanced"] is False
    assert abs(datetime.now(timezone.utc) - datetime.fromisoformat(stored["made_at"])) < timedelta(hours=1)


IN_PARTS = [*DOCUMENTS[:1], ("d", "docs/d", "s00001", 1), ("d", "docs/d", "s00003", 3), ("d", "docs/d", "s00005", 5)]
JOINED = row("d", pages=6) | {"shard_id": "joined"}


def test_a_document_that_was_read_in_parts_counts_once(tmp_path: Path) -> None:
    evidence = run(tmp_path, planned=IN_PARTS, ledger=[row("a"), JOINED]).evidence()
    report = make_report("run", options(), PLAN, evidence)
    assert report.succeeded and report.ledger_compacted
    assert (report.planned, report.pages["total"]) == (2, 7)


@pytest.mark.parametrize(("numbers", "balanced"), [((3, 4), True), ((3,), False), ((3, 4, 5), False)])
def test_pages_of_a_part_are_held_against_what_its_shard_says(
    tmp_path: Path, numbers: tuple[int, ...], balanced: bool
) -> None:
    footer = LedgerFooter("s00003.parquet", 0, 0, 2, 9, False, 1.0, 1.0, (part(3, 4),))
    found = run(
        tmp_path,
        planned=IN_PARTS,
        ledger=[row("a"), JOINED],
        footers=(footer,),
        opened_shards=("s00003",),
        page_keys=[("d", number) for number in numbers],
    )
    assert make_report("run", options(), PLAN, found.evidence()).balanced == balanced


def test_of_a_document_that_lacks_a_part_the_missing_pages_are_named(tmp_path: Path) -> None:
    joining = Joining(missing=(PlannedPart("d", "s00003", 3, 4),))
    found = run(tmp_path, planned=IN_PARTS, ledger=[row("a")], joining=joining, failures={"s00003": "exit code: 137"})
    report = make_report("run", options(), PLAN, found.evidence())
    assert (report.missing.count, report.unfinished_parts, report.ledger_compacted) == (1, 1, False)
    (failure,) = found.failures()
    assert failure["error_message"] == "pages 3 to 4: exit code: 137; run again to process it"
    assert failure["shard_id"] == "s00003"


def test_a_balanced_run_with_a_part_to_read_again_leaves_its_parts_to_the_next_plan(tmp_path: Path) -> None:
    parts = (part(1, 2), part(3, None, "failed", "timeout"))
    found = run(tmp_path, planned=IN_PARTS, ledger=[row("a"), JOINED], joining=Joining(whole=(parts,)))
    report = make_report("run", options(), PLAN, found.evidence())
    assert report.balanced and not report.ledger_compacted
