"""A local environment without deployment, and small jobs and state machines to run on it."""

import json
import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.local.environment import LocalEnvironment
from local_aws.sagemaker.logs import GROUP
from local_aws.settings import ServerSettings

ROLE = "arn:aws:iam::123456789012:role/job"
BUCKET = "data"
END_SECONDS = 60.0

RUN_GIVEN_CODE = """
import os, runpy
runpy.run_path(os.environ["OCR_ML_ROOT"] + "/processing/input/code/main.py", run_name="__main__")
"""

FAULTS = {
    "retry_wait_scale": 0.01,
    "jobs": [
        {"name": "refused-twice-*", "refuse": "ResourceLimitExceeded", "times": 2},
        {"name": "never-*", "refuse": "ResourceLimitExceeded"},
        {"name": "throttled-*", "refuse": "ThrottlingException"},
        {"name": "fail-*", "end": {"status": "Failed", "failure_reason": "AlgorithmError: , exit code: 137"}},
        {"name": "stop-*", "end": {"status": "Stopped"}},
        {"name": "empty-*", "end": {"status": "Completed"}},
        {"name": "killed-*", "kill": "half done"},
        {"name": "starved-*", "oom": "half done"},
        {"name": "halted-*", "stop": "half done"},
        {"name": "lossy-*", "lose": "out"},
    ],
    "objects": [{"path": "/*/huge.pdf", "size_bytes": 3 * 1024**3}],
}


class Harness:
    """Jobs and executions on one local environment."""

    def __init__(self, environment: LocalEnvironment) -> None:
        self.environment = environment
        self.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": environment.region}
        )
        for name, service in (("job", "sagemaker"), ("workflow", "states")):
            trust = {"Statement": [{"Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
            self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))

    def client(self, service: str) -> Any:
        return self.environment.client(service)

    def put(self, key: str, content: bytes) -> None:
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)

    def keys(self, prefix: str) -> list[str]:
        found = self.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [item["Key"].removeprefix(prefix) for item in found]

    def read(self, key: str) -> bytes:
        content: bytes = self.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def create(self, code: str, name: str = "", **changes: Any) -> str:
        """Create a job that runs `code`; what it writes to $OUT is uploaded to <name>/out/."""
        name = name or f"job-{uuid.uuid4()}"
        self.put(f"{name}/code/main.py", _PRELUDE.encode() + code.encode())
        self.client("sagemaker").create_processing_job(**job_request(name, **changes))
        return name

    def wait(self, name: str) -> Mapping[str, Any]:
        """The job's description after its end."""
        end = time.monotonic() + END_SECONDS
        while time.monotonic() < end:
            job: Mapping[str, Any] = self.client("sagemaker").describe_processing_job(ProcessingJobName=name)
            if job["ProcessingJobStatus"] not in ("InProgress", "Stopping"):
                return job
            time.sleep(0.05)
        raise AssertionError(f"{name} did not end")

    def run(self, code: str, name: str = "", **changes: Any) -> Mapping[str, Any]:
        return self.wait(self.create(code, name, **changes))

    def log(self, name: str) -> list[str]:
        client = self.client("logs")
        (stream,) = client.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")["logStreams"]
        events = client.get_log_events(
            logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True, limit=10_000
        )["events"]
        return [event["message"] for event in events]

    def wait_for_line(self, name: str, line: str) -> None:
        """Until the running job has printed `line`."""
        end = time.monotonic() + END_SECONDS
        while time.monotonic() < end:
            try:
                if line in self.log(name):
                    return
            except (ValueError, self.client("logs").exceptions.ResourceNotFoundException):
                pass
            time.sleep(0.05)
        raise AssertionError(f"{name} did not print {line!r}")

    def start_machine(self, states: Mapping[str, Any], **inputs: Any) -> str:
        """Start a state machine made of `states`, the first one first; returns the execution's ARN."""
        machine = self.client("stepfunctions").create_state_machine(
            name=f"machine-{uuid.uuid4()}",
            definition=json.dumps({"StartAt": next(iter(states)), "States": states}),
            roleArn="arn:aws:iam::123456789012:role/workflow",
        )
        arn: str = self.client("stepfunctions").start_execution(
            stateMachineArn=machine["stateMachineArn"], input=json.dumps(inputs)
        )["executionArn"]
        return arn

    def job_state(self, code: str, name: str = "", **fields: Any) -> dict[str, Any]:
        """A Task state that runs `code` as a job and waits for it."""
        name = name or f"task-{uuid.uuid4()}"
        self.put(f"{name}/code/main.py", code.encode())
        resource = "arn:aws:states:::sagemaker:createProcessingJob.sync"
        return {"Type": "Task", "Resource": resource, "Parameters": job_request(name), "End": True, **fields}

    def finish(self, arn: str) -> Mapping[str, Any]:
        """The execution's description after its end."""
        end = time.monotonic() + END_SECONDS
        while time.monotonic() < end:
            answer: Mapping[str, Any] = self.client("stepfunctions").describe_execution(executionArn=arn)
            if answer["status"] != "RUNNING":
                return answer
            time.sleep(0.05)
        raise AssertionError(f"{arn} did not end")

    def run_machine(self, states: Mapping[str, Any], **inputs: Any) -> Mapping[str, Any]:
        return self.finish(self.start_machine(states, **inputs))

    def history(self, arn: str) -> list[Mapping[str, Any]]:
        events: list[Mapping[str, Any]] = self.client("stepfunctions").get_execution_history(executionArn=arn)["events"]
        return events


_PRELUDE = """
import os, pathlib, sys, time
ROOT = pathlib.Path(os.environ["OCR_ML_ROOT"])
IN, OUT, MESSAGE = ROOT / "processing/input", ROOT / "processing/output/out", ROOT / "output/message"
"""


def job_request(name: str, **changes: Any) -> dict[str, Any]:
    """A CreateProcessingJob request for the code at <name>/code/main.py."""
    inputs = changes.pop("inputs", [])
    mode = changes.pop("upload_mode", "EndOfJob")
    request: dict[str, Any] = {
        "ProcessingJobName": name,
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": "image", "ContainerArguments": ["process"]},
        "ProcessingInputs": [s3_input("code", f"s3://{BUCKET}/{name}/code/"), *inputs],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "out",
                    "S3Output": {
                        "S3Uri": f"s3://{BUCKET}/{name}/out",
                        "LocalPath": "/opt/ml/processing/output/out",
                        "S3UploadMode": mode,
                    },
                }
            ]
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1}
        },
        "NetworkConfig": {"EnableNetworkIsolation": True},
    }
    return request | changes


def s3_input(name: str, uri: str, kind: str = "S3Prefix") -> dict[str, Any]:
    """One processing input."""
    place = f"/opt/ml/processing/input/{name}"
    return {
        "InputName": name,
        "S3Input": {"S3Uri": uri, "LocalPath": place, "S3DataType": kind, "S3InputMode": "File"},
    }


def write_scripts(folder: Path) -> Path:
    """Job scripts that run the code they are given."""
    (folder / "process_shard.py").write_text(RUN_GIVEN_CODE, encoding="utf-8")
    return folder


def map_state(items: int, child: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A Distributed Map over the numbers below `items`, whose children are `child`."""
    first = next(iter(child))
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": first}
    return {
        "Items": {"Type": "Pass", "Result": list(range(items)), "ResultPath": "$.items", "Next": "Map"},
        "Map": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": processor | {"States": child},
            "End": True,
            **fields,
        },
    }


def settings(scripts: Path) -> ServerSettings:
    """Settings of a server for a project with one script."""
    return ServerSettings(
        scripts={"process": scripts / "process_shard.py"},
        root_variable="OCR_ML_ROOT",
        run_variable="RUN",
        image="project:latest",
        image_advice="Build it.",
        variable_prefix="TEST_",
    )


def gone(pid: int) -> bool:
    """Whether a process ends within some time."""
    end = time.monotonic() + END_SECONDS
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
