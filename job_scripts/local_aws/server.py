"""The server: a moto server on 127.0.0.1 with processing jobs that run.

moto reads some of its settings from the process's environment, so a process holds one server, and moto is
imported after they are set.
"""

import logging
import os
import resource
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from distributed_ocr_pipeline.errors import BadInput
from local_aws.clients import Credentials, Endpoint
from local_aws.faults import VARIABLE, Faults
from local_aws.sagemaker.container_runtime import choose_runtime
from local_aws.sagemaker.jobs import JobRegistry
from local_aws.sagemaker.runner import JobRunner

HOST = "127.0.0.1"

_BUFFER_BYTES = 64 * 1024  # larger objects lie in nameless files instead of memory
_OPEN_FILES = 1 << 16  # each such object keeps its file open
_BACKLOG = 128
_STOP_SECONDS = 3.0
_NOT_INHERITED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN")
_NOISY_LOGGERS = ("werkzeug", "botocore", "boto3", "s3transfer", "urllib3", "moto.stepfunctions.parser.asl")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServerSettings:
    """`port` 0 means any free one; `scripts` is the folder of the job scripts; `grace_seconds` see `JobRunner`."""

    scripts: Path
    port: int = 0
    grace_seconds: float = 30.0


@contextmanager
def serving(settings: ServerSettings) -> Iterator[Endpoint]:
    """Serve requests in the background; at the end, stop the jobs that run and remove what they left."""
    listener = _listen(settings.port)
    port = listener.getsockname()[1]
    _prepare_process(port)
    endpoint = Endpoint(f"http://{HOST}:{port}")
    faults = Faults.from_file(os.environ.get(VARIABLE))
    runtime = choose_runtime(settings.scripts, os.environ)
    with listener, _scratch() as scratch:
        runner = JobRunner(endpoint, runtime, scratch, faults, settings.grace_seconds)
        registry = JobRegistry(runner.run)
        with _answering(listener, endpoint, registry, faults):
            try:
                yield endpoint
            finally:
                registry.stop_all(_STOP_SECONDS)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=_BACKLOG)
    except OSError as error:
        message = f"Port {port} of {HOST} cannot be used: {error.strerror}."
        raise BadInput(message, "Choose another with --port, or leave it out to get a free one.") from error


@contextmanager
def _answering(listener: socket.socket, endpoint: Endpoint, registry: JobRegistry, faults: Faults) -> Iterator[None]:
    # After `_prepare_process`, and slow: whoever asks for help only need not wait for it.
    from local_aws import application  # pylint: disable=import-outside-toplevel

    application.install(endpoint, registry, faults)
    server = application.web_server(listener, faults)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _prepare_process(port: int) -> None:
    """moto's settings, no way to this machine's AWS account, no proxy, and open files enough."""
    for name in _NOT_INHERITED:
        os.environ.pop(name, None)
    os.environ |= Credentials().environ() | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_PORT": str(port),
        "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(_BUFFER_BYTES),
        "NO_PROXY": "127.0.0.1,localhost",
    }
    for name in _NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL if name.startswith("moto") else logging.WARNING)
    _allow_open_files()


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if wanted > soft:
        with suppress(ValueError, OSError):  # some systems have a lower limit than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _scratch() -> Iterator[Path]:
    """The folder of this server's jobs. Folders of servers that were killed are removed first."""
    base = Path(tempfile.gettempdir())
    for left in base.glob("ocr-local-*-*"):
        owner = left.name.split("-")[2]
        if owner.isdecimal() and not _alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"ocr-local-{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
