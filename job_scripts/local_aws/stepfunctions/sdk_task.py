"""`arn:aws:states:::aws-sdk:...` for moto's Step Functions engine. As on AWS, results are JSON."""

from datetime import datetime
from typing import Any

from botocore.response import StreamingBody
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)


class SdkTask(StateTaskServiceAwsSdk):
    """moto passes on what boto3 returns; this makes text of a body and a string of a timestamp.

    Names are PascalCase on AWS, whatever the service's own are; those of Step Functions begin with a small letter.
    """

    @staticmethod
    def _normalise_service_error_name(service_name: str) -> str:
        """S3's errors are S3.S3Exception, S3.NoSuchKeyException and so on; moto names two other services only."""
        named = StateTaskServiceAwsSdk._normalise_service_error_name
        return "S3" if service_name == "s3" else str(named(service_name))

    def _normalise_parameters(
        self, parameters: Any, boto_service_name: str | None = None, service_action_name: str | None = None
    ) -> None:
        if self.resource.api_name == "sfn":
            for name in list(parameters):
                parameters[name[:1].lower() + name[1:]] = parameters.pop(name)

    def _normalise_response(
        self, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None
    ) -> None:
        if self.resource.api_name == "sfn":
            for name in list(response):
                response[name[:1].upper() + name[1:]] = response.pop(name)
        for name, value in response.items():
            if isinstance(value, StreamingBody):
                response[name] = value.read().decode("utf-8", "replace")
            elif isinstance(value, datetime):
                response[name] = value.isoformat()
