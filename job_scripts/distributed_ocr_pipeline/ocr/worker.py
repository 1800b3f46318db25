"""Documents to page results: in order, in parallel; whatever a document does, no other document suffers.

Three steps, each run ahead of the next so that no core waits: open documents, survey their pages, read chunks of pages.
"""

import hashlib
import logging
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass, PipelineError
from distributed_ocr_pipeline.log_context import ContextLogger, log_context
from distributed_ocr_pipeline.ocr.batches import OpenDocument, PageBatch, batches_of, merge
from distributed_ocr_pipeline.ocr.documents import tasks
from distributed_ocr_pipeline.ocr.documents.opening import open_source
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey, Tools
from distributed_ocr_pipeline.ocr.engines.engines import make_engine, make_second_engine
from distributed_ocr_pipeline.ocr.pages.chunk import needs_raster, read_pages
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext
from distributed_ocr_pipeline.ocr.pages.results import failed_page
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, Stopped
from distributed_ocr_pipeline.ocr.processes.parallel import ordered_map, worker_count
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.records import Document, DocumentResult, PageChunk, PageResult

_CHUNK_PAGES = 4  # read with one call of the engine, which loads its model once; their rasters lie in scratch at once
_TEXT_PAGES = 8  # ... or whose own text is their result; with words, they wait in memory for a slow chunk before them
_CHUNKS_AHEAD = 32  # for each worker; results that wait for a slow chunk before them (`python -m benchmarks.memory`)

logger = ContextLogger(__name__)


def process_documents(
    sources: Iterable[tuple[Document, Path]],
    config: OCRConfig,
    *,
    scratch: Path,
    images: Path | None,
    stop: Stop,
    workers: int | None = None,
    passwords: Sequence[str] = (),
) -> Iterator[PageChunk | DocumentResult]:
    """Process documents in order (see `DocumentReader`, whose arguments these are)."""
    with DocumentReader(
        config, scratch=scratch, images=images, stop=stop, workers=workers, passwords=passwords
    ) as reader:
        yield from reader.process(sources)


class DocumentReader:
    """The pools and sandboxes that read documents, and the steps that run on them.

    Page images land in `images/<document_id>/`; `scratch` holds little and is left as it was. `workers` pages are read
    at once (default: what the machine can take). `passwords` are tried on PDFs that need one.
    """

    def __init__(
        self,
        config: OCRConfig,
        *,
        scratch: Path,
        images: Path | None,
        stop: Stop,
        workers: int | None = None,
        passwords: Sequence[str] = (),
    ) -> None:
        self._config = config
        self._stop = stop = Stop(parent=stop)
        self._workers = workers or worker_count()
        limits = Limits(seconds=config.page_timeout_seconds, memory_mb=config.engine_memory_mb)
        self._sandboxes = SandboxPool(tasks, limits, stop)
        self._tools = Tools(config, self._sandboxes, stop, passwords=passwords, scratch=scratch)
        wanted = images if config.output_type != "text" else None
        self._context = PageContext(
            config, make_engine(config, stop), scratch, wanted, stop, make_second_engine(config, stop)
        )
        self._readers = ThreadPoolExecutor(self._workers, "read")
        # Never queued behind long page work; one judges text while the others wait for Poppler's.
        self._surveyors = ThreadPoolExecutor(self._workers + 1, "survey")

    def __enter__(self) -> "DocumentReader":
        """Start what takes longest to start."""
        self._sandboxes.prepare("pikepdf")  # most documents are PDFs
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def process(self, sources: Iterable[tuple[Document, Path]]) -> Iterator[PageChunk | DocumentResult]:
        """Process documents in order: for each, its pages in chunks and in order, then one `DocumentResult`.

        Faults of a document are results. After a stop the remaining documents come as `deferred`. What reading needs is
        there (`check_tools`). Can be called once: with the last result, all processes have ended.
        """
        try:
            yield from merge(self._read_batches(sources))
        finally:
            self._close()

    def _close(self) -> None:
        self._stop.request()  # the caller may have left early
        self._surveyors.shutdown(cancel_futures=True)
        self._readers.shutdown(cancel_futures=True)
        self._context.engine.close()
        if self._context.second is not None:
            self._context.second.close()
        self._sandboxes.close()

    def _read_batches(self, sources: Iterable[tuple[Document, Path]]) -> Iterator[PageBatch]:
        """All documents' pages, read, in order."""
        opened = ordered_map(self._surveyors, self._open, sources, ahead=4 * self._workers)
        batches = (batch for document in opened for batch in batches_of(document))
        surveyed = ordered_map(self._surveyors, self._survey, batches, ahead=2 * self._workers)
        chunks = (chunk for batch in surveyed for chunk in self._chunks(batch))
        return ordered_map(self._readers, self._read, chunks, ahead=_CHUNKS_AHEAD * self._workers)

    def _open(self, source: tuple[Document, Path]) -> OpenDocument:
        document, path = source
        opened = OpenDocument.of(document, path)
        with log_context(document_id=document.document_id):
            try:
                self._stop.check()
                opened.source = open_source(path, self._tools)
                if document.is_part:
                    opened.digest = _digest(path)
                logger.debug("opened: %s, %d pages", opened.media_type, opened.page_count)
            except Stopped:
                opened.stopped = True
            except DocumentError as error:
                opened.error = error
            except Exception as error:  # pylint: disable=broad-exception-caught  # becomes a row of the ledger
                opened.error = _internal(error)
            if opened.error is not None:
                logger.debug("failed: %s", opened.error.error_class.value)
        opened.ended = time.monotonic()
        return opened

    def _survey(self, batch: PageBatch) -> PageBatch:
        if batch.opened.source is None:
            return batch
        begun = time.monotonic()
        with _about(batch):
            try:
                self._stop.check()
                surveys = batch.opened.source.survey(batch.pages, batch.opened.time_limit(self._config, reading=False))
            except Stopped:
                return batch.deferred()
            except DocumentError as error:
                surveys = [PageSurvey(number=page, error=error) for page in batch.pages]
            except Exception as error:  # pylint: disable=broad-exception-caught  # becomes rows of the tables
                failure = _internal(error)
                surveys = [PageSurvey(number=page, error=failure) for page in batch.pages]
            _log_surveys(surveys)
        if batch.opened.reading_begun is None:
            batch.opened.surveying += time.monotonic() - begun
        return replace(batch, surveys=tuple(surveys))

    def _chunks(self, batch: PageBatch) -> Iterator[PageBatch]:
        """Cut a batch into chunks, smaller ones towards the document's end, so that all workers end together."""
        if not batch.surveys:
            yield batch
        surveys = batch.surveys
        while surveys:
            left = batch.opened.pages.stop - surveys[0].number
            of_text = takewhile(lambda survey: not needs_raster(survey, self._context), surveys[:_TEXT_PAGES])
            size = max(min(_CHUNK_PAGES, -(-left // (2 * self._workers))), len(list(of_text)))
            chunk, surveys = surveys[:size], surveys[size:]
            last = batch.last and not surveys
            yield PageBatch(batch.opened, range(chunk[0].number, chunk[-1].number + 1), last, surveys=chunk)

    def _read(self, batch: PageBatch) -> PageBatch:
        opened = batch.opened
        if opened.source is None or batch.stopped or not batch.surveys:
            return batch
        with _about(batch):
            try:
                self._stop.check()
                limit = opened.time_limit(self._config, reading=True)
                results = read_pages(opened.source, opened.document.document_id, batch.surveys, limit, self._context)
            except Stopped:
                return batch.deferred()
            except Exception as error:  # pylint: disable=broad-exception-caught  # becomes rows of the tables
                failure = _internal(error)
                results = [failed_page(survey, failure) for survey in batch.surveys]
            _log_results(results)
        opened.ended = time.monotonic()
        return replace(batch, surveys=(), results=tuple(results))


def _digest(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---- the log -----------------------------------------------------------------------------------------------------


@contextmanager
def _about(batch: PageBatch) -> Iterator[None]:
    """Records inside are about these pages."""
    page = "-".join(map(str, sorted({*batch.pages[:1], *batch.pages[-1:]})))  # 3, or 5-8
    with log_context(document_id=batch.opened.document.document_id, page=page):
        yield


def _log_surveys(surveys: Iterable[PageSurvey]) -> None:
    for survey in surveys if logger.isEnabledFor(logging.DEBUG) else ():
        with log_context(page=str(survey.number)):
            if survey.error is None:
                logger.debug("surveyed: %s", survey.verdict.reason)
            else:
                logger.debug("failed: %s", survey.error.error_class.value)


def _log_results(results: Iterable[PageResult]) -> None:
    for result in results if logger.isEnabledFor(logging.DEBUG) else ():
        with log_context(page=str(result.page_number)):
            if result.error_class is None:
                logger.debug("read: %s, %d words, %d ms", result.status.value, result.word_count, result.duration_ms)
            else:
                logger.debug("failed: %s", result.error_class.value)


def _internal(error: Exception) -> DocumentError:
    """A fault of ours, as data. The log says where it happened; what it says may hold a document's text or name."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    places = " < ".join(f"{frame.name} ({Path(frame.filename).name}:{frame.lineno})" for frame in frames)
    logger.error("internal error: %s in %s", type(error).__name__, places)
    logger.debug("the internal error in full", exc_info=error)
    message = str(error) if isinstance(error, PipelineError) else f"{type(error).__name__}: {error}"
    return DocumentError(ErrorClass.INTERNAL, message[:500])
