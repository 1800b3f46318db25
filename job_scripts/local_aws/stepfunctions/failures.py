"""Failures in the form that moto's Step Functions engine uses."""

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.eval.environment import Environment


def named(error: str) -> ErrorName:
    """An error name; the engine has a separate class for names that begin with `States.`."""
    if error.startswith("States."):
        return StatesErrorName(typ=StatesErrorNameType.from_name(error))
    return ErrorName(error)


def failure(env: Environment, error: str, cause: str, **details: str) -> FailureEvent:
    """A failed task as the execution's history shows it."""
    event: Any = {"taskFailedEventDetails": {"error": error, "cause": cause, **details}}
    return FailureEvent(env, named(error), HistoryEventType.TaskFailed, event)


def state_failure(env: Environment, error: str, cause: str) -> FailureEventException:
    """The exception that fails a state."""
    return FailureEventException(failure(env, error, cause))
