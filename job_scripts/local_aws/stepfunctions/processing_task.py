"""`arn:aws:states:::sagemaker:createProcessingJob` and `.sync` for moto's Step Functions engine.

As on AWS, a job that failed is `States.TaskFailed`, and its cause is the job's description as a JSON string. AWS does
not document what a stopped job becomes; here it is a success whose ProcessingJobStatus is Stopped, the case that a
workflow more easily overlooks. The stop of an execution and the timeout of a task stop the job.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local_aws.account import Account
from local_aws.clients import Credentials, Endpoint
from local_aws.iam.enforcement import StateCredentials
from local_aws.sagemaker.jobs import JobRegistry, ProcessingJob
from local_aws.stepfunctions.failures import failure

_PARAMETERS = {
    "AppSpecification",
    "Environment",
    "ExperimentConfig",
    "NetworkConfig",
    "ProcessingInputs",
    "ProcessingJobName",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "RoleArn",
    "StoppingCondition",
    "Tags",
}
_ERROR_NAMES = {
    "ResourceInUse": "SageMaker.ResourceInUseException",
    "ResourceLimitExceeded": "SageMaker.ResourceLimitExceededException",
    "ResourceNotFound": "SageMaker.ResourceNotFoundException",
}
_OTHER_ERROR = "SageMaker.AmazonSageMakerException"
_PULSE_SECONDS = 0.2


class ProcessingJobTask(StateTaskServiceCallback):
    """A Task state that creates a processing job and, with `.sync`, waits for its end."""

    def __init__(
        self,
        endpoint: Endpoint,
        registry: JobRegistry,
        account: Account = Account(),
        credentials: StateCredentials | None = None,
    ) -> None:
        super().__init__(supported_integration_patterns={ResourceCondition("sync")})
        self._endpoint = endpoint
        self._registry = registry
        self._error_names = _ERROR_NAMES | {"ThrottlingException": account.throttled_as}
        self._credentials = credentials

    def _get_supported_parameters(self) -> set[str] | None:
        """The parameters of the resource; None makes the definition invalid."""
        known = self.resource.api_action == "createProcessingJob"
        return _PARAMETERS if known and self.resource.condition in (None, ResourceCondition.Sync) else None

    def _eval_service_task(
        self,
        env: Environment,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        region = resource_runtime_part.region
        role = self._credentials.of(state_credentials.role_arn, region) if self._credentials else Credentials()
        client = self._endpoint.client("sagemaker", region, role)
        answer = client.create_processing_job(**normalised_parameters)
        answer.pop("ResponseMetadata", None)
        env.stack.append(answer)

    def _eval_integration_pattern(
        self,
        env: Environment,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        env.stack.pop()
        job = self._registry.get(resource_runtime_part.region, normalised_parameters["ProcessingJobName"])
        while env.is_running() and not job.ended.wait(_PULSE_SECONDS):
            pass
        if not job.ended.is_set():
            job.stop()
        description = _as_json(job)
        if description["ProcessingJobStatus"] == "Failed":
            raise FailureEventException(self._failure(env, "States.TaskFailed", json.dumps(description)))
        env.stack.append(description)

    def _from_error(self, env: Environment, ex: Exception) -> FailureEvent:
        if not isinstance(ex, ClientError):
            return super()._from_error(env=env, ex=ex)
        code, message = ex.response["Error"]["Code"], ex.response["Error"]["Message"]
        status = ex.response["ResponseMetadata"]["HTTPStatusCode"]
        cause = f"{message} (Service: AmazonSageMaker; Status Code: {status}; Error Code: {code})"
        return self._failure(env, self._error_names.get(code, _OTHER_ERROR), cause)

    def _failure(self, env: Environment, error: str, cause: str) -> FailureEvent:
        where = {"resource": self._get_sfn_resource(), "resourceType": self._get_sfn_resource_type()}
        return failure(env, error, cause, **where)


def _as_json(job: ProcessingJob) -> dict[str, Any]:
    """The job's description with timestamps as strings, because a state's output is JSON."""
    described: Mapping[str, Any] = job.describe()
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in described.items()}
