"""The runs of an output folder, ended and at work, from the files that they leave."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.client.command_line.parsers import run_parser
from distributed_ocr_pipeline.client.command_line.proposals import command
from distributed_ocr_pipeline.client.commands.run import chosen_options
from distributed_ocr_pipeline.client.results import InterruptedRun, RunResult
from distributed_ocr_pipeline.config import RunSettings
from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.local.deploy import default_options
from distributed_ocr_pipeline.local.folders import locked
from distributed_ocr_pipeline.main import main
from tests.support.plans import make_plan
from tests.support.runs import outcome, write_run

HOLD = """
import sys
from pathlib import Path
from distributed_ocr_pipeline.local.folders import locked
with locked(Path(sys.argv[1]), Path("/my scans"), sys.argv[2]):
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextmanager
def run_in_another_process(output: Path, run_id: str) -> Iterator[int]:
    """Hold the lock of a run; yields the process's id."""
    hold = [sys.executable, "-c", HOLD, str(output), run_id]
    with subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"locked\n"
        yield process.pid
        process.kill()


def put(output: Path, key: str, value: Any) -> None:
    path = output / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def plan(output: Path, run_id: str, *, shards: int, documents: int = 3, begun: bool = True, age: int = 0) -> RunLayout:
    """What a run has stored when its first job starts, `age` seconds ago."""
    run = RunLayout("", run_id)
    put(output, run.plan.key, {"documents": documents, "shards": shards, "up_to_date": 1})
    if begun:
        put(output, run.options.key, {"input_prefix": "s3://ocr-local-input/"})
    moment = time.time() - age
    os.utime(output / run.plan.key, (moment, moment))
    return run


def report(output: Path, run: RunLayout, *problems: str, made_at: str | None = None, **by_status: int) -> None:
    values = {"succeeded": not problems, "problems": problems, "documents_by_status": {"deferred": 0, **by_status}}
    put(output, run.report.key, values | ({"made_at": made_at} if made_at else {}))


def status(capsys: pytest.CaptureFixture[str], output: Path, *arguments: str) -> dict[str, Any]:
    assert main(["status", *arguments, "--output", str(output), "--json"]) == ExitCode.OK
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def parts(found: Mapping[str, Any], *names: str) -> list[Any]:
    return [found[name] for name in names]


def test_a_green_run_needs_no_further_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = plan(tmp_path, "green", shards=1)
    write_run(tmp_path, "green", outcome("a"), outcome("b", status="failed"), outcome("c"))
    report(tmp_path, run, succeeded=2, failed=1)
    found = status(capsys, tmp_path, "green")
    assert parts(found, "state", "phase", "planned", "up_to_date") == ["succeeded", "ended", 3, 1]
    assert parts(found, "done", "failed", "documents") == [3, 1, {"failed": 1, "succeeded": 2}]
    assert (found["shards"]["done"], found["shards"]["open"], found["commands"]) == (1, 0, {})


def test_a_run_that_is_not_green_says_what_is_wrong_and_how_it_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = plan(tmp_path, "red", shards=2)
    write_run(tmp_path, "red", outcome("a"))
    put(tmp_path, run.failed("s00001").key, {"Error": "JobStopped", "Cause": "It was stopped."})
    report(tmp_path, run, "2 planned documents are not in the ledger", "1 shard failed", succeeded=1)
    found = status(capsys, tmp_path, "red")
    assert parts(found, "state", "problem") == [
        "failed",
        "2 planned documents are not in the ledger; 1 shard failed",
    ]
    assert parts(found["shards"], "total", "done", "failed", "open") == [2, 1, 1, 0]
    assert found["commands"] == {"continue": command("--input-prefix", "FOLDER", "--output", str(tmp_path))}


def test_a_killed_run_is_stopped_and_its_ledger_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with locked(tmp_path, Path("/my scans"), "killed"):
        plan(tmp_path, "killed", shards=2, age=-1)
    write_run(tmp_path, "killed", outcome("a"), outcome("b", status="deferred"))
    found = status(capsys, tmp_path, "killed")
    assert parts(found, "state", "phase", "done") == ["stopped", "ended", 1]
    assert found["documents"] == {"deferred": 1, "succeeded": 1}
    assert found["commands"] == {"continue": command("--input-prefix", "/my scans", "--output", str(tmp_path))}


@pytest.mark.parametrize(("begun", "shards", "state"), [(False, 2, "stopped"), (True, 0, "succeeded")])
def test_a_run_without_jobs_has_its_state(
    begun: bool, shards: int, state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan(tmp_path, "no-jobs", shards=shards, begun=begun)
    assert status(capsys, tmp_path, "no-jobs")["state"] == state


def test_a_run_in_another_process_is_seen_in_each_phase(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan(tmp_path, "before", shards=1, age=3600)
    with run_in_another_process(tmp_path, "now") as pid:
        planning, before = status(capsys, tmp_path)["runs"]
        assert parts(planning, "run_id", "state", "phase", "planned") == ["now", "running", "planning", None]
        assert parts(before, "run_id", "state") == ["before", "stopped"]
        assert status(capsys, tmp_path, "now") == planning
        plan(tmp_path, "now", shards=1)
        found = status(capsys, tmp_path, "now")
        assert parts(found, "state", "phase", "waits_for") == ["running", "processing", None]
        assert parts(found["shards"], "open", "running", "waiting") == [1, None, None]
        follow = command("status", "now", "--output", str(tmp_path))
        assert found["commands"] == {"follow": follow, "stop": f"kill -INT {pid}"}
        write_run(tmp_path, "now", outcome("a"))
        assert parts(status(capsys, tmp_path, "now"), "phase", "done") == ["reporting", 1]
    assert parts(status(capsys, tmp_path, "now"), "state", "phase") == ["stopped", "ended"]


def test_an_interrupted_run_is_stopped_and_goes_on_with_its_folder_and_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = plan(tmp_path, "interrupted", shards=2, age=60)
    changed = {"languages": "deu+eng", "outputs": ["text", "tsv"], "words": True, "tesseract_config": {"psm": 6}}
    put(tmp_path, run.plan.key, {"documents": 3, "shards": 2, "up_to_date": 0, "input_uri": "file:///my%20scans/"})
    put(tmp_path, run.options.key, {**default_options(), "input_prefix": "s3://in/", "planned": True, **changed})
    report(tmp_path, run, "1 planned documents are not in the ledger", succeeded=2)
    values = json.loads((tmp_path / run.report.key).read_text())
    put(tmp_path, run.report.key, values | {"interrupted": True})
    plan(tmp_path, "later", shards=1)
    found = status(capsys, tmp_path, "interrupted")
    assert parts(found, "state", "phase", "done") == ["stopped", "ended", 2]
    said = shlex.split(found["commands"]["continue"])
    said = said[len(shlex.split(command())) - 1 :]
    assert said[1:5] == ["--input-prefix", "/my scans", "--output", str(tmp_path)]
    assert set(said[5:]) == {"--languages=deu+eng", "--outputs=text,tsv", "--words", '--tesseract-config={"psm": 6}'}
    given = chosen_options(run_parser().parse_args(said[1:]))
    assert RunSettings(**given) == RunSettings(**changed)


def test_a_run_that_was_interrupted_before_its_plan_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = {"languages": "deu", "reprocess": False}
    with suppress(KeyboardInterrupt), locked(tmp_path, Path("/my scans"), "r1", options):
        raise KeyboardInterrupt
    (found,) = status(capsys, tmp_path)["runs"]
    assert parts(found, "run_id", "state", "planned") == ["r1", "stopped", None]
    place = ("--input-prefix", "/my scans", "--output", str(tmp_path))
    assert found["commands"] == {"continue": command(*place, "--languages=deu", "--no-reprocess")}
    with locked(tmp_path, Path("/my scans"), "r2"):
        pass
    assert main(["status", "--output", str(tmp_path)]) == ExitCode.OK
    assert capsys.readouterr().out == "There are no runs yet.\n"


def test_a_run_that_was_killed_while_it_planned_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan(tmp_path, "before", shards=0, age=3600)
    with run_in_another_process(tmp_path, "killed"):
        pass
    found = status(capsys, tmp_path)["runs"][0]
    assert parts(found, "run_id", "state") == ["killed", "stopped"]
    assert "--input-prefix '/my scans'" in found["commands"]["continue"]


@pytest.mark.parametrize("how", [KeyboardInterrupt, InterruptedRun("", RunResult("r1", make_plan(), None, "", 1.0))])
def test_a_run_that_was_stopped_between_its_plan_and_its_first_shard_is_stopped_and_goes_on(
    how: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with suppress(KeyboardInterrupt, InterruptedRun), locked(tmp_path, Path("/my scans"), "r1", {"languages": "deu"}):
        plan(tmp_path, "r1", shards=2, begun=False)
        raise how
    found = status(capsys, tmp_path, "r1")
    assert parts(found, "state", "phase", "planned", "done") == ["stopped", "ended", 3, 0]
    assert found["commands"]["continue"].endswith(f"--output {tmp_path} --languages=deu")


def test_the_latest_runs_come_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for age, run_id in enumerate(["third", "second", "first"]):
        plan(tmp_path, run_id, shards=1, documents=12_000, age=100 * age)
    assert main(["status", "--output", str(tmp_path), "--limit", "2"]) == ExitCode.OK
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["third", "second", "1"]
    assert lines[0].split()[4:] == "12,000 0 0 0 of 1".split()
    assert lines[2] == "1 more: --limit shows them."


def test_a_copy_of_the_folder_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for hour, run_id in enumerate(["20250103-120500-aaaaaa", "20250102-120500-bbbbbb", "20250101-120500-cccccc"]):
        run = plan(tmp_path / "output", run_id, shards=1, age=100 * hour)
        report(tmp_path / "output", run, made_at=f"2025-01-0{3 - hour}T12:34:56+00:00")
        write_run(tmp_path / "output", run_id, outcome("a"))
    before = status(capsys, tmp_path / "output")["runs"]
    assert [run["started"] for run in before] == [f"2025-01-0{day}T12:05:00+00:00" for day in (3, 2, 1)]
    assert [run["ended"] for run in before] == [f"2025-01-0{day}T12:34:56+00:00" for day in (3, 2, 1)]
    shutil.copytree(tmp_path / "output", tmp_path / "copy", copy_function=shutil.copyfile)
    for path in sorted((tmp_path / "copy").rglob("*")):
        os.utime(path, (0, 0))
    assert status(capsys, tmp_path / "copy")["runs"] == [run | {"output": str(tmp_path / "copy")} for run in before]


def test_a_damaged_ledger_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = plan(tmp_path, "damaged", shards=1)
    (tmp_path / run.documents.key).mkdir(parents=True)
    (tmp_path / run.documents.key / "s00000.parquet").write_bytes(b"PAR1 and no more")
    assert main(["status", "damaged", "--output", str(tmp_path)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert "documents/run_id=damaged/ cannot be read" in shown and shown.count("\n") == 1


@pytest.mark.parametrize(
    ("folder", "arguments", "words"),
    [(".", ["never"], "There is no run 'never' in"), ("nowhere", [], "There is no folder '")],
)
def test_what_there_is_not_is_one_line(
    folder: str, arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", *arguments, "--output", str(tmp_path / folder)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert words in shown and shown.count("\n") == 1
