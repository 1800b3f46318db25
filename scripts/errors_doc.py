"""Writes docs/errors.md from the code and the workflow; with --check, only says whether it is out of date."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline import errors
from distributed_ocr_pipeline.errors import ErrorClass, ExitCode, Origin
from distributed_ocr_pipeline.failures import JOB_FAILURES, Reaction
from distributed_ocr_pipeline.local.definition import DEFINITION, render_definition
from distributed_ocr_pipeline.local.deploy import template_values
from distributed_ocr_pipeline.records import MAX_ATTEMPTS

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "errors.md"

TEXT = """\
# Errors: what they mean, what is tried again, what to do

Made by `scripts/errors_doc.py` from `errors.py`, `failures.py` and the workflow's definition; a test holds it equal to them.

A fault of a document or page is data: a row with an error class. A fault of a job or command is an exit status.

## Exit status of the job scripts and of `ocr-pipeline`

A job's exit message begins with the verdict, `RETRY` or `FINAL`, and the status; the workflow reads it there.

{exit_codes}

## Error classes of documents and pages

Faults of the input count against `max_input_error_rate` (off by default), faults of processing against `max_error_rate`.
The next run tries a document again where that can help, {attempts} times in all; then only with `retry_failed` or
`reprocess`, or when the document or the options have changed.

{error_classes}

## The tree of exceptions

```
{tree}
```

## What the workflow tries again

Calls that fail before a job exists, or beside one. Waits grow from the first to the longest and are jittered: each is drawn
between nothing and the length given here.

{calls}

## What becomes of a job that failed

By the error's name and the words of the job or of the refused call. A job that is started again gets a new name. The planning
and the reporting job have two attempts, a shard has three; "then" separates them.

{job_failures}

{signs}

Never tried again within a run: a job that was stopped or ran into its time limit (`JobStopped`), a failed Map (its shards had
their attempts), a report that did not balance. The next run repairs them: it processes what has no result, and nothing else.

A shard that is given up is recorded in `runs/<run_id>/failed/`, and the others go on, until more have failed than
`tolerated_failed_shards` and `tolerated_failed_shards_percent` both allow. Why a Map failed is in `runs/<run_id>/map_failure.json`.

Do not redrive a failed run: Step Functions enters its Fail state again and fails again. Start a new run over the same prefix. A
redrive helps a run only that was aborted or timed out, and only if no other run has begun over its prefix since:
it does not wait for its turn.
"""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    first, *rest = (f"| {' | '.join(line)} |" for line in (tuple(head), *rows))
    return "\n".join([first, "|---" * (first.count("|") - 1) + "|", *rest])


def exit_codes() -> str:
    """What each exit status means."""
    head = ("status", "name", "means", "tried again", "what to do")
    rows = ((str(code.value), code.name, code.meaning, _yes(code.retryable), code.advice) for code in ExitCode)
    return table(head, rows)


def error_classes() -> str:
    """What each error class means."""
    head = ("class", "fault of", "means", "tried again", "what to do")
    rows = (
        (
            f"`{error.value}`",
            "the input" if error.origin is Origin.INPUT else "processing",
            error.meaning,
            _yes(error.retryable),
            error.advice,
        )
        for error in ErrorClass
    )
    return table(head, rows)


def tree() -> str:
    """The drawing at the top of errors.py."""
    drawing = (errors.__doc__ or "").split("\n\n")[1]
    return drawing.strip("\n")


def calls() -> str:
    """The Retry rules of the workflow."""
    definition = render_definition((PROJECT / DEFINITION).read_text(encoding="utf-8"), template_values("us-west-2"))
    rules: dict[str, list[str]] = {}
    for name, state in _tasks(definition["States"]):
        for rule in (rule for rule in state.get("Retry", ()) if rule["MaxAttempts"]):
            rules.setdefault(_rule(rule), []).append(name)
    head = ("states", "error", "first wait", "growth", "longest wait", "times")
    return table(head, ([", ".join(sorted(names)), *rule.split("|")] for rule, names in rules.items()))


def job_failures() -> str:
    """What the workflow does about each class of failures."""
    head = ("failure", "means", "planning and reporting", "shard", "what to do")
    rows = (
        (failure.name, failure.meaning, _reactions(failure.step), _reactions(failure.shard), failure.advice)
        for failure in JOB_FAILURES
    )
    return table(head, rows)


def _reactions(reactions: Iterable[Reaction]) -> str:
    return ", then ".join(dict.fromkeys(reaction.value for reaction in reactions))


def signs() -> str:
    """By what each class is known."""
    head = ("failure", "error", "words", "exit message")
    rows = (
        (failure.name, f"`{sign.error}`", sign.words, sign.exit_message)
        for failure in JOB_FAILURES
        for sign in failure.signs
    )
    return table(head, rows)


def _tasks(states: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, state in states.items():
        if state["Type"] == "Task":
            yield name, state
        yield from _tasks(state.get("ItemProcessor", {}).get("States", {}))


def _rule(rule: Mapping[str, Any]) -> str:
    errors_named = ", ".join(f"`{error}`" for error in rule["ErrorEquals"])
    first, growth, longest = rule["IntervalSeconds"], rule["BackoffRate"], rule["MaxDelaySeconds"]
    return f"{errors_named}|{first} s|× {growth}|{longest} s|{rule['MaxAttempts']}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def main() -> int:
    """Write the page, or hold it against the code."""
    parts = (exit_codes, error_classes, tree, calls, job_failures, signs)
    page = TEXT.format(attempts=MAX_ATTEMPTS, **{part.__name__: part() for part in parts})
    if "--check" in sys.argv[1:]:
        up_to_date = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page
        if not up_to_date:
            print("docs/errors.md is out of date: run scripts/errors_doc.py", file=sys.stderr)
        return int(not up_to_date)
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
