"""The parts of Terraform's deployment that a run on this machine needs: buckets, roles, log group, workflow."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import NotDeployed
from distributed_ocr_pipeline.layout import MARK
from distributed_ocr_pipeline.local.definition import DEFINITION, render_definition
from local_aws.clients import ACCESS_KEY_ID, ACCOUNT, REGION, SECRET_ACCESS_KEY, Endpoint
from local_aws.sagemaker.logs import GROUP
from local_aws.settings import BucketFolder

NAME_PREFIX = "ocr"
STATE_MACHINE = "ocr-local"
INPUT_BUCKET = "ocr-local-input"
OUTPUT_BUCKET = "ocr-local-output"

MAX_PARALLEL_JOBS = 1
"""The default number of shards at a time: one job already uses all processors of the machine, and takes memory."""

TARGET_SHARD_MINUTES = 5.0
"""A shard starts in seconds here, and what it has done is kept when it ends."""

FILES_PER_JOB = 5_000
"""The default most of documents in a shard: so many links are made in a moment, and so many rows take little memory."""

_ROLES = {
    "workflow": "states.amazonaws.com",
    "planner": "sagemaker.amazonaws.com",
    "worker": "sagemaker.amazonaws.com",
    "reporter": "sagemaker.amazonaws.com",
}
_CHOSEN_PER_RUN = {"input_prefix", "planned", "planned_after", "may_be_empty"}


def input_folder(folder: Path, output: Path | None) -> BucketFolder:
    """A folder of documents as the input bucket. Results in it, of this run and of earlier ones, are left out."""
    left_out = () if output is None or output.is_file() else (output,)
    return BucketFolder(folder, read_only=True, left_out=left_out, left_out_with=MARK)


def deploy(endpoint: Endpoint, project: Path, region: str = REGION) -> Deployment:
    """Create everything at the endpoint. `project` is the folder that holds modules/.

    Raises:
        NotDeployed: The folder lacks the workflow's definition.
    """
    for bucket in (INPUT_BUCKET, OUTPUT_BUCKET):
        endpoint.client("s3", region).create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region}
        )
    endpoint.client("logs", region).create_log_group(logGroupName=GROUP)
    iam = endpoint.client("iam", region)
    for name, service in _ROLES.items():
        iam.create_role(RoleName=f"ocr-local-{name}", AssumeRolePolicyDocument=json.dumps(_trust(service)))
    definition = render_definition(_template(project), template_values(region))
    answer = endpoint.client("stepfunctions", region).create_state_machine(
        name=STATE_MACHINE, definition=json.dumps(definition), roleArn=role_arn("workflow")
    )
    return Deployment(
        region=region,
        state_machine_arn=answer["stateMachineArn"],
        output_bucket=OUTPUT_BUCKET,
        input_bucket=INPUT_BUCKET,
        worker_role_arn=role_arn("worker"),
        endpoint_url=endpoint.url,
        credentials=(ACCESS_KEY_ID, SECRET_ACCESS_KEY),
    )


def template_values(region: str) -> dict[str, str]:
    """The values of the names in the workflow's template."""
    return {
        "default_options": json.dumps(default_options()),
        "partition": "aws",
        "region": region,
        "output_bucket": OUTPUT_BUCKET,
        "name_prefix": NAME_PREFIX,
        "planner_role_arn": role_arn("planner"),
        "worker_role_arn": role_arn("worker"),
        "reporter_role_arn": role_arn("reporter"),
        "image_uri": "ocr:local",  # in no registry: jobs here run in this Python, or in OCR_LOCAL_IMAGE
        "kms_key_id": "alias/aws/s3",
        "volume_size_gb": "30",
        "planner_instance_type": "ml.t3.medium",
        "planner_volume_size_gb": "10",
        "planner_network": json.dumps({"EnableNetworkIsolation": False}),
        "worker_network": json.dumps({"EnableNetworkIsolation": True}),
        "max_runtime_seconds": "86400",
        "task_timeout_seconds": "88200",
        "run_timeout_seconds": "2592000",
        "volume_encryption": "{}",
        "tags": json.dumps([{"Key": "Project", "Value": NAME_PREFIX}, {"Key": "RunId", "Value.$": "$.run_id"}]),
    }


def default_options() -> dict[str, Any]:
    """The options that the local deployment gives every run: the defaults of `RunOptions`, but for the shards."""
    fields = RunOptions.model_fields
    defaults = {name: field.default for name, field in fields.items() if name not in _CHOSEN_PER_RUN}
    return defaults | {
        "max_parallel_jobs": MAX_PARALLEL_JOBS,
        "target_shard_minutes": TARGET_SHARD_MINUTES,
        "files_per_job": FILES_PER_JOB,
    }


def role_arn(name: str) -> str:
    """The ARN of one of this deployment's roles."""
    return f"arn:aws:iam::{ACCOUNT}:role/ocr-local-{name}"


def _template(project: Path) -> str:
    try:
        return (project / DEFINITION).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        message = f"The workflow's definition {project / DEFINITION} was not found."
        raise NotDeployed(
            message, "The local environment needs the project's folder: work in a clone of it."
        ) from error


def _trust(service: str) -> Mapping[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}
