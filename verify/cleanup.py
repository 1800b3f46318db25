"""Removes what the questions made: runs, jobs that run, state machines, objects."""

from collections.abc import Sequence

from distributed_ocr_pipeline.errors import PipelineError
from distributed_ocr_pipeline.storage import aws_call
from verify.site import Site


def clean_up(site: Site) -> Sequence[str]:
    """Stop runs and jobs, delete state machines and objects that were made; returns what could not be removed."""
    problems: list[str] = []
    for remove in (_stop_runs, _stop_jobs, _delete_machines, _delete_objects):
        try:
            with aws_call("Cleaning up"):
                remove(site)
        except PipelineError as error:
            problems.append(str(error))
    return problems


def _stop_runs(site: Site) -> None:
    client = site.client("stepfunctions")
    for page in client.get_paginator("list_executions").paginate(
        stateMachineArn=site.deployment.state_machine_arn, statusFilter="RUNNING"
    ):
        for execution in page["executions"]:
            if execution["name"].startswith(site.run_prefix):
                client.stop_execution(executionArn=execution["executionArn"])


def _stop_jobs(site: Site) -> None:
    client = site.client("sagemaker")
    for page in client.get_paginator("list_processing_jobs").paginate(
        NameContains=f"-{site.id}-", StatusEquals="InProgress"
    ):
        for job in page["ProcessingJobSummaries"]:
            client.stop_processing_job(ProcessingJobName=job["ProcessingJobName"])


def _delete_machines(site: Site) -> None:
    client = site.client("stepfunctions")
    for page in client.get_paginator("list_state_machines").paginate():
        for machine in page["stateMachines"]:
            if f"-verify-{site.id}-" in machine["name"]:
                client.delete_state_machine(stateMachineArn=machine["stateMachineArn"])


def _delete_objects(site: Site) -> None:
    client = site.client("s3")
    places = ((site.bucket, site.scratch), (site.deployment.output_bucket, site.lock))
    for bucket, prefix in places:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                client.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
