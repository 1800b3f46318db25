"""The `serve` command: server and deployment in the foreground, until a signal ends it."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import local_aws.errors
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput, MissingTool
from distributed_ocr_pipeline.local.deploy import INPUT_BUCKET, OUTPUT_BUCKET, deploy, input_folder
from distributed_ocr_pipeline.local.readyfile import Ready, claimed, write_ready
from distributed_ocr_pipeline.log_context import LOG_LEVEL_VARIABLE
from distributed_ocr_pipeline.tables.memory import release_memory
from local_aws.account import Account
from local_aws.clients import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Endpoint
from local_aws.server import serving
from local_aws.settings import BucketFolder, ServerSettings

PROJECT = Path(__file__).resolve().parents[3]
"""The folder that holds job_scripts/ and modules/."""

_NO_LIMIT = 10_000
LITTLE_MEMORY = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Variables of processes that share this machine: pools of Arrow and of threads keep some 20 MB of each. Engines do not
see them.

Where numpy is installed, Arrow loads it, and with it threads that nothing here uses and that slow down a start.
"""

LOCAL_ACCOUNT = Account(
    starts_per_second=_NO_LIMIT,
    instances={},
    other_instances=_NO_LIMIT,
    total_instances=_NO_LIMIT,
)
"""The account of a run on this machine, which waits for no quota: this machine's processors are its limit."""

logger = logging.getLogger(__name__)


def server_settings(
    scripts: Path = PROJECT / "job_scripts",
    *,
    port: int = 0,
    grace_seconds: float = 30.0,
    documents: Path | None = None,
    results: Path | None = None,
) -> ServerSettings:
    """What `local_aws` must know about this project.

    Args:
        scripts: The folder of the job scripts.
        port: The port on 127.0.0.1; 0 takes a free one.
        grace_seconds: Seconds between SIGTERM and SIGKILL of a stopped job.
        documents: A folder that is the input bucket, read in place.
        results: A folder that is the output bucket. Left out of `documents` if it lies there.
    """
    folders: dict[str, BucketFolder] = {}
    if results:
        folders[OUTPUT_BUCKET] = BucketFolder(results)
    if documents:
        folders[INPUT_BUCKET] = input_folder(documents, results)
    names = {
        "plan": "plan_shards.py",
        "process": "process_shard.py",
        "check": "check_shard.py",
        "report": "report_run.py",
    }
    return ServerSettings(
        scripts={argument: scripts / name for argument, name in names.items()},
        root_variable="OCR_ML_ROOT",
        run_variable="OCR_RUN_ID",
        image="distributed-ocr-pipeline:latest",
        image_advice="Build it: make build-image",
        variable_prefix="OCR_LOCAL_",
        port=port,
        grace_seconds=grace_seconds,
        account=LOCAL_ACCOUNT,
        variables=_variables(results),
        folders=folders,
    )


def _variables(results: Path | None) -> dict[str, str]:
    moved = {"OCR_RESULTS_URI": ""} if results else {}  # a folder of results may be moved
    level = os.environ.get(LOG_LEVEL_VARIABLE)
    return LITTLE_MEMORY | moved | ({LOG_LEVEL_VARIABLE: level} if level else {})


def serve(settings: ServerSettings, *, bare: bool, ready_file: Path | None, exit_with_parent: bool) -> None:
    """Serve until SIGTERM, SIGINT or, with `exit_with_parent`, the end of standard input.

    Raises:
        BadInput: The port or the ready file is in use, or a variable OCR_LOCAL_... has a wrong value.
        MissingTool: There is no program that runs containers.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if exit_with_parent:
        at_end_of_input(stop.set)
    with claimed(ready_file) if ready_file else nullcontext(), _own_errors(), serving(settings) as endpoint:
        deployment = _nothing_deployed(endpoint) if bare else deploy(endpoint, PROJECT)
        release_memory()
        logger.info("The local environment answers at %s", endpoint.url)
        if ready_file:
            write_ready(ready_file, Ready(os.getpid(), deployment))
        stop.wait()
    logger.info("The local environment has ended")


@contextmanager
def _own_errors() -> Iterator[None]:
    """Turn the errors of `local_aws` into this project's, which have exit codes."""
    try:
        yield
    except local_aws.errors.BadSetting as error:
        raise BadInput(error.message, error.advice) from error
    except local_aws.errors.MissingTool as error:
        raise MissingTool(error.message, error.advice) from error


def _nothing_deployed(endpoint: Endpoint) -> Deployment:
    """An endpoint without buckets and workflow; Terraform or a test makes them."""
    return Deployment(REGION, "", "", endpoint_url=endpoint.url, credentials=(ACCESS_KEY_ID, SECRET_ACCESS_KEY))


def at_end_of_input(act: Callable[[], None]) -> None:
    """In a thread: do something when standard input ends, as it does with the process that holds its other end."""

    def wait() -> None:
        while os.read(0, 1024):
            pass
        act()

    threading.Thread(target=wait, daemon=True).start()
