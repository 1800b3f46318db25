"""Documents on their way through the worker: cut into batches of pages, and put together to results at the end."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents.source import SURVEY_PAGES, PageSurvey, Source
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.records import Document, DocumentResult, DocumentStatus, PageChunk, PageResult, PageStatus


@dataclass
class OpenDocument:
    """A document on its way through the steps."""

    document: Document
    path: Path
    version: tuple[int, ...]  # of the file, when it was opened
    digest: str = ""  # of the file, where a part of it is read
    source: Source | None = None
    error: DocumentError | None = None
    stopped: bool = False
    begun: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    reading_begun: float | None = None
    surveying: float = 0.0  # seconds before that

    @classmethod
    def of(cls, document: Document, path: Path) -> "OpenDocument":
        """A document that is about to be opened."""
        return cls(document, path, _version(path))

    @property
    def changed(self) -> bool:
        """Whether somebody wrote to the file since it was opened: what was read of it may be of two versions."""
        return _version(self.path) != self.version

    @property
    def page_count(self) -> int:
        """0 if it could not be opened."""
        return self.source.page_count if self.source else 0

    @property
    def pages(self) -> range:
        """Numbers of the pages to read: all, or those of the part."""
        return self.document.pages_of(self.page_count)

    @property
    def media_type(self) -> str:
        """Empty if it could not be opened."""
        return self.source.media_type if self.source else ""

    @property
    def duration_ms(self) -> int:
        """From the first page (or from opening, if none was reached) to the last, waiting in between included."""
        return round((self.ended - (self.reading_begun or self.begun)) * 1000)

    def time_limit(self, config: OCRConfig, reading: bool) -> TimeLimit:
        """The document's time: surveys until its first page is read, and everything from then on."""
        if reading and self.reading_begun is None:
            self.reading_begun = time.monotonic()
        begun = self.reading_begun or time.monotonic()
        return TimeLimit(config.page_timeout_seconds, begun + config.document_timeout_seconds - self.surveying)


@dataclass(frozen=True)
class PageBatch:
    """Some pages of a document, or none if it has failed; `last` ends the document."""

    opened: OpenDocument
    pages: range
    last: bool
    surveys: tuple[PageSurvey, ...] = ()
    results: tuple[PageResult, ...] = ()
    stopped: bool = False

    def deferred(self) -> "PageBatch":
        """The batch without what came of it: a stop came first."""
        return PageBatch(self.opened, self.pages, self.last, stopped=True)


def batches_of(opened: OpenDocument) -> Iterator[PageBatch]:
    """A document's pages, as many at a time as are surveyed with one call."""
    pages = opened.pages
    if not pages:
        yield PageBatch(opened, range(0), last=True, stopped=opened.stopped)
    for start in range(0, len(pages), SURVEY_PAGES):
        batch = pages[start : start + SURVEY_PAGES]
        yield PageBatch(opened, batch, last=batch.stop == pages.stop)


def merge(batches: Iterator[PageBatch]) -> Iterator[PageChunk | DocumentResult]:
    """Hand out pages as they come and close each document with its result."""
    totals = _DocumentTotals()
    with closing(batches):  # type: ignore[type-var]
        for batch in batches:
            opened = batch.opened
            totals.deferred = totals.deferred or batch.stopped
            if batch.results and not totals.deferred:
                totals.add(batch.results)
                yield PageChunk(opened.document, opened.media_type, opened.page_count, batch.results)
            if batch.last:
                yield totals.result(opened)
                totals = _DocumentTotals()


@dataclass
class _DocumentTotals:
    """What became of a document's pages so far."""

    counts: dict[PageStatus, int] = field(default_factory=lambda: dict.fromkeys(PageStatus, 0))
    first_error: PageResult | None = None
    deferred: bool = False

    def add(self, pages: Sequence[PageResult]) -> None:
        """Count pages that are handed out."""
        for page in pages:
            self.counts[page.status] += 1
            if page.status is PageStatus.FAILED and self.first_error is None:
                self.first_error = page

    def result(self, opened: OpenDocument) -> DocumentResult:
        """The document's row."""
        status, error_class, message = self._outcome(opened)
        return DocumentResult(
            document=opened.document,
            status=status,
            media_type=opened.media_type,
            page_count=opened.page_count,
            pages_succeeded=self.counts[PageStatus.SUCCEEDED],
            pages_failed=self.counts[PageStatus.FAILED],
            pages_blank=self.counts[PageStatus.BLANK],
            error_class=error_class,
            error_message=message,
            duration_ms=opened.duration_ms,
            attempts=0 if status is DocumentStatus.DEFERRED else 1,
            digest=opened.digest,
        )

    def _outcome(self, opened: OpenDocument) -> tuple[DocumentStatus, ErrorClass | None, str]:
        if self.deferred:
            return DocumentStatus.DEFERRED, None, ""
        done = self.counts[PageStatus.SUCCEEDED] + self.counts[PageStatus.BLANK]
        if opened.changed:
            status = DocumentStatus.PARTIAL if done else DocumentStatus.FAILED
            return status, ErrorClass.CHANGED, "The file changed while it was read."
        if opened.error is not None:
            unread = opened.error.error_class is ErrorClass.UNSUPPORTED_TYPE
            status = DocumentStatus.SKIPPED if unread else DocumentStatus.FAILED
            return status, opened.error.error_class, str(opened.error)
        if self.first_error is None:
            return DocumentStatus.SUCCEEDED, None, ""
        status = DocumentStatus.PARTIAL if done else DocumentStatus.FAILED
        return status, self.first_error.error_class, self.first_error.error_message


def _version(path: Path) -> tuple[int, ...]:
    """What changes when somebody writes to a file; empty if it cannot be looked at."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ()
    return status.st_size, status.st_mtime_ns, status.st_ino
