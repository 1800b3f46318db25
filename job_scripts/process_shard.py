"""The shard's job: OCRs the documents that SageMaker downloaded and writes their rows, page images and files."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.job import JobContext, end_process, run_job
from distributed_ocr_pipeline.layout import SHARD_DOCUMENTS_FILE
from distributed_ocr_pipeline.ocr import DocumentReader, Stop, check_tools, engine_version, process_isolated
from distributed_ocr_pipeline.records import MAX_ATTEMPTS, Document, DocumentResult, PageChunk
from distributed_ocr_pipeline.run.delivery.downloads import locate_documents, telling_sizes
from distributed_ocr_pipeline.run.delivery.local_documents import reasons_by_place, telling_changes
from distributed_ocr_pipeline.run.delivery.manifests import parse_documents
from distributed_ocr_pipeline.run.delivery.passwords import read_passwords
from distributed_ocr_pipeline.run.delivery.undeliverable import read_reasons, undelivered
from distributed_ocr_pipeline.run.metrics import Stopwatch, embedded_metrics
from distributed_ocr_pipeline.run.progress import ShardProgress

if TYPE_CHECKING:
    from distributed_ocr_pipeline.tables.writer import ShardTables

_Sources = Sequence[tuple[Document, Path]]
_Results = Iterator[PageChunk | DocumentResult]

_RESERVED_SHARE, _RESERVED_SECONDS = 0.1, 300.0
"""Of the job's time limit (of a short one, half of it): what is not done by then is deferred, so that what is done can
still be uploaded. The limit may count the download as well (docs/verify-on-aws.md)."""


def process_shard(job: JobContext) -> str:
    """Turn the shard's documents into rows; returns the job's one-line message."""
    options = job.options()
    stop = Stop(working_seconds(job.max_runtime_seconds))
    _stop_on_signals(stop)
    with TemporaryDirectory() as folder, _reading(job, options, stop, Path(folder)) as read:
        scratch, version = Path(folder), _version_of_tools(options)
        progress, stopwatch = ShardProgress(job.run_id, job.shard_id), Stopwatch()
        with _tables(job, options, version, scratch) as tables:
            for result in _results(job, options, read, version=version, stop=stop, scratch=scratch):
                if isinstance(result, PageChunk):
                    tables.add_pages(result)
                else:
                    tables.add_document(result)
                progress.add(result)
            tables.add_measurements(stopwatch.measured())
    progress.log()
    properties = {"run_id": job.run_id, "shard_id": job.shard_id}
    print(embedded_metrics(progress.metrics(stopwatch), job.pipeline, properties), flush=True)
    return progress.summary(stopwatch)


def working_seconds(limit: int) -> float:
    """How long documents may be processed in a job with this time limit."""
    reserved = max(limit * _RESERVED_SHARE, min(_RESERVED_SECONDS, limit / 2))
    return limit - reserved


@contextmanager
def _reading(
    job: JobContext, options: RunOptions, stop: Stop, scratch: Path
) -> Iterator[Callable[[_Sources], _Results]]:
    """What reads documents. Its sandbox loads what it needs while this process does."""
    images = job.output("images") if options.output_type != "text" else None
    passwords = read_passwords(job.input("documents"), options.passwords)
    if job.attempt >= MAX_ATTEMPTS:  # after two deaths, the document that kills the job, if one does, must fail alone
        yield partial(process_isolated, config=options, scratch=scratch, images=images, stop=stop, passwords=passwords)
        return
    with DocumentReader(options, scratch=scratch, images=images, stop=stop, passwords=passwords) as reader:
        yield reader.process


def _version_of_tools(options: RunOptions) -> str:
    """What reads the documents. Arrow, which is not needed before the first page, is loaded while programs answer."""
    with ThreadPoolExecutor(1, "tools") as aside:
        version = aside.submit(_checked_version, options)
        import_module("distributed_ocr_pipeline.tables.writer")
        return version.result()


def _checked_version(options: RunOptions) -> str:
    check_tools(options)
    return engine_version(options)


def _stop_on_signals(stop: Stop) -> None:
    """Whatever ends the job early, signal or deadline: finish writing and defer the rest."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.request())


def _tables(job: JobContext, options: RunOptions, version: str, scratch: Path) -> "ShardTables":
    # pylint: disable-next=import-outside-toplevel  # see `_version_of_tools`
    from distributed_ocr_pipeline.tables.writer import ShardInfo, ShardTables

    info = ShardInfo(job.run_id, job.shard_id, job.results_uri, options.engine, version, options.fingerprint)
    pages, documents = job.output("pages"), job.output("documents")
    return ShardTables(info, options, scratch=scratch, pages=pages, documents=documents)


def _results(
    job: JobContext,
    options: RunOptions,
    reading: Callable[[_Sources], _Results],
    *,
    version: str,
    stop: Stop,
    scratch: Path,
) -> _Results:
    documents = parse_documents((job.input("shard") / SHARD_DOCUMENTS_FILE).read_text(encoding="utf-8"))
    reasons = read_reasons(job.input("shard"))
    delivered = [document for document in documents if document.document_id not in reasons]
    sources = list(locate_documents(delivered, job.input("documents"), options.input_prefix))
    reasons = {**reasons, **reasons_by_place(sources, job.input("documents"))}
    places = {document.document_id: path for document, path in sources}
    results = reading([source for source in sources if source[0].document_id not in reasons])
    results = chain(undelivered(documents, reasons), telling_sizes(telling_changes(results, places), places))
    files = job.output("outputs")
    if not options.outputs:
        yield from results
        return
    # pylint: disable-next=import-outside-toplevel  # loads the writers of all formats, which most runs do without
    from distributed_ocr_pipeline.run.outputs import DocumentOutputs

    with DocumentOutputs(job.layout, options, version, scratch=scratch, folder=files, stop=stop) as outputs:
        yield from outputs.add_files(results, places)


if __name__ == "__main__":
    end_process(run_job(process_shard))
