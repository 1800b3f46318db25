"""Documents opened as the worker opens them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.ocr.documents import tasks
from distributed_ocr_pipeline.ocr.documents.opening import open_source
from distributed_ocr_pipeline.ocr.documents.source import Source, Tools
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, TimeLimit
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """A document as the worker opens it."""
    stop = Stop()
    sandboxes = SandboxPool(tasks, Limits(seconds=30, memory_mb=2048), stop)
    try:
        yield open_source(path, Tools(OCRConfig(), sandboxes, stop))
    finally:
        sandboxes.close()


def limit() -> TimeLimit:
    return TimeLimit(page_seconds=30, until=monotonic() + 60)
