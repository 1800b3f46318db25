"""Files of documents, made by the shard's job while it reads them: the originals are at hand, and the pages pass by.

They are made in sandboxes, because libraries open strangers' files there. What goes wrong with one file is a note in
its document's row of the ledger (column `outputs`), and `ocr-pipeline export` can make the file later.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.layout import MAX_KEY_BYTES, OUTPUTS, RunLayout
from distributed_ocr_pipeline.log_context import ContextLogger, log_context
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, Stopped
from distributed_ocr_pipeline.ocr.processes.parallel import ordered_map, worker_count
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.outputs import tasks
from distributed_ocr_pipeline.outputs.formats import SUFFIXES
from distributed_ocr_pipeline.outputs.structure import SourceDocument
from distributed_ocr_pipeline.records import (
    Document,
    DocumentResult,
    DocumentStatus,
    FormatName,
    OutputFile,
    PageChunk,
)
from distributed_ocr_pipeline.run.delivery.local_documents import name_of

Item = PageChunk | DocumentResult

_ADVICE = "`ocr-pipeline export` makes it."
_IN_PARTS = f"The document was read in parts, by several jobs; {_ADVICE}"
_STOPPED = f"The job had to end before this file was made; {_ADVICE}"
_CHANGED = "The file changed while it was read. Run again, which reads it again."
_WITH_PAGES = (DocumentStatus.SUCCEEDED, DocumentStatus.PARTIAL)
_AHEAD = 8  # items for each worker; chunks of pages that wait for a document's files before them
_FILE_GROWTH = 4  # of the largest document, to the largest file that is made of one: WebP is stored like PNG

logger = ContextLogger(__name__)


@dataclass(frozen=True)
class Pages:
    """A document's pages as they are kept for its files."""

    path: Path
    rows: int


class DocumentOutputs:
    """Makes the files of a shard's documents; use it in a `with` statement.

    Args:
        run: Its id goes into the paths.
        options: The run's.
        engine_version: Files say what read their pages.
        scratch: Folder for files in the making.
        folder: Is uploaded to the run's `outputs/`.
        stop: Ends the making of files.
    """

    def __init__(
        self, run: RunLayout, options: RunOptions, engine_version: str, *, scratch: Path, folder: Path, stop: Stop
    ) -> None:
        self._run, self._options, self._engine_version = run, options, engine_version
        self._scratch, self._folder = scratch / "outputs", folder
        limits = Limits(
            seconds=options.document_timeout_seconds,
            memory_mb=options.engine_memory_mb,
            file_mb=_FILE_GROWTH * options.max_document_mb,
        )
        self._sandboxes = SandboxPool(tasks, limits, stop)
        self._threads = ThreadPoolExecutor(worker_count(), "outputs")

    def __enter__(self) -> "DocumentOutputs":
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._sandboxes.close()

    def add_files(self, results: Iterable[Item], originals: Mapping[str, Path]) -> Iterator[Item]:
        """Pass results on in their order; those of documents with pages say what became of their files.

        Args:
            results: Of each document its pages, then its result.
            originals: The documents by document_id.
        """
        if not self._options.outputs:
            yield from results
            return
        self._scratch.mkdir()
        work = self._kept(results)
        finish = partial(self._finish, originals)
        yield from ordered_map(self._threads, finish, work, ahead=_AHEAD * worker_count())

    def _kept(self, results: Iterable[Item]) -> Iterator[tuple[Item, Pages]]:
        """Keep the pages that pass by; with each document's result comes where its pages are."""
        rows = 0
        for item in results:
            pages = Pages(self._scratch / f"{item.document.document_id}.pages", rows)
            if isinstance(item, DocumentResult):
                rows = 0
            elif not item.document.is_part:
                rows += len(item.pages)
                with pages.path.open("ab") as file:
                    tasks.add_pages(file, item.pages)
            yield item, pages

    def _finish(self, originals: Mapping[str, Path], work: tuple[Item, Pages]) -> Item:
        """A document's result with what became of its files."""
        item, pages = work
        if isinstance(item, PageChunk):
            return item
        try:
            with log_context(document_id=item.document.document_id):
                made = tuple(self._outputs(item, pages, originals))
        finally:
            if pages.rows:
                pages.path.unlink(missing_ok=True)
        return replace(item, outputs=made)

    def _outputs(self, result: DocumentResult, pages: Pages, originals: Mapping[str, Path]) -> Iterable[OutputFile]:
        if result.status not in _WITH_PAGES:
            return ()
        if result.document.is_part:
            return self._none(_IN_PARTS)
        if result.error_class is ErrorClass.CHANGED:
            return self._none(_CHANGED)
        return self._made(result, pages, originals[result.document.document_id])

    def _none(self, reason: str) -> list[OutputFile]:
        return [OutputFile(name, error=reason) for name in self._options.outputs]

    def _made(self, result: DocumentResult, pages: Pages, original: Path) -> list[OutputFile]:
        """Make the files in scratch, and move those that are whole to where they are uploaded from."""
        folder = pages.path.with_suffix(".files")
        targets: dict[FormatName, str] = {name: str(folder / name) for name in self._options.outputs}
        source = asdict(self._source(result))
        sandbox = self._sandboxes.within(self._options.document_timeout_seconds)
        try:
            failures = sandbox.call(
                tasks.write_outputs,
                source,
                media_type=result.media_type,
                original=str(original),
                pages=str(pages.path),
                rows=pages.rows,
                targets=targets,
            )
            return [
                OutputFile(name, error=failures[name]) if failures[name] else self._moved(result.document, name, path)
                for name, path in targets.items()
            ]
        except Stopped:
            return self._none(_STOPPED)
        except DocumentError as error:
            logger.warning("its files were not made: %s", error.error_class.value)
            return self._none(f"{error.error_class.value}: {error}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _source(self, result: DocumentResult) -> SourceDocument:
        document = result.document
        return SourceDocument(
            document.key, document.source_uri, result.page_count, self._options.engine, self._engine_version
        )

    def _moved(self, document: Document, name: FormatName, made: str) -> OutputFile:
        """Put a file where it is uploaded from."""
        key = self._run.output(name_of(document.key, document.source_uri), SUFFIXES[name]).key
        if len(key.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES:
            return OutputFile(name, error=f"Its key would be longer than the {MAX_KEY_BYTES} bytes that S3 allows.")
        target = self._folder / key.removeprefix(self._run.table(OUTPUTS).key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():  # which `move` would move it into
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            shutil.move(made, target)
            return OutputFile(name, key, target.stat().st_size)
        except OSError as error:
            return OutputFile(name, error=f"{key} cannot be written: {error.strerror}.")
