"""The planning job: lists the documents below the run's prefix and writes the plan beside run.json."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed_ocr_pipeline.job import JobContext, run_job
from distributed_ocr_pipeline.run.planning import plan_run, write_plan
from distributed_ocr_pipeline.storage import Storage


def plan_shards(job: JobContext) -> str:
    """Plan the run and store the plan; returns the job's one-line message."""
    options = job.options()
    storage = Storage(region=job.region)
    plan = plan_run(storage, job.output_bucket, options)
    with TemporaryDirectory() as folder:
        write_plan(plan, Path(folder))
        storage.upload_folder(Path(folder), job.layout.folder)
    return f"Planned {plan.documents} documents in {len(plan.shards)} shards; {plan.up_to_date} are up to date."


if __name__ == "__main__":
    sys.exit(run_job(plan_shards))
