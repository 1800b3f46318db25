"""The reporting job: holds the ledger against the plan, and fails the run when they do not agree."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed_ocr_pipeline.job import JobContext, run_job
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.reporting import collect_evidence, make_report, require_success, write_report
from distributed_ocr_pipeline.storage import Storage


def report_run(job: JobContext) -> str:
    """Write the report beside the plan; returns its one-line summary, raises `RunFailed` if the run is not green."""
    options = job.options()
    storage = Storage()
    run = S3Location(job.output_bucket, f"runs/{job.run_id}")
    evidence = collect_evidence(storage, job.output_bucket, job.run_id)
    report = make_report(
        job.run_id, options, storage.get_json(S3Location(run.bucket, f"{run.key}/plan.json")), evidence
    )
    with TemporaryDirectory() as folder:
        write_report(report, evidence, Path(folder))
        storage.upload_folder(Path(folder), run)
    require_success(report)
    return report.summary


if __name__ == "__main__":
    sys.exit(run_job(report_run))
