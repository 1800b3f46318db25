"""`ocr-pipeline retry`: a run over the documents that failed, and no others."""

import argparse
import json
from typing import TextIO

from distributed_ocr_pipeline.client.commands.run import chosen_options, run_with
from distributed_ocr_pipeline.client.inspection.outputs import OutputFolder, looked_at
from distributed_ocr_pipeline.client.retrying import Retry, find_retry
from distributed_ocr_pipeline.wording import count_of


def retry_command(arguments: argparse.Namespace, stream: TextIO, notes: TextIO) -> None:
    """Say what failed, and start a run that reads it again.

    Args:
        arguments: target (a run's id, an output folder or None for the latest run), error_class, output, region, json,
            ask_above_usd and the names of `RunSettings`, each None where it was not given.
        stream: For the result.
        notes: Says what failed.

    Raises:
        UnfinishedRun: The run ended, but not green; its result is printed.
        PipelineError: The run did not start.
    """
    place, run_id = looked_at(arguments.target, arguments.output, arguments.region)
    found = find_retry(place, run_id, arguments.error_class)
    if arguments.json:
        values = {"source": str(found.source), "failed": dict(found.failed)}
        print(json.dumps(values, indent=2), file=stream)
        return
    if not found.failed:
        print(f"Nothing to retry: {_no_failure(arguments.error_class)} below {found.source}.", file=stream)
        return
    print(describe(found), file=notes)
    output = place.address if isinstance(place, OutputFolder) else None
    run_with(arguments, found.source, {**found.options, **chosen_options(arguments)}, output)


def describe(found: Retry) -> str:
    """The failures as one line."""
    count = sum(found.failed.values())
    classes = ", ".join(f"{number} {name}" for name, number in sorted(found.failed.items()))
    return f"{count_of(count, 'document')} below {found.source} failed ({classes})."


def _no_failure(error_class: str | None) -> str:
    return f"there is no document that failed{f' as {error_class}' if error_class else ''}"
