"""Executions of the workflow on a local environment whose job scripts only pretend to read documents."""

import json
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
        import json, os, pathlib, signal, sys, time
        root = pathlib.Path(os.environ["OCR_ML_ROOT"])
        inputs, outputs = root / "processing/input", root / "processing/output"
        key = json.loads((inputs / "shard/documents.jsonl").read_text())["key"]
        document = [path for path in (inputs / "documents").rglob("*") if path.is_file()]
        attempts = pathlib.Path(__file__).parent / f"{os.environ['OCR_RUN_ID']}-{os.environ['OCR_SHARD_ID']}"
        with attempts.open("a") as file:
            print(len(document), file=file)
        print("progress documents=1 pages=1", flush=True)
        if "stubborn" in key:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if "slow" in key:
            time.sleep(600)
        if "late" in key:
            time.sleep(2)
        if "wrong" in key:
            (root / "output/message").write_text("FINAL 64 The document is not one.")
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
        verdict = "" if found == planned else "FINAL 65 "
        (pathlib.Path(os.environ["OCR_ML_ROOT"]) / "output/message").write_text(verdict + message)
        sys.exit(65 if verdict else 0)
    """,
}


def write_pretending_scripts(folder: Path) -> Path:
    """The three job scripts, in this folder."""
    for name, source in SCRIPTS.items():
        (folder / name).write_text(textwrap.dedent(source), encoding="utf-8")
    return folder


def put_documents(environment: LocalEnvironment, prefix: str, *names: str) -> str:
    for name in names:
        environment.client("s3").put_object(Bucket=environment.input_bucket, Key=f"{prefix}/{name}", Body=name.encode())
    return f"s3://{environment.input_bucket}/{prefix}/"


def start(environment: LocalEnvironment, name: str, **options: Any) -> str:
    """Start a run, of two jobs at a time as long as the options say nothing else; returns its ARN."""
    answer = environment.client("stepfunctions").start_execution(
        stateMachineArn=environment.state_machine_arn,
        name=name,
        input=json.dumps({"max_parallel_jobs": 2, **options}),
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
