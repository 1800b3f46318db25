"""`LocalEnvironment`: the local environment as a context manager, in a separate process."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import PipelineError, ServiceFault
from distributed_ocr_pipeline.local.readyfile import Ready, read_ready
from local_aws.clients import Endpoint
from local_aws.server import scratch_prefix

READY_SECONDS = 120.0
"""The longest time from start to ready; on a slow machine it takes about ten seconds."""

FAST_TESSERACT = Path(__file__).resolve().parents[3] / "build" / "tesseract"
"""Where `make fast-tesseract` builds."""

_END_SECONDS = 15.0
_PULSE_SECONDS = 0.05
_SHOWN_LOG_LINES = 15
SAFE_PATH = {"PYTHONSAFEPATH": "1"}
"""No module is loaded from the folder that a command is started in, which may hold strangers' files (Python 3.11)."""

_MEMORY = {"MALLOC_ARENA_MAX": "1"}  # glibc: threads that mostly wait need no memory of their own (30 MB)


class NotStarted(PipelineError):
    """The local environment ended or was not ready in time; the message holds the end of its log."""


class EnvironmentLost(ServiceFault):
    """The local environment ended while it was in use."""


class LocalEnvironment:
    """Starts the local environment on a free port of 127.0.0.1 and ends it, with all its jobs, on leaving.

    Args:
        scripts: The folder of the job scripts; by default the project's own.
        bare: Deploy nothing (for Terraform).
        environ: Additional environment variables of the server, such as OCR_LOCAL_FAULTS.
        grace_seconds: Seconds between SIGTERM and SIGKILL when a job is stopped.
        documents: A folder that is the input bucket; its files are read where they are.
        results: A folder that is the output bucket; what is written is there at once, and stays.

    Raises:
        NotStarted: The server ended or was not ready in time; or an attribute is used outside of the context.

    Example:
        >>> with LocalEnvironment() as environment:  # doctest: +SKIP
        ...     environment.client("s3").list_buckets()
    """

    def __init__(
        self,
        *,
        scripts: Path | None = None,
        bare: bool = False,
        environ: Mapping[str, str] | None = None,
        grace_seconds: float = 30.0,
        documents: Path | None = None,
        results: Path | None = None,
    ) -> None:
        self._arguments = ["--exit-with-parent", "--grace-seconds", str(grace_seconds)]
        self._arguments += ["--bare"] if bare else []
        for option, folder in (("--scripts", scripts), ("--documents", documents), ("--results", results)):
            self._arguments += [option, str(folder)] if folder else []
        self._environ = environ or {}
        self._running = ExitStack()
        self._ready: Ready | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._endpoint = Endpoint("")

    def __enter__(self) -> "LocalEnvironment":
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=f"{scratch_prefix(os.getpid())}start-"))
            ready_file, log = Path(folder, "ready.json"), Path(folder, "server.log")
            process = _spawn([*self._arguments, "--ready-file", str(ready_file)], self._environ, log)
            self._process = process
            stack.push(lambda kind, *_: _end(process, at_once=kind is KeyboardInterrupt))
            self._ready = wait_until_ready(process, ready_file, log)
            self._endpoint = Endpoint(self.endpoint_url)
            self._running = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ready = None
        self._running.__exit__(kind, error, traceback)

    def require_alive(self) -> None:
        """Raise `EnvironmentLost` if the server has ended."""
        status = self._process.poll() if self._process else None
        if status is not None:
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            raise EnvironmentLost(
                f"The local environment, process {self.pid}, was ended ({how}).",
                "If memory ran out, close other programs. Then run again: what is finished is kept.",
            )

    def deployment(self) -> Deployment:
        """What is deployed, in the form that commands use."""
        return self._running_server().deployment

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._running_server().pid

    @property
    def endpoint_url(self) -> str:
        """The address of every AWS call."""
        return str(self.deployment().endpoint_url)

    @property
    def region(self) -> str:
        """The region of everything that is deployed."""
        return self.deployment().region

    @property
    def input_bucket(self) -> str:
        """The bucket of documents."""
        return str(self.deployment().input_bucket)

    @property
    def output_bucket(self) -> str:
        """The bucket of runs and tables."""
        return self.deployment().output_bucket

    @property
    def state_machine_arn(self) -> str:
        """The workflow's ARN."""
        return self.deployment().state_machine_arn

    def client(self, service: str) -> Any:
        """A boto3 client; every call for a service returns the same."""
        return self._endpoint.client(service, self.region)

    def environ(self) -> dict[str, str]:
        """The environment variables that make boto3, the AWS CLI, Terraform and this project's commands use it."""
        return variables(self.deployment())

    def _running_server(self) -> Ready:
        if self._ready is None:
            raise NotStarted("The local environment is not running.", "Use it as a context manager.")
        return self._ready


def variables(deployment: Deployment) -> dict[str, str]:
    """The environment variables that make AWS tools and this project's commands use a local deployment."""
    access_key, secret_key = deployment.credentials or ("", "")
    found = {
        "AWS_ENDPOINT_URL": str(deployment.endpoint_url),
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_REGION": deployment.region,
        "AWS_DEFAULT_REGION": deployment.region,
        "OCR_STATE_MACHINE_ARN": deployment.state_machine_arn,
        "OCR_BUCKET_NAME": deployment.input_bucket or "",
        "OCR_OUTPUT_BUCKET": deployment.output_bucket,
    }
    return {name: value for name, value in found.items() if value}


def serve_command(arguments: Sequence[str]) -> list[str]:
    """The command line that starts a server."""
    return [sys.executable, "-m", "distributed_ocr_pipeline.local", "serve", *arguments]


def wait_until_ready(process: "subprocess.Popen[bytes]", ready_file: Path, log: Path) -> Ready:
    """Wait for a server to answer; `NotStarted` if it ends first or takes too long."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if ready := read_ready(ready_file):
            return ready
        if process.poll() is not None:
            raise NotStarted(f"The local environment ended with status {process.returncode}:\n{_last_lines(log)}")
        time.sleep(_PULSE_SECONDS)
    load, processors = os.getloadavg()[0], os.cpu_count()
    raise NotStarted(
        f"The local environment was not ready after {READY_SECONDS:.0f} s, on {processors} processors with a load of "
        f"{load:.0f}. {_last_lines(log) or 'It has logged nothing: Python is still loading it.'}",
        "Try again when the machine is less busy.",
    )


def fast_tesseract(environ: Mapping[str, str], build: Path = FAST_TESSERACT) -> dict[str, str]:
    """The variables that make jobs use the Tesseract built for speed; none where it has not been built."""
    if not (build / "done").exists():
        return {}
    folders = {"LD_LIBRARY_PATH": build / "lib", "PYTHONPATH": build / "python"}
    return {name: os.pathsep.join(filter(None, (str(folder), environ.get(name)))) for name, folder in folders.items()}


def _spawn(arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as output:
        return subprocess.Popen(
            serve_command(arguments),
            env=os.environ | _MEMORY | SAFE_PATH | fast_tesseract(os.environ) | dict(environ),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _end(process: "subprocess.Popen[bytes]", *, at_once: bool) -> None:
    """End the server, by the end of its standard input; `at_once`, its jobs get no time to stop.

    What it leaves in the temporary folder when it is killed is removed.
    """
    if at_once:
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for left in Path(tempfile.gettempdir()).glob(f"{scratch_prefix(process.pid)}*"):
        shutil.rmtree(left, ignore_errors=True)


def _last_lines(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_SHOWN_LOG_LINES:])
