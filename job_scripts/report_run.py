"""The reporting job: compares the ledger with the plan, and fails the run where they disagree."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed_ocr_pipeline.job import JobContext, run_job
from distributed_ocr_pipeline.run.reporting import collect_evidence, make_report, require_success, write_report
from distributed_ocr_pipeline.storage import Storage


def report_run(job: JobContext) -> str:
    """Write the report beside the plan; returns its one-line summary, raises `RunFailed` if the run is not green."""
    options = job.options()
    storage = Storage(region=job.region)
    run = job.layout
    evidence = collect_evidence(storage, run)
    report = make_report(run.run_id, options, storage.get_json(run.plan), evidence)
    with TemporaryDirectory() as folder:
        write_report(report, evidence, Path(folder))
        storage.upload_folder(Path(folder), run.folder)
    require_success(report)
    return report.summary


if __name__ == "__main__":
    sys.exit(run_job(report_run))
