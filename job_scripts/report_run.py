"""The reporting job: compares the ledger with the plan, and fails the run where they disagree."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed_ocr_pipeline.job import JobContext, run_job
from distributed_ocr_pipeline.layout import FAILURES_FILE, REPORT_FILE
from distributed_ocr_pipeline.planning.database import open_database
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.evidence import RunProof, fetch_run
from distributed_ocr_pipeline.run.reporting import make_report, require_success, write_report
from distributed_ocr_pipeline.storage import Storage


def report_run(job: JobContext) -> str:
    """Write the report beside the plan; returns its one-line summary, raises `RunFailed` if the run is not green."""
    options, storage, run = job.options(), Storage(), job.layout
    with TemporaryDirectory() as name, open_database(Path(name)) as database:
        folder = Path(name)
        files = fetch_run(storage, run, folder)
        proof = RunProof(database, files, S3Location.parse(options.input_prefix).bucket)
        report = make_report(run.run_id, options, storage.get_json(run.plan), proof.evidence())
        write_report(report, proof.failures(), folder)
        if report.balanced:  # before the report, which says that it is there
            storage.upload(proof.write_compact_ledger("compact"), run.ledger)
        storage.upload(folder / FAILURES_FILE, run.failures)
        storage.upload(folder / REPORT_FILE, run.report)
    require_success(report)
    return report.summary


if __name__ == "__main__":
    sys.exit(run_job(report_run))
