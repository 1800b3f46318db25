"""The current row of every document, and its pages, among the rows of many runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.records import DocumentStatus, S3Location
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.latest import current_rows, latest_documents, latest_pages, page_batches
from distributed_ocr_pipeline.tables.schema import ALL_PAGES_SCHEMA, LEDGER_SCHEMA
from tests.support.aws import s3_client, s3_server, upload_folder, use_server
from tests.support.runs import outcome, write_run

LEDGER = pa.schema(
    [(name, LEDGER_SCHEMA.field(name).type) for name in ("run_id", "document_id", "status", "processed_at")]
)
Row = tuple[str, str, str, int]  # run, document, status, time


def current(*rows: Row) -> list[Row]:
    table = current_rows(pa.Table.from_pylist([dict(zip(LEDGER.names, row)) for row in rows], schema=LEDGER))
    table = table.set_column(3, "time", table["processed_at"].cast(pa.int64()))
    return [tuple(row.values()) for row in table.to_pylist()]


# ---- the rule --------------------------------------------------------------------------------------------------


def test_the_newest_row_wins_whatever_its_status() -> None:
    rows: list[Row] = [("r2", "a", "failed", 20), ("r1", "a", "succeeded", 10), ("r3", "a", "partial", 15)]
    assert current(*rows) == [("r2", "a", "failed", 20)]


def test_a_row_that_is_not_deferred_beats_any_that_is() -> None:
    assert current(("r1", "a", "failed", 10), ("r2", "a", "deferred", 20)) == [("r1", "a", "failed", 10)]


def test_the_newest_wins_where_all_are_deferred() -> None:
    assert current(("r2", "a", "deferred", 20), ("r1", "a", "deferred", 10)) == [("r2", "a", "deferred", 20)]


@pytest.mark.parametrize("status", ["succeeded", "deferred"])
def test_of_two_as_new_the_greater_run_id_wins_as_text(status: str) -> None:
    assert current(("10", "a", status, 10), ("9", "a", status, 10)) == [("9", "a", status, 10)]


def test_each_document_has_its_own_current_run_in_the_order_of_the_ledger() -> None:
    rows: list[Row] = [
        ("r1", "b", "failed", 10),
        ("r2", "b", "failed", 5),
        ("r1", "a", "failed", 10),
        ("r2", "a", "failed", 15),
    ]
    assert current(*rows) == [("r1", "b", "failed", 10), ("r2", "a", "failed", 15)]


def test_an_empty_ledger_has_no_current_rows() -> None:
    assert not current()


def test_other_columns_stay() -> None:
    ledger = pa.table([["r1"], ["a"], ["failed"], [0], ["more"]], schema=LEDGER.append(pa.field("other", pa.string())))
    assert current_rows(ledger).equals(ledger)


RUNS = st.sampled_from(["r1", "r10", "r2", "r3"])
DOCUMENTS = st.sampled_from("abc")
STATUSES = st.sampled_from([status.value for status in DocumentStatus])
ROWS = st.lists(st.tuples(RUNS, DOCUMENTS, STATUSES, st.integers(0, 2)), unique_by=lambda row: row[:2])


@given(rows=ROWS, data=st.data())
def test_any_order_of_rows_gives_each_document_the_same_row(rows: list[Row], data: st.DataObject) -> None:
    best: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row[2] != "deferred", row[3], row[0])):
        best[row[1]] = row
    shuffled = data.draw(st.permutations(rows))
    assert sorted(current(*shuffled)) == sorted(best.values())


# ---- reading files ---------------------------------------------------------------------------------------------


def write_two_runs(output: Path) -> None:
    write_run(output, "1", outcome("a", 0, pages=3), outcome("b", 9, pages=2), outcome("c", 0, "deferred", pages=0))
    write_run(
        output, "2", outcome("a", 5, pages=2, etag="changed"), outcome("b", 5), outcome("d", 5, "failed", pages=0)
    )
    write_run(output, "3", outcome("a", 8, "deferred", pages=0))


CURRENT = [("1", "b", "etag"), ("1", "c", "etag"), ("2", "a", "changed"), ("2", "d", "etag")]
TEXTS = ["1 b 1", "1 b 2", "2 a 1", "2 a 2"]


def documents_of(table: pa.Table) -> list[tuple[str, str, str]]:
    return sorted(tuple(row.values()) for row in table.select(["run_id", "document_id", "source_etag"]).to_pylist())


def texts_of(table: pa.Table) -> list[Any]:
    return sorted(table["text"].to_pylist())


@pytest.mark.parametrize("kind", [Path, str])
def test_every_document_has_one_row_and_the_pages_of_its_run(tmp_path: Path, kind: type) -> None:
    write_two_runs(tmp_path)
    documents, pages = latest_documents(kind(tmp_path)), latest_pages(kind(tmp_path))
    assert documents.schema.equals(LEDGER_SCHEMA)
    assert pages.schema.equals(ALL_PAGES_SCHEMA)
    assert (documents_of(documents), texts_of(pages)) == (CURRENT, TEXTS)


def test_a_document_that_now_fails_has_no_pages_any_more(tmp_path: Path) -> None:
    write_run(tmp_path, "r1", outcome("a", 1))
    write_run(tmp_path, "r2", outcome("a", 2, "failed", pages=0))
    assert latest_pages(tmp_path).num_rows == 0


@pytest.mark.parametrize("key", ["language", "text_source", "media_type"])
def test_a_column_that_is_a_folder_is_a_column_again(tmp_path: Path, key: str) -> None:
    write_run(tmp_path, "r1", outcome("a"), partition_key=key)
    write_run(tmp_path, "r2", outcome("b"))
    rows = latest_pages(tmp_path).select(["run_id", "language", "text_source"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("r1", "eng+deu", "ocr"), ("r2", "eng+deu", "ocr")]


def test_a_column_that_an_older_version_did_not_write_is_null(tmp_path: Path) -> None:
    write_two_runs(tmp_path)
    path = tmp_path / "documents" / "run_id=1" / "s00000.parquet"
    pq.write_table(pq.ParquetFile(path).read().drop_columns("attempts"), path)
    attempts = {row["run_id"]: row["attempts"] for row in latest_documents(tmp_path).to_pylist()}
    assert attempts == {"1": None, "2": 1}


def test_a_column_that_there_is_not_is_named_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no column 'nonsense'. Choose of: run_id, "):
        page_batches(tmp_path, ["text", "nonsense"])


def test_a_folder_whose_name_is_not_utf_8_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"\\udcff' is not UTF-8"):
        latest_documents(tmp_path / "o\udcff")


@pytest.mark.parametrize("read", [latest_documents, latest_pages, page_batches])
def test_a_folder_without_results_is_the_callers_mistake(tmp_path: Path, read: Any) -> None:
    for folder in (tmp_path, tmp_path / "not-there"):
        with pytest.raises(BadInput) as caught:
            read(folder)
        assert str(caught.value).startswith(f"There are no results in {folder}: ") and "\n" not in str(caught.value)


# ---- reading S3 ------------------------------------------------------------------------------------------------


@pytest.fixture(name="storage")
def fixture_storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    with s3_server() as endpoint:
        use_server(monkeypatch, endpoint)
        for bucket in ("results", "empty"):
            s3_client(endpoint).create_bucket(Bucket=bucket)
        yield Storage()


def test_a_bucket_is_read_like_a_folder(storage: Storage, tmp_path: Path) -> None:
    write_two_runs(tmp_path)
    for table in ("pages", "documents"):
        upload_folder(storage, tmp_path / table, S3Location("results", table))
    assert documents_of(latest_documents("s3://results")) == CURRENT
    assert texts_of(latest_pages("s3://results/")) == TEXTS


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("s3://empty", "There are no results in s3://empty: "),
        ("s3://not-there", r"Listing s3://not-there/documents/ failed: .*NoSuchBucket"),
        ("s3://", "is not an S3 address"),
    ],
)
def test_a_bucket_without_results_is_the_callers_mistake(output: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        latest_documents(output)
