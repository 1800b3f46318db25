"""What the files of a run say: plan, ledger, failures and report, wherever they are."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from distributed_ocr_pipeline.client.inspection.outputs import Output, open_table, reading_table
from distributed_ocr_pipeline.client.inspection.status import Phase, RunState, ShardCounts
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.tables.schema import LEDGER_SCHEMA


@dataclass(frozen=True)
class StoredRun:
    """A run's files, in numbers."""

    run_id: str
    output: str
    plan: Mapping[str, Any] | None
    options: Mapping[str, Any]  # of the run, with their defaults; none before the workflow has begun
    report: Mapping[str, Any] | None
    documents: Mapping[str, int]  # rows of the ledger by status
    shards: ShardCounts
    is_given_up: bool  # the workflow's Map over the shards failed

    @property
    def state(self) -> RunState:
        """Of a run that has ended: what it left says how."""
        if self.report is not None:
            ended = RunState.STOPPED if self.report.get("interrupted") else RunState.FAILED
            return RunState.SUCCEEDED if self.report.get("succeeded") else ended
        if not self.options:  # the workflow has not recorded them
            return RunState.NOT_STARTED
        return RunState.SUCCEEDED if self.shards.total == 0 else RunState.STOPPED  # nothing to do needs no report

    @property
    def phase(self) -> Phase:
        """Of a run that goes on."""
        if self.plan is None:
            return Phase.PLANNING
        return Phase.PROCESSING if self.shards.open and not self.is_given_up else Phase.REPORTING

    @property
    def problem(self) -> str:
        """What the report finds wrong."""
        return "" if self.report is None else "; ".join(self.report.get("problems", ()))


def read_stored_run(output: Output, run_id: str, *, is_running: bool = False) -> StoredRun:
    """Read what there is of a run.

    Args:
        output: Where.
        run_id: A run of whom nothing is there has neither plan nor report.
        is_running: The report, if there is one, is of an earlier end, and the ledger is counted.

    Raises:
        BadInput: A file cannot be read.
        ServiceFault: S3 did not answer.
    """
    run = RunLayout("", run_id)
    plan, report = output.find_json(run.plan.key), output.find_json(run.report.key)
    report = None if is_running else report
    return StoredRun(
        run_id=run_id,
        output=output.address,
        plan=plan,
        options=output.find_json(run.options.key) or {},
        report=report,
        documents=_ledger_by_status(output, run) if report is None else _nonzero(report["documents_by_status"]),
        shards=_count_shards(output, run, plan),
        is_given_up=output.find_json(run.map_failure.key) is not None,
    )


def _count_shards(output: Output, run: RunLayout, plan: Mapping[str, Any] | None) -> ShardCounts:
    """A shard is done when its ledger is there, and failed when the workflow has said so and it is not."""
    done = {PurePosixPath(key).stem for key in output.keys(run.documents.key) if key.endswith(".parquet")}
    failed = {PurePosixPath(key).stem for key in output.keys(run.failed_shards.key)} - done
    if plan is None:
        return ShardCounts(None, len(done), len(failed))
    total = int(plan["shards"])
    return ShardCounts(total, len(done), len(failed), max(0, total - len(done) - len(failed)))


def _ledger_by_status(output: Output, run: RunLayout) -> dict[str, int]:
    """Rows by status, batch by batch."""
    counts: Counter[str] = Counter()
    with reading_table(output, run.documents.key):
        table = open_table(output, run.documents.key, LEDGER_SCHEMA)
        for batch in table.to_batches(columns=["status"]) if table else ():
            for found in batch.column("status").value_counts().to_pylist():
                counts[found["values"]] += found["counts"]
    return _nonzero(counts)


def _nonzero(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}


def has_only_drawn(output: Output, run_id: str) -> bool:
    """Whether a run was told to draw pages, and so read none of them; not where its options are gone."""
    options = output.find_json(RunLayout("", run_id).options.key)
    return options is not None and options.get("output_type") == "image"


def no_text(run_id: str) -> BadInput:
    """The fault of who asks for text of such a run."""
    return BadInput(
        f"There is no text: the run {run_id} drew the pages and read none (--output-type image).",
        "Run over the documents with --output-type both, which reads them too.",
    )
