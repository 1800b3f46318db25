"""Runs of the command line on a folder: begun, killed, waited for; and what is in their output folder."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from distributed_ocr_pipeline.tables.latest import current_rows
from distributed_ocr_pipeline.tables.schema import LEDGER_SCHEMA

SECONDS = 600


WITHOUT_ROOTS_RIGHTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.getuid() == 0 else ()
"""What to put before a command, so that the permissions of files hold for it."""


def command(folder: Path, *more: str, before: Sequence[str] = ()) -> list[str]:
    """A run over a folder into the folder `output` beside it."""
    arguments = ["--input-prefix", str(folder), "--output", str(folder.parent / "output"), "--files-per-job", "2"]
    return [*before, sys.executable, "-m", "distributed_ocr_pipeline.main", *arguments, *more]


@contextmanager
def begun(folder: Path, *more: str, before: Sequence[str] = ()) -> Iterator["subprocess.Popen[str]"]:
    """A run in a process group of its own, as a terminal would start it; killed at the end if it still runs."""
    with subprocess.Popen(
        command(folder, "--max-parallel-jobs", "1", *more, before=before),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            kill_all(process.pid)


def finish(folder: Path, *more: str, before: Sequence[str] = ()) -> "subprocess.CompletedProcess[str]":
    """A run from its start to its end."""
    return subprocess.run(
        command(folder, *more, before=before), capture_output=True, text=True, timeout=SECONDS, check=False
    )


def kill_all(pid: int) -> None:
    """SIGKILL to a process and all that it started, in no order."""
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    random.shuffle(family)
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            pass


def ledger(folder: Path) -> pa.Table:
    """All rows of the ledger, read as a user would."""
    dataset = ds.dataset(folder.parent / "output/documents", LEDGER_SCHEMA, "parquet", partitioning="hive")
    return dataset.to_table()


def finished(folder: Path) -> int:
    """How many documents have a row in the output folder now."""
    files = (folder.parent / "output/documents").rglob("*.parquet")
    return sum(pq.read_metadata(file).num_rows for file in files)


def wait_for(folder: Path, documents: int) -> None:
    end = time.monotonic() + SECONDS
    while finished(folder) < documents:
        assert time.monotonic() < end, "the run does not come so far"
        time.sleep(0.05)


def require_complete(folder: Path) -> None:
    """Every document has one current row, and no page has two in the run that the row is of."""
    rows = current_rows(ledger(folder)).to_pylist()
    assert sorted(row["source_uri"].rpartition("/")[2] for row in rows) == sorted(os.listdir(folder))
    assert {row["status"] for row in rows} == {"succeeded"}
    pages = ds.dataset(folder.parent / "output/pages", partitioning="hive").to_table().to_pylist()
    keys = [(page["run_id"], page["document_id"], page["page_number"]) for page in pages]
    assert len(keys) == len(set(keys))


def require_only_the_rest_is_planned(folder: Path, documents: int, kept: Iterable[int]) -> None:
    """Every run that came as far as its plan took in what had no row at its beginning, and nothing else.

    `kept` says how many documents had one at the beginnings of the runs.
    """
    plans = [json.loads(plan.read_text()) for plan in (folder.parent / "output/runs").glob("*/plan.json")]
    assert plans and {plan["documents"] for plan in plans} <= {documents - done for done in kept}
    assert all(plan["documents"] + plan["up_to_date"] == documents for plan in plans)


def report_of(folder: Path, run_id: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((folder.parent / f"output/runs/{run_id}/report.json").read_text())
    return report


def write_deep(folder: Path, levels: int, content: bytes, *, name: str = "deep.pdf") -> str:
    """Write a file below so many folders with names of 250 bytes; returns its key. No path may lead to it."""
    parts = ["d" * 250] * levels
    handle = os.open(folder, os.O_DIRECTORY)
    for part in parts:
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=handle)
        below = os.open(part, os.O_DIRECTORY, dir_fd=handle)
        os.close(handle)
        handle = below
    with os.fdopen(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=handle), "wb") as file:
        file.write(content)
    os.close(handle)
    return "/".join([*parts, name])


def names(folder: Path) -> list[str]:
    return [row["source_uri"].rpartition("/")[2] for row in ledger(folder).to_pylist()]
