"""A shard's progress: its job writes it to the log, and the command line reads it there."""

import re
import time
from collections import Counter
from dataclasses import dataclass

from distributed_ocr_pipeline.errors import Origin
from distributed_ocr_pipeline.log_context import ContextLogger
from distributed_ocr_pipeline.records import DocumentResult, DocumentStatus, PageChunk
from distributed_ocr_pipeline.run.metrics import ShardMetrics, Stopwatch
from distributed_ocr_pipeline.wording import count_of

_LINE = re.compile(r"progress run_id=(\S+) shard_id=(\S+) documents=(\d+) pages=(\d+)")
_INTERVAL_SECONDS = 1.0

logger = ContextLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """Documents and pages done so far."""

    documents: int = 0
    pages: int = 0

    def __add__(self, other: "Progress") -> "Progress":
        return Progress(self.documents + other.documents, self.pages + other.pages)


def parse_progress(line: str, run_id: str) -> tuple[str, Progress] | None:
    """Shard id and progress in a log line of this run; None for any other line."""
    found = _LINE.search(line)
    if found is None or found[1] != run_id:
        return None
    return found[2], Progress(int(found[3]), int(found[4]))


class ShardProgress:
    """Counts a shard's results as they come, and logs the counts at most once a second."""

    def __init__(self, run_id: str, shard_id: str) -> None:
        self._run_id, self._shard_id = run_id, shard_id
        self._statuses: Counter[DocumentStatus] = Counter()
        self._pages = self._processing_faults = 0
        self._logged_at = float("-inf")

    def add(self, result: PageChunk | DocumentResult) -> None:
        """Count one result of the worker."""
        if isinstance(result, PageChunk):
            self._pages += len(result.pages)
        else:
            self._statuses[result.status] += 1
            fault = result.error_class
            self._processing_faults += fault is not None and fault.origin is Origin.PROCESSING
        if time.monotonic() - self._logged_at >= _INTERVAL_SECONDS:
            self.log()

    def log(self) -> None:
        """Log the counts, cumulative for the shard."""
        self._logged_at = time.monotonic()
        counts = (self._statuses.total(), self._pages)
        logger.info("progress run_id=%s shard_id=%s documents=%d pages=%d", self._run_id, self._shard_id, *counts)

    def metrics(self, stopwatch: Stopwatch) -> ShardMetrics:
        """The shard's CloudWatch metrics; deferred documents are not processed ones."""
        processed = self._statuses.total() - self._statuses[DocumentStatus.DEFERRED]
        return ShardMetrics(processed, stopwatch.seconds, self._processing_faults, stopwatch.utilization)

    def summary(self, stopwatch: Stopwatch) -> str:
        """The job's exit message."""
        counts = ", ".join(f"{count} {status.value}" for status, count in sorted(self._statuses.items()))
        documents = f"{count_of(self._statuses.total(), 'document')} ({counts})"
        return f"Processed {documents}, {count_of(self._pages, 'page')} in {stopwatch.seconds:.1f} s."
