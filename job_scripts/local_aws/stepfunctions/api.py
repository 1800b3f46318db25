"""The Step Functions calls that moto lacks or answers differently from AWS."""

import re
import time
import uuid

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidName
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.stepfunctions.validation import diagnostics

_NAME = re.compile(r"[^\x00-\x20\x7f-\x9f<>{}\[\]?*\"#%\\^|~`$&,;:/]{1,80}")
_START_SECONDS = 10.0
_PULSE_SECONDS = 0.01


def install() -> None:
    """Add the calls to moto's. Call it once per process."""
    for action in (start_execution, validate_state_machine_definition, list_state_machine_versions):
        setattr(StepFunctionResponse, action.__name__, action)


def start_execution(response: StepFunctionResponse) -> ActionResult:
    """moto's call, with a name where none is given; it returns when the execution can be described."""
    name = response._get_param("name") or str(uuid.uuid4())  # pylint: disable=protected-access
    if not _NAME.fullmatch(name):
        raise InvalidName(f"Invalid Name: '{name}'")
    arn = response._get_param("stateMachineArn")  # pylint: disable=protected-access
    text = response._get_param("input", if_none="{}")  # pylint: disable=protected-access
    execution = response.stepfunction_backend.start_execution(arn, name, text)
    end = time.monotonic() + _START_SECONDS
    while execution.exec_worker.env is None and time.monotonic() < end:  # type: ignore[attr-defined]
        time.sleep(_PULSE_SECONDS)
    return ActionResult({"executionArn": execution.execution_arn, "startDate": execution.start_date})


def validate_state_machine_definition(response: StepFunctionResponse) -> ActionResult:
    """Check the definition; every diagnostic is an error."""
    found = diagnostics(response._get_param("definition"))  # pylint: disable=protected-access
    return ActionResult({"result": "FAIL" if found else "OK", "diagnostics": found, "truncated": False})


def list_state_machine_versions(response: StepFunctionResponse) -> ActionResult:
    """The published versions, newest first."""
    arn = response._get_param("stateMachineArn")  # pylint: disable=protected-access
    machine = response.stepfunction_backend.describe_state_machine(arn)
    versions = sorted(getattr(machine, "versions", {}).items(), reverse=True)
    listed = [{"stateMachineVersionArn": found.arn, "creationDate": found.creation_date} for _, found in versions]
    return ActionResult({"stateMachineVersions": listed})
