"""`Runs`: what the commands that look at runs do, for scripts and notebooks."""

import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from distributed_ocr_pipeline.client.commands.logs import read_lines
from distributed_ocr_pipeline.client.commands.report import make_report
from distributed_ocr_pipeline.client.commands.stop import Stopped, Stopping
from distributed_ocr_pipeline.client.exports.exporting import Export, ExportedFile
from distributed_ocr_pipeline.client.inspection.deployed_runs import DeployedRuns
from distributed_ocr_pipeline.client.inspection.documents import DocumentList, Wanted, list_documents
from distributed_ocr_pipeline.client.inspection.folder_runs import FolderRuns
from distributed_ocr_pipeline.client.inspection.job_logs import LogLine
from distributed_ocr_pipeline.client.inspection.outputs import (
    Output,
    OutputFolder,
    bucket_of,
    chosen_place,
)
from distributed_ocr_pipeline.client.inspection.status import RunStatus
from distributed_ocr_pipeline.client.pipeline import OCRPipeline
from distributed_ocr_pipeline.client.results import RunResult
from distributed_ocr_pipeline.client.retrying import find_retry
from distributed_ocr_pipeline.config import AWSConfig, OCRConfig
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import NotDeployed
from distributed_ocr_pipeline.layout import DEFAULT_FOLDER
from distributed_ocr_pipeline.records import FormatName
from distributed_ocr_pipeline.tables.latest import document_batches, latest_documents, latest_pages, page_batches


class Runs:
    """The runs of a folder or of a deployment, and their results. All methods raise `BadInput` and `ServiceFault`.

    Args:
        output: The folder that runs on this machine wrote to. None: the deployment, or without one the folder `output`.
        region: Of the deployment; by default its own.

    Example:
        >>> Runs("output").documents().to_pandas()  # doctest: +SKIP
    """

    def __init__(self, output: str | Path | None = None, *, region: str | None = None) -> None:
        self._folder, self._region = None if output is None else os.path.expanduser(output), region

    def latest(self, limit: int = 10) -> list[RunStatus]:
        """How the latest runs stand, the newest first."""
        return self._runs.latest(limit)

    def status(self, run_id: str) -> RunStatus:
        """How a run stands."""
        return self._runs.find(run_id)

    def logs(self, run_id: str | None = None, document_id: str | None = None) -> Iterator[LogLine]:
        """What the jobs of a run on AWS (None: of the latest) have logged, of one document or of all."""
        return read_lines(self._deployment(), run_id, document_id)

    def stop(self, run_id: str, say: Callable[[str], None] = lambda line: None) -> Stopped:
        """Stop a run on AWS and its jobs, and wait for their end; `say` gets a line for each that was stopped."""
        return Stopping(self._deployment(), say).stop_run(run_id)

    def retry(self, run_id: str | None = None, error_class: str | None = None, **options: Any) -> RunResult | None:
        """Read again what failed, as `ocr-pipeline retry` does; None where nothing did.

        Args:
            run_id: A run over the prefix or folder that is meant; None: the latest.
            error_class: Only documents that failed so.
            options: Of the run, before those by which the documents were read.

        Raises:
            UnfinishedRun, UnfollowedRun: As `OCRPipeline.run`.
        """
        found = find_retry(self._place, run_id, error_class)
        if not found.failed:
            return None
        chosen = {**found.options, **options}
        ocr = OCRConfig(**{name: chosen.pop(name) for name in list(chosen) if name in OCRConfig.names()})
        aws = AWSConfig(region=self._region) if self._region else AWSConfig()
        return OCRPipeline(aws, ocr, output=self._folder or DEFAULT_FOLDER).run(found.source, **chosen)

    def report(self, run_id: str | None = None, file: str | Path | None = None) -> Path:
        """Write what a run that has ended (None: the latest) did as one HTML file; returns where it is."""
        return make_report(self._place, run_id, None if file is None else Path(file))[1]

    def export(
        self,
        *formats: FormatName,
        run_id: str | None = None,
        to: str | Path | None = None,
        overwrite: bool = False,
    ) -> Iterator[ExportedFile]:
        """Make files of documents, as `ocr-pipeline export` does, while the caller goes through them, and not before.

        Args:
            formats: `searchable_pdf`, `pdfa`, `text`, `markdown`, `hocr`, `alto`, `tsv`, `jsonl`.
            run_id: Only documents whose current row this run wrote.
            to: Files go below `outputs/` of this folder; None: of the runs' folder, or of `output`.
            overwrite: Whether to write files again that are there.

        Yields:
            What became of each file; `failure` says why one could not be made.
        """
        storage = None if isinstance(self._place, OutputFolder) else self._place.storage()
        target = Path(to or self._folder or DEFAULT_FOLDER)
        return Export(self._output, run_id, storage, target, formats, overwrite).files()

    def find(
        self,
        *,
        status: str | None = None,
        error_class: str | None = None,
        below_confidence: float | None = None,
        limit: int = 50,
    ) -> DocumentList:
        """Documents by their current rows, the last processed first; confidence 0-100."""
        return list_documents(self._output, Wanted(status, error_class, below_confidence), limit=limit)

    def documents(self) -> pa.Table:
        """The current row of every document (`latest_documents`); `.to_pandas()` makes it a data frame."""
        return latest_documents(self._output.address)

    def pages(self) -> pa.Table:
        """The pages that count, all in memory (`latest_pages`)."""
        return latest_pages(self._output.address)

    def document_batches(self) -> Iterator[pa.RecordBatch]:
        """The current row of every document, batch by batch."""
        return document_batches(self._output.address)

    def page_batches(self, *columns: str) -> Iterator[pa.RecordBatch]:
        """The pages that count, batch by batch; of all columns, or of these."""
        return page_batches(self._output.address, columns or None)

    @cached_property
    def _place(self) -> OutputFolder | Deployment:
        return chosen_place(self._folder, self._region)

    @property
    def _output(self) -> Output:
        return self._place if isinstance(self._place, OutputFolder) else bucket_of(self._place)

    @property
    def _runs(self) -> FolderRuns | DeployedRuns:
        return FolderRuns(self._place) if isinstance(self._place, OutputFolder) else DeployedRuns(self._place)

    def _deployment(self) -> Deployment:
        if isinstance(self._place, OutputFolder):
            raise NotDeployed(
                f"{self._place.address!r} is a folder; only runs on AWS have logs and can be stopped here."
            )
        return self._place
