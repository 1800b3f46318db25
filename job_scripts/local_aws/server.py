"""The server: a moto server on 127.0.0.1 with processing jobs that run.

moto reads some of its settings from the process's environment. A process therefore holds one server, and moto is
imported after they are set.
"""

import logging
import os
import resource
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from local_aws.clients import Credentials, Endpoint
from local_aws.errors import BadSetting
from local_aws.faults import Faults
from local_aws.imports import share_models, without_batch
from local_aws.s3.folder import FolderBucket
from local_aws.s3.transfer import Delivery
from local_aws.sagemaker.container_runtime import choose_runtime
from local_aws.sagemaker.jobs import JobRegistry
from local_aws.sagemaker.runner import JobRunner
from local_aws.settings import ServerSettings

HOST = "127.0.0.1"

IAM_VARIABLE = "IAM"
IAM_ENFORCED = "enforced"

_BUFFER_BYTES = 64 * 1024  # moto keeps larger objects in nameless files instead of memory
_OPEN_FILES = 1 << 16  # each such file stays open
_BACKLOG = 128
_SCRATCH = "local-aws"
_STOP_SECONDS = 3.0
_NOT_INHERITED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN")
_NOISY_LOGGERS = ("werkzeug", "botocore", "boto3", "s3transfer", "urllib3", "moto.stepfunctions.parser.asl")

logger = logging.getLogger(__name__)


@contextmanager
def serving(settings: ServerSettings) -> Iterator[Endpoint]:
    """Serve requests in the background; at the end, stop the jobs that run and remove their folders.

    The variables FAULTS, IAM, RUNTIME, IMAGE and MEMORY_MB of the process's environment, each behind the settings'
    prefix, change what the server does: `faults`, `iam.enforcement` and `sagemaker.container_runtime` describe them.

    Raises:
        BadSetting: The port is in use, or a variable has a wrong value.
        MissingTool: There is no program that runs containers.
    """
    listener = _listen(settings.port)
    port = listener.getsockname()[1]
    _prepare_process(port)
    endpoint = Endpoint(f"http://{HOST}:{port}")
    faults = Faults.from_environment(settings, os.environ)
    runtime = choose_runtime(settings, os.environ)
    buckets = {name: FolderBucket(folder) for name, folder in settings.folders.items()}
    with listener, _scratch() as scratch:
        delivery = Delivery(buckets)
        runner = JobRunner(
            endpoint, runtime, scratch, faults, settings.grace_seconds, delivery, variables=settings.variables
        )
        registry = JobRegistry(runner.run)
        with _answering(listener, endpoint, registry, faults, buckets, enforce_iam=_iam_enforced(settings)):
            try:
                yield endpoint
            finally:
                registry.stop_all(_STOP_SECONDS)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=_BACKLOG)
    except OSError as error:
        message = f"Port {port} of {HOST} cannot be used: {error.strerror}."
        raise BadSetting(message, "Choose another port, or leave it out to get a free one.") from error


def _iam_enforced(settings: ServerSettings) -> bool:
    return os.environ.get(settings.variable(IAM_VARIABLE)) == IAM_ENFORCED


@contextmanager
def _answering(
    listener: socket.socket,
    endpoint: Endpoint,
    registry: JobRegistry,
    faults: Faults,
    buckets: Mapping[str, FolderBucket],
    *,
    enforce_iam: bool,
) -> Iterator[None]:
    # This import loads moto: it must come after `_prepare_process`, and it is slow, so `--help` does without it.
    with without_batch():
        from local_aws import application  # pylint: disable=import-outside-toplevel

    share_models()
    application.install(endpoint, registry, faults, enforce_iam=enforce_iam)
    server = application.web_server(listener, faults, buckets, enforce_iam=enforce_iam)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _prepare_process(port: int) -> None:
    """Set what moto reads, close the way to this machine's AWS account and to proxies, and allow many open files."""
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
        with suppress(ValueError, OSError):  # some systems refuse the limit that they state
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _scratch() -> Iterator[Path]:
    """The folder of this server's jobs. Folders that killed processes left are removed first."""
    base = Path(tempfile.gettempdir())
    for left in base.glob(f"{_SCRATCH}-*-*"):
        owner = left.name.removeprefix(f"{_SCRATCH}-").split("-")[0]
        if owner.isdecimal() and not _alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=scratch_prefix(os.getpid()), ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def scratch_prefix(pid: int) -> str:
    """How the names of a process's temporary folders begin. The next server removes them if the process is dead."""
    return f"{_SCRATCH}-{pid}-"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
