"""The command line: asks AWS, prints a table, writes a JSON file."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from distributed_ocr_pipeline.config import AWSConfig
from distributed_ocr_pipeline.deployment import find_deployment
from distributed_ocr_pipeline.errors import ExitCode, PipelineError
from verify.asking import QUESTIONS, ask, check_price, choose, hour_usd, report
from verify.cleanup import clean_up
from verify.question import Answer, Question
from verify.site import Site

_PROJECT = Path(__file__).resolve().parents[1]
_STAND_IN_PULSE_SECONDS = 0.2


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask; returns the exit status: 0 if every answer is as expected."""
    options = _parser().parse_args(arguments)
    try:
        return _verify(options)
    except PipelineError as error:
        print(f"{error}", file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="verify_aws.py", description=__doc__)
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=", ".join(item.id for item in QUESTIONS))
    parser.add_argument("--dry-run", action="store_true", help="print the questions and their price; ask nothing")
    parser.add_argument("--max-usd", type=float, default=1.0, help="what all questions may cost (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=Path("verify-aws.json"), help="file of the answers")
    return parser


def _verify(options: argparse.Namespace) -> int:
    questions = choose(options.questions)
    deployment = find_deployment(AWSConfig(), os.environ, _PROJECT)
    site = Site(deployment)
    if "AWS_ENDPOINT_URL" in os.environ:
        site = replace(site, is_stand_in=True, pulse_seconds=_STAND_IN_PULSE_SECONDS)
    hour = hour_usd(site)
    price = check_price(questions, hour, options.max_usd)
    print(f"{len(questions)} questions, at most ${price:.2f} (${hour:.2f} an instance hour).")
    if options.dry_run:
        print(_prices(questions, hour))
        return 0
    answers: list[Answer] = []
    try:
        for answer in ask(site, questions, hour, say=print):
            answers.append(answer)
            print(f"  expected {answer.expected}\n  seen     {answer.seen}\n  {answer.verdict}")
    finally:
        problems = clean_up(site)
        options.output.write_text(json.dumps(report(site, answers, problems), indent=2, ensure_ascii=False) + "\n")
    for problem in problems:
        print(f"Not cleaned up: {problem}", file=sys.stderr)
    print(f"Written to {options.output}.")
    return 0 if all(answer.verdict in ("as expected", "not asked") for answer in answers) else ExitCode.RUN_FAILED


def _prices(questions: Sequence[Question], hour: float) -> str:
    return "\n".join(f"  ${item.price_usd(hour):.3f}  {item.id:10} {item.question}" for item in questions)
