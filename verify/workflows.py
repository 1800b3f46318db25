"""Questions about state machines that start jobs."""

import json
from typing import Any

from verify.question import NotAskedHere, Question
from verify.site import Site

_RESOURCE = "arn:{}:states:::sagemaker:createProcessingJob{}"
_STARTS = 4
_PLANNER_MINUTES = 6  # should the run not be refused: its planning job finds no documents
_PATIENCE = {
    "ErrorEquals": ["SageMaker.AmazonSageMakerException", "SageMaker.ThrottlingException", "ThrottlingException"],
    "IntervalSeconds": 2,
    "MaxAttempts": 10,
}
"""A job's start may be refused, since one a second is allowed and the question before has started one."""


def _task(site: Site, request: dict[str, Any], wait: str = "") -> dict[str, Any]:
    partition = site.deployment.state_machine_arn.split(":")[1]
    return {"Type": "Task", "Resource": _RESOURCE.format(partition, wait), "Parameters": request}


def _stopped(site: Site) -> str:
    request = site.request("sleep")
    name = request["ProcessingJobName"]
    execution = site.start_machine({"Job": _task(site, request, ".sync") | {"Retry": [_PATIENCE], "End": True}})

    def running() -> bool | None:
        if site.client("stepfunctions").describe_execution(executionArn=execution)["status"] != "RUNNING":
            return False
        client = site.client("sagemaker")
        listed = client.list_processing_jobs(NameContains=name, StatusEquals="InProgress")["ProcessingJobSummaries"]
        return True if listed and "ProcessingStartTime" in site.job(name) else None

    if site.until(f"the start of {name}", running):
        site.client("sagemaker").stop_processing_job(ProcessingJobName=name)
    ended = site.finish(execution)
    output = json.loads(ended.get("output") or "{}")
    return f"{ended['status']}: {output.get('ProcessingJobStatus', ended.get('error'))}"


def _throttled(site: Site) -> str:
    branches = []
    for _ in range(_STARTS):
        caught = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Refused"}
        task = _task(site, site.request("sleep")) | {"ResultPath": None, "Catch": [caught], "Next": "Started"}
        states = {"Job": task, "Started": {"Type": "Succeed"}, "Refused": {"Type": "Succeed"}}
        branches.append({"StartAt": "Job", "States": states})
    execution = site.start_machine({"All": {"Type": "Parallel", "Branches": branches, "End": True}})
    ended = site.finish(execution)
    results = json.loads(ended.get("output") or "[]")
    refused = sorted({_refusal(item["failure"]) for item in results if "failure" in item})
    return "; ".join(refused) or "nothing was refused"


def _refusal(failure: dict[str, str]) -> str:
    return f"{failure['Error']}: {failure['Cause']}"


def _redriven(site: Site) -> str:
    execution = site.start_machine({"End": {"Type": "Fail", "Error": "Asked"}})
    site.finish(execution)
    client = site.client("stepfunctions")
    client.redrive_execution(executionArn=execution)
    ended = site.finish(execution)
    return f"{ended['status']} after {ended.get('redriveCount', 0)} redrive: {ended.get('error')}"


def _conditional(site: Site) -> str:
    partition = site.deployment.state_machine_arn.split(":")[1]
    written = {
        "Bucket": site.deployment.output_bucket,
        "Key": site.lock,
        "Metadata": {"by": "YQ=="},
        "IfNoneMatch": "*",
    }
    put = {"Type": "Task", "Resource": f"arn:{partition}:states:::aws-sdk:s3:putObject", "Parameters": written}
    caught = {"ErrorEquals": ["States.ALL"], "Next": "Refused"}
    execution = site.start_machine(
        {
            "First": put | {"Next": "Second"},
            "Second": put | {"Catch": [caught], "End": True},
            "Refused": {"Type": "Pass", "End": True},
        }
    )
    ended = site.finish(execution)
    return str(json.loads(ended.get("output") or "{}").get("Error", ended.get("error", "both were written")))


def _refused_run(site: Site, **options: Any) -> str:
    """What becomes of a run of the deployed workflow with options that it should refuse."""
    execution = site.start_run(options)
    ended = site.finish(execution)
    calls = site.count_tasks(execution)
    return f"{ended['status']} after {calls} calls: {ended.get('error')}: {ended.get('cause')}"


def _unknown_option(site: Site) -> str:
    return _refused_run(site, verify_aws=True)


def _fraction(site: Site) -> str:
    return _refused_run(site, dpi=300.5)


def _push(site: Site) -> str:
    if site.is_stand_in:
        raise NotAskedHere("The stand-in pulls no image from a registry.")
    image = site.request("files")["AppSpecification"]["ImageUri"]
    name, _, tag = image.partition("/")[2].replace("@", ":", 1).partition(":")
    which = {"imageDigest": tag} if tag.startswith("sha256:") else {"imageTag": tag}
    found = site.client("ecr").describe_images(repositoryName=name, imageIds=[which])["imageDetails"][0]
    return str(found["imageManifestMediaType"])


QUESTIONS = (
    Question("stopped", "What does .sync return for a job that was stopped?", "SUCCEEDED: Stopped", 6, _stopped),
    Question(
        "throttled",
        "Under which name does a state machine see that jobs start too fast?",
        "SageMaker.AmazonSageMakerException: Rate exceeded",
        _STARTS * 6,
        _throttled,
    ),
    Question(
        "redriven",
        "What becomes of a redriven execution that ended in a Fail state?",
        "FAILED after 1 redrive: Asked",
        0,
        _redriven,
    ),
    Question(
        "conditional",
        "What does a state machine see when S3 refuses to write an object that is there?",
        "S3.S3Exception",
        0,
        _conditional,
    ),
    Question(
        "unknown",
        "Does a run with the name of no option fail at once, and say which there are?",
        "FAILED after 0 calls: BadOption: There is no option verify_aws. The options are document_list, ",
        _PLANNER_MINUTES,
        _unknown_option,
    ),
    Question(
        "fraction",
        "Does a run fail at once that has a fraction where a whole number should be?",
        "FAILED after 0 calls: BadOption: The option dpi should be a whole number.",
        _PLANNER_MINUTES,
        _fraction,
    ),
    Question(
        "image",
        "Which media type has the image that the workflow runs?",
        "application/vnd.docker.distribution.manifest.v2+json",
        0,
        _push,
    ),
)
