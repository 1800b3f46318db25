"""What a run gives back, and who is told while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distributed_ocr_pipeline.errors import RunFailed
from distributed_ocr_pipeline.run.planning import Plan
from distributed_ocr_pipeline.run.progress import Progress


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


class UnfinishedRun(RunFailed):
    """A run that was not green; `result` says how far it came."""

    def __init__(self, cause: str, result: RunResult) -> None:
        super().__init__(cause)
        self.result = result


class Observer:
    """What a run reports to while it runs; this one ignores it."""

    def planned(self, plan: Plan) -> None:
        """The plan is made; work begins."""

    def progressed(self, progress: Progress) -> None:
        """Documents and pages done so far."""
