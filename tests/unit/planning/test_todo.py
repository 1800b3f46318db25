"""Which documents are processed: the SQL against the rule in Python."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.planning.database import open_database
from distributed_ocr_pipeline.planning.listing import NAMED_SCHEMA
from distributed_ocr_pipeline.planning.todo import Choice, choose_documents
from distributed_ocr_pipeline.records import MAX_ATTEMPTS
from tests.support.documents import document_id_of

BUCKET = "scans"
_LEDGER = pa.schema(
    [
        ("shard_id", pa.string()),
        ("document_id", pa.string()),
        ("source_etag", pa.string()),
        ("page_count", pa.int32()),
        ("status", pa.string()),
        ("error_class", pa.string()),
        ("attempts", pa.int32()),
        ("options_fingerprint", pa.string()),
        ("processed_at", pa.timestamp("ms", tz="UTC")),
    ]
)
_BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)


def _row(key: str, **values: Any) -> dict[str, Any]:
    usual = {
        "shard_id": "s00000",
        "document_id": document_id_of(f"s3://{BUCKET}/{key}"),
        "source_etag": "e1",
        "page_count": 3,
        "status": "succeeded",
        "error_class": None,
        "attempts": 1,
        "options_fingerprint": "f",
        "processed_at": _BEGIN,
    }
    return usual | values


def _todo(
    folder: Path,
    etags: dict[str, str],
    runs: dict[str, list[dict[str, Any]]],
    *,
    untrusted: tuple[tuple[str, str], ...] = (),
    **choice: Any,
) -> dict[str, dict[str, Any]]:
    rows = [
        {"key": key, "etag": etag, "size_bytes": 10, "archived": False, "source_uri": f"s3://{BUCKET}/{key}"}
        for key, etag in etags.items()
    ]
    pq.write_table(pa.Table.from_pylist(rows, NAMED_SCHEMA), folder / "listing.parquet")
    for run_id, ledger in runs.items():
        (folder / "ledger" / f"run_id={run_id}").mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(ledger, _LEDGER), folder / "ledger" / f"run_id={run_id}" / "s00000.parquet")
    with open_database(folder) as database:
        database.execute("create or replace table untrusted (run_id varchar, shard_id varchar)")
        database.insert("untrusted", untrusted)
        counts = choose_documents(
            database, folder / "listing.parquet", folder / "ledger" if runs else None, Choice("f", **choice)
        )
        columns = ("key", "attempts", "deferrals", "pages", "kind")
        found = list(database.rows(f"select {', '.join(columns)} from todo order by key"))
    assert counts.listed == len(found if "only_failed" in choice else etags) and counts.todo == len(found)
    return {row[0]: dict(zip(columns, row)) for row in found}


def test_everything_is_new_without_a_ledger(tmp_path: Path) -> None:
    found = _todo(tmp_path, {"a.pdf": "e1", "b.TIF": "e1", "c.jpeg": "e1", "d": "e1"}, {})
    assert {key: row["kind"] for key, row in found.items()} == {
        "a.pdf": "pdf",
        "b.TIF": "tiff",
        "c.jpeg": "picture",
        "d": "unknown",
    }


def test_what_succeeded_is_left_out_and_what_changed_is_taken(tmp_path: Path) -> None:
    runs = {"r1": [_row("same.pdf"), _row("changed.pdf"), _row("other.pdf", options_fingerprint="g")]}
    found = _todo(tmp_path, {"same.pdf": "e1", "changed.pdf": "e2", "other.pdf": "e1", "new.pdf": "e1"}, runs)
    assert sorted(found) == ["changed.pdf", "new.pdf", "other.pdf"]
    assert found["changed.pdf"]["pages"] is None


def test_reprocess_takes_everything(tmp_path: Path) -> None:
    assert sorted(_todo(tmp_path, {"a.pdf": "e1"}, {"r1": [_row("a.pdf")]}, reprocess=True)) == ["a.pdf"]


def test_results_that_are_not_trusted_count_for_nothing(tmp_path: Path) -> None:
    assert _todo(tmp_path, {"a.pdf": "e1"}, {"r1": [_row("a.pdf")]}, untrusted=(("r1", "s00000"),))


def test_failures_are_tried_again_while_that_may_help(tmp_path: Path) -> None:
    rows = [
        _row("final.pdf", status="failed", error_class="corrupt"),
        _row("again.pdf", status="failed", error_class="timeout", attempts=1),
        _row("enough.pdf", status="failed", error_class="timeout", attempts=MAX_ATTEMPTS),
    ]
    etags = {"final.pdf": "e1", "again.pdf": "e1", "enough.pdf": "e1"}
    assert {key: row["attempts"] for key, row in _todo(tmp_path, etags, {"r1": rows}).items()} == {"again.pdf": 1}
    insisted = _todo(tmp_path, etags, {"r1": rows}, retry_failed=True)
    assert {key: row["attempts"] for key, row in insisted.items()} == {"final.pdf": 0, "again.pdf": 0, "enough.pdf": 0}


def test_of_the_failed_those_that_are_wanted_are_taken_and_no_others(tmp_path: Path) -> None:
    later = _BEGIN + timedelta(days=1)
    failed = {"status": "failed", "error_class": "corrupt"}
    first = [
        _row("good.pdf"),
        _row("mended.pdf", **failed),
        _row("corrupt.pdf", attempts=MAX_ATTEMPTS, **failed),
        _row("partial.pdf", status="partial", error_class="timeout"),
        _row("notes.txt", status="skipped", error_class="unsupported_type"),
        _row("of other options.pdf", options_fingerprint="g", **failed),
    ]
    second = [
        _row("mended.pdf", processed_at=later),
        _row("corrupt.pdf", status="deferred", attempts=0, processed_at=later),
    ]
    etags = {row: "e1" for row in ("good.pdf", "mended.pdf", "corrupt.pdf", "partial.pdf", "notes.txt", "new.pdf")}
    etags["of other options.pdf"] = "e1"

    def taken(*classes: str) -> list[str]:
        return sorted(_todo(tmp_path, etags, {"r1": first, "r2": second}, only_failed=classes))

    assert taken("any") == ["corrupt.pdf", "of other options.pdf", "partial.pdf"]
    assert taken("timeout", "unsupported_type") == ["notes.txt", "partial.pdf"]
    assert not taken("encrypted")


def test_nothing_has_failed_where_nothing_was_done(tmp_path: Path) -> None:
    assert not _todo(tmp_path, {"a.pdf": "e1"}, {}, only_failed=("any",))


def test_every_deferral_of_a_document_is_counted(tmp_path: Path) -> None:
    deferred = {"status": "deferred", "attempts": 0, "page_count": 0}
    runs = {f"r{number}": [_row("late.pdf", **deferred)] for number in range(3)}
    assert _todo(tmp_path, {"late.pdf": "e1"}, runs)["late.pdf"]["deferrals"] == 3
    assert _todo(tmp_path, {"late.pdf": "e2"}, runs)["late.pdf"]["deferrals"] == 0


def test_a_deferral_takes_no_result_away(tmp_path: Path) -> None:
    later = _BEGIN + timedelta(days=1)
    runs = {"r1": [_row("a.pdf")], "r2": [_row("a.pdf", status="deferred", processed_at=later)]}
    assert not _todo(tmp_path, {"a.pdf": "e1"}, runs)


_ROWS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["succeeded", "failed", "deferred"]),
        "error_class": st.sampled_from([None, "corrupt", "timeout"]),
        "attempts": st.integers(0, 4),
        "source_etag": st.sampled_from(["e1", "e2"]),
        "options_fingerprint": st.sampled_from(["f", "g"]),
        "processed_at": st.integers(0, 2).map(lambda days: _BEGIN + timedelta(days=days)),
    }
)


def _expected(rows: dict[str, dict[str, Any]], retry_failed: bool) -> int | None:
    """Attempts that a document of etag e1 goes into the plan with; None if it stays out."""
    if not rows:
        return 0
    _, row = max(rows.items(), key=lambda item: (item[1]["status"] != "deferred", item[1]["processed_at"], item[0]))
    if row["options_fingerprint"] != "f" or row["source_etag"] != "e1" or (retry_failed and row["error_class"]):
        return 0
    retryable = row["error_class"] and ErrorClass(row["error_class"]).retryable and row["attempts"] < MAX_ATTEMPTS
    return int(row["attempts"]) if row["status"] == "deferred" or retryable else None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["r1", "r2", "r3"]), _ROWS), st.booleans())
def test_the_query_decides_as_the_rule_says(
    tmp_path_factory: Any, rows: dict[str, dict[str, Any]], retry_failed: bool
) -> None:
    runs = {run_id: [_row("a.pdf", **row)] for run_id, row in rows.items()}
    found = _todo(tmp_path_factory.mktemp("todo"), {"a.pdf": "e1"}, runs, retry_failed=retry_failed)
    expected = _expected(rows, retry_failed)
    assert [row["attempts"] for row in found.values()] == ([] if expected is None else [expected])
