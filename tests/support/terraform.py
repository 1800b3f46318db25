"""The real root, applied by the real AWS provider to the local environment."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.local.environment import LocalEnvironment
from local_aws.sagemaker.logs import GROUP
from tests.support.image import PROJECT

DOCUMENT = PROJECT / "examples/documents/born-digital.pdf"
UPGRADED = "upgraded"  # the run whose report waits for a quota, so that it lasts longer than an apply
_WAITS = 30
ROOT = (
    "main.tf",
    "quotas.tf",
    "variables.tf",
    "outputs.tf",
    "versions.tf",
    ".terraform.lock.hcl",
    "pyproject.toml",
    ".dockerignore",
)
FOLDERS = ("modules", "job_scripts", "container", "scripts")
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
RUN_SECONDS = 300


def _settings(folder: Path) -> dict[str, str]:
    return {"TF_IN_AUTOMATION": "1", "TF_DATA_DIR": str(folder / ".terraform")}


class Terraform:
    """Terraform in a copy of the root, so that neither state nor settings of the project's folder play a part."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self._environ = os.environ | dict(environ) | _settings(folder)
        (folder / ".venv").symlink_to(PROJECT / ".venv")
        for name in ROOT:
            shutil.copy(PROJECT / name, folder)
        for name in FOLDERS:
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))

    def __call__(self, *arguments: str) -> str:
        done = self.run("terraform", *arguments)
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def run(self, *command: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        """A command in the copy of the root."""
        return subprocess.run(
            command, cwd=self.folder, env=self._environ | environ, capture_output=True, text=True, check=False
        )

    def deploy(self, environment: LocalEnvironment, *arguments: str) -> None:
        """As scripts/deploy.sh: the repository, its image, and then all the rest."""
        self("init", "-input=false")
        self("apply", "-input=false", "-auto-approve", "-target=module.registry.aws_ecr_repository.image", *arguments)
        self.push(environment)
        self("apply", "-input=false", "-auto-approve", *arguments)

    def push(self, environment: LocalEnvironment) -> str:
        """An image of nothing under the tag of these sources; returns its digest."""
        tag = self.run(sys.executable, "scripts/image_tag.py").stdout.strip()
        repository = self("output", "-raw", "ecr_repository_url").partition("/")[2]
        layers = [{"digest": f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}"}]  # moto's digest is made of these
        manifest = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": {"digest": tag}, "layers": layers}
        answer = environment.client("ecr").put_image(
            repositoryName=repository, imageTag=tag, imageManifest=json.dumps(manifest)
        )
        return str(answer["image"]["imageId"]["imageDigest"])

    def outputs(self) -> dict[str, Any]:
        return {name: output["value"] for name, output in json.loads(self("output", "-json")).items()}

    def changes(self) -> list[str]:
        """Addresses of the resources, and names of the outputs, that a plan would change."""
        self("plan", "-input=false", "-out=again.tfplan")
        plan = json.loads(self("show", "-json", "again.tfplan"))
        resources = [change for change in plan.get("resource_changes", []) if change["mode"] == "managed"]
        outputs = [{"address": name, "change": change} for name, change in plan.get("output_changes", {}).items()]
        return [item["address"] for item in resources + outputs if item["change"]["actions"] != ["no-op"]]

    def checks(self) -> dict[str, str]:
        """What the checks say in a plan: `pass`, `fail`, or `error` where what they look at is not found."""
        self("plan", "-input=false", "-out=checked.tfplan")
        found = json.loads(self("show", "-json", "checked.tfplan"))["checks"]
        return {item["address"]["to_display"]: item["status"] for item in found if item["address"]["kind"] == "check"}


@dataclass(frozen=True)
class Deployed:
    """The applied root: its outputs, and the endpoint it is applied to."""

    environment: LocalEnvironment
    terraform: Terraform
    outputs: Mapping[str, Any]

    def client(self, service: str) -> Any:
        return self.environment.client(service)

    def put(self, path: Path, key: str) -> None:
        self.client("s3").upload_file(str(path), self.outputs["input_bucket"], key)

    def role(self, actor: str) -> str:
        return f"{self.outputs['name_prefix']}-{actor.replace('_', '-')}-{self.outputs['region']}"

    def policy(self, actor: str) -> dict[str, Any]:
        answer = self.client("iam").get_role_policy(RoleName=self.role(actor), PolicyName="work")
        document: dict[str, Any] = answer["PolicyDocument"]
        return document

    def put_policy(self, actor: str, document: Mapping[str, Any]) -> None:
        name, text = self.role(actor), json.dumps(document)
        self.client("iam").put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=text)

    def run(self, name: str, *, quiet: bool = False, **options: Any) -> Mapping[str, Any]:
        """Start an execution and wait for its end; prints what is known about one that did not succeed."""
        return self.finish(self.start(name, **options), quiet=quiet)

    def start(self, name: str, **options: Any) -> str:
        """Start an execution; returns its ARN."""
        answer = self.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs["state_machine_arn"], name=name, input=json.dumps(options)
        )
        return str(answer["executionArn"])

    def finish(self, arn: str, *, quiet: bool = False) -> Mapping[str, Any]:
        """Wait for the end of an execution."""
        states = self.client("stepfunctions")
        end = time.monotonic() + RUN_SECONDS
        while (answer := states.describe_execution(executionArn=arn))["status"] == "RUNNING" and time.monotonic() < end:
            time.sleep(0.2)
        if answer["status"] != "SUCCEEDED" and not quiet:
            print(self.explain(arn))
        found: Mapping[str, Any] = answer
        return found

    def explain(self, execution_arn: str) -> str:
        """The execution's history, and failure reason and log of each of its jobs."""
        history = self.client("stepfunctions").get_execution_history(executionArn=execution_arn)["events"]
        lines = [json.dumps(event, default=str) for event in history]
        for job in self.jobs(execution_arn.rpartition(":")[2]):
            lines += [f"--- {job['ProcessingJobName']}: {job['ProcessingJobStatus']} {job.get('FailureReason', '')}"]
            lines += self._log(job["ProcessingJobName"])
        return "\n".join(lines)

    def jobs(self, run_id: str) -> list[Mapping[str, Any]]:
        client = self.client("sagemaker")
        pages = client.get_paginator("list_processing_jobs").paginate(SortOrder="Ascending")
        names = [job["ProcessingJobName"] for page in pages for job in page["ProcessingJobSummaries"]]
        jobs = [client.describe_processing_job(ProcessingJobName=name) for name in names]
        return [job for job in jobs if job["Environment"]["OCR_RUN_ID"] == run_id]

    def _log(self, job_name: str) -> list[str]:
        client = self.client("logs")
        if not client.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
            return []
        streams = client.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{job_name}/")["logStreams"]
        found = [
            client.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True)[
                "events"
            ]
            for stream in streams
        ]
        return [event["message"] for events in found for event in events]


@contextmanager
def deployment(folder: Path) -> Iterator[Deployed]:
    """The root applied to a local environment that checks every role's permissions; `folder` is empty."""
    faults, root = folder / "faults.json", folder / "root"
    root.mkdir()
    rule = {"name": "ocr-report-*", "run": UPGRADED, "refuse": "ResourceLimitExceeded", "times": _WAITS}
    faults.write_text(json.dumps({"retry_wait_scale": 0.01, "jobs": [rule]}), encoding="utf-8")
    environ = {"OCR_LOCAL_IAM": "enforced", "OCR_LOCAL_FAULTS": str(faults)}
    with LocalEnvironment(bare=True, grace_seconds=1, environ=environ) as environment:
        terraform = Terraform(root, environment.environ())
        terraform.deploy(environment)
        yield Deployed(environment, terraform, terraform.outputs())
