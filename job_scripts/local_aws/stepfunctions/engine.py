"""Adds to moto's Step Functions engine what it lacks, and replaces what it does differently from AWS.

This reaches into moto's internals, so pyproject.toml pins its version.
"""

import time
from typing import Any

from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import MaxAttemptsOutcome
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (
    ComparisonOperatorType,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import ComparisonVariable
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import item_processor_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_factory
from moto.stepfunctions.parser.asl.component.state.fail import state_fail
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local_aws.clients import Endpoint
from local_aws.iam.enforcement import StateCredentials
from local_aws.sagemaker.jobs import JobRegistry
from local_aws.stepfunctions.distributed_map import CountingItemProcessor
from local_aws.stepfunctions.failures import state_failure
from local_aws.stepfunctions.processing_task import ProcessingJobTask
from local_aws.stepfunctions.sdk_task import SdkTask

_LONGEST_WAIT_SECONDS = 1.0


def install(
    endpoint: Endpoint, registry: JobRegistry, retry_wait_scale: float, credentials: StateCredentials | None = None
) -> None:
    """Make moto execute state machines, with processing jobs. Call it once per process."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    without_retries = Endpoint(endpoint.url, attempts=1)  # the workflow does the retries
    others = state_task_service_factory.state_task_service_for

    def service_for(service_name: str) -> Any:
        match service_name:
            case "sagemaker":
                return ProcessingJobTask(without_retries, registry, credentials)
            case "aws-sdk":
                return SdkTask()  # type: ignore[no-untyped-call]
            case _:
                return others(service_name)

    def eval_retrier(retrier: RetrierDecl, env: Environment) -> None:
        _eval_retrier(retrier, env, retry_wait_scale)

    replacements: list[tuple[Any, str, Any]] = [
        (state_task_factory, "state_task_service_for", service_for),
        (item_processor_factory, "DistributedItemProcessor", CountingItemProcessor),
        # A Fail state may have an error name of AWS ("States...."), which moto's class refuses.
        (state_fail, "CustomErrorName", ErrorName),
        (RetrierDecl, "_eval_body", eval_retrier),
        (ComparisonVariable, "_eval_body", _eval_comparison),
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
    end = time.monotonic() + env.stack.pop() * wait_scale
    while env.is_running() and (left := end - time.monotonic()) > 0:
        env.program_state_event.wait(min(left, _LONGEST_WAIT_SECONDS))
    env.stack.append(RetrierOutcome.Executed)


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
