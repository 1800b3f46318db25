"""Which deployment a command works with: named by the environment, or by `terraform output`."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import botocore.session

from distributed_ocr_pipeline.config import AWSConfig
from distributed_ocr_pipeline.errors import BadInput, BadOption, NotDeployed
from distributed_ocr_pipeline.planning.quotas import Quotas, find_quotas
from distributed_ocr_pipeline.run.delivery.local_documents import path_of
from distributed_ocr_pipeline.storage import Storage, aws_call

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
"""Where AWS puts the logs of all processing jobs of an account and region; the name is AWS's own."""

_NO_PROFILE = {"profile": (None, None, None, None)}  # AWS_PROFILE may name one that is not on this machine
_ADVICE = "Run `make deploy`, or set OCR_STATE_MACHINE_ARN and OCR_OUTPUT_BUCKET (see .env.example)."


@dataclass(frozen=True)
class Deployment:
    """Where the workflow is, and how to call it."""

    region: str
    state_machine_arn: str
    output_bucket: str
    input_bucket: str | None = None
    worker_role_arn: str | None = None
    endpoint_url: str | None = None  # None: what the environment says, or AWS
    credentials: tuple[str, str] | None = None  # access key and secret; None: the usual chain

    def client(self, service: str) -> Any:
        """A boto3 client that talks to this deployment."""
        session: Any = self._session  # its overloads want a literal service name
        return session.client(service, endpoint_url=self.endpoint_url)

    def storage(self) -> Storage:
        """S3 as this deployment sees it."""
        return Storage(self._session, self.endpoint_url)

    def quotas(self) -> Quotas | None:
        """What the account may run at the same time; None where nobody may ask."""
        return find_quotas(self.client("service-quotas"), self.client("sagemaker"))

    def default_options(self) -> dict[str, Any]:
        """The options of a run that sets none, from the first state of the deployed workflow."""
        defaults: dict[str, Any] = self._states()["Defaults"]["Result"]
        return defaults

    def name_prefix(self) -> str:
        """What the names of all its jobs begin with, before a hyphen."""
        return str(self._states()["PlanShards"]["Parameters"]["Environment"]["OCR_PIPELINE"])

    def image_uri(self) -> str:
        """The container image of all its jobs."""
        return str(self._states()["PlanShards"]["Parameters"]["AppSpecification"]["ImageUri"])

    def planning_instance_type(self) -> str:
        """The instance type of the jobs that plan and report; a run's options say that of its shards."""
        resources = self._states()["PlanShards"]["Parameters"]["ProcessingResources"]
        return str(resources["ClusterConfig"]["InstanceType"])

    def execution_arn(self, run_id: str) -> str:
        """Of a run, whose id is its execution's name."""
        return f"{self.state_machine_arn.replace(':stateMachine:', ':execution:', 1)}:{run_id}"

    def _states(self) -> dict[str, Any]:
        with aws_call("Reading the deployed workflow"):
            answer = self.client("stepfunctions").describe_state_machine(stateMachineArn=self.state_machine_arn)
        states: dict[str, Any] = json.loads(answer["definition"])["States"]
        return states

    @cached_property
    def _session(self) -> boto3.Session:
        """One for all clients: each session reads botocore's files by itself."""
        with aws_call("Reading the AWS settings"):
            if self.credentials is None:
                return boto3.Session(region_name=self.region)
            without_profile = botocore.session.Session(_NO_PROFILE)
            return boto3.Session(*self.credentials, region_name=self.region, botocore_session=without_profile)


def job_names(name_prefix: str) -> re.Pattern[str]:
    """What the names of a deployment's jobs look like; the first group is what a job is for: plan, s00001, …"""
    return re.compile(re.escape(name_prefix) + r"-(plan|s\d+|check|report)-[0-9a-f-]{36}")


def run_of_job(job: Mapping[str, Any]) -> str:
    """The run that a job works for, from its description; empty where it works for none."""
    return str(job.get("Environment", {}).get("OCR_RUN_ID", ""))


def find_deployment(config: AWSConfig, environ: Mapping[str, str], folder: Path) -> Deployment:
    """The deployment that the environment names, or else the one that Terraform manages in `folder`.

    Raises:
        NotDeployed: There is neither.
        BadOption: `config.role_arn` is not the role that the deployment's jobs run as.
    """
    deployment = _from_environment(config, environ) or _from_terraform(folder)
    if deployment is None:
        raise NotDeployed("No deployment was found.", _ADVICE)
    wanted = config.role_arn or environ.get("SAGEMAKER_ROLE_ARN")
    if wanted and deployment.worker_role_arn and wanted != deployment.worker_role_arn:
        raise BadOption(
            f"Option 'role_arn': got {wanted!r}, but the deployment's jobs run as {deployment.worker_role_arn}.",
            "The role is part of the deployment: leave the option out, or change it in Terraform.",
        )
    return deployment


def deployment_in(region: str | None) -> Deployment:
    """What `find_deployment` finds with this process's environment and working folder."""
    config = AWSConfig(region=region) if region else AWSConfig()
    return find_deployment(config, os.environ, Path.cwd())


def input_bucket(config: AWSConfig, environ: Mapping[str, str]) -> str | None:
    """The bucket that relative prefixes are in; None means that they are local folders."""
    return config.bucket or environ.get("OCR_BUCKET_NAME") or None


def place_of(input_prefix: str | Path, bucket: str | None) -> str | Path:
    """Where a run's documents are: an S3 address, or a folder of this machine.

    Args:
        input_prefix: `s3://bucket/prefix/`, `file:///folder`, or a prefix in `bucket`; without one, or as a `Path`,
            a folder.
        bucket: That of prefixes which name none.

    Raises:
        BadInput: It is empty, or an address that is neither S3's nor a file's.
    """
    if isinstance(input_prefix, Path):
        return input_prefix
    if not input_prefix.strip():
        raise BadInput("The input prefix is empty.", "Give a folder ('.' is this one) or s3://bucket/prefix/.")
    if input_prefix.startswith("s3://"):
        return input_prefix
    if input_prefix.startswith("file:///"):
        return path_of(input_prefix)
    if "://" in input_prefix or input_prefix.lower().startswith("s3:"):
        raise BadInput(f"{input_prefix!r} is no place of documents.", "Write s3://bucket/prefix/, or a folder.")
    return f"s3://{bucket}/{input_prefix.lstrip('/')}" if bucket else Path(os.path.expanduser(input_prefix))


def _from_environment(config: AWSConfig, environ: Mapping[str, str]) -> Deployment | None:
    arn, bucket = environ.get("OCR_STATE_MACHINE_ARN"), environ.get("OCR_OUTPUT_BUCKET")
    if not arn or not bucket:
        return None
    region = config.region if "region" in config.model_fields_set else environ.get("AWS_REGION") or config.region
    return Deployment(region, arn, bucket, input_bucket(config, environ), environ.get("SAGEMAKER_ROLE_ARN"))


def _from_terraform(folder: Path) -> Deployment | None:
    outputs = read_terraform_outputs(folder)
    if "state_machine_arn" not in outputs:
        return None
    return Deployment(
        region=outputs["region"],
        state_machine_arn=outputs["state_machine_arn"],
        output_bucket=outputs["output_bucket"],
        input_bucket=outputs.get("input_bucket"),
        worker_role_arn=outputs.get("worker_role_arn"),
    )


def read_terraform_outputs(folder: Path) -> dict[str, Any]:
    """`terraform output` of the root module in `folder`; empty where Terraform or its state is missing."""
    if not shutil.which("terraform") or not (folder / ".terraform").exists():
        return {}
    from python_terraform import Terraform  # pylint: disable=import-outside-toplevel  # not in the container

    outputs: dict[str, dict[str, Any]] = Terraform(working_dir=str(folder)).output(json=True) or {}
    return {name: output["value"] for name, output in outputs.items()}
