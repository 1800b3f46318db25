"""DuckDB on a folder of Parquet files, held to a memory limit; what does not fit is spilled into the folder."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.dataset as ds

MEMORY_MB = 160
"""DuckDB's own limit, enough for ten million documents; the process needs some 300 beside it (`make bench-planner`)."""

ROW_GROUP_ROWS = 20_000
"""Rows of a row group in the files between two steps: a reader holds one of them."""

_RANGE_ROWS = 130_000  # are sorted in memory; 200,000 take 16 MB more, 100,000 take 4 s more for ten million
_SIGNS_OF_NO_ROOM = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), "max_temp_directory_size")
_FEW_ROWS, _FEW_RANGES = 25_000, 4  # so much costs no time, and 20 MB less where a run on a folder has 100,000 files


def id_ranges(rows: int, at_once: int | None = None) -> list[str]:
    """SQL conditions that part so many documents by their ids, in order, into parts of 130,000 at most.

    Ids are hashes, so parts of equal width have as many documents. What is joined and sorted part by part stays in
    memory, however many documents there are.

    Args:
        rows: How many documents there are.
        at_once: Another number than 130,000.
    """
    few = 1 if at_once else min(_FEW_RANGES, ceil(rows / _FEW_ROWS))
    count = max(1, few, ceil(rows / (at_once or _RANGE_ROWS)))
    starts = [f"{number * 16**4 // count:04x}" for number in range(1, count)]
    lower = ["true", *(f"document_id >= '{start}'" for start in starts)]
    upper = [*(f"document_id < '{start}'" for start in starts), "true"]
    return [f"({low} and {high})" for low, high in zip(lower, upper)]


class Database:
    """SQL over the Parquet files of one folder. Files outside the folder, extensions and the network are shut off."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", folder: Path) -> None:
        self._connection = connection
        self.folder = folder

    def execute(self, sql: str, **parameters: object) -> None:
        """Run a statement that returns nothing; `$name` in it stands for a parameter."""
        self._connection.execute(sql, parameters or None)

    def insert(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        """Append rows to a table, if there are any."""
        if rows:
            places = ", ".join("?" * len(rows[0]))
            self._connection.executemany(f"insert into {table} values ({places})", rows)

    def row(self, sql: str, **parameters: object) -> tuple[Any, ...]:
        """The only row of a query."""
        (row,) = self._connection.execute(sql, parameters or None).fetchall()
        return row

    def rows(self, sql: str, **parameters: object) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, a thousand at a time, while nothing else is run."""
        cursor = self._connection.execute(sql, parameters or None)
        while rows := cursor.fetchmany(1000):
            yield from rows

    def batches(self, sql: str) -> Iterator["pa.RecordBatch"]:
        """The result of a query as Arrow, `ROW_GROUP_ROWS` rows at a time, while nothing else is run."""
        yield from self._connection.sql(sql).to_arrow_reader(ROW_GROUP_ROWS)

    def write(self, sql: str, name: str, *, group_rows: int = ROW_GROUP_ROWS, **parameters: object) -> Path:
        """Write a query's result to `<name>.parquet` in the folder, in row groups of so many rows."""
        path = self.folder / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        options = f"format parquet, compression zstd, compression_level 1, row_group_size {group_rows}"
        self._connection.execute(f"copy ({sql}) to '{_quoted(path)}' ({options})", parameters or None)
        return path

    def register(self, name: str, rows: "ds.Dataset | pa.Table") -> None:
        """Name the rows of an Arrow dataset or table: read batch by batch, only the columns that a query names."""
        self._connection.register(name, rows)

    def view(self, name: str, files: Path, *, by_run: bool = False, alike: bool = False) -> None:
        """Name the rows of Parquet files.

        Args:
            name: Of the view.
            files: One file, or a folder of files; a column that one lacks is null in its rows.
            by_run: The folder has a sub-folder `run_id=…` for each run, and the view has a column run_id.
            alike: All files have the same columns; they are then not opened before they are read.
        """
        pattern = files if files.suffix == ".parquet" else files / ("*/*.parquet" if by_run else "*.parquet")
        options = (
            "hive_partitioning = true, hive_types = {'run_id': varchar}" if by_run else "hive_partitioning = false"
        )
        source = f"read_parquet('{_quoted(pattern)}', union_by_name = {str(not alike).lower()}, {options})"
        self._connection.execute(f"create or replace view {name} as select * from {source}")


@contextmanager
def open_database(folder: Path, memory_mb: int = MEMORY_MB) -> Iterator[Database]:
    """A database whose files lie in `folder`, which the caller removes; `OSError` (ENOSPC) where that has no room."""
    import duckdb  # pylint: disable=import-outside-toplevel  # who reads a plan's figures does without

    spill = folder / "spilled"
    spill.mkdir(parents=True, exist_ok=True)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_mb}MB",
        "threads": 1,  # each more needs memory of its own
        "temp_directory": str(spill),
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    try:
        with duckdb.connect(str(folder / "work.duckdb"), config=settings) as connection:
            connection.execute(f"set allowed_directories = ['{_quoted(folder)}']")
            connection.execute("set enable_external_access = false")  # comes last: it closes the setting above
            yield Database(connection, folder)
    except duckdb.Error as error:
        if not any(sign in str(error) for sign in _SIGNS_OF_NO_ROOM):
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error


def literal(text: str) -> str:
    """A text as SQL, where a parameter is not allowed."""
    return "'" + text.replace("'", "''") + "'"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
