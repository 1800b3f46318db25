"""`ocr-pipeline export`: searchable PDFs, text and other files of the documents of finished runs."""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from distributed_ocr_pipeline.client.exports.exporting import Export, ExportedFile
from distributed_ocr_pipeline.client.exports.stored import require_ledger
from distributed_ocr_pipeline.client.inspection.outputs import (
    Output,
    OutputBucket,
    OutputFolder,
    bucket_of,
    looked_at,
)
from distributed_ocr_pipeline.client.terminal import print_lines
from distributed_ocr_pipeline.errors import ExitCode, Interrupted, PipelineError
from distributed_ocr_pipeline.layout import DEFAULT_FOLDER
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.wording import count_of, printable


class NotAllExported(PipelineError):
    """Some files could not be made; each has been named."""

    exit_code = ExitCode.RUN_FAILED


def export_command(arguments: argparse.Namespace, stream: TextIO, notes: TextIO) -> None:
    """Make the files; print where each is, and say what could not be made.

    Args:
        arguments: what (a run's id, a folder or s3://bucket; None for all of the place), format, to, overwrite,
            output, region, json.
        stream: For the paths, or the JSON document.
        notes: For the files that could not be made, and the counts.

    Raises:
        NotAllExported: Some files could not be made.
        BadInput: No run, or not this one, has written results there, or the target cannot be written.
        Interrupted: Ctrl-C ended it.
        ServiceFault: AWS did not answer.
    """
    counts: Counter[str] = Counter()
    shown: list[dict[str, Any]] = []

    def lines() -> Iterator[str]:
        for file in chosen_export(arguments).files():
            counts[_state(file)] += 1
            if file.failure and not arguments.json:
                key = printable(file.document.source.key)
                print(f"not made: {file.format_name} of {key}: {printable(file.failure)}", file=notes)
            if arguments.json:
                shown.append(as_dict(file))
            elif not file.failure:
                yield printable(str(file.path)) if stream.isatty() else str(file.path)

    _print_all(lines(), stream)
    if arguments.json:
        print(json.dumps({"files": shown}, indent=2), file=stream)
    print(_summary(counts["written"], counts["there"]), file=notes)
    if counts["failed"]:
        failed = count_of(counts["failed"], "file")
        raise NotAllExported(f"{failed} could not be made; each is named above with its reason.")


def _print_all(lines: Iterator[str], stream: TextIO) -> None:
    """A reader that has seen enough (`| head`) does not end the work."""
    try:
        print_lines(lines, stream)
        for _ in lines:
            pass
    except KeyboardInterrupt as error:
        raise Interrupted(
            "Interrupted.", "The files that were made stay; the same command makes the others."
        ) from error


def _summary(written: int, there: int) -> str:
    return f"{count_of(written, 'file')} written, {there:,} {'was' if there == 1 else 'were'} there already."


def chosen_export(arguments: argparse.Namespace) -> Export:
    """What the command line says."""
    output, run_id, storage = _chosen_results(arguments)
    if not arguments.format:  # to be asked for of results that there are
        require_ledger(output, run_id)
    folder = output.path if isinstance(output, OutputFolder) else DEFAULT_FOLDER
    formats = list(dict.fromkeys(arguments.format))
    return Export(output, run_id, storage, Path(arguments.to or folder), formats, arguments.overwrite)


def _chosen_results(arguments: argparse.Namespace) -> tuple[Output, str | None, Storage | None]:
    """Where, of which run (None: of all), and what reads documents in S3."""
    if arguments.what and arguments.what.startswith("s3://"):
        storage = Storage(region=arguments.region)
        return OutputBucket(S3Location.parse(arguments.what).bucket, storage), None, storage
    place, run_id = looked_at(arguments.what, arguments.output, arguments.region)
    return (place, run_id, None) if isinstance(place, OutputFolder) else (bucket_of(place), run_id, place.storage())


def as_dict(file: ExportedFile) -> dict[str, Any]:
    """For programs."""
    return {
        "document_id": file.document.document_id,
        "source_uri": file.document.source.source_uri,
        "run_id": file.document.run_id,
        "format": file.format_name,
        "path": None if file.failure else str(file.path),
        "state": _state(file),
        "failure": file.failure or None,
    }


def _state(file: ExportedFile) -> str:
    if file.failure:
        return "failed"
    return "written" if file.is_new else "there"
