"""One processing job from start to end: inputs, container, logs, outputs, status."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_aws.clients import Endpoint
from local_aws.errors import JobError, TransferError
from local_aws.faults import Faults, JobFault
from local_aws.s3.transfer import Delivery
from local_aws.sagemaker import supervisor
from local_aws.sagemaker.jobs import JobOutcome, ProcessingJob
from local_aws.sagemaker.logs import LINE_BYTES, JobLog
from local_aws.sagemaker.reasons import OUT_OF_MEMORY
from local_aws.sagemaker.runtime import Command, Runtime
from local_aws.sagemaker.transfer import InputDownloader, OutputUploader

MESSAGE_BYTES = 1024
"""The first KB of /opt/ml/output/message becomes the job's ExitMessage."""

_REASON_CHARACTERS = 1024
_PULSE_SECONDS = 0.5
_LOG_END_SECONDS = 5.0
_KILLED = 128 + 9

OnLine = Callable[[bytes, "subprocess.Popen[bytes]"], None]
"""Receives every line of a container's output, with the container's process."""


@dataclass(frozen=True)
class JobRunner:
    """Runs jobs on this machine, each in its own temporary folder, which stands for the instance.

    Args:
        endpoint: The local endpoint.
        runtime: How containers run.
        scratch: The folder of the jobs' folders.
        faults: The rules that make jobs fail.
        grace_seconds: Seconds between SIGTERM and SIGKILL when a job is stopped or its time is over.
        delivery: Brings inputs from buckets that are folders of this machine.
        variables: Variables in the environment of every job.
    """

    endpoint: Endpoint
    runtime: Runtime
    scratch: Path
    faults: Faults = field(default_factory=Faults)
    grace_seconds: float = 30.0
    delivery: Delivery = field(default_factory=Delivery)
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, job: ProcessingJob) -> JobOutcome:
        """Do the job's work; a fault on the way becomes its outcome."""
        outcome = self.faults.end(job)
        if outcome is not None:
            return outcome
        with tempfile.TemporaryDirectory(prefix="job-", dir=self.scratch, ignore_cleanup_errors=True) as folder:
            try:
                return _Run(self, job, Path(folder)).outcome()
            except JobError as error:
                return JobOutcome("Failed", failure_reason=f"ClientError: {error}"[:_REASON_CHARACTERS])


class _Run:
    """One job's run in its folder: ml/ stands for /opt/ml, tmp/ and home/ for the container's."""

    def __init__(self, runner: JobRunner, job: ProcessingJob, folder: Path) -> None:
        self._runner = runner
        self._job = job
        self._root = folder / "ml"
        self._endpoint = runner.endpoint
        self._credentials = self._endpoint.assume_role(job.request["RoleArn"], "SageMaker", job.region)
        self._s3 = self._endpoint.client("s3", job.region, self._credentials)
        self._cut: JobFault | None = None  # whose line was seen
        for name in ("ml", "tmp", "home"):
            (folder / name).mkdir()

    def outcome(self) -> JobOutcome:
        """Download the inputs, run the container, upload the outputs."""
        lay_out(self._root, self._job)
        download = InputDownloader(self._s3, self._job.volume_bytes, self._runner.delivery).download
        for item in self._job.request.get("ProcessingInputs", []):
            download(item["S3Input"], local_path(self._root, item["S3Input"]))
        if self._job.stop_requested.is_set():
            return JobOutcome("Stopped")
        environment = dict(self._runner.variables) | self._job.request.get("Environment", {})
        if not self._job.network_isolation:
            environment = self._access() | environment
        command = self._runner.runtime.command(
            self._job.request["AppSpecification"], environment, self._root, self._job.network_isolation
        )
        outputs = self._outputs()
        code, stopped = self._container(command, [output for output in outputs if output.continuous])
        message = read_message(self._root / "output" / "message")
        lost = self._runner.faults.lost(self._job)
        for output in outputs:
            if (code == 0 or output.continuous) and output.name != lost:
                output.upload()
        if stopped:
            return JobOutcome("Stopped", exit_message=message)
        if code != 0:
            return JobOutcome("Failed", exit_message=message, failure_reason=self._reason(code))
        return JobOutcome("Completed", exit_message=message)

    def _reason(self, code: int) -> str:
        """Why a container that ended by itself failed. SIGKILL that nobody here sent is the kernel's, for memory."""
        if code == _KILLED and not (self._cut and self._cut.kill):
            return OUT_OF_MEMORY
        return self._runner.faults.account.container_failed(code)

    def _access(self) -> dict[str, str]:
        """What a container with network finds: its role's credentials.

        The endpoint's address stands for AWS's DNS. The region is not here: SageMaker documents no variable for it, and
        programs of AWS for its jobs copy AWS_REGION into AWS_DEFAULT_REGION (aws-samples/sagemaker-ssh-helper, FAQ).
        """
        return {"AWS_ENDPOINT_URL": self._endpoint.url} | self._credentials.environ()

    def _outputs(self) -> list[OutputUploader]:
        config = self._job.request.get("ProcessingOutputConfig", {"Outputs": []})
        return [
            OutputUploader(self._s3, item, config.get("KmsKeyId", ""), local_path(self._root, item["S3Output"]))
            for item in config["Outputs"]
        ]

    def _container(self, command: Command, continuous: list[OutputUploader]) -> tuple[int, bool]:
        """Run the container; returns its exit status and whether the job was stopped."""
        logs, metrics = (self._endpoint.client(service, self._job.region) for service in ("logs", "cloudwatch"))
        log = JobLog(logs, metrics, self._job.name)
        fault = self._runner.faults.cut(self._job)
        self._job.started()
        deadline = time.monotonic() + self._job.max_runtime_seconds
        with _process(command, self._root, lambda line, process: self._on_line(line, process, log, fault)) as process:
            while not _ended(process) and not self._job.stop_requested.is_set() and time.monotonic() < deadline:
                log.flush()
                for output in continuous:
                    output.upload()
            stopped = process.poll() is None
            if stopped:
                self._terminate(process)
            code = process.wait()
        log.flush()
        if self._cut is None:
            return code, stopped
        return (code, True) if self._cut.stop else (_KILLED, False)  # also if the job was quick enough to end by itself

    def _on_line(self, line: bytes, process: "subprocess.Popen[bytes]", log: JobLog, fault: JobFault | None) -> None:
        """Log one line of the container's output; a fault may wait for it."""
        log.write(line)
        if fault is not None and fault.waits_for(line):
            self._cut = fault
            if fault.stop:
                self._job.stop()
            else:
                _kill(process)

    def _terminate(self, process: "subprocess.Popen[bytes]") -> None:
        process.terminate()
        end = time.monotonic() + self._runner.grace_seconds
        while not _ended(process) and time.monotonic() < end and not self._job.abandoned.is_set():
            pass
        _kill(process)


@contextmanager
def _process(command: Command, root: Path, on_line: OnLine) -> Iterator["subprocess.Popen[bytes]"]:
    """The job's process under its supervisor; at the end all its processes are gone and its output is read."""
    arguments = [sys.executable, "-I", "-S", supervisor.__file__]
    arguments += [supervisor.NO_NETWORK, *command.arguments] if command.without_network else command.arguments
    with subprocess.Popen(
        arguments,
        env=dict(command.environment),
        cwd=root.parent / "home",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        reader = threading.Thread(target=_read_lines, args=(process, on_line), daemon=True)
        reader.start()
        try:
            yield process
        finally:
            _kill(process)
            process.wait()
            reader.join(_LOG_END_SECONDS)
            if command.cleanup:
                subprocess.run(command.cleanup, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _read_lines(process: "subprocess.Popen[bytes]", on_line: OnLine) -> None:
    assert process.stdout is not None
    while line := process.stdout.readline(LINE_BYTES):
        on_line(line, process)


def _ended(process: "subprocess.Popen[bytes]") -> bool:
    """Whether the process ends within a moment."""
    try:
        process.wait(_PULSE_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Make the supervisor kill the job if it still runs."""
    if process.stdin is not None and not process.stdin.closed:
        process.stdin.close()


def lay_out(root: Path, job: ProcessingJob) -> None:
    """Make the folders and files that a container finds under /opt/ml."""
    request = job.request
    for item in request.get("ProcessingInputs", []):
        local_path(root, item["S3Input"]).mkdir(parents=True, exist_ok=True)
    for item in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
        local_path(root, item["S3Output"]).mkdir(parents=True, exist_ok=True)
    (root / "output").mkdir()
    (root / "config").mkdir()
    config = {name: value for name, value in request.items() if name != "Tags"} | {"ProcessingJobArn": job.arn}
    _write_json(root / "config" / "processingjobconfig.json", config)
    _write_json(root / "config" / "resourceconfig.json", {"current_host": "algo-1", "hosts": ["algo-1"]})


def local_path(root: Path, item: Mapping[str, Any]) -> Path:
    """The place of an S3Input's or S3Output's LocalPath below `root`."""
    return root / Path(item["LocalPath"]).relative_to("/opt/ml")


def read_message(path: Path) -> str:
    """The exit message of a container, cut to 1 KB; empty if it left none."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            content = file.read(MESSAGE_BYTES)
    except OSError:  # there is none, or it is a link, which may lead out of the container
        return ""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(content) == MESSAGE_BYTES and error.reason == "unexpected end of data":
            return content[: error.start].decode("utf-8")
        raise TransferError("The exit message is not valid UTF-8.") from error


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2), encoding="utf-8")
