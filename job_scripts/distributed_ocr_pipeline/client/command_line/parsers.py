"""The options of each command, in a module that loads none of them."""

import argparse
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from distributed_ocr_pipeline import __version__
from distributed_ocr_pipeline.client.command_line.arguments import (
    JSON_HELP,
    CommandParser,
    add_common,
    add_options,
    add_page,
    add_place,
    add_results,
    amount,
    confidence,
    count,
    path,
)
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.records import DocumentStatus

_DESCRIPTION = """\
Turns the PDFs, scans and photos below a prefix into text in Parquet, and accounts for every one of them.

An s3:// prefix runs on your deployment (see `make deploy`). A folder runs on this machine, without AWS,
unless OCR_BUCKET_NAME names a bucket that it is a prefix of.

commands, each with its own --help; without one, or with `run`, the options below start a run:
  ocr-pipeline estimate PREFIX   what a run would take; starts nothing
  ocr-pipeline status [RUN]      the latest runs, or one of them: how far it is, and what it waits for
  ocr-pipeline list              documents by status, class of error or confidence, each once
  ocr-pipeline retry [RUN]       reads again what failed, and nothing else
  ocr-pipeline export [RUN]      searchable PDFs, text, Markdown, hOCR … of what runs have read
  ocr-pipeline report [RUN]      what a run did, as one HTML file to look at
  ocr-pipeline show DOCUMENT     its pages beside their text, as an HTML file or as text
  ocr-pipeline logs [RUN]        what the jobs of a run on AWS log, or logged
  ocr-pipeline doctor            whether everything is there that a run needs, and what mends it
  ocr-pipeline stop [RUN]        ends a run on AWS and its jobs, or the jobs that ended runs left behind"""


def run_parser() -> argparse.ArgumentParser:
    """Of `ocr-pipeline` without a command's name."""
    parser = CommandParser(
        "ocr-pipeline",
        _DESCRIPTION,
        usage="ocr-pipeline [run] --input-prefix PREFIX [options]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--input-prefix", required=True, metavar="PREFIX", help="s3://bucket/prefix/ or a folder")
    add_results(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON (docs/command-line.md)")
    add_common(parser)
    _add_question(parser)
    parser.add_argument("--version", action="version", version=__version__)
    add_options(parser)
    return parser


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ask-above-usd",
        type=amount,
        default=os.environ.get("OCR_ASK_ABOVE_USD") or None,
        metavar="USD",
        help="ask before a run on AWS that may cost more, by the estimate (default: OCR_ASK_ABOVE_USD, or never)",
    )


def _retry_parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        "ocr-pipeline retry",
        "Starts a run over the documents whose last result is a failure, with the options they were read with.",
        usage="ocr-pipeline retry [RUN|OUTPUT] [options]",
    )
    what = "a run's id: those below its prefix or folder (default: the latest run's); or the folder that runs wrote to"
    parser.add_argument("target", metavar="RUN|OUTPUT", nargs="?", type=path, help=what)
    _add_class(parser, "only those that failed so")
    _add_question(parser)
    add_place(parser, json_help="print what failed as a JSON document, and start no run (docs/command-line.md)")
    add_options(parser)
    return parser


def _add_class(parser: argparse.ArgumentParser, text: str) -> None:
    classes = [found.value for found in ErrorClass]
    parser.add_argument(
        "--class", dest="error_class", choices=classes, metavar="CLASS", help=f"{text}: {', '.join(classes)}"
    )


def _estimate_parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        "ocr-pipeline estimate",
        "Says what a run would take, and starts nothing.",
        usage="ocr-pipeline estimate PREFIX [options]",
    )
    parser.add_argument("prefix", metavar="PREFIX", help="s3://bucket/prefix/ or a folder")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    add_common(parser)
    add_options(parser)
    return parser


def _status_parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        "ocr-pipeline status",
        "Says how runs stand. Without RUN: the latest, a line for each.",
    )
    _add_run(parser)
    parser.add_argument("--limit", type=count, default=10, metavar="N", help="so many of the latest (default: 10)")
    add_place(parser)
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    what = "the run's id, which the run prints first, or the folder that runs wrote to"
    parser.add_argument("target", metavar="RUN|OUTPUT", nargs="?", type=path, help=what)


def _list_parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        "ocr-pipeline list",
        "Lists documents, each by its current row of the ledger: one line, separated by tabs in a pipe.",
    )
    what = "the folder that runs wrote to, as with --output"
    parser.add_argument("folder", metavar="OUTPUT", nargs="?", type=path, help=what)
    parser.add_argument("--status", choices=[found.value for found in DocumentStatus], help="only those of this status")
    _add_class(parser, "only those that failed so")
    parser.add_argument(
        "--below-confidence", type=confidence, metavar="N", help="only those with a page read with less, 0-100"
    )
    parser.add_argument("--sort", choices=("newest", "key"), default="newest", help="default: newest first")
    parser.add_argument("--limit", type=count, default=50, metavar="N", help="so many of them (default: 50)")
    add_place(parser)
    return parser


def _export_parser() -> argparse.ArgumentParser:
    from distributed_ocr_pipeline.outputs.formats import SUFFIXES  # pylint: disable=import-outside-toplevel

    parser = CommandParser(
        "ocr-pipeline export",
        "Makes files of documents from the current rows of finished runs; nothing is recognised again.",
        usage="ocr-pipeline export [RUN|OUTPUT] --format FORMAT [options]",
    )
    what = "a run's id, or the folder or s3://bucket that runs wrote to (default: all runs of --output)"
    parser.add_argument("what", metavar="RUN|OUTPUT", nargs="?", type=path, help=what)
    parser.add_argument(
        "--format",
        action="append",
        default=[],
        choices=list(SUFFIXES),
        metavar="FORMAT",
        help=f"what to make, may be given several times: {', '.join(SUFFIXES)}",
    )
    where = "files go below DIR/outputs/ (default: the runs' folder; of runs on AWS, output)"
    parser.add_argument("--to", metavar="DIR", type=path, help=where)
    parser.add_argument("--overwrite", action="store_true", help="write files again that are there")
    add_place(parser)
    return parser


def _report_parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        "ocr-pipeline report",
        "Writes what a run did as one HTML file. Without RUN: of the latest that has ended with results.",
    )
    what = "a run's id, or the folder that runs wrote to"
    parser.add_argument("target", metavar="RUN|OUTPUT", nargs="?", type=path, help=what)
    add_page(parser, "the run's other files, in a folder")
    add_place(parser)
    return parser


def _show_parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        "ocr-pipeline show",
        "Writes a document's pages beside their text, with a box around each word, as one HTML file.",
    )
    what = "its document_id, its address, the end of that, or the path of its file"
    parser.add_argument("document", metavar="DOCUMENT", type=path, help=what)
    parser.add_argument(
        "--page", type=count, metavar="N", help="only this page (default: the first 20, as text or JSON all)"
    )
    parser.add_argument("--text", action="store_true", help="print the text, and write no file")
    add_page(parser, "the files of the document's run, in a folder")
    add_place(parser)
    return parser


def _logs_parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        "ocr-pipeline logs",
        "Prints what the jobs of a run on AWS log. Without RUN: of the latest.",
    )
    _add_run(parser)
    parser.add_argument("--document", metavar="ID", help="only lines that name this document, by its document_id")
    parser.add_argument("--follow", action="store_true", help="go on until the run has ended")
    add_place(parser)
    return parser


def _doctor_parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        "ocr-pipeline doctor",
        "Checks what a run needs, here and of the deployment if there is one. Makes and changes nothing.",
    )
    parser.add_argument(
        "--languages", metavar="LANGUAGES", help="those of the documents, such as eng+deu (default: those of a run)"
    )
    add_results(parser)
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    add_common(parser)
    return parser


def _stop_parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        "ocr-pipeline stop",
        "Stops a run on AWS and its jobs. Without RUN: the jobs of runs that have ended without them.",
    )
    parser.add_argument("run", metavar="RUN", nargs="?", help="the run's id, which is the name of its execution")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    add_common(parser)
    return parser


@dataclass(frozen=True)
class Command:
    """What follows `ocr-pipeline`: the function `<name>_command` of that module of `client.commands`.

    Attributes:
        parser: Makes the parser of its arguments.
        has_notes: It takes a second stream, for what is not its result.
    """

    parser: Callable[[], argparse.ArgumentParser]
    has_notes: bool = False


COMMANDS: Mapping[str, Command] = {
    "estimate": Command(_estimate_parser),
    "status": Command(_status_parser),
    "list": Command(_list_parser, has_notes=True),
    "retry": Command(_retry_parser, has_notes=True),
    "export": Command(_export_parser, has_notes=True),
    "report": Command(_report_parser, has_notes=True),
    "show": Command(_show_parser),
    "logs": Command(_logs_parser, has_notes=True),
    "doctor": Command(_doctor_parser),
    "stop": Command(_stop_parser, has_notes=True),
}
"""By name. What is none of these names is an option of a run, with or without the name `run` before it."""


def no_such_command(word: str, *, is_after_run: bool) -> str:
    """What is wrong with a first word that is neither a command nor an option."""
    if is_after_run or word.startswith("s3://") or os.path.exists(word):
        return f"{word!r} is no option; documents are named by --input-prefix {shlex.quote(word)}"
    nearest = get_close_matches(word, ("run", *COMMANDS), 1)
    return f"there is no command {word!r}" + "".join(f"; the nearest is {name!r}" for name in nearest)
