"""The children of a distributed Map as executions: calls list them, describe them and read their history.

moto runs them inside their parent and keeps nothing of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError, ProgramStopped
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.responses import StepFunctionResponse

_STATUS = {ProgramEnded: "SUCCEEDED", ProgramError: "FAILED", ProgramStopped: "ABORTED"}


@dataclass
class ChildExecution:
    """One child; `frame` is the environment in which moto's engine runs it."""

    frame: Environment
    map_run: Any  # moto's MapRunRecord
    arn: str = ""
    name: str = ""
    text: str = "{}"  # its input
    start_date: datetime | None = None
    stop_date: datetime | None = None

    def begin(self) -> None:
        """Take the child's name and input from its context, once its input is selected."""
        context = self.frame.states.context_object.context_object_data["Execution"]
        self.arn, self.name, self.text = context["Id"], context["Name"], to_json_str(context["Input"])
        self.start_date = datetime.now(timezone.utc)

    def end(self) -> None:
        """Record the child's end."""
        self.stop_date = datetime.now(timezone.utc)

    def describe(self) -> dict[str, Any]:
        """The child as DescribeExecution returns it."""
        failure = self.frame.program_state()
        details = failure.error if isinstance(failure, ProgramError) else None
        shown = self.listed() | {"input": self.text}
        return shown | {name: details[name] for name in ("error", "cause") if details and details.get(name)}

    def listed(self) -> dict[str, Any]:
        """The child as ListExecutions returns it."""
        shown = {
            "executionArn": self.arn,
            "name": self.name,
            "stateMachineArn": self.map_run.map_state_machine_arn,
            "mapRunArn": self.map_run.map_run_arn,
            "status": _STATUS.get(type(self.frame.program_state()), "RUNNING"),
            "startDate": self.start_date,
            "stopDate": self.stop_date,
        }
        return {name: value for name, value in shown.items() if value is not None}

    def history(self) -> dict[str, Any]:
        """The child's events as GetExecutionHistory returns them."""
        return {"events": self.frame.event_manager.get_event_history()}


def open_child(frame: Environment, map_run: Any) -> ChildExecution:
    """Give a frame its own history and keep it with its Map Run."""
    frame.event_manager = EventManager()
    child = ChildExecution(frame, map_run)
    map_run.__dict__.setdefault("children", []).append(child)
    return child


def install() -> None:
    """Make the calls answer for children too. Call it once per process."""
    _extend("list_executions", _list_children)
    _extend("describe_execution", lambda response: _of_child(response, ChildExecution.describe))
    _extend("get_execution_history", lambda response: _of_child(response, ChildExecution.history))


def _extend(action: str, answer_for_child: Callable[[StepFunctionResponse], Any]) -> None:
    moto = getattr(StepFunctionResponse, action)

    def extended(response: StepFunctionResponse) -> ActionResult:
        answer = answer_for_child(response)
        return moto(response) if answer is None else ActionResult(answer)

    setattr(StepFunctionResponse, action, extended)


def _list_children(response: StepFunctionResponse) -> dict[str, Any] | None:
    map_run_arn = response._get_param("mapRunArn")  # pylint: disable=protected-access
    if map_run_arn is None:
        return None
    status = response._get_param("statusFilter")  # pylint: disable=protected-access
    listed = [child.listed() for child in _children(response) if child.map_run.map_run_arn == map_run_arn]
    return {"executions": [child for child in reversed(listed) if status in (None, child["status"])]}


def _of_child(response: StepFunctionResponse, answer: Callable[[ChildExecution], dict[str, Any]]) -> Any:
    arn = response._get_param("executionArn")  # pylint: disable=protected-access
    return next((answer(child) for child in _children(response) if child.arn == arn), None)


def _children(response: StepFunctionResponse) -> Iterator[ChildExecution]:
    backend: Any = response.stepfunction_backend
    for execution in backend._get_executions():  # pylint: disable=protected-access
        begun = getattr(execution.exec_worker, "env", None)  # it is None for a moment after the start
        for map_run in begun.map_run_record_pool_manager.get_all() if begun else ():
            yield from [child for child in getattr(map_run, "children", []) if child.start_date]
