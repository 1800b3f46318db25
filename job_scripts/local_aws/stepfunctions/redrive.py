"""RedriveExecution, which moto lacks, for executions that ended in a Fail state.

"Fail workflow state: Reenters the Fail state and fails again" (Step Functions guide, "Redriving executions"). Others,
which AWS would resume at the state that failed, are refused here.
"""

from datetime import datetime, timezone
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.responses import StepFunctionResponse

_FAILED = "FAILED"


class ExecutionNotRedrivable(AWSError):
    """AWS's refusal."""

    TYPE = "ExecutionNotRedrivable"
    STATUS = 400


def install() -> None:
    """Add the call, and its count to descriptions. Call it once per process."""
    described = StepFunctionResponse.describe_execution

    def describe_execution(response: StepFunctionResponse) -> ActionResult:
        answer: Any = described(response).result
        return ActionResult(answer | {"redriveCount": getattr(_execution(response), "redrive_count", 0)})

    setattr(StepFunctionResponse, "describe_execution", describe_execution)
    setattr(StepFunctionResponse, "redrive_execution", redrive_execution)


def redrive_execution(response: StepFunctionResponse) -> ActionResult:
    """Enter the Fail state again and fail again."""
    execution = _execution(response)
    env = execution.exec_worker.env
    history = env.event_manager.get_event_history()
    entered = [event for event in history if event["type"].endswith("StateEntered")]
    if execution.status != _FAILED or not entered or entered[-1]["type"] != HistoryEventType.FailStateEntered:
        raise ExecutionNotRedrivable("The local environment redrives only executions that ended in a Fail state.")
    execution.redrive_count = getattr(execution, "redrive_count", 0) + 1
    return ActionResult({"redriveDate": datetime.now(timezone.utc)})


def _execution(response: StepFunctionResponse) -> Any:
    arn = response._get_param("executionArn")  # pylint: disable=protected-access
    return response.stepfunction_backend.describe_execution(arn)
