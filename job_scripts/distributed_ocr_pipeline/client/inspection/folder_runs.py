"""The runs of an output folder. One that goes on in another process is known by the folder's lock, which names it."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.client.command_line.proposals import command, run_command_line
from distributed_ocr_pipeline.client.inspection.outputs import OutputFolder, no_such_run, require_there
from distributed_ocr_pipeline.client.inspection.status import Phase, RunState, RunStatus
from distributed_ocr_pipeline.client.inspection.stored_runs import StoredRun, read_stored_run
from distributed_ocr_pipeline.config import RunSettings
from distributed_ocr_pipeline.layout import RunLayout, run_folders, time_of
from distributed_ocr_pipeline.local.deploy import default_options
from distributed_ocr_pipeline.local.folders import Holder, find_holder
from distributed_ocr_pipeline.run.delivery.local_documents import path_of


class FolderRuns:
    """Runs by their ids, the latest first.

    Raises:
        BadInput: There is no such folder.
    """

    def __init__(self, output: OutputFolder) -> None:
        self._output = require_there(output)
        self._holder = find_holder(output.path)
        self._ids = sorted({*_run_ids(output.path), *self._without_files()}, key=self._started, reverse=True)

    def latest(self, limit: int) -> list[RunStatus]:
        """The latest runs."""
        return [self._status(run_id) for run_id in self._ids[:limit]]

    def count(self) -> int:
        """All runs that there are."""
        return len(self._ids)

    def find(self, run_id: str) -> RunStatus:
        """One run; `BadInput` if the folder has none of this id."""
        if run_id not in self._ids:
            raise no_such_run(run_id, self._output, self._ids)
        return self._status(run_id)

    def _without_files(self) -> Iterator[str]:
        """The run that the lock names, at work or ended by somebody: it may have come to no plan."""
        if self._holder and self._holder.run_id and (self._holder.is_at_work or not self._holder.has_ended):
            yield self._holder.run_id

    def _holder_of(self, run_id: str) -> Holder | None:
        """What the lock says of a run; None of all but the last."""
        return self._holder if self._holder and self._holder.run_id == run_id else None

    def _status(self, run_id: str) -> RunStatus:
        holder = self._holder_of(run_id)
        is_running = holder is not None and holder.is_at_work
        stored = read_stored_run(self._output, run_id, is_running=is_running)
        report = self._output.path / RunLayout("", run_id).report.key
        return RunStatus(
            run_id=run_id,
            state=RunState.RUNNING if is_running else _ended_as(stored),
            phase=stored.phase if is_running else Phase.ENDED,
            started=self._started(run_id),
            ended=None if stored.report is None else _ended(stored.report, report),
            output=stored.output,
            planned=int(stored.plan["documents"]) if stored.plan else None,
            up_to_date=int(stored.plan["up_to_date"]) if stored.plan else 0,
            documents=stored.documents,
            shards=stored.shards,
            problem=stored.problem,
            commands=dict(self._commands(stored, holder)),
        )

    def _commands(self, stored: StoredRun, holder: Holder | None) -> Iterator[tuple[str, str]]:
        if holder and holder.is_at_work:
            yield "follow", command("status", stored.run_id, *self._output.words)
            yield "stop", f"kill -INT {holder.pid}"
        elif stored.state is not RunState.SUCCEEDED:
            named = (stored.plan or {}).get("input_uri")
            folder = str(path_of(named)) if named else holder.documents if holder else "FOLDER"
            options = _changed(stored.options) if stored.options else holder.options if holder else {}
            yield "continue", run_command_line(folder, self._output.path, options)

    def _started(self, run_id: str) -> datetime:
        """What its id says, which a copy of the folder has as well; else when it was planned, and then began."""
        if found := time_of(run_id):
            return found
        run, holder = RunLayout("", run_id), self._holder_of(run_id)
        files = [path for key in (run.plan.key, run.folder.key) if (path := self._output.path / key).exists()]
        return _modified(files[0]) if files or holder is None else holder.since


def _ended_as(stored: StoredRun) -> RunState:
    """Nobody starts later what has a plan on this machine: it was stopped before its first job."""
    return RunState.STOPPED if stored.state is RunState.NOT_STARTED else stored.state


def _changed(options: Mapping[str, Any]) -> dict[str, Any]:
    """A run's options that are not those of the local environment."""
    defaults, settings = default_options(), RunSettings.names()
    return {name: value for name, value in options.items() if name in settings and value != defaults.get(name)}


def _run_ids(output: Path) -> Iterator[str]:
    folder = output / run_folders("").key
    return (path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else iter(())


def _ended(report: Mapping[str, Any], path: Path) -> datetime:
    """What the report says; one of an earlier version says nothing."""
    made_at = report.get("made_at")
    return _modified(path) if made_at is None else datetime.fromisoformat(made_at)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
