"""Whose turn it is over a prefix, as the workflow keeps it (TakeTurn): who plans has to know."""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from distributed_ocr_pipeline.client.command_line.proposals import command
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput, ServiceFault
from distributed_ocr_pipeline.layout import turn
from distributed_ocr_pipeline.storage import Storage, aws_call

_FORGOTTEN = "ExecutionDoesNotExist"  # 90 days after its end
_STOPPED = ("ABORTED", "TIMED_OUT")
_JOBS_END = timedelta(minutes=5)  # after their execution: SageMaker gives them two, and then stores their results


def last_turn(deployment: Deployment, storage: Storage, input_prefix: str) -> str:
    """ARN of the execution that had the last turn over a prefix, and has ended; empty where there was none.

    Empty, too, where it was stopped just now: its jobs may still store results, so that no plan can be right yet. The
    workflow then waits for them and plans by itself.

    Raises:
        BadInput: It goes on: what it processes would be processed twice.
    """
    found = storage.find_metadata(turn(deployment.output_bucket, input_prefix))
    if not found:
        return ""
    execution = base64.b64decode(found["execution"]).decode()
    described = _describe(deployment, execution)
    if described.get("status") == "RUNNING":
        raise BadInput(
            f"{execution} is processing the same prefix.",
            f"Wait for its end, or stop it (`{command('stop', execution.rpartition(':')[2])}`); then run again.",
        )
    return "" if _has_just_been_stopped(described) else execution


def _describe(deployment: Deployment, execution: str) -> Mapping[str, Any]:
    """What AWS knows of an execution: nothing, once it has forgotten it."""
    try:
        with aws_call(f"Looking at {execution}"):
            answer: Mapping[str, Any] = deployment.client("stepfunctions").describe_execution(executionArn=execution)
            return answer
    except ServiceFault as error:
        if error.code != _FORGOTTEN:
            raise
        return {}


def _has_just_been_stopped(described: Mapping[str, Any]) -> bool:
    if described.get("status") not in _STOPPED:
        return False
    return bool(datetime.now(timezone.utc) - described["stopDate"] < _JOBS_END)
