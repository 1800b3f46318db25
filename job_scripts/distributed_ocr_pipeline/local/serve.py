"""The `serve` command: server and deployment in the foreground, until told to end."""

import logging
import os
import signal
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.local.deploy import REGION, deploy
from distributed_ocr_pipeline.local.readyfile import Ready, claimed, write_ready
from local_aws.clients import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Endpoint
from local_aws.server import ServerSettings, serving

PROJECT = Path(__file__).resolve().parents[3]
"""The folder that holds job_scripts/ and modules/."""

logger = logging.getLogger(__name__)


def serve(settings: ServerSettings, *, bare: bool, ready_file: Path | None, exit_with_parent: bool) -> None:
    """Serve until SIGTERM, SIGINT or, with `exit_with_parent`, the end of standard input."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if exit_with_parent:
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    with claimed(ready_file) if ready_file else nullcontext(), serving(settings) as endpoint:
        deployment = _nothing_deployed(endpoint) if bare else deploy(endpoint, PROJECT)
        logger.info("The local environment answers at %s", endpoint.url)
        if ready_file:
            write_ready(ready_file, Ready(os.getpid(), deployment))
        stop.wait()
    logger.info("The local environment has ended")


def _nothing_deployed(endpoint: Endpoint) -> Deployment:
    """Buckets and workflow are somebody else's business."""
    return Deployment(REGION, "", "", endpoint_url=endpoint.url, credentials=(ACCESS_KEY_ID, SECRET_ACCESS_KEY))


def _stop_at_end_of_input(stop: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    stop.set()
