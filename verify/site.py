"""The deployment that is asked: its jobs, its state machine's role, and a scratch prefix."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput, PipelineError, ServiceFault
from distributed_ocr_pipeline.storage import aws_call

PROBES = Path(__file__).with_name("probes.py")
_LOCAL = "/opt/ml/processing/input"
_ENDED = ("Completed", "Failed", "Stopped")
_JOB_SECONDS = 1800.0
_START_SECONDS = 120.0
_MAX_RUNTIME_SECONDS = 900

_T = TypeVar("_T")


class Unanswered(PipelineError):
    """Something that a question waits for did not happen in time."""


@dataclass(frozen=True)
class Site:
    """A deployment, and what a run of the questions makes there.

    Attributes:
        deployment: Where it is.
        id: Part of every name that is made.
        pulse_seconds: Seconds between two looks at something that takes time.
        is_stand_in: Whether a local endpoint stands for AWS.
    """

    deployment: Deployment
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    pulse_seconds: float = 10.0
    is_stand_in: bool = False

    @property
    def bucket(self) -> str:
        """The bucket of the scratch prefix: the worker's role reads all of it."""
        if not self.deployment.input_bucket:
            raise BadInput("The deployment's input bucket is not known.", "Set OCR_BUCKET_NAME.")
        return self.deployment.input_bucket

    @property
    def scratch(self) -> str:
        """The prefix of everything that is stored."""
        return f"verify-aws/{self.id}/"

    @property
    def lock(self) -> str:
        """The key of an object in the output bucket that the state machine's role may write."""
        return f"locks/verify-aws-{self.id}.json"

    def client(self, service: str) -> Any:
        """A boto3 client."""
        return self.deployment.client(service)

    def machine(self) -> Mapping[str, Any]:
        """The deployed state machine, its definition decoded."""
        with aws_call("Reading the deployed workflow"):
            found: dict[str, Any] = self.client("stepfunctions").describe_state_machine(
                stateMachineArn=self.deployment.state_machine_arn
            )
        return found | {"definition": json.loads(found["definition"])}

    def put(self, name: str, content: bytes, **settings: Any) -> str:
        """Store an object below the scratch prefix; returns its URI."""
        key = self.scratch + name
        with aws_call(f"Writing s3://{self.bucket}/{key}"):
            self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=content, **settings)
        return f"s3://{self.bucket}/{key}"

    def manifest(self, *suffixes: str) -> str:
        """Store a manifest of objects below the scratch prefix; returns its URI."""
        content = [{"prefix": f"s3://{self.bucket}/{self.scratch}data/"}, *suffixes]
        return self.put(f"manifest-{uuid.uuid4().hex[:8]}.json", json.dumps(content).encode())

    def request(self, probe: str, manifest: str | None = None) -> dict[str, Any]:
        """A CreateProcessingJob request that runs a probe as the worker, on the planner's instance."""
        states = self.machine()["definition"]["States"]
        planner, worker = states["PlanShards"]["Parameters"], _worker(states)
        inputs = [_input("probe", self.put("probe/probes.py", PROBES.read_bytes()), "S3Prefix")]
        inputs += [_input("data", manifest, "ManifestFile")] if manifest else []
        return {
            "ProcessingJobName": self._job_name(planner["Environment"]["OCR_PIPELINE"], probe),
            "RoleArn": worker["RoleArn"],
            "AppSpecification": {
                "ImageUri": planner["AppSpecification"]["ImageUri"],
                "ContainerEntrypoint": ["python3", f"{_LOCAL}/probe/probes.py", probe],
            },
            "ProcessingInputs": inputs,
            "ProcessingResources": planner["ProcessingResources"],
            "NetworkConfig": worker["NetworkConfig"],
            "StoppingCondition": {"MaxRuntimeInSeconds": _MAX_RUNTIME_SECONDS},
        }

    def _job_name(self, prefix: str, probe: str) -> str:
        """A name like those of shards' jobs: the workflow's role may start no others."""
        return f"{prefix}-s{probe.ljust(5, '0')[:5]}-{self.id}{str(uuid.uuid4())[8:]}"

    def run_job(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run a job to its end; returns its description."""
        name = request["ProcessingJobName"]
        self.start_job(request)
        return self.until(f"the end of {name}", lambda: self._ended(name))

    def start_job(self, request: Mapping[str, Any]) -> None:
        """Start a job; a throttled call is repeated."""

        def start() -> bool | None:
            try:
                with aws_call(f"Starting {request['ProcessingJobName']}"):
                    self.client("sagemaker").create_processing_job(**request)
            except ServiceFault as error:
                if error.code != "ThrottlingException":
                    raise
                return None
            return True

        self.until("the start of a job", start, _START_SECONDS)

    def job(self, name: str) -> Mapping[str, Any]:
        """A job's description."""
        found: Mapping[str, Any] = self.client("sagemaker").describe_processing_job(ProcessingJobName=name)
        return found

    def _ended(self, name: str) -> Mapping[str, Any] | None:
        job = self.job(name)
        return job if job["ProcessingJobStatus"] in _ENDED else None

    def until(self, what: str, look: Callable[[], _T | None], seconds: float = _JOB_SECONDS) -> _T:
        """Look again and again until there is something to see; `Unanswered` after some time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen = look()
            if seen is not None:
                return seen
            time.sleep(self.pulse_seconds)
        raise Unanswered(f"Waited {seconds:.0f} s for {what}.")

    def start_machine(self, states: Mapping[str, Any]) -> str:
        """Start a state machine of these states, the first one first, under the deployed one's role."""
        machine, client = self.machine(), self.client("stepfunctions")
        definition = {"StartAt": next(iter(states)), "States": states}
        with aws_call("Making a state machine"):
            made = client.create_state_machine(
                name=f"{machine['name']}-verify-{self.id}-{uuid.uuid4().hex[:6]}",
                definition=json.dumps(definition),
                roleArn=machine["roleArn"],
            )
            started = client.start_execution(stateMachineArn=made["stateMachineArn"])
        arn: str = started["executionArn"]
        return arn

    def start_run(self, options: Mapping[str, Any]) -> str:
        """Start a run of the deployed workflow below the scratch prefix, where nothing lies; returns its execution."""
        run = {"input_prefix": f"s3://{self.bucket}/{self.scratch}no-documents/", **options}
        with aws_call("Starting a run"):
            started = self.client("stepfunctions").start_execution(
                stateMachineArn=self.deployment.state_machine_arn,
                name=f"{self.run_prefix}{uuid.uuid4().hex[:6]}",
                input=json.dumps(run),
            )
        arn: str = started["executionArn"]
        return arn

    @property
    def run_prefix(self) -> str:
        """What the names of the runs that are started begin with."""
        return f"verify-{self.id}-"

    def count_tasks(self, execution: str) -> int:
        """How many calls of AWS, jobs' starts among them, an execution has made or tried."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
        return sum(event["type"] == "TaskScheduled" for page in pages for event in page["events"])

    def finish(self, execution: str) -> Mapping[str, Any]:
        """The description of an execution after its end."""
        client = self.client("stepfunctions")

        def look() -> Mapping[str, Any] | None:
            found: Mapping[str, Any] = client.describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        return self.until(f"the end of {execution}", look)


def _worker(states: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = states["ProcessShards"]["ItemProcessor"]["States"]["ProcessShard"]["Parameters"]
    return found


def _input(name: str, uri: str, kind: str) -> dict[str, Any]:
    place = {"S3Uri": uri, "LocalPath": f"{_LOCAL}/{name}", "S3DataType": kind, "S3InputMode": "File"}
    return {"InputName": name, "S3Input": place}
