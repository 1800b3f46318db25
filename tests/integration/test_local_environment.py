"""The workflow on the local environment, with job scripts of our own that only pretend to read documents."""

import json
import textwrap
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.local.environment import LocalEnvironment

RUN_SECONDS = 60

# A document's key says what becomes of its shard: "retry" fails at the first attempt, "wrong" is bad input, and so on.
SCRIPTS = {
    "plan_shards.py": """
        import json, os, pathlib, boto3
        options = json.loads((pathlib.Path(os.environ["OCR_ML_ROOT"]) / "processing/input/run/run.json").read_text())
        bucket, _, prefix = options["input_prefix"].removeprefix("s3://").partition("/")
        run = f"runs/{os.environ['OCR_RUN_ID']}"
        s3 = boto3.client("s3")
        def put(key, value):
            s3.put_object(Bucket=os.environ["OCR_OUTPUT_BUCKET"], Key=f"{run}/{key}", Body=json.dumps(value))
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]
        shards = []
        for number, key in enumerate(keys):
            shards.append({"shard_id": f"s{number:04}"})
            put(f"shards/s{number:04}/manifest.json", [{"prefix": f"s3://{bucket}/{prefix}"}, key.removeprefix(prefix)])
            put(f"shards/s{number:04}/documents.jsonl", {"key": key})
        put("shards.json", shards)
        put("plan.json", {"shards": len(shards)})
    """,
    "process_shard.py": """
        import json, os, pathlib, sys, time
        root = pathlib.Path(os.environ["OCR_ML_ROOT"])
        inputs, outputs = root / "processing/input", root / "processing/output"
        key = json.loads((inputs / "shard/documents.jsonl").read_text())["key"]
        document = [path for path in (inputs / "documents").rglob("*") if path.is_file()]
        attempts = pathlib.Path(__file__).parent / f"{os.environ['OCR_RUN_ID']}-{os.environ['OCR_SHARD_ID']}"
        with attempts.open("a") as file:
            print(len(document), file=file)
        print("progress documents=1 pages=1", flush=True)
        if "slow" in key:
            time.sleep(600)
        if "wrong" in key:
            (root / "output/message").write_text("The document is not one.")
            sys.exit(64)
        if "broken" in key or "retry" in key and len(attempts.read_text().split()) == 1:
            sys.exit(1)
        name = os.environ["OCR_SHARD_ID"] + ".parquet"
        (outputs / "documents" / name).write_text(document[0].read_text())
    """,
    "report_run.py": """
        import json, os, pathlib, sys, boto3
        run, bucket = os.environ["OCR_RUN_ID"], os.environ["OCR_OUTPUT_BUCKET"]
        s3 = boto3.client("s3")
        planned = json.loads(s3.get_object(Bucket=bucket, Key=f"runs/{run}/plan.json")["Body"].read())["shards"]
        found = s3.list_objects_v2(Bucket=bucket, Prefix=f"documents/run_id={run}/").get("KeyCount", 0)
        message = f"{found} of {planned} documents are in the ledger."
        s3.put_object(Bucket=bucket, Key=f"runs/{run}/report.json", Body=message)
        (pathlib.Path(os.environ["OCR_ML_ROOT"]) / "output/message").write_text(message)
        sys.exit(0 if found == planned else 65)
    """,
}


@pytest.fixture(scope="module", name="scripts")
def _scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    for name, source in SCRIPTS.items():
        (folder / name).write_text(textwrap.dedent(source), encoding="utf-8")
    return folder


@pytest.fixture(scope="module", name="environment")
def _environment(scripts: Path) -> Iterator[LocalEnvironment]:
    with LocalEnvironment(scripts=scripts, grace_seconds=1) as environment:
        yield environment


def put_documents(environment: LocalEnvironment, prefix: str, *names: str) -> str:
    for name in names:
        environment.client("s3").put_object(Bucket=environment.input_bucket, Key=f"{prefix}/{name}", Body=name.encode())
    return f"s3://{environment.input_bucket}/{prefix}/"


def start(environment: LocalEnvironment, name: str, **options: Any) -> str:
    answer = environment.client("stepfunctions").start_execution(
        stateMachineArn=environment.state_machine_arn, name=name, input=json.dumps(options)
    )
    arn: str = answer["executionArn"]
    return arn


def finish(environment: LocalEnvironment, arn: str) -> Mapping[str, Any]:
    end = time.monotonic() + RUN_SECONDS
    while time.monotonic() < end:
        answer: Mapping[str, Any] = environment.client("stepfunctions").describe_execution(executionArn=arn)
        if answer["status"] != "RUNNING":
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{arn} did not end")


def run(environment: LocalEnvironment, name: str, *documents: str, **options: Any) -> Mapping[str, Any]:
    prefix = put_documents(environment, name, *documents)
    return finish(environment, start(environment, name, input_prefix=prefix, **options))


def jobs_of(environment: LocalEnvironment, run_id: str, part: str) -> list[Mapping[str, Any]]:
    """Descriptions of a run's jobs whose name has `part`, oldest first."""
    client = environment.client("sagemaker")
    pages = client.get_paginator("list_processing_jobs").paginate(NameContains=part, SortOrder="Ascending")
    names = [job["ProcessingJobName"] for page in pages for job in page["ProcessingJobSummaries"]]
    found = [client.describe_processing_job(ProcessingJobName=name) for name in names]
    return [job for job in found if job["Environment"]["OCR_RUN_ID"] == run_id]


def entered(environment: LocalEnvironment, arn: str) -> list[str]:
    """Names of the states that the execution entered."""
    events = environment.client("stepfunctions").get_execution_history(executionArn=arn)["events"]
    return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]


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
    assert first["FailureReason"] == "AlgorithmError: , exit code: 1"
    assert first["ProcessingJobName"] != second["ProcessingJobName"]


def test_bad_input_is_not_retried(environment: LocalEnvironment) -> None:
    run(environment, "wrong-input", "wrong.pdf")
    (job,) = jobs_of(environment, "wrong-input", "ocr-s0")
    assert (job["FailureReason"], job["ExitMessage"]) == ("AlgorithmError: , exit code: 64", "The document is not one.")


def test_a_run_that_lost_a_document_fails_in_the_words_of_its_report(environment: LocalEnvironment) -> None:
    answer = run(environment, "lost-one", "a.pdf", "broken.pdf", tolerated_failed_shards=1)
    assert (answer["status"], answer["error"]) == ("FAILED", "RunFailed")
    assert answer["cause"] == "1 of 2 documents are in the ledger."
    assert len(jobs_of(environment, "lost-one", "ocr-report")) == 1


def test_too_many_failed_shards_stop_the_others_and_are_reported(environment: LocalEnvironment) -> None:
    answer = run(environment, "too-many", "broken.pdf", "slow.pdf", tolerated_failed_shards=0)
    assert answer["cause"] == "0 of 2 documents are in the ledger."
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
    assert json.loads(json.loads(stored)["Cause"])["ExitMessage"] == "The document is not one."
