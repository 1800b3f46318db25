"""The reporting job: compares the ledger with the plan, and fails the run where they disagree."""

import sys

from distributed_ocr_pipeline.job import JobContext, run_job
from distributed_ocr_pipeline.run.reporting import require_success, store_report
from distributed_ocr_pipeline.storage import Storage


def report_run(job: JobContext) -> str:
    """Write the report beside the plan; returns its one-line summary, raises `RunFailed` if the run is not green."""
    report = store_report(Storage(region=job.region), job.layout, job.options())
    require_success(report)
    return report.summary


if __name__ == "__main__":
    sys.exit(run_job(report_run))
