"""From the words of a command line to its exit status."""

import argparse
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from distributed_ocr_pipeline.client.command_line.ctrl_c import told_from_faults
from distributed_ocr_pipeline.client.command_line.parsers import COMMANDS, no_such_command, run_parser
from distributed_ocr_pipeline.errors import ExitCode, MissingTool, PipelineError

_PACKAGE = "distributed_ocr_pipeline"
_PLAIN_FORMAT, _DEBUG_FORMAT = "ocr-pipeline: warning: %(message)s", "%(levelname)s %(name)s: %(message)s"


def call(given: Sequence[str]) -> int:
    """Do what the words after the program's name say; returns the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names and texts have letters that a terminal may not know
    name, parsed = _parse(given)
    logging.basicConfig(level=logging.WARNING, format=_DEBUG_FORMAT if parsed.debug else _PLAIN_FORMAT)
    logging.getLogger(_PACKAGE).setLevel(logging.DEBUG if parsed.debug else logging.WARNING)
    try:
        with _ended_like_ctrl_c(), told_from_faults():
            _start(name, parsed)
            sys.stdout.flush()
        return ExitCode.OK
    except BrokenPipeError:  # who reads has seen enough: `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end of the process
        return ExitCode.OK
    except KeyboardInterrupt:
        return _fail("Interrupted.", ExitCode.INTERRUPTED, parsed.debug)
    except PipelineError as error:
        return _fail(str(error), error.exit_code, parsed.debug)
    except PermissionError as error:
        message = f"{error.filename!r} may not be used: {error.strerror}. Change its permissions."
        return _fail(message, ExitCode.BAD_INPUT, parsed.debug)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the last stop before the exit status
        message = f"Internal error: {type(error).__name__}: {error}. Run again with --debug for details."
        return _fail(message, ExitCode.INTERNAL, parsed.debug)


def _parse(given: Sequence[str]) -> tuple[str | None, argparse.Namespace]:
    """The name of a command, None for a run, and its arguments; wrong ones end the process with one line."""
    if given and given[0] in COMMANDS:
        return given[0], COMMANDS[given[0]].parser().parse_args(given[1:])
    parser = run_parser()
    options = given[1:] if given[:1] == ["run"] else given
    if options and not options[0].startswith("-"):
        parser.error(no_such_command(options[0], is_after_run=options is not given))
    return None, parser.parse_args(options)


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and the end of the terminal do what Ctrl-C does, unless they are ignored, as with nohup."""
    numbers = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    numbers = numbers if threading.current_thread() is threading.main_thread() else []  # others may not
    for number in numbers:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _start(name: str | None, parsed: argparse.Namespace) -> None:
    """Do what a command does, or without one run the pipeline."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # Arrow's own keeps more; it asks when it is loaded
    try:
        if name is None:
            _load("run")(parsed)
        else:
            streams = (sys.stdout, sys.stderr) if COMMANDS[name].has_notes else (sys.stdout,)
            _load(name)(parsed, *streams)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == _PACKAGE:
            raise
        raise MissingTool(
            f"The Python package {package!r} is not installed.", "pip install 'distributed-ocr-pipeline[local]'"
        ) from error


def _load(name: str) -> Callable[..., None]:
    """A command is imported when it is called, since --help and a wrong option need neither AWS' SDK nor Arrow."""
    command: Callable[..., None] = getattr(import_module(f"{_PACKAGE}.client.commands.{name}"), f"{name}_command")
    return command


def _fail(message: str, code: ExitCode, debug: bool) -> int:
    if debug:
        logging.getLogger(__name__).exception("Traceback of the error below")
    print(f"ocr-pipeline: error: {message}", file=sys.stderr)
    return code
