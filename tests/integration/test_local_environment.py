"""The workflow on the local environment, with job scripts of our own that only pretend to read documents."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from distributed_ocr_pipeline.local.environment import LocalEnvironment
from local_aws.sagemaker.reasons import REASONS
from tests.support.executions import (
    RUN_SECONDS,
    entered,
    finish,
    jobs_of,
    put_documents,
    run,
    start,
    write_pretending_scripts,
)

SEE_LOGS = REASONS["algorithm"]


@pytest.fixture(scope="module", name="scripts")
def _scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pretending_scripts(tmp_path_factory.mktemp("scripts"))


@pytest.fixture(scope="module", name="environment")
def _environment(scripts: Path) -> Iterator[LocalEnvironment]:
    with LocalEnvironment(scripts=scripts, grace_seconds=1) as environment:
        yield environment


def test_a_run_plans_processes_every_shard_and_reports(environment: LocalEnvironment) -> None:
    answer = run(environment, "all-good", "a.pdf", "b/c.pdf", "b/d.pdf")
    assert (answer["status"], answer.get("cause")) == ("SUCCEEDED", None)
    assert len(jobs_of(environment, "all-good", "ocr-s0")) == 3
    states = entered(environment, answer["executionArn"])
    assert [name for name in states if name in ("PlanShards", "ProcessShards", "ReportRun", "Balanced")] == [
        *("PlanShards", "ProcessShards", "ReportRun", "Balanced")
    ]


def test_a_shards_output_is_in_the_runs_folder(environment: LocalEnvironment) -> None:
    run(environment, "output", "a.pdf")
    client = environment.client("s3")
    body = client.get_object(Bucket=environment.output_bucket, Key="documents/run_id=output/s0000.parquet")["Body"]
    assert body.read() == b"a.pdf"
    assert client.list_objects_v2(Bucket=environment.output_bucket, Prefix="runs/output/map/")["KeyCount"] == 1


def test_a_run_that_its_caller_planned_starts_with_the_shards(environment: LocalEnvironment) -> None:
    prefix = put_documents(environment, "planned", "a.pdf")
    bucket, client = environment.output_bucket, environment.client("s3")
    files = {
        "shards/s0000/manifest.json": [{"prefix": prefix}, "a.pdf"],
        "shards/s0000/documents.jsonl": {"key": "planned/a.pdf"},
        "shards.json": [{"shard_id": "s0000"}],
        "plan.json": {"shards": 1},
    }
    for name, value in files.items():
        client.put_object(Bucket=bucket, Key=f"runs/planned/{name}", Body=json.dumps(value))
    answer = finish(environment, start(environment, "planned", input_prefix=prefix, planned=True))
    assert answer["status"] == "SUCCEEDED"
    assert "PlanShards" not in entered(environment, answer["executionArn"])


def test_a_run_without_documents_has_nothing_to_do(environment: LocalEnvironment) -> None:
    answer = run(environment, "nothing")
    assert answer["status"] == "SUCCEEDED"
    assert entered(environment, answer["executionArn"])[-1] == "NothingToDo"


def test_a_shard_that_fails_once_is_retried_under_a_new_name(environment: LocalEnvironment) -> None:
    assert run(environment, "second-try", "retry.pdf")["status"] == "SUCCEEDED"
    first, second = jobs_of(environment, "second-try", "ocr-s0")
    assert (first["ProcessingJobStatus"], second["ProcessingJobStatus"]) == ("Failed", "Completed")
    assert first["FailureReason"] == SEE_LOGS
    assert first["ProcessingJobName"] != second["ProcessingJobName"]


def test_bad_input_is_not_retried(environment: LocalEnvironment) -> None:
    run(environment, "wrong-input", "wrong.pdf")
    (job,) = jobs_of(environment, "wrong-input", "ocr-s0")
    assert (job["FailureReason"], job["ExitMessage"]) == (SEE_LOGS, "FINAL 64 The document is not one.")


def test_a_run_that_lost_a_document_fails_in_the_words_of_its_report(environment: LocalEnvironment) -> None:
    answer = run(environment, "lost-one", "a.pdf", "broken.pdf", tolerated_failed_shards=1)
    assert (answer["status"], answer["error"]) == ("FAILED", "RunFailed")
    assert answer["cause"] == "FINAL 65 1 of 2 documents are in the ledger."
    assert len(jobs_of(environment, "lost-one", "ocr-report")) == 1


def test_too_many_failed_shards_stop_the_others_and_are_reported(environment: LocalEnvironment) -> None:
    # The first shard is not given up before the job of the other has begun, which takes up to a second.
    answer = run(environment, "too-many", "late-broken.pdf", "slow.pdf", tolerated_failed_shards=0)
    assert answer["cause"] == "FINAL 65 0 of 2 documents are in the ledger."
    assert "Stopped" in [job["ProcessingJobStatus"] for job in jobs_of(environment, "too-many", "ocr-s0001")]


def test_no_more_shards_run_at_a_time_than_asked_for(environment: LocalEnvironment) -> None:
    run(environment, "one-by-one", "a.pdf", "b.pdf", "c.pdf", max_parallel_jobs=1)
    jobs = sorted(jobs_of(environment, "one-by-one", "ocr-s0"), key=lambda job: job["CreationTime"])
    assert len(jobs) == 3
    assert all(earlier["ProcessingEndTime"] <= later["CreationTime"] for earlier, later in zip(jobs, jobs[1:]))


def test_stopping_a_run_stops_its_jobs(environment: LocalEnvironment) -> None:
    prefix = put_documents(environment, "stopped", "slow.pdf")
    arn = start(environment, "stopped", input_prefix=prefix)
    end = time.monotonic() + RUN_SECONDS
    while not jobs_of(environment, "stopped", "ocr-s0"):
        assert time.monotonic() < end
        time.sleep(0.1)
    environment.client("stepfunctions").stop_execution(executionArn=arn)
    assert finish(environment, arn)["status"] == "ABORTED"
    while (job := jobs_of(environment, "stopped", "ocr-s0")[0])["ProcessingJobStatus"] == "Stopping":
        assert time.monotonic() < end
        time.sleep(0.1)
    assert job["ProcessingJobStatus"] == "Stopped"


def test_two_runs_at_a_time_do_not_meet(environment: LocalEnvironment) -> None:
    names = ("twin-a", "twin-b")
    arns = [start(environment, name, input_prefix=put_documents(environment, name, "retry.pdf")) for name in names]
    assert [finish(environment, arn)["status"] for arn in arns] == ["SUCCEEDED", "SUCCEEDED"]


def test_the_workflow_is_valid_and_has_no_mistakes_that_moto_lets_pass(environment: LocalEnvironment) -> None:
    client = environment.client("stepfunctions")
    definition = client.describe_state_machine(stateMachineArn=environment.state_machine_arn)["definition"]
    assert client.validate_state_machine_definition(definition=definition)["diagnostics"] == []


def test_every_shard_is_an_execution_with_a_history_of_its_own(environment: LocalEnvironment) -> None:
    answer = run(environment, "children", "a.pdf", "broken.pdf", tolerated_failed_shards=1)
    client = environment.client("stepfunctions")
    (map_run,) = client.list_map_runs(executionArn=answer["executionArn"])["mapRuns"]
    children = client.list_executions(mapRunArn=map_run["mapRunArn"])["executions"]
    assert sorted(child["status"] for child in children) == ["FAILED", "SUCCEEDED"]
    for child in children:
        events = client.get_execution_history(executionArn=child["executionArn"])["events"]
        resources = [
            event["taskScheduledEventDetails"]["resource"] for event in events if "taskScheduledEventDetails" in event
        ]
        assert resources.count("createProcessingJob.sync") == (3 if child["status"] == "FAILED" else 1)
    (failed,) = client.list_executions(mapRunArn=map_run["mapRunArn"], statusFilter="FAILED")["executions"]
    described = client.describe_execution(executionArn=failed["executionArn"])
    assert described["error"] == "States.TaskFailed" and json.loads(described["input"])["run_id"] == "children"


def test_why_a_shard_failed_is_recorded(environment: LocalEnvironment) -> None:
    run(environment, "recorded", "wrong.pdf")
    key = "runs/recorded/failed/s0000.json"
    stored = environment.client("s3").get_object(Bucket=environment.output_bucket, Key=key)["Body"].read()
    assert json.loads(json.loads(stored)["Cause"])["ExitMessage"] == "FINAL 64 The document is not one."
