"""`arn:aws:states:::aws-sdk:...` for moto's Step Functions engine. As on AWS, results are JSON."""

from datetime import datetime
from typing import Any

from botocore.response import StreamingBody
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)


class SdkTask(StateTaskServiceAwsSdk):
    """moto passes on what boto3 returns; this makes text of a body and a string of a timestamp."""

    def _normalise_response(
        self, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None
    ) -> None:
        for name, value in response.items():
            if isinstance(value, StreamingBody):
                response[name] = value.read().decode("utf-8", "replace")
            elif isinstance(value, datetime):
                response[name] = value.isoformat()
