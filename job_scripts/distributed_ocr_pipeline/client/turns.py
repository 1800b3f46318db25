"""Whose turn it is over a prefix, as the workflow keeps it (TakeTurn): who plans has to know."""

import base64

from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput, ServiceFault
from distributed_ocr_pipeline.layout import turn
from distributed_ocr_pipeline.storage import Storage, aws_call

_FORGOTTEN = "ExecutionDoesNotExist"  # 90 days after its end


def last_turn(deployment: Deployment, storage: Storage, input_prefix: str) -> str:
    """ARN of the execution that had the last turn over a prefix, and has ended; empty where there was none.

    Raises:
        BadInput: It goes on: what it processes would be processed twice.
    """
    found = storage.find_metadata(turn(deployment.output_bucket, input_prefix))
    if not found:
        return ""
    execution = base64.b64decode(found["execution"]).decode()
    if _goes_on(deployment, execution):
        raise BadInput(
            f"{execution} is processing the same prefix.",
            f"Wait for its end, or stop it (ocr-pipeline stop {execution.rpartition(':')[2]}); then run again.",
        )
    return execution


def _goes_on(deployment: Deployment, execution: str) -> bool:
    try:
        with aws_call(f"Looking at {execution}"):
            answer = deployment.client("stepfunctions").describe_execution(executionArn=execution)
    except ServiceFault as error:
        if error.code != _FORGOTTEN:
            raise
        return False
    return str(answer["status"]) == "RUNNING"
