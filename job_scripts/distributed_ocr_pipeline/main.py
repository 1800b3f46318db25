"""The command line: `ocr-pipeline`, or `python -m distributed_ocr_pipeline.main`."""

import argparse
import logging
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from distributed_ocr_pipeline import __version__
from distributed_ocr_pipeline.errors import ErrorClass, ExitCode, PipelineError
from distributed_ocr_pipeline.records import DocumentStatus

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_DESCRIPTION = """\
Turns the PDFs, scans and photos below a prefix into text in Parquet, and accounts for every one of them.

An s3:// prefix runs on your deployment (see `make deploy`). A folder runs on this machine, without AWS,
unless OCR_BUCKET_NAME names a bucket that it is a prefix of.

commands, each with its own --help:
  ocr-pipeline estimate PREFIX   what a run would take; starts nothing
  ocr-pipeline status [RUN]      the latest runs, or one of them: how far it is, and what it waits for
  ocr-pipeline list              documents by status, class of error or confidence, each once
  ocr-pipeline export [RUN]      searchable PDFs, text, Markdown, hOCR … of what runs have read
  ocr-pipeline report [RUN]      what a run did, as one HTML file to look at
  ocr-pipeline show DOCUMENT     its pages beside their text, as an HTML file or as text
  ocr-pipeline logs [RUN]        what the jobs of a run on AWS log, or logged
  ocr-pipeline doctor            whether everything is there that a run needs, and what mends it
  ocr-pipeline stop [RUN]        ends a run on AWS and its jobs, or the jobs that ended runs left behind"""
_EXIT = "exit status: " + ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in ExitCode)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the pipeline as the arguments say; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    named = _COMMANDS.get(given[0]) if given else None
    parser, command = named or (_parser, _run)
    parsed = parser().parse_args(given[1:] if named else given)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("distributed_ocr_pipeline").setLevel(logging.DEBUG if parsed.debug else logging.WARNING)
    try:
        command(parsed)
        return ExitCode.OK
    except KeyboardInterrupt:
        return _fail(f"Interrupted. {_how_to_go_on(arguments)}", ExitCode.INTERRUPTED, parsed.debug)
    except PipelineError as error:
        advice = f" {_how_to_go_on(arguments)}" if error.exit_code is ExitCode.INTERRUPTED else ""
        return _fail(f"{error}{advice}", error.exit_code, parsed.debug)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the last stop before the exit status
        message = f"Internal error: {type(error).__name__}: {error}. Run again with --debug for details."
        return _fail(message, ExitCode.INTERNAL, parsed.debug)


def _how_to_go_on(arguments: Sequence[str] | None) -> str:
    command = shlex.join(["ocr-pipeline", *(sys.argv[1:] if arguments is None else arguments)])
    return f"What is finished is kept; this goes on with the rest: {command}"


def _run(parsed: argparse.Namespace) -> None:
    """Imported here, since --help and a wrong option need neither AWS' SDK nor Arrow."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # Arrow's own keeps 30 MB; it asks when it is loaded
    from distributed_ocr_pipeline.client.commands.run import run_command  # pylint: disable=import-outside-toplevel

    run_command(parsed)


def _estimate(parsed: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.client.commands.estimate import (  # pylint: disable=import-outside-toplevel
        estimate_command,
    )

    estimate_command(parsed, sys.stdout)


def _stop(parsed: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.client.commands.stop import stop_command  # pylint: disable=import-outside-toplevel

    stop_command(parsed, sys.stdout)


def _status(parsed: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.client.commands.status import (  # pylint: disable=import-outside-toplevel
        status_command,
    )

    status_command(parsed, sys.stdout)


def _status_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ocr-pipeline status",
        description="Says how runs stand. Without RUN: the latest, a line for each.",
        epilog=_EXIT,
    )
    parser.add_argument("run", metavar="RUN", nargs="?", help="the run's id, which the run prints first")
    parser.add_argument("--limit", type=_count, default=10, metavar="N", help="so many of the latest (default: 10)")
    _add_place(parser)
    return parser


def _list(parsed: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.client.commands.list import list_command  # pylint: disable=import-outside-toplevel

    list_command(parsed, sys.stdout, sys.stderr)


def _list_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ocr-pipeline list",
        description="Lists documents, each by its current row of the ledger: one line, separated by tabs in a pipe.",
        epilog=_EXIT,
    )
    classes = [found.value for found in ErrorClass]
    parser.add_argument("--status", choices=[found.value for found in DocumentStatus], help="only those of this status")
    parser.add_argument(
        "--class",
        dest="error_class",
        choices=classes,
        metavar="CLASS",
        help=f"only those that failed so: {', '.join(classes)}",
    )
    parser.add_argument(
        "--below-confidence", type=_confidence, metavar="N", help="only those with a page read with less, 0-100"
    )
    parser.add_argument("--sort", choices=("newest", "key"), default="newest", help="default: newest first")
    parser.add_argument("--limit", type=_count, default=50, metavar="N", help="so many of them (default: 50)")
    _add_place(parser)
    return parser


def _confidence(text: str) -> float:
    try:
        if 0 <= float(text) <= 100:
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"got {text!r}; it should be a number from 0 to 100")


def _export(parsed: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.client.commands.export import (  # pylint: disable=import-outside-toplevel
        export_command,
    )

    export_command(parsed, sys.stdout, sys.stderr)


def _export_parser() -> argparse.ArgumentParser:
    from distributed_ocr_pipeline.outputs.formats import SUFFIXES  # pylint: disable=import-outside-toplevel

    parser = _Parser(
        prog="ocr-pipeline export",
        description="Makes files of documents from the current rows of finished runs; nothing is recognised again.",
        epilog=_EXIT,
    )
    what = "a run's id, or the folder or s3://bucket that runs wrote to (default: all runs of --output)"
    parser.add_argument("what", metavar="RUN_OR_OUTPUT", nargs="?", help=what)
    parser.add_argument(
        "--format",
        action="append",
        required=True,
        choices=list(SUFFIXES),
        metavar="FORMAT",
        help=f"what to make, may be given several times: {', '.join(SUFFIXES)}",
    )
    parser.add_argument(
        "--to", metavar="DIR", help="files go below DIR/outputs/ (default: the runs' folder; of runs on AWS, output)"
    )
    parser.add_argument("--overwrite", action="store_true", help="write files again that are there")
    _add_place(parser)
    return parser


def _logs(parsed: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.client.commands.logs import logs_command  # pylint: disable=import-outside-toplevel

    logs_command(parsed, sys.stdout, sys.stderr)


def _logs_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ocr-pipeline logs",
        description="Prints what the jobs of a run on AWS log. Without RUN: of the latest.",
        epilog=_EXIT,
    )
    parser.add_argument("run", metavar="RUN", nargs="?", help="the run's id, which the run prints first")
    parser.add_argument("--document", metavar="ID", help="only lines that name this document, by its document_id")
    parser.add_argument("--follow", action="store_true", help="go on until the run has ended")
    _add_place(parser)
    return parser


def _report(parsed: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.client.commands.report import (  # pylint: disable=import-outside-toplevel
        report_command,
    )

    report_command(parsed, sys.stdout)


def _report_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ocr-pipeline report",
        description="Writes what a run did as one HTML file. Without RUN: of the latest that has ended with results.",
        epilog=_EXIT,
    )
    parser.add_argument("target", metavar="RUN|OUTPUT", nargs="?", help="a run's id, or the folder that runs wrote to")
    _add_page(parser, "the run's other files, in a folder")
    _add_place(parser)
    return parser


def _show(parsed: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.client.commands.show import show_command  # pylint: disable=import-outside-toplevel

    show_command(parsed, sys.stdout)


def _show_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ocr-pipeline show",
        description="Writes a document's pages beside their text, with a box around each word, as one HTML file.",
        epilog=_EXIT,
    )
    parser.add_argument(
        "document", metavar="DOCUMENT", help="its document_id, its address, the end of that, or the path of its file"
    )
    parser.add_argument("--page", type=_count, metavar="N", help="only this page (default: the first 20)")
    parser.add_argument("--text", action="store_true", help="print the text, and write no file")
    _add_page(parser, "the files of the document's run, in a folder")
    _add_place(parser)
    return parser


def _doctor(parsed: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.client.commands.doctor import (  # pylint: disable=import-outside-toplevel
        doctor_command,
    )

    doctor_command(parsed, sys.stdout)


def _doctor_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ocr-pipeline doctor",
        description="Checks what a run needs, here and of the deployment if there is one. Makes and changes nothing.",
        epilog=_EXIT,
    )
    parser.add_argument(
        "--languages", metavar="LANGUAGES", help="those of the documents, such as eng+deu (default: those of a run)"
    )
    parser.add_argument("--output", default="output", metavar="FOLDER", help="results of local runs (default: output)")
    parser.add_argument("--json", action="store_true", help="print a JSON document (docs/command-line.md)")
    _add_common(parser)
    return parser


def _stop_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ocr-pipeline stop",
        description="Stops a run on AWS and its jobs. Without RUN: the jobs of runs that have ended without them.",
        epilog=_EXIT,
    )
    parser.add_argument("run", metavar="RUN", nargs="?", help="the run's id, which is the name of its execution")
    _add_common(parser)
    return parser


def _estimate_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ocr-pipeline estimate", description="Says what a run would take, and starts nothing.", epilog=_EXIT
    )
    parser.add_argument("prefix", metavar="PREFIX", help="s3://bucket/prefix/ or a folder")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    _add_common(parser)
    _add_options(parser)
    return parser


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ocr-pipeline",
        description=_DESCRIPTION,
        epilog=_EXIT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--input-prefix", required=True, metavar="PREFIX", help="s3://bucket/prefix/ or a folder")
    parser.add_argument("--output", default="output", metavar="FOLDER", help="results of local runs (default: output)")
    _add_common(parser)
    parser.add_argument(
        "--ask-above-usd",
        type=_amount,
        default=os.environ.get("OCR_ASK_ABOVE_USD"),
        metavar="USD",
        help="ask before a run on AWS that may cost more, by the estimate (default: OCR_ASK_ABOVE_USD, or never)",
    )
    parser.add_argument("--version", action="version", version=__version__)
    _add_options(parser)
    return parser


_Command = tuple[Callable[[], argparse.ArgumentParser], Callable[[argparse.Namespace], None]]
_COMMANDS: Mapping[str, _Command] = {
    "estimate": (_estimate_parser, _estimate),
    "status": (_status_parser, _status),
    "list": (_list_parser, _list),
    "export": (_export_parser, _export),
    "report": (_report_parser, _report),
    "show": (_show_parser, _show),
    "logs": (_logs_parser, _logs),
    "doctor": (_doctor_parser, _doctor),
    "stop": (_stop_parser, _stop),
}
"""What is not the name of one of these is an option of a run."""


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"got {text!r}; it should be a number from 1")
    return int(text)


def _amount(text: str) -> float:
    try:
        if 0 <= float(text) < float("inf"):
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"got {text!r}; it should be a number of USD from 0")


def _add_place(parser: argparse.ArgumentParser) -> None:
    """Of commands that look at what runs left: where."""
    where = "look at the runs on this machine that wrote to FOLDER (default: the deployment; without one, output)"
    parser.add_argument("--output", metavar="FOLDER", help=where)
    parser.add_argument("--json", action="store_true", help="print a JSON document (docs/command-line.md)")
    _add_common(parser)


def _add_page(parser: argparse.ArgumentParser, place: str) -> None:
    """Of commands that write a file to look at."""
    where = f"write it there (default: with {place}; of runs on AWS, here)"
    parser.add_argument("--file", metavar="FILE", help=where)
    parser.add_argument("--open", action="store_true", help="open it in the browser")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--region", metavar="REGION", help="AWS region (default: the deployment's)")
    parser.add_argument("--debug", action="store_true", help="show tracebacks and debug messages")


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Commands without a run's options do not load pydantic, which takes longer than all else here."""
    from distributed_ocr_pipeline.config import RunSettings  # pylint: disable=import-outside-toplevel

    group = parser.add_argument_group(
        "run options", "Defaults are the deployment's; those shown are the project's own."
    )
    for name, field in RunSettings.model_fields.items():
        _add_option(group, name, field)


def _add_option(group: argparse._ArgumentGroup, name: str, field: "FieldInfo") -> None:
    flag = f"--{name.replace('_', '-')}"
    text = f"{field.description} (default: {field.default})".replace("%", "%%")
    if field.annotation is bool:
        group.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=text)
    else:
        choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]
        group.add_argument(flag, metavar="|".join(choices) or "VALUE", help=text)


class _Parser(argparse.ArgumentParser):
    """argparse, but with this project's exit status for wrong usage, and one line of it."""

    def error(self, message: str) -> Any:
        self.exit(ExitCode.BAD_INPUT, f"{self.prog}: error: {message}. Run `{self.prog} --help` for the options.\n")


def _fail(message: str, code: ExitCode, debug: bool) -> int:
    if debug:
        logging.getLogger(__name__).exception("Traceback of the error below")
    print(f"ocr-pipeline: error: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
