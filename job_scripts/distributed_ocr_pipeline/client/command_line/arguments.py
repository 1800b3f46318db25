"""What the parsers of the command line have in common."""

import argparse
import os
from typing import TYPE_CHECKING, Any, get_args

from distributed_ocr_pipeline.client.command_line.proposals import command
from distributed_ocr_pipeline.errors import ExitCode

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_EXIT = "exit status: " + ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in ExitCode)
JSON_HELP = "print a JSON document (docs/command-line.md)"


class CommandParser(argparse.ArgumentParser):
    """argparse, but wrong usage is one line and has this project's exit status; --help ends with all of these."""

    def __init__(self, prog: str, description: str, **more: Any) -> None:
        super().__init__(prog=prog, description=description, epilog=_EXIT, allow_abbrev=False, **more)

    def error(self, message: str) -> Any:
        advice = f"Run `{command(*self.prog.split()[1:], '--help')}` for the options."
        self.exit(ExitCode.BAD_INPUT, f"{self.prog}: error: {message}. {advice}\n")


def add_place(parser: argparse.ArgumentParser, *, json_help: str = JSON_HELP) -> None:
    """Of commands that look at what runs left: where."""
    where = "look at the runs on this machine that wrote to FOLDER (default: the deployment; without one, output)"
    parser.add_argument("--output", metavar="FOLDER", type=path, help=where)
    parser.add_argument("--json", action="store_true", help=json_help)
    add_common(parser)


def add_results(parser: argparse.ArgumentParser) -> None:
    """Of commands that run, or ask whether a run could be: where its results go."""
    text = "results of local runs (default: output)"
    parser.add_argument("--output", default="output", metavar="FOLDER", type=path, help=text)


def add_page(parser: argparse.ArgumentParser, place: str) -> None:
    """Of commands that write a file to look at."""
    where = f"write it there (default: with {place}; of runs on AWS, here)"
    parser.add_argument("--file", metavar="FILE", type=path, help=where)
    parser.add_argument("--open", action="store_true", help="open it in the browser")


def add_common(parser: argparse.ArgumentParser) -> None:
    """Of all commands."""
    parser.add_argument("--region", metavar="REGION", help="AWS region (default: the deployment's)")
    parser.add_argument("--debug", action="store_true", help="show tracebacks and debug messages")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Of commands that plan: those of a run. Others do not load pydantic, which takes longer than all else here."""
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


def path(text: str) -> str:
    """A path as a shell has it: of a `~` that stood in quotes nobody else makes the home folder."""
    return os.path.expanduser(text)


def count(text: str) -> int:
    """A number from 1."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"got {text!r}; it should be a number from 1")
    return int(text)


def amount(text: str) -> float:
    """A number of USD."""
    try:
        if 0 <= float(text) < float("inf"):
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"got {text!r}; it should be a number of USD from 0")


def confidence(text: str) -> float:
    """A number from 0 to 100."""
    try:
        if 0 <= float(text) <= 100:
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"got {text!r}; it should be a number from 0 to 100")
