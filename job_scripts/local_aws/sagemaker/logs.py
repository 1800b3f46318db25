"""A job's output as CloudWatch shows it: a log event for each line, and metrics from embedded metric format."""

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

GROUP = "/aws/sagemaker/ProcessingJobs"
LINE_BYTES = 256 * 1024

_BATCH_EVENTS = 1000
_BATCH_BYTES = 900_000
_EVENT_OVERHEAD_BYTES = 26

logger = logging.getLogger(__name__)


class JobLog:
    """The log stream of one job. One thread writes lines, another flushes them."""

    def __init__(self, logs: "CloudWatchLogsClient", metrics: Any, job_name: str) -> None:
        self._logs = logs
        self._metrics = metrics
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, str]] = []
        self._stream = f"{job_name}/algo-1-{int(time.time())}"
        try:
            logs.create_log_group(logGroupName=GROUP)
        except logs.exceptions.ResourceAlreadyExistsException:
            pass
        logs.create_log_stream(logGroupName=GROUP, logStreamName=self._stream)

    def write(self, line: bytes) -> None:
        """Add one line of the container's output."""
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text:
            with self._lock:
                self._waiting.append((int(time.time() * 1000), text))

    def flush(self) -> None:
        """Send the lines since the last flush; a failure is a warning of the server and does not fail the job."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for batch in _batches(waiting):
            try:
                self._send(batch)
            except Exception as error:  # pylint: disable=broad-exception-caught
                logger.warning("The log of %s could not be stored: %s", self._stream, error)

    def _send(self, batch: list[tuple[int, str]]) -> None:
        events: Any = [{"timestamp": moment, "message": text} for moment, text in batch]
        self._logs.put_log_events(logGroupName=GROUP, logStreamName=self._stream, logEvents=events)
        for _, text in batch:
            for namespace, data in embedded_metrics(text):
                self._metrics.put_metric_data(Namespace=namespace, MetricData=data)


def embedded_metrics(line: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Namespace and metric data of a line in CloudWatch's embedded metric format; nothing for any other line."""
    if not line.startswith("{"):
        return
    try:
        record = json.loads(line)
        metadata = record["_aws"]
    except (ValueError, KeyError, TypeError):
        return
    try:
        for directive in metadata["CloudWatchMetrics"]:
            yield directive["Namespace"], list(_data(record, directive, metadata["Timestamp"]))
    except (KeyError, TypeError, ValueError) as error:
        logger.warning("A line in embedded metric format is wrong (%r): %s", error, line[:500])


def _data(record: Mapping[str, Any], directive: Mapping[str, Any], timestamp_ms: float) -> Iterator[dict[str, Any]]:
    moment = datetime.fromtimestamp(timestamp_ms / 1000, timezone.utc)
    for dimensions in directive.get("Dimensions", [[]]):
        for metric in directive["Metrics"]:
            value = record[metric["Name"]]
            yield {
                "MetricName": metric["Name"],
                "Dimensions": [{"Name": name, "Value": _text(record[name])} for name in dimensions],
                "Timestamp": moment,
                "Values": [float(number) for number in (value if isinstance(value, list) else [value])],
                "Unit": metric.get("Unit", "None"),
            }


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"dimension values are strings, got {value!r}")
    return value


def _batches(events: list[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """The events in batches within the limits of one PutLogEvents call."""
    batch: list[tuple[int, str]] = []
    size = 0
    for moment, text in events:
        length = len(text.encode("utf-8")) + _EVENT_OVERHEAD_BYTES
        if batch and (len(batch) >= _BATCH_EVENTS or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((moment, text))
        size += length
    if batch:
        yield batch
