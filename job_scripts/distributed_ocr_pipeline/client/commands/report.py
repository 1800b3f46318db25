"""`ocr-pipeline report`: what a run did, as one HTML file."""

import argparse
import json
from pathlib import Path
from typing import TextIO

from distributed_ocr_pipeline.client.inspection.outputs import (
    Output,
    OutputFolder,
    bucket_of,
    looked_at,
)
from distributed_ocr_pipeline.client.report.files import open_page, write_page
from distributed_ocr_pipeline.client.report.html import run_report_html
from distributed_ocr_pipeline.client.report.run_report import find_ended_run, gather_report
from distributed_ocr_pipeline.client.report.sharing import share_page
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import REPORT_PAGE, RunLayout

LINK_HOURS = 12
"""Who has the link can read the report: it holds names and texts of documents."""


def report_command(arguments: argparse.Namespace, stream: TextIO, notes: TextIO) -> None:
    """Write the report of a run that has ended, and say where it is; of one on AWS, with a link for others.

    Args:
        arguments: target (a run's id, an output folder or None), file, open, output, region, json.
        stream: For the result.
        notes: Says why there is no link.

    Raises:
        BadInput: There is no such run, it goes on, or the file cannot be written.
        ServiceFault: AWS did not answer.
    """
    place, run_id = looked_at(arguments.target, arguments.output, arguments.region)
    run_id, path = make_report(place, run_id, Path(arguments.file) if arguments.file else None)
    link = None if isinstance(place, OutputFolder) else _share(place, run_id, path, notes)
    values = {
        "run_id": run_id,
        "file": str(path.absolute()),
        "size_bytes": path.stat().st_size,
        "link": link,
        "link_hours": LINK_HOURS if link else None,
    }
    print(json.dumps(values, indent=2) if arguments.json else values["file"], file=stream)
    if link and not arguments.json:
        print(f"link for {LINK_HOURS} hours (less where your credentials end before): {link}", file=stream)
    if arguments.open:
        open_page(path)


def _share(deployment: Deployment, run_id: str, path: Path, notes: TextIO) -> str | None:
    """A link to the report in the bucket; None where it may not be stored there."""
    target = RunLayout(deployment.output_bucket, run_id).folder.below(REPORT_PAGE)
    try:
        return share_page(deployment.storage(), path, target, LINK_HOURS * 3600)
    except BadInput as error:
        print(f"There is no link for others: {error}", file=notes)
        return None


def make_report(place: OutputFolder | Deployment, run_id: str | None, file: Path | None) -> tuple[str, Path]:
    """Write the report of a run that has ended (None: of the latest with results); returns its id and the file."""
    status = find_ended_run(place, run_id)
    output: Output = place if isinstance(place, OutputFolder) else bucket_of(place)
    path = file or report_path(output, status.run_id)
    write_page(path, run_report_html(gather_report(output, status)))
    return status.run_id, path


def report_path(output: Output, run_id: str) -> Path:
    """Beside the run's other files in a folder; of a run on AWS in the working folder."""
    if isinstance(output, OutputFolder):
        return output.path / RunLayout("", run_id).folder.key / REPORT_PAGE
    return Path(f"report-{run_id}.html")
