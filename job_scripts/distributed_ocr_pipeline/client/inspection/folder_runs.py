"""The runs of an output folder. One that goes on in another process is known by the folder's lock."""

import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.client.arguments import as_arguments
from distributed_ocr_pipeline.client.inspection.outputs import OutputFolder
from distributed_ocr_pipeline.client.inspection.status import Phase, RunState, RunStatus
from distributed_ocr_pipeline.client.inspection.stored_runs import StoredRun, read_stored_run
from distributed_ocr_pipeline.config import RunSettings
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import RunLayout, run_folders, time_of
from distributed_ocr_pipeline.local.deploy import default_options
from distributed_ocr_pipeline.local.folders import find_holder
from distributed_ocr_pipeline.run.delivery.local_documents import path_of

_ADVICE = "Name the folder that runs wrote to with --output, or set up a deployment (`make deploy`)."


class FolderRuns:
    """Runs by their ids, the latest first.

    Raises:
        BadInput: There is no such folder.
    """

    def __init__(self, output: OutputFolder) -> None:
        if not output.path.is_dir():
            raise BadInput(f"The output folder {output.address!r} does not exist.", _ADVICE)
        self._output = output
        self._holder = find_holder(output.path)
        self._ids = sorted(_run_ids(output.path), key=lambda run_id: _started(output.path, run_id), reverse=True)
        self._holders = self._find_holders()
        self._running = self._holders if self._holder and self._holder.is_at_work else None

    def latest(self, limit: int) -> list[RunStatus]:
        """The latest runs."""
        return [self._status(run_id) for run_id in self._ids[:limit]]

    def count(self) -> int:
        """All runs that there are."""
        return len(self._ids)

    def find(self, run_id: str) -> RunStatus:
        """One run; `BadInput` if the folder has none of this id."""
        if run_id not in self._ids:
            raise BadInput(
                f"There is no run {run_id!r} in {self._output.address!r}.", "`ocr-pipeline status` lists them."
            )
        return self._status(run_id)

    @property
    def notice(self) -> str:
        """What is known of a run that has left nothing yet, or empty."""
        holder = self._holder
        if holder is None or self._holders is not None or (holder.has_ended and not holder.is_at_work):
            return ""
        what = f"A run over {holder.documents!r} (process {holder.pid})"
        if holder.is_at_work:
            return f"{what} is planning; it has no files yet."
        begun = f"{what} began at {holder.since.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"
        command = self._continuation(holder.documents, holder.options)
        return f"{begun} and was stopped before it had a plan. This continues it: {command}"

    def _find_holders(self) -> str | None:
        """The lock does not name its run: it is the latest, if that is younger than the lock."""
        if self._holder is None or not self._ids:
            return None
        since = self._holder.since.replace(microsecond=0)  # as ids have it
        return self._ids[0] if _started(self._output.path, self._ids[0]) >= since else None

    def _status(self, run_id: str) -> RunStatus:
        is_running = run_id == self._running
        stored = read_stored_run(self._output, run_id, is_running=is_running)
        report = self._output.path / RunLayout("", run_id).report.key
        return RunStatus(
            run_id=run_id,
            state=RunState.RUNNING if is_running else stored.state,
            phase=stored.phase if is_running else Phase.ENDED,
            started=_started(self._output.path, run_id),
            ended=None if stored.report is None else _ended(stored.report, report),
            output=stored.output,
            planned=int(stored.plan["documents"]) if stored.plan else None,
            up_to_date=int(stored.plan["up_to_date"]) if stored.plan else 0,
            documents=stored.documents,
            shards=stored.shards,
            problem=stored.problem,
            commands=dict(self._commands(stored, is_running)),
        )

    def _commands(self, stored: StoredRun, is_running: bool) -> Iterator[tuple[str, str]]:
        output = shlex.quote(self._output.address)
        if is_running and self._holder:
            yield "follow", f"ocr-pipeline status {stored.run_id} --output {output}"
            yield "stop", f"kill -INT {self._holder.pid}"
        elif stored.state is not RunState.SUCCEEDED:
            holder = self._holder if stored.run_id == self._holders else None
            named = (stored.plan or {}).get("input_uri")
            folder = str(path_of(named)) if named else holder.documents if holder else None
            options = _changed(stored.options) if stored.options else holder.options if holder else {}
            yield "continue", self._continuation(folder, options)

    def _continuation(self, folder: str | None, options: Mapping[str, Any]) -> str:
        """The command that does what a run has left."""
        place = ["--input-prefix", folder or "FOLDER", "--output", self._output.address]
        return shlex.join(["ocr-pipeline", *place, *as_arguments(options)])


def _changed(options: Mapping[str, Any]) -> dict[str, Any]:
    """A run's options that are not those of the local environment."""
    defaults, settings = default_options(), RunSettings.names()
    return {name: value for name, value in options.items() if name in settings and value != defaults.get(name)}


def _run_ids(output: Path) -> Iterator[str]:
    folder = output / run_folders("").key
    return (path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else iter(())


def _started(output: Path, run_id: str) -> datetime:
    """What its id says, which a copy of the folder has as well; else when it was planned, and then began."""
    if begun := time_of(run_id):
        return begun
    folder = output / RunLayout("", run_id).folder.key
    files = [path for path in (output / RunLayout("", run_id).plan.key, folder) if path.exists()]
    return _modified(files[0])


def _ended(report: Mapping[str, Any], path: Path) -> datetime:
    """What the report says; one of an earlier version says nothing."""
    made_at = report.get("made_at")
    return _modified(path) if made_at is None else datetime.fromisoformat(made_at)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
