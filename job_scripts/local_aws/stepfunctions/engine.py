"""Adds to moto's Step Functions engine what it lacks, and replaces what it does differently from AWS.

This reaches into moto's internals, so pyproject.toml pins its version.
"""

import time
from typing import Any

from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import MaxAttemptsOutcome
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.intrinsic.function.function import Function
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (
    ComparisonOperatorType,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import ComparisonVariable
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import item_processor_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_map.tolerated_failure import (
    ToleratedFailurePercentagePath,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_factory
from moto.stepfunctions.parser.asl.component.state.fail import state_fail
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata

from local_aws.account import Account
from local_aws.clients import Endpoint
from local_aws.iam.enforcement import StateCredentials
from local_aws.sagemaker.jobs import JobRegistry
from local_aws.stepfunctions.distributed_map import CountingItemProcessor
from local_aws.stepfunctions.failures import failure, state_failure
from local_aws.stepfunctions.processing_task import ProcessingJobTask
from local_aws.stepfunctions.sdk_task import SdkTask

_LONGEST_WAIT_SECONDS = 1.0
_FATAL = ("States.Runtime", "States.DataLimitExceeded")  # guide, "Error names": States.ALL does not catch these


def install(
    endpoint: Endpoint,
    registry: JobRegistry,
    retry_wait_scale: float,
    account: Account = Account(),
    credentials: StateCredentials | None = None,
) -> None:
    """Make moto execute state machines, with processing jobs. Call it once per process."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    without_retries = Endpoint(endpoint.url, attempts=1)  # the workflow does the retries
    others = state_task_service_factory.state_task_service_for

    def service_for(service_name: str) -> Any:
        match service_name:
            case "sagemaker":
                return ProcessingJobTask(without_retries, registry, account, credentials)
            case "aws-sdk":
                return SdkTask()  # type: ignore[no-untyped-call]
            case _:
                return others(service_name)

    def eval_retrier(retrier: RetrierDecl, env: Environment) -> None:
        _eval_retrier(retrier, env, retry_wait_scale)

    def wait_interval(_function: WaitFunction, env: Environment, wait_seconds: float) -> None:
        _wait(env, wait_seconds * retry_wait_scale)

    replacements: list[tuple[Any, str, Any]] = [
        (state_task_factory, "state_task_service_for", service_for),
        (item_processor_factory, "DistributedItemProcessor", CountingItemProcessor),
        # A Fail state may have an error name of AWS ("States...."), which moto's class refuses.
        (state_fail, "CustomErrorName", ErrorName),
        (RetrierDecl, "_eval_body", eval_retrier),
        (WaitFunction, "_wait_interval", wait_interval),
        (ComparisonVariable, "_eval_body", _eval_comparison),
        (Function, "eval", _eval_function),
        (moto_jsonata, "_eval_jsonata", _eval_jsonata),
        (StringJSONata, "_eval_body", _eval_expression),
        (ErrorEqualsDecl, "_eval_body", _eval_error_equals),
        (ExecutionState, "_from_error", _from_error),
        (ToleratedFailurePercentagePath, "_eval_tolerated_failure_percentage", _eval_percentage),
    ]
    for owner, name, replacement in replacements:
        if not hasattr(owner, name):
            raise RuntimeError(f"moto has no {owner.__name__}.{name}: is its version the pinned one?")
        setattr(owner, name, replacement)


def _eval_retrier(retrier: Any, env: Environment, wait_scale: float) -> None:
    """moto's retrier, with a wait that ends when the execution is stopped."""
    retrier.error_equals.eval(env)
    if not env.stack.pop():
        env.stack.append(RetrierOutcome.Skipped)
        return
    retrier.max_attempts.eval(env=env)
    if env.stack.pop() == MaxAttemptsOutcome.EXHAUSTED:
        env.stack.append(RetrierOutcome.Failed)
        return
    for part in (retrier.interval_seconds, retrier.backoff_rate, retrier.max_delay_seconds, retrier.jitter_strategy):
        part.eval(env=env)
    _wait(env, env.stack.pop() * wait_scale)
    env.stack.append(RetrierOutcome.Executed)


def _wait(env: Environment, seconds: float) -> None:
    """Wait, or until the execution is stopped."""
    end = time.monotonic() + seconds
    while env.is_running() and (left := end - time.monotonic()) > 0:
        env.program_state_event.wait(min(left, _LONGEST_WAIT_SECONDS))


_error_equals = ErrorEqualsDecl._eval_body  # pylint: disable=protected-access


def _eval_error_equals(errors: ErrorEqualsDecl, env: Environment) -> None:
    """moto's comparison, except that nothing retries or catches what ends an execution on AWS."""
    name: ErrorName = env.stack[-1]
    _error_equals(errors, env)
    if name.error_name in _FATAL:
        env.stack[-1] = False


def _from_error(_state: ExecutionState, env: Environment, ex: Exception) -> FailureEvent:
    """moto's conversion, except that an exception of the engine does not look like AWS's States.Runtime."""
    return ex.failure_event if isinstance(ex, FailureEventException) else failure(env, "States.TaskFailed", str(ex))


def _eval_function(function: Function, env: Environment) -> None:
    """moto's evaluation of an intrinsic function; what it refuses has AWS's name (guide, "Error names")."""
    try:
        EvalComponent.eval(function, env)
    except (TypeError, ValueError) as error:
        raise state_failure(env, "States.IntrinsicFailure", str(error)) from error


def _eval_jsonata(expression: str) -> Any:
    """What an expression of JSONata makes; moto leaves it to a Java library, which it does not bring along."""
    import jsonata  # pylint: disable=import-outside-toplevel  # only workflows that have expressions need it

    return jsonata.Jsonata(expression).evaluate(None)


_expression = StringJSONata._eval_body  # pylint: disable=protected-access


def _eval_expression(expression: StringJSONata, env: Environment) -> None:
    """moto's evaluation; what cannot be evaluated has AWS's name (guide, "Handling errors in workflows")."""
    from jsonata.jexception import JException  # pylint: disable=import-outside-toplevel  # as above

    try:
        _expression(expression, env)
    except JException as error:
        raise state_failure(env, "States.QueryEvaluationError", str(error)) from error


def _eval_percentage(declared: ToleratedFailurePercentagePath, env: Environment) -> int:
    """An integer from 0 to 100, not 20.0 (Step Functions guide, "ToleratedFailurePercentagePath")."""
    declared.string_sampler.eval(env=env)
    value = env.stack.pop()
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
        path = declared.string_sampler.literal_value
        cause = f"The ToleratedFailurePercentagePath '{path}' refers to {value!r}, which is no integer from 0 to 100."
        raise state_failure(env, "States.Runtime", cause)
    return value


def _eval_comparison(comparison: Any, env: Environment) -> None:
    """moto's comparison; as on AWS, a path that leads nowhere ends the execution unless the operator is IsPresent."""
    comparison.variable.eval(env)
    function = comparison.comparison_function
    missing = isinstance(env.stack[-1], NoSuchVariable)
    if missing and getattr(function, "operator_type", None) != ComparisonOperatorType.IsPresent:
        path = comparison.variable.string_sampler.literal_value
        cause = f"Invalid path '{path}': The choice state's condition path references an invalid value."
        raise state_failure(env, "States.Runtime", cause)
    function.eval(env)
