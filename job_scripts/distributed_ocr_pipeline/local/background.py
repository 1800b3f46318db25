"""The local environment in the background: start, stop, status, logs."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import NotDeployed, PipelineError
from distributed_ocr_pipeline.local.environment import serve_command, variables, wait_until_ready
from distributed_ocr_pipeline.local.readyfile import Ready, read_ready
from distributed_ocr_pipeline.local.serve import PROJECT
from local_aws.sagemaker.logs import GROUP

FOLDER = PROJECT / ".local"

_STOP_SECONDS = 20.0
_PULSE_SECONDS = 0.05
_LOG_PULSE_SECONDS = 1.0


def ready_file(folder: Path) -> Path:
    """The file in which a server in the background writes its address."""
    return folder / "server.json"


def server_log(folder: Path) -> Path:
    """The log of a server in the background."""
    return folder / "server.log"


def start(folder: Path, port: int) -> None:
    """Start a server unless one runs, and print how to use it."""
    ready = read_ready(ready_file(folder))
    if ready:
        print(f"The local environment is already running (process {ready.pid}).")
    else:
        ready = _launch(folder, port)
        print(f"The local environment is running (process {ready.pid}). Its log: {server_log(folder)}")
    print(usage(ready.deployment))


def stop(folder: Path) -> None:
    """Stop the server and all its jobs; everything that it stored is gone."""
    ready = read_ready(ready_file(folder))
    if ready is None:
        print("The local environment is not running.")
        return
    os.kill(ready.pid, signal.SIGTERM)
    end = time.monotonic() + _STOP_SECONDS
    while read_ready(ready_file(folder)):
        if time.monotonic() > end:
            os.kill(ready.pid, signal.SIGKILL)
            break
        time.sleep(_PULSE_SECONDS)
    print("The local environment has been stopped.")


def status(folder: Path) -> None:
    """Print that it runs, and how many jobs run in it; `NotDeployed` if it does not run."""
    deployment = running(folder)
    jobs = deployment.client("sagemaker").get_paginator("list_processing_jobs").paginate(StatusEquals="InProgress")
    count = sum(len(page["ProcessingJobSummaries"]) for page in jobs)
    print(f"The local environment is running, with {count} processing jobs in progress.")
    print(usage(deployment))


def running(folder: Path) -> Deployment:
    """What is deployed on the server in the background; `NotDeployed` if none runs."""
    ready = read_ready(ready_file(folder))
    if ready is None:
        raise NotDeployed("The local environment is not running.", "Start it: make local-setup")
    return ready.deployment


def show_logs(folder: Path, *, follow: bool) -> None:
    """Print the server's log and those of its jobs; with `follow`, print new lines until interrupted."""
    client = running(folder).client("logs")
    events = _JobEvents(client)
    with server_log(folder).open(encoding="utf-8", errors="replace") as log:
        while True:
            for line in log:
                print(line, end="")
            for line in events.new():
                print(line, flush=True)
            if not follow:
                return
            time.sleep(_LOG_PULSE_SECONDS)


def usage(deployment: Deployment) -> str:
    """Shell lines that set the variables, and one that starts a run."""
    lines = [f"export {name}={value}" for name, value in variables(deployment).items()]
    example = f'{{"input_prefix": "s3://{deployment.input_bucket}/documents/"}}'
    start_line = (
        f"aws stepfunctions start-execution --endpoint-url {deployment.endpoint_url} --region {deployment.region} "
        f"--state-machine-arn {deployment.state_machine_arn} --input '{example}'"
    )
    return "\n".join([*lines, "", "# A run over what is in the input bucket under documents/:", start_line])


def _launch(folder: Path, port: int) -> Ready:
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["--port", str(port), "--ready-file", str(ready_file(folder))]
    with server_log(folder).open("wb") as log:
        process = subprocess.Popen(  # pylint: disable=consider-using-with  # it outlives this process
            serve_command(arguments),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        ready = wait_until_ready(process, ready_file(folder), server_log(folder))
    except PipelineError:
        process.kill()
        process.wait()
        raise
    process.returncode = 0  # Nothing waits for this process; without a status, Python warns that it still runs.
    return ready


class _JobEvents:
    """The log events of all jobs, each once."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._since = 0
        self._seen: set[str] = set()

    def new(self) -> Iterator[str]:
        """The lines since the last call, oldest first, each after its stream's name."""
        pages = self._client.get_paginator("filter_log_events").paginate(logGroupName=GROUP, startTime=self._since)
        found = [event for page in pages for event in page["events"] if event["eventId"] not in self._seen]
        for event in sorted(found, key=lambda event: event["timestamp"]):
            self._seen.add(event["eventId"])
            self._since = max(self._since, event["timestamp"])
            yield f"{event['logStreamName']} {event['message']}"
