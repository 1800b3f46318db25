"""What a run needs of AWS: nothing is made there, and what is asked is what a run asks, too."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from botocore.exceptions import ConnectionError as NotConnected
from botocore.exceptions import HTTPClientError

from distributed_ocr_pipeline.client.checks.check import Check, Found, checked, checked_after
from distributed_ocr_pipeline.deployment import Deployment, deployment_in
from distributed_ocr_pipeline.errors import BadInput, NotDeployed, PipelineError
from distributed_ocr_pipeline.planning.quotas import grant, read_quotas
from distributed_ocr_pipeline.storage import aws_call

_LOG_IN = "Log in (`aws sso login` or `aws configure`), or set AWS_PROFILE."
_ALLOW = "Attach the policy `run` of `terraform output -json people_policies` to who asks (docs/permissions.md)."
_NOT_ALLOWED = ("AccessDenied", "AccessDeniedException", "403")
_NO_IMAGE = ("ImageNotFoundException", "RepositoryNotFoundException")
_ARN = re.compile(r"arn:aws[a-z-]*:states:([a-z0-9-]+):\d{12}:stateMachine:[^:]+")
_IN_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.[^/]+/([^@:]+)(?:@(sha256:[0-9a-f]{64})|:([^@]+))")


def deployment_checks(region: str | None) -> Iterator[Check]:
    """Check the deployment that commands find, if there is one."""
    found: list[Deployment] = []

    def look() -> Found:
        deployment = _find(region)
        if deployment is None:
            return Found("none: runs are on this machine", _why_none(Path.cwd()), is_hint=True)
        found.append(deployment)
        return _named(deployment)

    yield checked("deployment", look)
    for deployment in found:
        yield from _checks_of(deployment)


def _checks_of(deployment: Deployment) -> Iterator[Check]:
    who = checked("credentials", partial(_credentials, deployment))
    yield who
    workflow = checked_after(who, "state machine", partial(_workflow, deployment))
    yield workflow
    yield checked_after(who, "input bucket", partial(_input_bucket, deployment))
    yield checked_after(who, "output bucket", partial(_bucket, deployment, deployment.output_bucket))
    needed = workflow if who.exit_code == 0 else who
    yield checked_after(needed, "quotas", partial(_quotas, deployment))
    yield checked_after(needed, "image", partial(_image, deployment))


def _find(region: str | None) -> Deployment | None:
    try:
        return deployment_in(region)
    except NotDeployed:
        _require_both(os.environ, "OCR_STATE_MACHINE_ARN", "OCR_OUTPUT_BUCKET")
        return None


def _why_none(folder: Path) -> str:
    """Terraform's state may name none because it cannot be read."""
    return "Run `terraform output` to see why it names none." if (folder / ".terraform").exists() else ""


def _require_both(environ: Mapping[str, str], *names: str) -> None:
    """One of them alone names no deployment, without a word."""
    missing = [name for name in names if not environ.get(name)]
    if len(missing) == 1:
        (given,) = set(names) - set(missing)
        raise BadInput(f"{given} is set, but {missing[0]} is not.", f"Set {missing[0]}, too (see .env.example).")


def _named(deployment: Deployment) -> Found:
    found = _ARN.fullmatch(deployment.state_machine_arn)
    if not found:
        message = f"{deployment.state_machine_arn!r} is not the ARN of a state machine."
        raise BadInput(message, "Set OCR_STATE_MACHINE_ARN to what `terraform output state_machine_arn` prints.")
    if found[1] != deployment.region:
        message = f"The state machine is in {found[1]}, but the region is {deployment.region}."
        raise BadInput(message, f"Set AWS_REGION={found[1]}, and leave --region out.")
    return Found(deployment.state_machine_arn)


@contextmanager
def _advised(advice: str) -> Iterator[None]:
    """Inside, faults that have no advice get this one; those of who is not allowed to ask, what allows it."""
    try:
        yield
    except PipelineError as error:
        chosen = _ALLOW if error.code in _NOT_ALLOWED else error.advice or advice
        raise type(error)(error.message, chosen, code=error.code) from error


def _credentials(deployment: Deployment) -> Found:
    try:
        with aws_call("Checking the AWS credentials"):
            return Found(deployment.client("sts").get_caller_identity()["Arn"])
    except PipelineError as error:
        if isinstance(error.__cause__, (NotConnected, HTTPClientError)):
            raise  # nobody was asked
        raise type(error)(error.message, _LOG_IN, code=error.code) from error


def _workflow(deployment: Deployment) -> Found:
    advice = "Run `make deploy`, or correct OCR_STATE_MACHINE_ARN."
    try:
        with _advised(advice):
            options = deployment.default_options()
            jobs = f"{_jobs(options['max_parallel_jobs'])} on {options['instance_type']}"
    except KeyError as error:
        raise BadInput(f"The state machine has no {error}: it is not this project's.", advice) from error
    except PipelineError as error:
        if error.code == "StateMachineDoesNotExist":
            raise NotDeployed("The state machine does not exist.", advice) from error
        raise
    return Found(f"found; runs have {jobs}")


def _input_bucket(deployment: Deployment) -> Found:
    if not deployment.input_bucket:
        return Found("not named, so prefixes begin with s3://", "Set OCR_BUCKET_NAME to name it.", is_hint=True)
    return _bucket(deployment, deployment.input_bucket)


def _bucket(deployment: Deployment, bucket: str) -> Found:
    advice = "Correct its name (.env.example), or run `make deploy` to make it again."
    with _advised(advice), aws_call(f"Listing s3://{bucket}"):
        deployment.client("s3").list_objects_v2(Bucket=bucket, MaxKeys=1)
    return Found(f"s3://{bucket} can be listed")


def _quotas(deployment: Deployment) -> Found:
    """All of a run's jobs need quotas above 0: those that plan and report, and those of its shards."""
    options, planning = deployment.default_options(), deployment.planning_instance_type()
    try:
        quotas = read_quotas(deployment.client("service-quotas"), deployment.client("sagemaker"))
    except PipelineError as error:
        return Found(f"not known: {error.message}", is_hint=True)
    grant(1, planning, quotas)
    slots = grant(options["max_parallel_jobs"], options["instance_type"], quotas)
    if slots.reason == "asked":
        return Found(f"enough for {_jobs(slots.count)} on {options['instance_type']}")
    fewer = f"{_jobs(slots.count)}, not {options['max_parallel_jobs']}: {slots.reason}"
    return Found(fewer, "Ask for more in Service Quotas if that is too slow.", is_hint=True)


def _jobs(count: int) -> str:
    return f"{count} job{'s' if count > 1 else ''} at a time"


def _image(deployment: Deployment) -> Found:
    uri = deployment.image_uri()
    found = _IN_ECR.fullmatch(uri)
    if not found:
        return Found(f"{uri} is not in ECR, so nobody was asked for it", is_hint=True)
    account, repository, digest, tag = found.groups()
    image = {"imageDigest": digest} if digest else {"imageTag": tag}
    try:
        with aws_call("Looking for the image"):
            deployment.client("ecr").describe_images(registryId=account, repositoryName=repository, imageIds=[image])
    except PipelineError as error:
        if error.code in _NOT_ALLOWED:
            return Found("not allowed to ask for it", is_hint=True)
        if error.code in _NO_IMAGE:
            raise NotDeployed(
                f"{uri} is not there: no job can start.", "Run `make deploy`, which pushes it."
            ) from error
        raise
    return Found(f"{uri} is there")
