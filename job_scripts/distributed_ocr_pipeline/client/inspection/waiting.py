"""Why a step of the workflow waits, read from the history of its execution.

The names of states are those of modules/workflow/state_machine.asl.yaml.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from distributed_ocr_pipeline.client.inspection.status import Reason

_REASONS = {
    "WaitForItsSecond": Reason.START,
    "ShardWaitsForQuota": Reason.QUOTA,
    "StepWaitsForQuota": Reason.QUOTA,
    "ShardWaitsForCapacity": Reason.CAPACITY,
    "StepWaitsForCapacity": Reason.CAPACITY,
    "WaitForTurn": Reason.OTHER_RUN,
}
_WAITS = ("ShardWaits", "StepWaits")  # which the state before gives its reason
_REFUSED = ("TaskFailed", "TaskSubmitFailed")  # and in their state still: the call is made again after a while


def what_it_waits_for(events: Iterable[Mapping[str, Any]]) -> Reason | None:
    """The reason why an execution that goes on waits; None where it works.

    Args:
        events: Its history as GetExecutionHistory returns it; the latest few are enough, in any order.
    """
    newest_first = sorted(events, key=lambda event: -int(event["id"]))
    for number, event in enumerate(newest_first):
        name = event.get("stateEnteredEventDetails", {}).get("name", "")
        if name in _REASONS:
            return _REASONS[name]
        if not number and event["type"] in _REFUSED:
            return Reason.THROTTLING
        if name and name not in _WAITS or event["type"].startswith("Task"):
            return None
    return None
