"""`ocr-pipeline status` and `logs` of runs on AWS, one of which goes on: its jobs wait for all that jobs wait for."""

import json
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import pytest

from distributed_ocr_pipeline.client.command_line.proposals import command
from distributed_ocr_pipeline.client.commands import logs as logs_module
from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from distributed_ocr_pipeline.main import main
from tests.support.executions import RUN_SECONDS, finish, put_documents, start
from tests.support.image import PROJECT
from tests.support.workplace import paper

FAULTS = {
    "account": {"tells_quotas": False, "instances": {"ml.t3.xlarge": 20}, "total_instances": 20},
    "jobs": [
        {"name": "ocr-plan-*", "run": "early", "refuse": "ResourceLimitExceeded"},
        {
            "name": "ocr-s00000-*",
            "run": "mixed",
            "end": {"status": "Failed", "failure_reason": "ClientError: The image is not there."},
        },
        {"name": "ocr-s00003-*", "run": "mixed", "refuse": "ResourceLimitExceeded"},
        {"name": "ocr-s00004-*", "run": "mixed", "refuse": "ThrottlingException"},
        {"name": "ocr-s00005-*", "run": "mixed", "end": {"status": "Failed", "failure": "capacity"}},
    ],
}
PROCESS = f"""
    import os, runpy, time
    print("WARNING document_id=of-" + os.environ["OCR_SHARD_ID"] + ": \\x1b[2J", flush=True)
    if os.environ["OCR_SHARD_ID"] in ("s00002", "s00006"):
        time.sleep(600)
    runpy.run_path({str(PROJECT / "job_scripts/process_shard.py")!r}, run_name="__main__")
"""
SHARDS, AT_A_TIME = 8, 5
STANDSTILL = {
    "total": SHARDS,
    "done": 1,
    "failed": 1,
    "open": 6,
    "running": 2,
    "waiting": {"quota": 1, "throttling": 1, "capacity": 1, "turn": 1},
    "looked_at": AT_A_TIME,
}
"""How the shards stand when the first has failed and the second is done, until somebody stops the run."""


@pytest.fixture(name="environment", scope="module")
def fixture_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEnvironment]:
    folder = tmp_path_factory.mktemp("deployment")
    (folder / "faults.json").write_text(json.dumps(FAULTS), encoding="utf-8")
    for name in ("plan_shards.py", "report_run.py"):
        (folder / name).write_text((PROJECT / "job_scripts" / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "process_shard.py").write_text(textwrap.dedent(PROCESS), encoding="utf-8")
    faults = {"OCR_LOCAL_FAULTS": str(folder / "faults.json")}
    with LocalEnvironment(scripts=folder, environ=faults, grace_seconds=1) as environment:
        yield environment


@pytest.fixture(autouse=True)
def fixture_command(environment: LocalEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(logs_module, "_PULSE_SECONDS", 2)


@pytest.fixture(name="mixed", scope="module")
def fixture_mixed(environment: LocalEnvironment) -> str:
    """A run, of whose shards some have ended, some work, and the others wait; returns its execution's ARN."""
    for number in range(SHARDS):
        environment.client("s3").put_object(
            Bucket=environment.input_bucket, Key=f"mixed/{number}.pdf", Body=paper(str(number))
        )
    options = {"files_per_job": 1, "max_parallel_jobs": AT_A_TIME, "text_layer": "only"}
    return start(environment, "mixed", input_prefix=f"s3://{environment.input_bucket}/mixed/", **options)


def wait_for(capsys: pytest.CaptureFixture[str], run_id: str, **wanted: Any) -> dict[str, Any]:
    """What the command says of a run, once it says this."""
    end = time.monotonic() + RUN_SECONDS
    while True:
        assert main(["status", run_id, "--json"]) == ExitCode.OK
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        if {name: found[name] for name in wanted} == wanted:
            return found
        assert time.monotonic() < end, found
        time.sleep(1.5)


def test_every_shard_is_counted_where_it_stands_and_what_it_waits_for(
    mixed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del mixed
    found = wait_for(capsys, "mixed", shards=STANDSTILL)
    assert (found["state"], found["phase"]) == ("running", "processing")
    assert (found["planned"], found["documents"]) == (8, {"succeeded": 1})
    assert found["commands"] == {"follow": command("status", "mixed"), "stop": command("stop", "mixed")}
    assert main(["status", "mixed"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "state       running, processing\n" in shown
    assert "shards      8: 1 done, 1 failed, 6 open\n  running           2\n" in shown
    assert "  waiting           1 for the account's quota of instances\n" in shown


def logged(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, str]]:
    """What is printed: the job's part, and its line."""
    assert main(["logs", *arguments]) == ExitCode.OK
    return [(line[20:27].rstrip(), line[28:]) for line in capsys.readouterr().out.splitlines()]


def test_the_log_is_that_of_the_runs_own_jobs_each_line_once(
    environment: LocalEnvironment, mixed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del mixed
    environment.client("s3").put_object(Bucket=environment.input_bucket, Key="brief/a.pdf", Body=paper("brief"))
    start(environment, "brief", input_prefix=f"s3://{environment.input_bucket}/brief/")
    lines = logged(capsys, "brief", "--follow")  # until it has ended
    assert {part for part, _ in lines} == {"plan", "s00000", "report"}
    assert [line for part, line in lines if "document_id=of-" in line] == ["WARNING document_id=of-s00000: \\x1b[2J"]
    assert lines == logged(capsys)  # it is the latest
    wait_for(capsys, "mixed", shards=STANDSTILL)
    named = [part for part, line in logged(capsys, "mixed") if "document_id=of-" in line]
    assert sorted(named) == ["s00001", "s00002", "s00006"]


def test_a_line_of_json_says_whose_it_is(
    environment: LocalEnvironment, mixed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del mixed
    wait_for(capsys, "mixed", shards=STANDSTILL)
    assert main(["logs", "mixed", "--document", "of-s00006", "--json"]) == ExitCode.OK
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert set(line) == {"time", "job", "part", "message"}
    job = environment.client("sagemaker").describe_processing_job(ProcessingJobName=line["job"])
    assert (job["Environment"]["OCR_RUN_ID"], job["Environment"]["OCR_SHARD_ID"]) == ("mixed", line["part"])
    assert line["message"] == "WARNING document_id=of-s00006: \x1b[2J"


def test_a_document_that_no_line_names_is_said_beside_the_lines(mixed: str, capsys: pytest.CaptureFixture[str]) -> None:
    del mixed
    assert main(["logs", "mixed", "--document", "unknown"]) == ExitCode.OK
    shown = capsys.readouterr()
    assert not shown.out and shown.err.startswith("No line names the document unknown:")


def test_a_run_whose_planning_waits_says_so(environment: LocalEnvironment, capsys: pytest.CaptureFixture[str]) -> None:
    arn = start(environment, "early", input_prefix=put_documents(environment, "early", "a.pdf"))
    found = wait_for(capsys, "early", phase="planning", waits_for="quota")
    assert (found["planned"], found["shards"]["total"]) == (None, None)
    environment.client("stepfunctions").stop_execution(executionArn=arn)


def test_the_latest_runs_are_listed_as_they_stand(
    environment: LocalEnvironment, mixed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.client("stepfunctions").stop_execution(executionArn=mixed)
    assert finish(environment, mixed)["status"] == "ABORTED"
    assert main(["status"]) == ExitCode.OK
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == "run state started (UTC) planned done failed shards done".split()
    names = [["early", "stopped"], ["brief", "succeeded"], ["mixed", "stopped"]]
    assert [line.split()[:2] for line in lines] == names
    assert lines[2].split()[4:] == "8 1 0 1 of 8, 1 failed".split()
    assert main(["status", "--limit", "1", "--json"]) == ExitCode.OK
    assert [run["run_id"] for run in json.loads(capsys.readouterr().out)["runs"]] == ["early"]
    prefix = f"s3://{environment.input_bucket}/mixed/"
    stopped = wait_for(capsys, "mixed", state="stopped", phase="ended")
    assert stopped["commands"] == {"continue": command("--input-prefix", prefix)}


@pytest.mark.parametrize("command", ["status", "logs"])
def test_a_run_that_there_is_not_is_one_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "never"]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert shown.startswith("ocr-pipeline: error: There is no run 'never' of arn:") and shown.count("\n") == 1
