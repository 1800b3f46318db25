"""The SQL that readers are given, run by DuckDB on the project's own files: it follows the rule of `current_rows`."""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distributed_ocr_pipeline.records import DocumentStatus
from distributed_ocr_pipeline.tables.latest import latest_documents, latest_pages
from distributed_ocr_pipeline.tables.schema import DOCUMENTS_SCHEMA, PAGES_SCHEMA
from tests.support.runs import outcome, write_run

PROJECT = Path(__file__).resolve().parents[3]
CATALOG = PROJECT / "modules" / "catalog"
SCHEMAS = {"documents": DOCUMENTS_SCHEMA, "pages": PAGES_SCHEMA}
SAVED_QUERIES = re.findall(r"<<-SQL\n(.*?)\n *SQL\n", (CATALOG / "queries.tf").read_text(encoding="utf-8"), re.DOTALL)


def connect() -> duckdb.DuckDBPyConnection:
    """An empty database in memory, which fetches no extensions from the network."""
    return duckdb.connect(config={"autoinstall_known_extensions": False})


def athena(output: Path) -> duckdb.DuckDBPyConnection:
    """A database with the catalog's tables and views over a folder of results."""
    database = connect()
    for table, schema in SCHEMAS.items():
        files = f"read_parquet('{output}/{table}/**/*.parquet', filename = true, hive_partitioning"
        database.execute(f"create view {table} as from {files} = false)")
        database.execute(f"create view run_{table} as from {files} = true)")
        sql = (CATALOG / f"{table}_latest.sql").read_text(encoding="utf-8")
        sql = sql.replace("${columns}", ", ".join(schema.names))
        database.execute(f"create view {table}_latest as {in_duckdb(sql)}")
    return database


def in_duckdb(sql: str) -> str:
    return sql.replace('"$path"', "filename")


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    order = [(name, "ascending") for name in ("document_id", "page_number") if name in table.column_names]
    rows: list[dict[str, Any]] = table.sort_by(order).to_pylist()
    return rows


def write_three_runs(output: Path) -> None:
    """Something of everything: newer, changed, deferred later, deferred only, failed now, and two as new."""
    first = (outcome("a", 1, pages=3), outcome("b", 1, pages=2), outcome("c", 1, "deferred", pages=0), outcome("e", 1))
    write_run(output, "r1", *first)
    write_run(output, "r2", outcome("a", 5, pages=2, etag="new"), outcome("b", 6, "deferred", pages=0), outcome("d", 5))
    write_run(output, "r3", outcome("d", 5, pages=2), outcome("e", 7, "failed", pages=0))


VIEWS: list[tuple[str, Callable[[Path], pa.Table]]] = [
    ("documents_latest", latest_documents),
    ("pages_latest", latest_pages),
]


@pytest.mark.parametrize(("view", "read"), VIEWS)
def test_a_view_gives_what_python_gives(tmp_path: Path, view: str, read: Callable[[Path], pa.Table]) -> None:
    write_three_runs(tmp_path)
    found, expected = athena(tmp_path).sql(f"from {view}").to_arrow_table(), read(tmp_path)
    assert found.column_names == expected.column_names and expected.num_rows >= 5
    assert rows_of(found) == rows_of(expected)


RESULTS = st.tuples(
    st.sampled_from("abc"), st.integers(0, 2), st.sampled_from([status.value for status in DocumentStatus])
)
RUN = st.lists(RESULTS, unique_by=lambda result: result[0], min_size=1)
RUNS = st.dictionaries(st.sampled_from(["r1", "r10", "r2", "3"]), RUN, min_size=1)


@settings(max_examples=25, deadline=None)
@given(runs=RUNS)
def test_views_and_python_agree_on_any_runs(runs: dict[str, list[tuple[str, int, str]]]) -> None:
    with TemporaryDirectory() as folder:
        for run_id, results in runs.items():
            write_run(Path(folder), run_id, *(outcome(*result) for result in results))
        database = athena(Path(folder))
        for view, read in VIEWS:
            assert rows_of(database.sql(f"from {view}").to_arrow_table()) == rows_of(read(Path(folder)))


@pytest.mark.parametrize("sql", SAVED_QUERIES)
def test_a_saved_query_runs_on_the_catalogs_tables(tmp_path: Path, sql: str) -> None:
    write_three_runs(tmp_path)
    database = athena(tmp_path)
    database.execute("create macro count_if(found) as count(*) filter (found)")
    filled_in = in_duckdb(sql).replace("DOCUMENT_ID", "a").replace("RUN_ID", "r3")
    assert database.sql(filled_in).to_arrow_table().column_names


@pytest.mark.parametrize("document", ["README.md", "docs/tables.md"])
def test_the_query_for_duckdb_finds_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    write_three_runs(tmp_path / "output")
    monkeypatch.chdir(tmp_path)
    (sql,) = re.findall(r"```sql\n(-- DuckDB.*?)```", (PROJECT / document).read_text(encoding="utf-8"), re.DOTALL)
    found = connect().sql(sql).to_arrow_table().select(["source_uri", "status", "error_class", "page_count"])
    expected = latest_documents("output").select(found.column_names)
    assert found.sort_by("source_uri").to_pylist() == expected.sort_by("source_uri").to_pylist()
