"""Documents one after the other, each in a worker process of its own, for a shard whose job died twice.

One of its documents may be what kills the job. Here it kills a child that holds no other document, and becomes a
row of the ledger like any other failure. The pages that its child handed over before stay.
"""

import multiprocessing
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.log_context import ContextLogger, LogSettings, log_context
from distributed_ocr_pipeline.ocr.processes import reaper
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.programs import error_class_of_end
from distributed_ocr_pipeline.ocr.worker import process_documents
from distributed_ocr_pipeline.records import (
    MAX_ATTEMPTS,
    Document,
    DocumentResult,
    DocumentStatus,
    PageChunk,
    PageStatus,
)

logger = ContextLogger(__name__)

_TICK_SECONDS = 0.1
_SLACK_SECONDS = 60.0  # beyond the document's own time limit, which the child keeps by itself
_GRACE_SECONDS = 30.0  # from a stop to the end of the child
_OOM_SCORE_ADJUSTMENT = "1000"  # when memory is short, the kernel takes the child, not its parent


def process_isolated(
    sources: Iterable[tuple[Document, Path]],
    config: OCRConfig,
    *,
    scratch: Path,
    images: Path | None,
    stop: Stop,
    passwords: Sequence[str] = (),
) -> Iterator[PageChunk | DocumentResult]:
    """Process documents as `process_documents` does; one that ends its worker process has failed."""
    resource_tracker.ensure_running()  # of multiprocessing: it stays, and must not be taken for a child's orphan
    for document, path in sources:
        attempt = _Attempt(document)
        if not stop.requested:
            yield from attempt.run(path, config, scratch=scratch, images=images, stop=stop, passwords=passwords)
        if not attempt.finished:
            result = attempt.result(stop.requested)
            with log_context(document_id=document.document_id):
                logger.warning("%s: %s", result.status.value, result.error_message or "a stop was asked for")
            yield result


@dataclass
class _Attempt:
    """What a document's child has handed over so far, and how it ended."""

    document: Document
    finished: bool = False
    began: float = field(default_factory=time.monotonic)
    media_type: str = ""
    page_count: int = 0
    pages: Counter[PageStatus] = field(default_factory=Counter)
    exit_code: int | None = None  # negative: a signal; None: it was ended for taking too long

    def run(
        self,
        path: Path,
        config: OCRConfig,
        *,
        scratch: Path,
        images: Path | None,
        stop: Stop,
        passwords: Sequence[str],
    ) -> Iterator[PageChunk | DocumentResult]:
        """Hand out what the child reads, until it ends."""
        spawn = multiprocessing.get_context("spawn")
        receiver, sender = spawn.Pipe(duplex=False)
        with tempfile.TemporaryDirectory(prefix="isolated-", dir=scratch) as folder, reaper.reaping_orphans():
            work = _Work(self.document, path, config, Path(folder), images, passwords, LogSettings.current())
            child = spawn.Process(target=work.do, args=(sender,), daemon=True)
            child.start()
            sender.close()
            try:
                for item in _received(receiver, child, stop, config.document_timeout_seconds + _SLACK_SECONDS):
                    self._count(item)
                    yield item
                self.exit_code = child.exitcode
            finally:
                child.kill()
                child.join()
                receiver.close()

    def _count(self, item: PageChunk | DocumentResult) -> None:
        if isinstance(item, DocumentResult):
            self.finished = True
        else:
            self.media_type, self.page_count = item.media_type, item.page_count
            self.pages.update(page.status for page in item.pages)

    def result(self, stopped: bool) -> DocumentResult:
        """The row of a document whose child did not finish it."""
        done = self.pages[PageStatus.SUCCEEDED] + self.pages[PageStatus.BLANK]
        status = DocumentStatus.PARTIAL if done else DocumentStatus.FAILED
        return DocumentResult(
            document=self.document,
            status=DocumentStatus.DEFERRED if stopped else status,
            media_type=self.media_type,
            page_count=self.page_count,
            pages_succeeded=self.pages[PageStatus.SUCCEEDED],
            pages_failed=self.pages[PageStatus.FAILED],
            pages_blank=self.pages[PageStatus.BLANK],
            error_class=None if stopped else self._error_class(),
            error_message="" if stopped else f"It was tried alone, and {self._end()}.",
            duration_ms=round((time.monotonic() - self.began) * 1000),
            attempts=0 if stopped else MAX_ATTEMPTS,
        )

    def _error_class(self) -> ErrorClass:
        if self.exit_code is None:
            return ErrorClass.TIMEOUT
        return error_class_of_end(self.exit_code, "") or ErrorClass.INTERNAL

    def _end(self) -> str:
        if self.exit_code is None:
            return "its worker did not end in time"
        return f"its worker ended with {self.exit_code}"


def _received(
    receiver: Connection, child: multiprocessing.process.BaseProcess, stop: Stop, seconds: float
) -> Iterator[PageChunk | DocumentResult]:
    """What the child sends until it closes its end, or has had its time. A stop is passed on once."""
    deadline, terminated = time.monotonic() + seconds, False
    while time.monotonic() < deadline:
        if stop.requested and not terminated:
            terminated, deadline = True, min(deadline, time.monotonic() + _GRACE_SECONDS)
            child.terminate()
        if receiver.poll(_TICK_SECONDS):
            try:
                yield receiver.recv()
            except EOFError:
                child.join()
                return


@dataclass(frozen=True)
class _Work:
    """What a child is given to do: it reads one document, and logs as its parent does."""

    document: Document
    path: Path
    config: OCRConfig
    scratch: Path
    images: Path | None
    passwords: Sequence[str]
    log: LogSettings

    def do(self, sender: Connection) -> None:
        """Send what comes out."""
        self.log.start()
        stop = Stop()
        signal.signal(signal.SIGTERM, lambda *_: stop.request())
        _prefer_for_oom_kill()
        for item in process_documents(
            [(self.document, self.path)],
            self.config,
            scratch=self.scratch,
            images=self.images,
            stop=stop,
            passwords=self.passwords,
        ):
            sender.send(item)


def _prefer_for_oom_kill() -> None:
    try:
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE_ADJUSTMENT, encoding="ascii")
    except OSError:  # not on every platform
        pass
