"""Runs on a folder that are killed or interrupted, or whose files change: nothing finished is lost, nothing is doubled."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.tables.latest import current_rows
from distributed_ocr_pipeline.tables.schema import LEDGER_SCHEMA
from tests.support.workplace import paper

DOCUMENTS = 8
KILLS = int(os.environ.get("OCR_KILLS", "3"))
SECONDS = 600


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"{number}.pdf").write_bytes(paper(str(number)))
    return folder


def command(folder: Path, *more: str) -> list[str]:
    arguments = ["--input-prefix", str(folder), "--output", str(folder.parent / "output"), "--files-per-job", "2"]
    return [sys.executable, "-m", "distributed_ocr_pipeline.main", *arguments, *more]


@contextmanager
def begun(folder: Path, *more: str) -> Iterator["subprocess.Popen[str]"]:
    """A run in a process group of its own, as a terminal would start it; killed at the end if it still runs."""
    with subprocess.Popen(
        command(folder, "--max-parallel-jobs", "1", *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            kill_all(process.pid)


def finish(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(folder, *more), capture_output=True, text=True, timeout=SECONDS, check=False)


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


def report_of(folder: Path, run_id: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((folder.parent / f"output/runs/{run_id}/report.json").read_text())
    return report


def test_all_processes_are_killed_again_and_again(folder: Path) -> None:
    chance = random.Random(1)
    for _ in range(KILLS):
        with begun(folder):
            wait_for(folder, min(DOCUMENTS, finished(folder) + 2))
            time.sleep(chance.uniform(0, 2))
    kept = finished(folder)
    assert kept >= min(DOCUMENTS, 2 * KILLS)
    ended = finish(folder)
    assert ended.returncode == 0, ended.stderr
    require_complete(folder)
    assert finished(folder) <= kept + DOCUMENTS, "what was finished is done again"
    assert not list((folder.parent / "output/.incoming").glob("*"))


def test_ctrl_c_ends_a_run_with_its_report_and_the_next_does_the_rest(folder: Path) -> None:
    with begun(folder) as process:
        wait_for(folder, 2)
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, shown
    assert "this goes on with the rest: ocr-pipeline --input-prefix" in shown and "documents planned" in shown
    run_id = next(line for line in shown.splitlines() if line.startswith("run ")).split()[1]
    report = report_of(folder, run_id)
    done = report["documents_by_status"]["succeeded"]
    assert report["planned"] == DOCUMENTS and 2 <= done < DOCUMENTS
    ended = finish(folder)
    assert ended.returncode == 0, ended.stderr
    assert f"{DOCUMENTS - done} documents" in ended.stderr
    require_complete(folder)


def test_ctrl_c_twice_ends_a_run_at_once_and_keeps_what_is_finished(folder: Path) -> None:
    with begun(folder) as process:
        wait_for(folder, 2)
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 130 and "Interrupted. What is finished is kept" in shown
    assert not psutil.wait_procs(family, timeout=60)[1], "processes outlive the run"
    kept = finished(folder)
    assert kept >= 2
    assert finish(folder).returncode == 0
    require_complete(folder)


def test_files_that_go_come_and_change_during_a_run(folder: Path) -> None:
    with begun(folder) as process:
        wait_for(folder, 2)
        left = {path.name for path in folder.iterdir()} - {row for row in names(folder)}
        gone, changed = sorted(left)[-2:]
        (folder / gone).unlink()
        (folder / changed).write_bytes(paper("another text"))
        (folder / "added.pdf").write_bytes(paper("added"))
        process.communicate(timeout=SECONDS)
    status = {row["source_uri"].rpartition("/")[2]: row["error_class"] for row in ledger(folder).to_pylist()}
    assert status == {f"{number}.pdf": None for number in range(DOCUMENTS)} | {gone: status[gone]}
    assert status[gone] in (None, "missing"), "it went before or after it was read"
    ended = finish(folder)
    assert ended.returncode == 0 and "2 documents" in ended.stderr, "the changed and the added one"


def names(folder: Path) -> list[str]:
    return [row["source_uri"].rpartition("/")[2] for row in ledger(folder).to_pylist()]
