"""Why an execution waits, from the end of its history."""

from typing import Any

import pytest

from distributed_ocr_pipeline.client.inspection.status import Reason
from distributed_ocr_pipeline.client.inspection.waiting import what_it_waits_for
from distributed_ocr_pipeline.local.definition import DEFINITION
from tests.support.image import PROJECT


def history(*events: str) -> list[dict[str, Any]]:
    """Events by their types, or by the state that they enter; the oldest first."""
    return [
        (
            {"id": number, "type": name}
            if name.startswith("Task")
            else {"id": number, "type": "StateEntered", "stateEnteredEventDetails": {"name": name}}
        )
        for number, name in enumerate(events, 1)
    ]


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (["ProcessShard", "TaskScheduled", "TaskStarted", "TaskSubmitted"], None),
        (["ProcessShard", "TaskScheduled", "TaskStarted", "TaskSubmitFailed"], Reason.THROTTLING),
        (["ProcessShard", "TaskScheduled", "TaskSubmitFailed", "TaskScheduled", "TaskStarted"], None),
        (["TaskFailed", "ShardFailed", "ShardWaitsForQuota", "ShardWaits"], Reason.QUOTA),
        (["TaskFailed", "ShardFailed", "ReadFailedShard", "ShardWaitsForCapacity", "ShardWaits"], Reason.CAPACITY),
        (["ShardWaitsForQuota", "ShardWaits", "ProcessShard"], None),
        (["IsInFirstWave", "WaitForItsSecond"], Reason.START),
        (["PlanShards", "TaskSubmitFailed", "StepFailed", "StepWaitsForQuota", "StepWaits"], Reason.QUOTA),
        (["SeeWhoseTurn", "DescribeHolder", "TurnIsTaken", "QueueUp", "Queued", "WaitForTurn"], Reason.OTHER_RUN),
        ([], None),
    ],
)
def test_the_latest_events_say_why(events: list[str], reason: Reason | None) -> None:
    assert what_it_waits_for(history(*events)) is reason
    assert what_it_waits_for(reversed(history(*events))) is reason


def test_the_states_are_those_of_the_workflow() -> None:
    definition = (PROJECT / DEFINITION).read_text(encoding="utf-8")
    for name in (
        "WaitForItsSecond",
        "ShardWaitsForQuota",
        "StepWaitsForQuota",
        "ShardWaitsForCapacity",
        "StepWaitsForCapacity",
        "WaitForTurn",
        "ShardWaits",
        "StepWaits",
    ):
        assert f" {name}:\n" in definition
