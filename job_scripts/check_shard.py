"""The checking job: finds documents that SageMaker cannot download, and leaves them out of the shard's manifest."""

import sys

from distributed_ocr_pipeline.job import JobContext, run_job
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.delivery.undeliverable import check_shard
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.wording import count_of


def check_downloads(job: JobContext) -> str:
    """Check the shard's documents; returns the job's one-line message."""
    storage, options = Storage(region=job.region), job.options()
    shard, prefix = job.layout.shard(job.shard_id), S3Location.parse(options.input_prefix)
    reasons = check_shard(storage, shard, prefix, options.passwords)
    first = f" (first: {next(iter(reasons.values()))})" if reasons else ""
    return f"{count_of(len(reasons), 'document')} of shard {job.shard_id} cannot be downloaded{first}."


if __name__ == "__main__":
    sys.exit(run_job(check_downloads))
