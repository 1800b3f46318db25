"""What a run gives back, and who is told while it runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed_ocr_pipeline.errors import ExitCode, RunFailed, ServiceFault
from distributed_ocr_pipeline.layout import DEFAULT_FOLDER
from distributed_ocr_pipeline.records import FormatName, S3Location
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.progress import Progress
from distributed_ocr_pipeline.storage import Storage

if TYPE_CHECKING:
    import pyarrow as pa

    from distributed_ocr_pipeline.client.exports.exporting import Export, ExportedFile

# What reads tables is loaded when somebody asks for them: it takes 70 MB, and a run that is followed does without.
# pylint: disable=import-outside-toplevel


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes:
        run_id: Names the run's folders.
        plan: What the run had to do, in numbers: documents, shards, pages and price as estimated.
        report: report.json; None where the run ended before it, or had nothing to do.
        output: Where the tables and the report are: a folder or an S3 address.
        seconds: From the first call to the last.
    """

    run_id: str
    plan: Plan
    report: Mapping[str, Any] | None
    output: str
    seconds: float

    def export(
        self, *formats: FormatName, to: str | Path | None = None, overwrite: bool = False
    ) -> "Iterator[ExportedFile]":
        """Make files of the documents that this run read last, while the caller goes through them, and not before.

        Args:
            formats: `searchable_pdf`, `pdfa`, `text`, `markdown`, `hocr`, `alto`, `tsv`, `jsonl`.
            to: Files go below `outputs/` of this folder; None: of the results', or for those in S3 of `output`.
            overwrite: Whether to write files again that are there.

        Yields:
            What became of each file; `failure` says why one could not be made. Of a run with nothing to do, nothing.

        Raises:
            BadInput: At once where a format is not known or none is named; later, the results cannot be read.
            ServiceFault: S3 did not answer.
        """
        export = self._export(formats, to, overwrite)
        return export.files() if self.plan.documents else iter(())

    def _export(self, formats: Sequence[FormatName], to: str | Path | None, overwrite: bool) -> "Export":
        from distributed_ocr_pipeline.client.exports.exporting import Export
        from distributed_ocr_pipeline.client.inspection.outputs import OutputBucket, OutputFolder

        if self.output.startswith("s3://"):
            storage = Storage()
            output = OutputBucket(S3Location.parse(self.output).bucket, storage)
            return Export(output, self.run_id, storage, Path(to or DEFAULT_FOLDER), formats, overwrite)
        folder = Path(self.output)
        return Export(OutputFolder(folder), self.run_id, None, Path(to or folder), formats, overwrite)

    def documents(self) -> "pa.Table":
        """The current row of every document in the output, by this run or an earlier one (`latest_documents`)."""
        from distributed_ocr_pipeline.tables.latest import latest_documents

        return latest_documents(self.output)

    def pages(self) -> "pa.Table":
        """Their pages (`latest_pages`)."""
        from distributed_ocr_pipeline.tables.latest import latest_pages

        return latest_pages(self.output)

    def page_batches(self, *columns: str) -> "Iterator[pa.RecordBatch]":
        """Their pages batch by batch, for more than memory holds; of all columns, or of these."""
        from distributed_ocr_pipeline.tables.latest import page_batches

        return page_batches(self.output, columns or None)


class UnfinishedRun(RunFailed):
    """A run that was not green; `result` says how far it came."""

    def __init__(self, cause: str, result: RunResult) -> None:
        super().__init__(cause)
        self.cause = cause
        self.result = result


class GivenUpRun(UnfinishedRun):
    """A run that its observer stopped waiting for; `execution_arn` is that of its workflow, which may go on."""

    def __init__(self, cause: str, result: RunResult, execution_arn: str = "") -> None:
        super().__init__(cause, result)
        self.execution_arn = execution_arn


class InterruptedRun(GivenUpRun):
    """A run that Ctrl-C ended for its caller."""

    exit_code = ExitCode.INTERRUPTED


class UnfollowedRun(ServiceFault):
    """A run that was started and cannot be followed: credentials ended, the network is gone. Its workflow may go on."""

    def __init__(self, cause: str, run_id: str, advice: str = "", *, code: str = "") -> None:
        super().__init__(cause, advice, code=code)
        self.run_id = run_id


class GiveUp(Exception):
    """An observer raises it while a run is at work, to wait no longer; its text says why."""


class Observer:
    """What a run reports to while it runs; this one ignores it. `progressed` may raise `GiveUp`."""

    def notice(self, text: str) -> None:
        """What the run does now, or something about it that the user should know."""

    def started(self, run_id: str, output: str) -> None:
        """The run has its id; its results come below `output`, a folder or an S3 address. Told first."""

    def approve(self, plan: Plan) -> None:
        """Called with the plan of a run on AWS before anything is stored or started; raises to refuse it."""

    def planned(self, plan: Plan) -> None:
        """The plan is made; work begins."""

    def progressed(self, progress: Progress) -> None:
        """Documents and pages done so far."""
