"""`ocr-pipeline status` of runs on a deployment whose jobs wait for everything that a job can wait for."""

import json
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import pytest

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
        {"name": "ocr-s00000-*", "end": {"status": "Failed", "failure_reason": "ClientError: The image is not there."}},
        {"name": "ocr-s00003-*", "refuse": "ResourceLimitExceeded"},
        {"name": "ocr-s00004-*", "refuse": "ThrottlingException"},
        {"name": "ocr-s00005-*", "end": {"status": "Failed", "failure": "capacity"}},
    ],
}
PROCESS = f"""
    import os, runpy, time
    if os.environ["OCR_SHARD_ID"] in ("s00002", "s00006"):
        print("at work", flush=True)
        time.sleep(600)
    runpy.run_path({str(PROJECT / "job_scripts/process_shard.py")!r}, run_name="__main__")
"""
SHARDS, AT_A_TIME = 8, 5  # the first fails, the second is done; the eighth waits until one of the five before has ended


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
        time.sleep(0.5)


def test_every_shard_is_counted_where_it_stands_and_what_it_waits_for(
    mixed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del mixed
    waiting = {"quota": 1, "throttling": 1, "capacity": 1, "turn": 1}
    shards = {"total": 8, "done": 1, "failed": 1, "open": 6, "running": 2, "waiting": waiting, "looked_at": 5}
    found = wait_for(capsys, "mixed", shards=shards)
    assert (found["state"], found["phase"]) == ("running", "processing")
    assert (found["planned"], found["documents"]) == (8, {"succeeded": 1})
    assert found["commands"] == {"follow": "ocr-pipeline status mixed", "stop": "ocr-pipeline stop mixed"}
    assert main(["status", "mixed"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "state       running, processing\n" in shown
    assert "shards      8: 1 done, 1 failed, 6 open\n  running           2\n" in shown
    assert "  waiting           1 for the account's quota of instances\n" in shown


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
    assert [line.split()[:2] for line in lines] == [["early", "stopped"], ["mixed", "stopped"]]
    assert lines[1].split()[4:] == "8 1 0 1 of 8, 1 failed".split()
    assert main(["status", "--limit", "1", "--json"]) == ExitCode.OK
    assert [run["run_id"] for run in json.loads(capsys.readouterr().out)["runs"]] == ["early"]
    prefix = f"s3://{environment.input_bucket}/mixed/"
    stopped = wait_for(capsys, "mixed", state="stopped", phase="ended")
    assert stopped["commands"] == {"continue": f"ocr-pipeline --input-prefix {prefix}"}


def test_a_run_that_there_is_not_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "never"]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert shown.startswith("ocr-pipeline: error: There is no run 'never' of arn:") and shown.count("\n") == 1
