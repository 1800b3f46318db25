"""Documents to page results: in order, in parallel, and whatever a document does, it costs at most itself.

Three steps, each run ahead of the next so that no core waits: open documents, survey their pages, read chunks of pages.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass, MissingTool, PipelineError
from distributed_ocr_pipeline.ocr.documents import poppler, tasks
from distributed_ocr_pipeline.ocr.documents.opening import open_source
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey, Source, Tools
from distributed_ocr_pipeline.ocr.engines import engines, tesseract
from distributed_ocr_pipeline.ocr.engines.engines import check_engine, make_engine
from distributed_ocr_pipeline.ocr.pages.chunk import read_pages
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, Stopped, TimeLimit
from distributed_ocr_pipeline.ocr.processes.parallel import ordered_map, worker_count
from distributed_ocr_pipeline.ocr.processes.programs import Limits, installed
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.records import Document, DocumentResult, DocumentStatus, PageChunk, PageResult, PageStatus

__all__ = ["PageChunk", "Stop", "check_tools", "engine_version", "process_documents"]

_SURVEY_PAGES = 32
_CHUNK_PAGES = 4  # read with one call of the engine; the rasters of so many lie in the scratch folder at once
_CHUNKS_AHEAD = 32  # a worker; results waiting for a slow one before them

logger = logging.getLogger(__name__)


@dataclass
class _OpenDocument:
    """A document on its way through the steps."""

    document: Document
    source: Source | None = None
    error: DocumentError | None = None
    stopped: bool = False
    begun: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    reading_begun: float | None = None
    surveying: float = 0.0  # seconds before that

    @property
    def page_count(self) -> int:
        """0 if it could not be opened."""
        return self.source.page_count if self.source else 0

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
class _PageBatch:
    """Some pages of a document, or none if it has failed; `last` ends the document."""

    opened: _OpenDocument
    pages: range
    last: bool
    surveys: tuple[PageSurvey, ...] = ()
    results: tuple[PageResult, ...] = ()
    stopped: bool = False


def process_documents(
    sources: Iterable[tuple[Document, Path]],
    config: OCRConfig,
    *,
    scratch: Path,
    images: Path | None,
    stop: Stop,
    workers: int | None = None,
) -> Iterator[PageChunk | DocumentResult]:
    """Process documents in order: for each, its pages in chunks and in order, then one `DocumentResult`.

    Faults of a document are results. After a stop the remaining documents come as `deferred`. Page images land in
    `images/<document_id>/`; `scratch` holds little and is left as it was. `workers` pages are read at once (default:
    what the machine can take). Raises `MissingTool` before any work.
    """
    check_tools(config)
    own_stop = Stop(parent=stop)
    with _Pipeline(config, scratch, images if config.output_type != "text" else None, own_stop, workers) as workshop:
        try:
            yield from _merge(workshop.read_parts(sources))
        finally:
            own_stop.request()  # the caller may have left early


def check_tools(config: OCRConfig) -> None:
    """Raise `MissingTool` if a program, library or language that `config` needs is not installed."""
    programs = [*poppler.PROGRAMS]
    if config.output_type != "image" and config.engine == "pytesseract":
        programs.append(tesseract.program())
    missing = [program for program in programs if not installed(program)]
    if missing:
        raise MissingTool(
            f"Not installed: {', '.join(missing)}.", "Install the packages tesseract-ocr and poppler-utils."
        )
    if config.output_type != "image":
        check_engine(config)


def engine_version(config: OCRConfig) -> str:
    """What reads the documents, for the ledger: such as `tesseract 5.3.0, poppler 22.12.0`."""
    return f"tesseract {engines.engine_version(config)}, poppler {poppler.version(Stop())}"


class _Pipeline:
    """The pools and helpers of one call, and the steps that run on them."""

    def __init__(self, config: OCRConfig, scratch: Path, images: Path | None, stop: Stop, workers: int | None) -> None:
        self._config = config
        self._stop = stop
        self._workers = workers or worker_count()
        limits = Limits(seconds=config.page_timeout_seconds, memory_mb=config.engine_memory_mb)
        self._sandboxes = SandboxPool(tasks, limits, stop)
        self._tools = Tools(config, self._sandboxes, stop)
        self._context = PageContext(config, make_engine(config, stop), scratch, images, stop)
        self._readers = ThreadPoolExecutor(self._workers, "read")
        self._surveyors = ThreadPoolExecutor(self._workers, "survey")  # never queued behind long page work

    def __enter__(self) -> "_Pipeline":
        return self

    def __exit__(self, *_: object) -> None:
        self._surveyors.shutdown(cancel_futures=True)
        self._readers.shutdown(cancel_futures=True)
        self._context.engine.close()
        self._sandboxes.close()

    def read_parts(self, sources: Iterable[tuple[Document, Path]]) -> Iterator[_PageBatch]:
        """All documents' parts, read, in order."""
        opened = ordered_map(self._surveyors, self._open, sources, ahead=4 * self._workers)
        parts = (part for document in opened for part in _parts(document))
        surveyed = ordered_map(self._surveyors, self._survey, parts, ahead=2 * self._workers)
        chunks = (chunk for part in surveyed for chunk in self._chunks(part))
        return ordered_map(self._readers, self._read, chunks, ahead=_CHUNKS_AHEAD * self._workers)

    def _open(self, source: tuple[Document, Path]) -> _OpenDocument:
        opened = _OpenDocument(source[0])
        try:
            self._stop.check()
            opened.source = open_source(source[1], self._tools)
        except Stopped:
            opened.stopped = True
        except DocumentError as error:
            opened.error = error
        except Exception as error:  # pylint: disable=broad-exception-caught  # becomes a row of the ledger
            opened.error = _internal(error, opened.document)
        opened.ended = time.monotonic()
        return opened

    def _survey(self, part: _PageBatch) -> _PageBatch:
        if part.opened.source is None:
            return part
        begun = time.monotonic()
        try:
            self._stop.check()
            surveys = part.opened.source.survey(part.pages, part.opened.time_limit(self._config, reading=False))
        except Stopped:
            return _stopped(part)
        except DocumentError as error:
            surveys = [PageSurvey(number=page, error=error) for page in part.pages]
        except Exception as error:  # pylint: disable=broad-exception-caught  # becomes a row of the ledger
            surveys = [PageSurvey(number=page, error=_internal(error, part.opened.document)) for page in part.pages]
        if part.opened.reading_begun is None:
            part.opened.surveying += time.monotonic() - begun
        return _PageBatch(part.opened, part.pages, part.last, surveys=tuple(surveys))

    def _chunks(self, part: _PageBatch) -> Iterator[_PageBatch]:
        """Cut a part into chunks, smaller ones towards the document's end, so that all workers end together."""
        if not part.surveys:
            yield part
        surveys = part.surveys
        while surveys:
            left = part.opened.page_count - surveys[0].number + 1
            size = min(_CHUNK_PAGES, -(-left // (2 * self._workers)))
            chunk, surveys = surveys[:size], surveys[size:]
            last = part.last and not surveys
            yield _PageBatch(part.opened, range(chunk[0].number, chunk[-1].number + 1), last, surveys=chunk)

    def _read(self, part: _PageBatch) -> _PageBatch:
        opened = part.opened
        if opened.source is None or part.stopped or not part.surveys:
            return part
        try:
            self._stop.check()
            limit = opened.time_limit(self._config, reading=True)
            results = read_pages(opened.source, opened.document.document_id, part.surveys, limit, self._context)
        except Stopped:
            return _stopped(part)
        except Exception as error:  # pylint: disable=broad-exception-caught  # becomes rows of the tables
            results = [_failed_page(page, _internal(error, opened.document)) for page in part.pages]
        opened.ended = time.monotonic()
        return _PageBatch(opened, part.pages, part.last, results=tuple(results))


def _parts(opened: _OpenDocument) -> Iterator[_PageBatch]:
    count = opened.page_count
    if count == 0:
        yield _PageBatch(opened, range(0), last=True, stopped=opened.stopped)
    for start in range(1, count + 1, _SURVEY_PAGES):
        stop = min(start + _SURVEY_PAGES, count + 1)
        yield _PageBatch(opened, range(start, stop), last=stop > count)


def _stopped(part: _PageBatch) -> _PageBatch:
    return _PageBatch(part.opened, part.pages, part.last, stopped=True)


def _merge(parts: Iterator[_PageBatch]) -> Iterator[PageChunk | DocumentResult]:
    """Hand out pages as they come and close each document with its result."""
    tally = _DocumentTotals()
    with closing(parts):  # type: ignore[type-var]
        for part in parts:
            tally.deferred = tally.deferred or part.stopped
            if part.results and not tally.deferred:
                tally.add(part.results)
                yield PageChunk(part.opened.document, part.opened.media_type, part.opened.page_count, part.results)
            if part.last:
                yield tally.result(part.opened)
                tally = _DocumentTotals()


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

    def result(self, opened: _OpenDocument) -> DocumentResult:
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
        )

    def _outcome(self, opened: _OpenDocument) -> tuple[DocumentStatus, ErrorClass | None, str]:
        if self.deferred:
            return DocumentStatus.DEFERRED, None, ""
        if opened.error is not None:
            unread = opened.error.error_class is ErrorClass.UNSUPPORTED_TYPE
            status = DocumentStatus.SKIPPED if unread else DocumentStatus.FAILED
            return status, opened.error.error_class, str(opened.error)
        if self.first_error is None:
            return DocumentStatus.SUCCEEDED, None, ""
        done = self.counts[PageStatus.SUCCEEDED] + self.counts[PageStatus.BLANK]
        status = DocumentStatus.PARTIAL if done else DocumentStatus.FAILED
        return status, self.first_error.error_class, self.first_error.error_message


def _internal(error: Exception, document: Document) -> DocumentError:
    """A fault of ours, as data; the log has the details."""
    logger.exception("internal error document=%s", document.document_id)
    message = str(error) if isinstance(error, PipelineError) else f"{type(error).__name__}: {error}"
    return DocumentError(ErrorClass.INTERNAL, message[:500])


def _failed_page(number: int, error: DocumentError) -> PageResult:
    return PageResult(number, PageStatus.FAILED, error_class=error.error_class, error_message=str(error))
