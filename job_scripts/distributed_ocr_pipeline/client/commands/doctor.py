"""`ocr-pipeline doctor`: is everything there that a run needs, and if not, what mends it."""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from distributed_ocr_pipeline.client.checks.check import Check, State
from distributed_ocr_pipeline.client.checks.deployed import deployment_checks
from distributed_ocr_pipeline.client.checks.machine import machine_checks
from distributed_ocr_pipeline.client.terminal import print_lines
from distributed_ocr_pipeline.errors import PipelineError
from distributed_ocr_pipeline.wording import printable


class NotReady(PipelineError):
    """Checks found problems; the exit status is that of the first."""

    def __init__(self, problems: Sequence[Check]) -> None:
        names = ", ".join(problem.name for problem in problems)
        super().__init__(f"There are problems with: {names}.")
        self.exit_code = problems[0].exit_code


def doctor_command(arguments: argparse.Namespace, stream: TextIO) -> None:
    """Print a line for each check, as soon as it is done; nothing is made, here or on AWS.

    Args:
        arguments: languages, output, region, json.
        stream: For the result.

    Raises:
        NotReady: There are problems.
    """
    checks: list[Check] = []

    def lines() -> Iterator[str]:
        for check in all_checks(arguments.languages, Path(arguments.output), arguments.region):
            checks.append(check)
            yield line(check)

    if arguments.json:
        list(lines())
        print(json.dumps(as_dict(checks), indent=2), file=stream)
    else:
        print_lines(lines(), stream)
    if problems := [check for check in checks if check.state is State.PROBLEM]:
        raise NotReady(problems)


def all_checks(languages: str | None, output: Path, region: str | None) -> Iterator[Check]:
    """First this machine, then the deployment."""
    yield from machine_checks(languages, output)
    yield from deployment_checks(region)


def line(check: Check) -> str:
    """For people: the state, what it is of, what was found, and what mends it."""
    found = check.found if check.found.endswith(".") or not check.advice else f"{check.found}."
    return f"{check.state.value:<8} {check.name:<15} {printable(f'{found} {check.advice}'.rstrip())}"


def as_dict(checks: Sequence[Check]) -> dict[str, Any]:
    """For programs."""
    is_ok = all(check.state is not State.PROBLEM for check in checks)
    return {"checks": [check.as_dict() for check in checks], "ok": is_ok}
