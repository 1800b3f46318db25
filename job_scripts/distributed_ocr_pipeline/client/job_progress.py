"""How far a run's jobs are, read from what they log."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from distributed_ocr_pipeline.deployment import LOG_GROUP
from distributed_ocr_pipeline.errors import PipelineError
from distributed_ocr_pipeline.run.progress import Progress, parse_progress
from distributed_ocr_pipeline.storage import aws_call

logger = logging.getLogger(__name__)


class JobProgress:
    """Adds up the progress lines that the run's jobs log.

    Args:
        logs: A boto3 client of CloudWatch Logs.
        run_id: The run; progress of other runs is passed over.
        echo: Called with every other line of every job, once: for logs that are this run's alone.
    """

    def __init__(self, logs: Any, run_id: str, echo: Callable[[str], None] | None = None) -> None:
        self._logs, self._run_id, self._echo = logs, run_id, echo
        self._echoed: set[tuple[int, str]] = set()
        self._shards: dict[str, Progress] = {}
        self._since = int(time.time() * 1000)
        self._usable = True

    def read(self) -> Progress:
        """Progress of the whole run so far; a run whose logs cannot be read goes on without."""
        if self._usable:
            try:
                with aws_call("Reading the jobs' logs"):
                    self._read_new_lines()
            except PipelineError as error:
                if error.code != "ResourceNotFoundException":  # the log group appears with the first job
                    logger.warning("Progress is not shown: %s", error)
                    self._usable = False
        return sum(self._shards.values(), Progress())

    def _read_new_lines(self) -> None:
        wanted = {} if self._echo else {"filterPattern": f'"progress run_id={self._run_id}"'}
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=LOG_GROUP, startTime=self._since, **wanted
        )
        for event in (event for page in pages for event in page["events"]):
            self._since = max(self._since, event["timestamp"])
            if found := parse_progress(event["message"], self._run_id):
                self._shards[found[0]] = found[1]
            elif self._echo:
                self._echo_once(event, self._echo)

    def _echo_once(self, event: Mapping[str, Any], echo: Callable[[str], None]) -> None:
        line = (event["timestamp"], event["message"])
        if line not in self._echoed:
            self._echoed.add(line)
            echo(event["message"])
