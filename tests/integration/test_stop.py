"""`ocr-pipeline stop` on the local environment, with job scripts that only pretend to read documents."""

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from distributed_ocr_pipeline.client.commands.stop import Stopping
from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from distributed_ocr_pipeline.main import main
from tests.support.executions import (
    RUN_SECONDS,
    finish,
    jobs_of,
    put_documents,
    run,
    start,
    write_pretending_scripts,
)

_COPIED = ("AppSpecification", "Environment", "NetworkConfig", "ProcessingInputs", "ProcessingResources", "RoleArn")


@pytest.fixture(scope="module", name="environment")
def fixture_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEnvironment]:
    scripts = write_pretending_scripts(tmp_path_factory.mktemp("scripts"))
    with LocalEnvironment(scripts=scripts, grace_seconds=1) as environment:
        yield environment


@pytest.fixture(autouse=True)
def fixture_command(environment: LocalEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command finds the deployment as on AWS, and looks again without a pause."""
    for name, value in environment.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Stopping.__init__, "__defaults__", (0.1,))


def start_slow(environment: LocalEnvironment, name: str, shards: int) -> str:
    """Start a run whose shards take ten minutes and end when they are killed; returns its ARN when they are at work."""
    prefix = put_documents(environment, name, *[f"slow-and-stubborn-{number}.pdf" for number in range(shards)])
    arn = start(environment, name, input_prefix=prefix)
    end = time.monotonic() + RUN_SECONDS
    while len(jobs_of(environment, name, "ocr-s0")) < shards:
        assert time.monotonic() < end
        time.sleep(0.1)
    return arn


def copy_job(environment: LocalEnvironment, job: Mapping[str, Any], name: str, **changes: str) -> str:
    """Start a job like another one, of which no execution knows."""
    request = {field: job[field] for field in _COPIED}
    request["Environment"] = job["Environment"] | changes
    name = f"{name}-{uuid.uuid4()}"
    environment.client("sagemaker").create_processing_job(ProcessingJobName=name, **request)
    return name


def status(environment: LocalEnvironment, name: str) -> str:
    job = environment.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    return str(job["ProcessingJobStatus"])


def test_a_run_is_stopped_with_its_jobs(environment: LocalEnvironment, capsys: pytest.CaptureFixture[str]) -> None:
    arn = start_slow(environment, "going", shards=2)
    own = jobs_of(environment, "going", "ocr-s0")
    unknown = copy_job(environment, own[0], "ocr-s0000")  # as if Step Functions did not stop it
    assert main(["stop", "going"]) == ExitCode.OK
    names = [job["ProcessingJobName"] for job in own] + [unknown]
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == f"stopped  {arn}" and sorted(shown[1:-1]) == sorted(f"stopped  {name}" for name in names)
    assert shown[-1].startswith("3 jobs stopped.")
    assert finish(environment, arn)["status"] == "ABORTED"
    assert {status(environment, name) for name in names} == {"Stopped"}


def test_without_a_run_the_jobs_of_ended_runs_are_stopped_and_no_others(
    environment: LocalEnvironment, capsys: pytest.CaptureFixture[str]
) -> None:
    run(environment, "ended", "a.pdf")
    arn = start_slow(environment, "at-work", shards=1)
    (job,) = jobs_of(environment, "at-work", "ocr-s0")
    left = copy_job(environment, job, "ocr-s0000", OCR_RUN_ID="ended")
    forgotten = copy_job(environment, job, "ocr-s0000", OCR_RUN_ID="of-last-year")
    foreign = copy_job(environment, job, "ocr-eu-s0000", OCR_RUN_ID="ended")
    assert main(["stop", "--json"]) == ExitCode.OK
    shown, lines = json.loads((captured := capsys.readouterr()).out), captured.err.splitlines()
    assert shown == {"run_id": None, "status": None, "jobs": sorted([left, forgotten]), "not_ended": []}
    assert sorted(lines[:-1]) == sorted(f"stopped  {name}" for name in (left, forgotten))
    assert {status(environment, name) for name in (left, forgotten)} == {"Stopped"}
    assert {status(environment, name) for name in (job["ProcessingJobName"], foreign)} == {"InProgress"}
    environment.client("stepfunctions").stop_execution(executionArn=arn)
    environment.client("sagemaker").stop_processing_job(ProcessingJobName=foreign)


def test_a_run_that_has_ended_is_said_to_have_ended(
    environment: LocalEnvironment, capsys: pytest.CaptureFixture[str]
) -> None:
    run(environment, "done", "a.pdf")
    assert main(["stop", "done"]) == ExitCode.OK
    assert capsys.readouterr().out.splitlines()[0] == "The run done has ended already: SUCCEEDED."
    assert main(["stop", "done", "--json"]) == ExitCode.OK
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"run_id": "done", "status": "SUCCEEDED", "jobs": [], "not_ended": []}
    assert shown.err.splitlines()[0] == "The run done has ended already: SUCCEEDED."


@pytest.mark.parametrize("name", ["never-started", "no run at all"])
def test_a_run_that_there_is_not_is_one_line(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["stop", name]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert (
        shown.startswith(f"ocr-pipeline: error: There is no run '{name}' of arn:aws:states:") and shown.count("\n") == 1
    )
