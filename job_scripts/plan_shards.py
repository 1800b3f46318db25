"""The planning job: lists the documents below the run's prefix and writes the plan beside run.json."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from distributed_ocr_pipeline.job import JobContext, run_job
from distributed_ocr_pipeline.planning.quotas import Quotas, find_quotas
from distributed_ocr_pipeline.run.planning import plan_run, store_plan
from distributed_ocr_pipeline.storage import Storage


def plan_shards(job: JobContext) -> str:
    """Plan the run and store the plan; returns the job's one-line message."""
    options = job.options()
    storage = Storage(region=job.region)
    with TemporaryDirectory() as folder:
        plan = plan_run(storage, job.output_bucket, options, Path(folder), quotas=_quotas(job))
        store_plan(storage, job.layout, plan, Path(folder))
    return f"Planned {plan.summary}."


def _quotas(job: JobContext) -> Quotas | None:
    """What the account may run; unknown where the role must not ask."""
    session = boto3.Session(region_name=job.region)
    return find_quotas(session.client("service-quotas"), session.client("sagemaker"), f"{job.pipeline}-plan-")


if __name__ == "__main__":
    sys.exit(run_job(plan_shards))
