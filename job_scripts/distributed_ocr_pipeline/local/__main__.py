"""The local environment: the parts of AWS that the pipeline needs, on 127.0.0.1."""

import argparse
import sys
from pathlib import Path

from distributed_ocr_pipeline.errors import ExitCode, PipelineError
from distributed_ocr_pipeline.local import background
from distributed_ocr_pipeline.local.serve import PROJECT, serve, server_settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    return int(ExitCode.OK)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m distributed_ocr_pipeline.local", description=__doc__)
    parser.add_argument("--folder", type=Path, default=background.FOLDER, help="folder of its state and log")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="serve in the foreground"))
    start = commands.add_parser("start", help="start it in the background")
    start.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    start.set_defaults(command=lambda options: background.start(options.folder, options.port))
    stop = commands.add_parser("stop", help="stop it and all its jobs")
    stop.set_defaults(command=lambda options: background.stop(options.folder))
    status = commands.add_parser("status", help="say whether it runs")
    status.set_defaults(command=lambda options: background.status(options.folder))
    logs = commands.add_parser("logs", help="show its log and those of its jobs")
    logs.add_argument("--follow", action="store_true", help="show new lines until interrupted")
    logs.set_defaults(command=lambda options: background.show_logs(options.folder, follow=options.follow))
    plan = commands.add_parser("plan", help="make the plan that a run on this machine asks for")
    plan.set_defaults(command=_plan)
    keep = commands.add_parser("store-plan", help="store the plan of such a run")
    keep.set_defaults(command=_store_plan)
    for parser_of_request in (plan, keep):
        parser_of_request.add_argument("request", type=Path, help="JSON file that says what (local/planning.py)")
    test = commands.add_parser("test", help="process a few documents and check the results")
    test.set_defaults(command=_test)
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--bare", action="store_true", help="deploy nothing (for Terraform)")
    parser.add_argument("--ready-file", type=Path, help="JSON file to write once it answers")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when standard input is closed")
    parser.add_argument("--scripts", type=Path, default=PROJECT / "job_scripts", help="folder of the job scripts")
    parser.add_argument("--grace-seconds", type=float, default=30.0, help="from SIGTERM to SIGKILL of a stopped job")
    parser.add_argument("--documents", type=Path, help="folder that is the input bucket, read in place")
    parser.add_argument("--results", type=Path, help="folder that is the output bucket")
    parser.set_defaults(command=_serve)


def _serve(options: argparse.Namespace) -> None:
    settings = server_settings(
        options.scripts,
        port=options.port,
        grace_seconds=options.grace_seconds,
        documents=options.documents,
        results=options.results,
    )
    serve(settings, bare=options.bare, ready_file=options.ready_file, exit_with_parent=options.exit_with_parent)


def _plan(options: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.local.planning import make_plan  # pylint: disable=import-outside-toplevel

    make_plan(options.request)


def _store_plan(options: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.local.planning import keep_plan  # pylint: disable=import-outside-toplevel

    keep_plan(options.request)


def _test(options: argparse.Namespace) -> None:
    from distributed_ocr_pipeline.local.selftest import run_test  # pylint: disable=import-outside-toplevel

    run_test(options.folder)


if __name__ == "__main__":
    sys.exit(main())
