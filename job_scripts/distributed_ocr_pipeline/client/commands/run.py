"""What `ocr-pipeline` does: a run with the options of the command line, shown in the terminal."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from distributed_ocr_pipeline.client.command_line.ctrl_c import told_from_faults
from distributed_ocr_pipeline.client.command_line.proposals import run_command_line
from distributed_ocr_pipeline.client.consent import approve_all, ask_above
from distributed_ocr_pipeline.client.pipeline import OCRPipeline
from distributed_ocr_pipeline.client.results import InterruptedRun, RunResult, UnfinishedRun
from distributed_ocr_pipeline.client.terminal import TerminalObserver, print_result
from distributed_ocr_pipeline.config import AWSConfig, OCRConfig, RunSettings
from distributed_ocr_pipeline.deployment import input_bucket, place_of
from distributed_ocr_pipeline.errors import BadOption, Interrupted
from distributed_ocr_pipeline.layout import DEFAULT_FOLDER


def run_command(arguments: argparse.Namespace) -> None:
    """Run the pipeline and print what became of the documents.

    Args:
        arguments: input_prefix, output, json, region, ask_above_usd and the names of `RunSettings`, each None where it
            was not given.

    Raises:
        UnfinishedRun: The run ended, but not green; its result is printed.
        PipelineError: The run did not start.
    """
    run_with(arguments, arguments.input_prefix, chosen_options(arguments), arguments.output)


def run_with(arguments: argparse.Namespace, source: str | Path, options: dict[str, Any], output: str | None) -> None:
    """Run the pipeline over a prefix or a folder.

    Args:
        arguments: json, region, ask_above_usd.
        source: As `OCRPipeline.run` takes it.
        options: Of the run.
        output: Folder for results of local runs.

    Raises:
        UnfinishedRun, PipelineError: As `run_command`.
        Interrupted: Ctrl-C ended it on this machine, or before it had begun on AWS; it says how to go on.
    """
    again = partial(_again, arguments, source, dict(options), output)
    ocr = {name: options.pop(name) for name in list(options) if name in OCRConfig.names()}
    aws = {name: options.pop(name) for name in list(options) if name in AWSConfig.names()}
    if arguments.region:
        aws["region"] = arguments.region
    limit = arguments.ask_above_usd
    observer = TerminalObserver(sys.stderr, approve_all if limit is None else ask_above(limit, sys.stdin, sys.stderr))
    results = DEFAULT_FOLDER if output is None else output
    pipeline = OCRPipeline(AWSConfig(**aws), OCRConfig(**ocr), output=results, observer=observer)
    show = _print_json if arguments.json else print_result
    try:
        with told_from_faults(), closing(observer):
            result = pipeline.run(source, **options)
        show(result, sys.stdout)
    except UnfinishedRun as error:
        show(error.result, sys.stdout)
        if isinstance(error, InterruptedRun) and not error.result.output.startswith("s3://"):
            raise Interrupted(error.cause, again()) from error
        raise
    except KeyboardInterrupt as error:
        raise Interrupted("Interrupted.", again()) from error


def _again(arguments: argparse.Namespace, source: str | Path, options: Mapping[str, Any], output: str | None) -> str:
    """What is said of a run that was interrupted."""
    place = place_of(source, input_bucket(AWSConfig(), os.environ))
    shown = {**options, "json": arguments.json or None}
    if isinstance(place, Path):
        line = run_command_line(str(place.absolute()), output or DEFAULT_FOLDER, shown)
    else:
        shown |= {"region": arguments.region, "ask_above_usd": arguments.ask_above_usd}
        line = run_command_line(place, None, shown)
    return f"What is finished is kept; this goes on with the rest: {line}"


def _print_json(result: RunResult, stream: TextIO) -> None:
    values = {"run_id": result.run_id, "output": result.output, "seconds": round(result.seconds, 3)}
    plan = {"planned": result.plan.documents, "up_to_date": result.plan.up_to_date}
    print(json.dumps(values | plan | {"report": result.report}, indent=2), file=stream)


def chosen_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Only what was given, so that the deployment's defaults hold for the rest."""
    given = {
        name: value for name, value in vars(arguments).items() if name in RunSettings.names() and value is not None
    }
    if "tesseract_config" in given:
        given["tesseract_config"] = _decode(given["tesseract_config"])
    return given


def _decode(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadOption(f"Option 'tesseract_config': got {text!r}; it should look like {{\"psm\": 6}}.") from error
