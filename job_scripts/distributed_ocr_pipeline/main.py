"""The command line: `ocr-pipeline`, or `python -m distributed_ocr_pipeline.main`."""

import argparse
import logging
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from pydantic.fields import FieldInfo

from distributed_ocr_pipeline import __version__
from distributed_ocr_pipeline.config import RunSettings
from distributed_ocr_pipeline.errors import ExitCode, PipelineError

_DESCRIPTION = """\
Turns the PDFs, scans and photos below a prefix into text in Parquet, and accounts for every one of them.

An s3:// prefix runs on your deployment (see `make deploy`). A folder runs on this machine, without AWS,
unless OCR_BUCKET_NAME names a bucket that it is a prefix of.

`ocr-pipeline estimate PREFIX` says what a run would take, and starts nothing.
`ocr-pipeline stop [RUN]` ends a run on AWS and its jobs, or the jobs that ended runs left behind."""
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
    from distributed_ocr_pipeline.client.run_command import run_command  # pylint: disable=import-outside-toplevel

    run_command(parsed)


def _estimate(parsed: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.client.estimate_command import (  # pylint: disable=import-outside-toplevel
        estimate_command,
    )

    estimate_command(parsed, sys.stdout)


def _stop(parsed: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.client.stop_command import stop_command  # pylint: disable=import-outside-toplevel

    stop_command(parsed, sys.stdout)


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
    parser.add_argument("--version", action="version", version=__version__)
    _add_options(parser)
    return parser


_Command = tuple[Callable[[], argparse.ArgumentParser], Callable[[argparse.Namespace], None]]
_COMMANDS: Mapping[str, _Command] = {"estimate": (_estimate_parser, _estimate), "stop": (_stop_parser, _stop)}
"""What is not the name of one of these is an option of a run."""


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--region", metavar="REGION", help="AWS region (default: the deployment's)")
    parser.add_argument("--debug", action="store_true", help="show tracebacks and debug messages")


def _add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "run options", "Defaults are the deployment's; those shown are the project's own."
    )
    for name, field in RunSettings.model_fields.items():
        _add_option(group, name, field)


def _add_option(group: argparse._ArgumentGroup, name: str, field: FieldInfo) -> None:
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
