"""`ocr-pipeline status`: the latest runs, or one of them in full."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TextIO

from distributed_ocr_pipeline.client.inspection.deployed_runs import DeployedRuns
from distributed_ocr_pipeline.client.inspection.folder_runs import FolderRuns
from distributed_ocr_pipeline.client.inspection.outputs import OutputFolder, looked_at
from distributed_ocr_pipeline.client.inspection.status import Reason, RunState, RunStatus, ShardCounts
from distributed_ocr_pipeline.wording import count_of

_WAITS = {
    Reason.TURN: "for their turn",
    Reason.START: "for their second: SageMaker starts one job a second",
    Reason.QUOTA: "for the account's quota of instances",
    Reason.THROTTLING: "because AWS throttles calls",
    Reason.CAPACITY: "for AWS to have such instances",
    Reason.OTHER_RUN: "for the end of another run over the same prefix",
}


def status_command(arguments: argparse.Namespace, stream: TextIO) -> None:
    """Print how runs stand.

    Args:
        arguments: target (a run's id, an output folder or None for the latest runs), output, limit, region, json.
        stream: For the result.

    Raises:
        BadInput: There is no such run, or no such folder.
        ServiceFault: AWS did not answer.
    """
    place, run_id = looked_at(arguments.target, arguments.output, arguments.region)
    runs = FolderRuns(place) if isinstance(place, OutputFolder) else DeployedRuns(place)
    if run_id:
        found = runs.find(run_id)
        shown = json.dumps(found.as_dict(), indent=2) if arguments.json else "\n".join(describe(found))
    else:
        listed = _list(runs, arguments.limit)
        values = asdict(listed) | {"runs": [status.as_dict() for status in listed.runs]}
        shown = json.dumps(values, indent=2) if arguments.json else "\n".join(table(listed))
    print(shown, file=stream)


@dataclass(frozen=True)
class Listed:
    """The latest runs."""

    runs: tuple[RunStatus, ...]
    more: int | None = None  # runs that are not among them; None where nobody counts them


def _list(runs: FolderRuns | DeployedRuns, limit: int) -> Listed:
    latest = tuple(runs.latest(limit))
    if isinstance(runs, DeployedRuns):
        return Listed(latest)
    return Listed(latest, runs.count() - len(latest))


def table(listed: Listed) -> Iterator[str]:
    """A line for each run."""
    width = max([22, *(len(status.run_id) for status in listed.runs)])
    if listed.runs:
        columns = f"{'state':<11}  {'started (UTC)':<16}{'planned':>10}{'done':>10}{'failed':>8}  shards done"
        yield f"{'run':<{width}}  {columns}"
    else:
        yield "There are no runs yet."
    for status in listed.runs:
        planned = "-" if status.planned is None else f"{status.planned:,}"
        when = f"{status.run_id:<{width}}  {status.state.value:<11}  {_moment(status.started):<16}"
        yield f"{when}{planned:>10}{status.done:>10,}{status.failed:>8,}  {_shards_done(status.shards)}"
    if listed.more:
        yield f"{listed.more:,} more: --limit shows them."


def describe(status: RunStatus) -> Iterator[str]:
    """All that is known of one run, as lines."""
    phase = f", {status.phase.value}" if status.state is RunState.RUNNING else ""
    yield f"run         {status.run_id}"
    yield f"state       {status.state.value}{phase}"
    if status.started:
        end = f", ended {_moment(status.ended)}" if status.ended else ""
        yield f"started     {_moment(status.started)} UTC{end}"
    if status.waits_for:
        yield f"waits       {_WAITS[status.waits_for]}"
    if status.planned is not None:
        yield f"documents   {status.planned:,} planned, {count_of(status.up_to_date, 'more is', 'more are')} up to date"
    for name, count in status.documents.items():
        yield f"  {name:<10}{count:>9,}"
    yield from _shard_lines(status.shards)
    if status.problem:
        yield f"problem     {status.problem}"
    yield f"results     {status.output}"
    for what, command in status.commands.items():
        yield f"{what:<12}{command}"


def _shard_lines(shards: ShardCounts) -> Iterator[str]:
    if shards.total is None:
        return
    yield f"shards      {shards.total:,}: {shards.done:,} done, {shards.failed:,} failed, {shards.open:,} open"
    if shards.running is not None:
        yield f"  running   {shards.running:>9,}"
    for reason, count in sorted((shards.waiting or {}).items()):
        yield f"  waiting   {count:>9,} {_WAITS[Reason(reason)]}"
    started = shards.open - (shards.waiting or {}).get(Reason.TURN.value, 0)
    if shards.looked_at is not None and started > shards.looked_at:
        yield f"  ({shards.looked_at:,} of {started:,} that have begun were asked why they wait)"


def _shards_done(shards: ShardCounts) -> str:
    total = "-" if shards.total is None else f"{shards.done:,} of {shards.total:,}"
    return f"{total}, {shards.failed:,} failed" if shards.failed else total


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M}" if moment else "-"
