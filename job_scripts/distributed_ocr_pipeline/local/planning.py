"""The plan of a run on this machine: made from the folder itself, and stored, by processes of their own.

What that takes of memory ends with them; the command line stays small for as long as the run goes on. So what only they
need is loaded in them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed_ocr_pipeline.config import RunOptions, parse_options
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput, ExitCode, PipelineError, ServiceFault
from distributed_ocr_pipeline.json_files import read_json
from distributed_ocr_pipeline.layout import PLAN_FILE, RunLayout
from distributed_ocr_pipeline.local.deploy import input_folder
from distributed_ocr_pipeline.local.environment import SAFE_PATH
from distributed_ocr_pipeline.local.folders import FileUris
from distributed_ocr_pipeline.local.readyfile import parse_deployment
from distributed_ocr_pipeline.local.serve import LITTLE_MEMORY, at_end_of_input
from distributed_ocr_pipeline.planning.quotas import Quotas
from distributed_ocr_pipeline.run.plan import Plan
from local_aws.s3.folder import FolderBucket

if TYPE_CHECKING:
    from distributed_ocr_pipeline.planning.sources import Source

# pylint: disable=import-outside-toplevel

_REQUEST_FILE, _LOG_FILE = "request.json", "planning.log"
_NO_QUOTAS = Quotas({}, total=sys.maxsize)  # this machine's processors are the limit


@dataclass(frozen=True)
class FolderPlanner:
    """Plans a run over a folder of this machine (a `client.execution.Planner`).

    Args:
        documents: The folder.
        results: The output folder, which is left out of it.
    """

    documents: Path
    results: Path

    def __call__(self, deployment: Deployment, options: RunOptions, folder: Path) -> Plan:
        """Make the plan's files in `folder`.

        Raises:
            BadInput, ServiceFault: As `plan_run`; of what else went wrong, `PipelineError` has the end of the log.
        """
        request = {
            "deployment": asdict(deployment),
            "options": options.model_dump(mode="json"),
            "documents": str(self.documents),
            "results": str(self.results),
        }
        self._carry_out(request, folder, "plan", options.input_prefix)
        return Plan.from_dict(read_json(folder / PLAN_FILE))

    def store(self, deployment: Deployment, run: RunLayout, plan: Plan, folder: Path) -> None:
        """Store them as the run's."""
        request = {"deployment": asdict(deployment), "run_id": run.run_id}
        self._carry_out(request, folder, "store-plan", plan.input_prefix)

    def _carry_out(self, request: Mapping[str, Any], folder: Path, command: str, input_prefix: str) -> None:
        (folder / _REQUEST_FILE).write_text(json.dumps(request), encoding="utf-8")
        with _process(folder, command) as process:
            status = process.wait()
        if status != ExitCode.OK:
            log = (folder / _LOG_FILE).read_text(encoding="utf-8", errors="replace").strip()
            raise _error(status, log.replace(input_prefix, f"{self.documents}/"))


def make_plan(request: Path) -> None:
    """In the process: make the plan that a `FolderPlanner` asks for, beside the request."""
    from distributed_ocr_pipeline.run.planning import plan_run

    asked = _asked(request)
    deployment = parse_deployment(asked["deployment"])
    documents = Path(asked["documents"])
    plan_run(
        deployment.storage(),
        deployment.output_bucket,
        parse_options(asked["options"]),
        request.parent,
        quotas=_NO_QUOTAS,
        uri_of=FileUris(documents),
        source=bucket_source(FolderBucket(input_folder(documents, Path(asked["results"])))),
    )


def keep_plan(request: Path) -> None:
    """In the process: store the plan that lies beside the request."""
    from distributed_ocr_pipeline.run.planning import store_plan

    asked = _asked(request)
    deployment = parse_deployment(asked["deployment"])
    plan = Plan.from_dict(read_json(request.parent / PLAN_FILE))
    store_plan(deployment.storage(), RunLayout(deployment.output_bucket, asked["run_id"]), plan, request.parent)


def _asked(request: Path) -> dict[str, Any]:
    """What a request says. From now on, the process ends with the one that asks."""
    # pylint: disable-next=protected-access  # the other threads are not asked
    at_end_of_input(lambda: os._exit(ExitCode.INTERRUPTED))
    asked: dict[str, Any] = read_json(request)
    return asked


def bucket_source(bucket: FolderBucket) -> "Source":
    """What the input bucket would list, without a server between."""
    from distributed_ocr_pipeline.planning.sources import Listed, listed_source

    def fetch(key: str, offset: int, length: int) -> bytes:
        found = bucket.find(key)
        file = bucket.content(found) if found else None
        if file is None:
            outside = f"{key!r} leads out of the folder, or may not be read."
            raise BadInput(outside if found else f"There is no {key!r}.")
        try:
            with file:
                file.seek(offset)
                return file.read(length)
        except OSError as error:
            raise BadInput(f"{key!r} cannot be read: {error.strerror}.") from error

    return listed_source((Listed(item.key, item.etag, item.size_bytes) for item in bucket.walk()), fetch)


@contextmanager
def _process(folder: Path, command: str) -> "Iterator[subprocess.Popen[bytes]]":
    """A process that carries out the folder's request. It ends with the body, and with this process."""
    with (
        (folder / _LOG_FILE).open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "distributed_ocr_pipeline.local", command, str(folder / _REQUEST_FILE)],
            env=os.environ | LITTLE_MEMORY | SAFE_PATH,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def _error(status: int, log: str) -> PipelineError:
    """What ended the process, from the last line that it wrote, or all of them where it did not mean to end."""
    for kind in (BadInput, ServiceFault):
        if status == kind.exit_code:
            return kind(log.rpartition("\n")[2])
    if status < 0:
        return ServiceFault(
            f"The process that plans the run was ended (signal {-status}).",
            "If memory ran out, close other programs. Then run again: nothing has begun.",
        )
    return PipelineError(f"The process that plans the run was ended (exit status {status}).", log)
