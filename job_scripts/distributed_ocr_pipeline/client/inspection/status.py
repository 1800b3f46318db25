"""What `ocr-pipeline status` says of a run: the record that its text and its JSON are made from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any


class RunState(str, Enum):
    """How a run stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # it has ended, and is not green
    STOPPED = "stopped"  # somebody stopped it, or it was killed: there is no verdict
    TIMED_OUT = "timed_out"
    NOT_STARTED = "not_started"  # there is a plan, and that is all


class Phase(str, Enum):
    """What a run does."""

    PLANNING = "planning"
    PROCESSING = "processing"
    REPORTING = "reporting"
    ENDED = "ended"


class Reason(str, Enum):
    """What a shard, or the step of planning or reporting, waits for."""

    TURN = "turn"  # as many others run as may run at a time
    START = "start"  # SageMaker starts one job a second
    QUOTA = "quota"
    THROTTLING = "throttling"
    CAPACITY = "capacity"
    OTHER_RUN = "other_run"  # over the same prefix


@dataclass(frozen=True)
class ShardCounts:
    """A run's shards: `total` of the plan is done + failed + open.

    `running` and `waiting` split the open ones; None where nobody knows: from the folder of a run, which its jobs
    write when they end, and where AWS may not be asked.
    """

    total: int | None = None  # None before there is a plan
    done: int = 0
    failed: int = 0
    open: int = 0
    running: int | None = None
    waiting: Mapping[str, int] | None = None  # by `Reason`
    looked_at: int | None = None  # so many of the started ones were asked what they do; the others count as running


@dataclass(frozen=True)
class RunStatus:
    """One run."""

    run_id: str
    state: RunState
    phase: Phase
    started: datetime | None
    ended: datetime | None
    output: str  # the folder or s3://bucket of its results
    planned: int | None  # documents; None before there is a plan
    up_to_date: int  # documents that the plan leaves out
    documents: Mapping[str, int]  # rows of the ledger by status, of the shards that are done
    shards: ShardCounts
    waits_for: Reason | None = None  # of the step of planning or reporting
    problem: str = ""  # one line
    commands: Mapping[str, str] = field(default_factory=dict)  # follow, stop, continue: those that make sense

    @property
    def done(self) -> int:
        """Documents with a row that is not `deferred`."""
        return sum(count for status, count in self.documents.items() if status != "deferred")

    @property
    def failed(self) -> int:
        """Documents among them that have no result at all."""
        return self.documents.get("failed", 0)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; times in ISO 8601."""
        times = {name: value and value.isoformat() for name in ("started", "ended") for value in [getattr(self, name)]}
        return asdict(self) | times | {"done": self.done, "failed": self.failed}
