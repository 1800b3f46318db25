"""Runs on a folder that are killed or interrupted, or whose files change: nothing finished is lost or doubled."""

import json
import os
import random
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.support.local_runs import (
    SECONDS,
    begun,
    finish,
    finished,
    ledger,
    names,
    report_of,
    require_complete,
    require_only_the_rest_is_planned,
    wait_for,
    write_deep,
)
from tests.support.workplace import paper

DOCUMENTS = 8
KILLS = int(os.environ.get("OCR_KILLS", "3"))
KILLED_DOCUMENTS = int(os.environ.get("OCR_KILLED_DOCUMENTS", str(DOCUMENTS)))
SHARDS = ("--files-per-job", os.environ.get("OCR_FILES_PER_JOB", "2"))


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"{number}.pdf").write_bytes(paper(str(number)))
    return folder


def test_all_processes_are_killed_again_and_again(folder: Path) -> None:
    for number in range(DOCUMENTS, KILLED_DOCUMENTS):
        (folder / f"{number}.pdf").write_bytes(paper(str(number)))
    chance, kept = random.Random(1), [0]
    for kill in range(KILLS):
        with begun(folder, *SHARDS):
            if kill % 2:  # at any moment from the start on; else, while it is at work
                time.sleep(chance.uniform(0, 12))
            else:
                wait_for(folder, min(KILLED_DOCUMENTS, kept[-1] + 2))
                time.sleep(chance.uniform(0, 2))
        kept.append(finished(folder))
    ended = finish(folder, *SHARDS)
    assert ended.returncode == 0, ended.stderr
    require_complete(folder)
    print(f"{KILLS} kills; documents kept after each: {kept[1:]}; rows at the end: {finished(folder)}")
    assert kept == sorted(kept) and kept[-1] >= min(KILLED_DOCUMENTS, KILLS)
    assert finished(folder) == KILLED_DOCUMENTS, "what was finished is done again"
    require_only_the_rest_is_planned(folder, KILLED_DOCUMENTS, kept)
    assert not list((folder.parent / "output/.incoming").glob("*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_a_run_with_its_report_and_the_next_does_the_rest(number: signal.Signals, folder: Path) -> None:
    with begun(folder) as process:
        wait_for(folder, 2)
        process.send_signal(number)
        shown, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, shown
    assert "this goes on with the rest: " in shown and "documents planned" in shown
    run_id = next(line for line in shown.splitlines() if line.startswith("run ")).split()[1]
    report = report_of(folder, run_id)
    done = report["documents_by_status"]["succeeded"]
    assert report["planned"] == DOCUMENTS and report["interrupted"]
    rows = [line.split() for line in shown.splitlines()]
    assert 2 <= done < DOCUMENTS
    assert report["missing_count"] == 0 or ["not", "processed", str(report["missing_count"])] in rows
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
    assert process.returncode == 130 and "Interrupted. What is finished is kept" in shown, shown
    assert not psutil.wait_procs(family, timeout=60)[1], "processes outlive the run"
    kept = finished(folder)
    assert kept >= 2
    assert finish(folder).returncode == 0
    require_complete(folder)


def test_the_local_environment_is_killed_alone(folder: Path) -> None:
    with begun(folder) as process:
        wait_for(folder, 2)
        children = psutil.Process(process.pid).children()
        [server] = [child for child in children if "distributed_ocr_pipeline.local" in child.cmdline()]
        server.kill()
        shown, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 2 and f"process {server.pid}, was ended (signal 9)." in shown, shown
    assert "what is finished is kept" in shown and "AWS" not in shown
    assert finish(folder).returncode == 0
    require_complete(folder)


def test_files_that_go_come_and_change_during_a_run(folder: Path) -> None:
    with begun(folder) as process:
        wait_for(folder, 2)
        left = {path.name for path in folder.iterdir()} - set(names(folder))
        gone, changed = sorted(left)[-2:]
        (folder / gone).unlink()
        (folder / changed).write_bytes(paper("another text"))
        (folder / "added.pdf").write_bytes(paper("added"))
        process.communicate(timeout=SECONDS)
    status = {row["source_uri"].rpartition("/")[2]: row["error_class"] for row in ledger(folder).to_pylist()}
    others = {name: status[name] for name in (gone, changed)}
    assert status == {f"{number}.pdf": None for number in range(DOCUMENTS)} | others
    assert status[gone] in (None, "missing"), "it went before or after it was read"
    assert status[changed] in (None, "changed"), "somebody wrote to it before or after it was read"
    ended = finish(folder)
    assert ended.returncode == 0 and "2 documents" in ended.stderr, "the changed and the added one"


def test_what_lies_too_deep_costs_its_own_row(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = folder.parent / ("scratch" * 30)  # so that the paths in a job are longer than those in the folder
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    levels = (4095 - len(str(folder))) // 251
    in_reach = write_deep(folder, levels - 1, paper("deep"), name="a.pdf")
    write_deep(folder, levels + 2, paper("deeper"))
    ended = finish(folder)
    assert ended.returncode == 0, ended.stderr
    rows = {row["source_uri"]: row for row in ledger(folder).to_pylist() if row["status"] != "succeeded"}
    assert len(rows) == 2 and finished(folder) == DOCUMENTS + 2
    assert {row["error_class"] for row in rows.values()} == {"unreadable"}
    assert "Its path in the job has" in rows[f"{folder.as_uri()}/{in_reach}"]["error_message"]
    assert sum("Its path has" in row["error_message"] for row in rows.values()) == 1


def test_a_report_names_the_folder_and_a_finished_run_is_not_done_again(folder: Path) -> None:
    assert finish(folder).returncode == 0
    [report] = (folder.parent / "output/runs").glob("*/report.json")
    assert json.loads(report.read_text())["input_prefix"] == f"{folder.as_uri()}/"
    assert "ocr-local-input" not in report.read_text()
    again = finish(folder)
    assert again.returncode == 0 and "Nothing to do" in again.stdout
