"""The shard's job: OCRs the documents that SageMaker downloaded and writes their rows, page images and files."""

import signal
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.job import JobContext, run_job
from distributed_ocr_pipeline.layout import SHARD_DOCUMENTS_FILE
from distributed_ocr_pipeline.ocr import Stop, check_tools, engine_version, process_documents, process_isolated
from distributed_ocr_pipeline.records import MAX_ATTEMPTS, DocumentResult, PageChunk
from distributed_ocr_pipeline.run.delivery.downloads import locate_documents
from distributed_ocr_pipeline.run.delivery.local_documents import reasons_by_place
from distributed_ocr_pipeline.run.delivery.manifests import parse_documents
from distributed_ocr_pipeline.run.delivery.passwords import read_passwords
from distributed_ocr_pipeline.run.delivery.undeliverable import read_reasons, undelivered
from distributed_ocr_pipeline.run.metrics import Stopwatch, embedded_metrics
from distributed_ocr_pipeline.run.outputs import DocumentOutputs
from distributed_ocr_pipeline.run.progress import ShardProgress
from distributed_ocr_pipeline.tables.writer import ShardInfo, ShardTables

_RESERVED_SHARE, _RESERVED_SECONDS = 0.1, 300.0
"""Of the job's time limit (of a short one, half of it): what is not done by then is deferred, so that what is done can
still be uploaded. The limit may count the download as well (docs/verify-on-aws.md)."""


def process_shard(job: JobContext) -> str:
    """Turn the shard's documents into rows; returns the job's one-line message."""
    options = job.options()
    check_tools(options)
    stop = _stop_on_signals(job)
    progress, stopwatch = ShardProgress(job.run_id, job.shard_id), Stopwatch()
    with TemporaryDirectory() as scratch, _tables(job, options, Path(scratch)) as tables:
        for result in _results(job, options, stop, Path(scratch)):
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


def _stop_on_signals(job: JobContext) -> Stop:
    """Whatever ends the job early, signal or deadline: finish writing and defer the rest."""
    stop = Stop(working_seconds(job.max_runtime_seconds))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.request())
    return stop


def _tables(job: JobContext, options: RunOptions, scratch: Path) -> ShardTables:
    info = ShardInfo(
        job.run_id, job.shard_id, job.results_uri, options.engine, engine_version(options), options.fingerprint
    )
    pages, documents = job.output("pages"), job.output("documents")
    return ShardTables(info, options, scratch=scratch, pages=pages, documents=documents)


def _results(job: JobContext, options: RunOptions, stop: Stop, scratch: Path) -> Iterator[PageChunk | DocumentResult]:
    documents = parse_documents((job.input("shard") / SHARD_DOCUMENTS_FILE).read_text(encoding="utf-8"))
    reasons = read_reasons(job.input("shard"))
    delivered = [document for document in documents if document.document_id not in reasons]
    sources = list(locate_documents(delivered, job.input("documents"), options.input_prefix))
    reasons = {**reasons, **reasons_by_place(sources)}
    images = job.output("images") if options.output_type != "text" else None
    files = job.output("outputs")
    # After two deaths of the job, the document that kills it, if one does, must be the only one to fail.
    process = process_isolated if job.attempt >= MAX_ATTEMPTS else process_documents
    results = process(
        (source for source in sources if source[0].document_id not in reasons),
        options,
        scratch=scratch,
        images=images,
        stop=stop,
        passwords=read_passwords(job.input("documents"), options.passwords),
    )
    version = engine_version(options)
    with DocumentOutputs(job.layout, options, version, scratch=scratch, folder=files, stop=stop) as outputs:
        originals = {document.document_id: path for document, path in sources}
        yield from outputs.add_files(chain(undelivered(documents, reasons), results), originals)


if __name__ == "__main__":
    sys.exit(run_job(process_shard))
