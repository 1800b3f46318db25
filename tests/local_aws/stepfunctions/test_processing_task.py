"""Task states that run a processing job."""

import json
import time
import uuid
from typing import Any

import pytest

from local_aws.sagemaker.reasons import REASONS
from tests.support.harness import END_SECONDS, Harness


def catching(state: dict[str, Any], *errors: str) -> dict[str, Any]:
    return {
        "Job": state | {"Catch": [{"ErrorEquals": list(errors), "Next": "Caught"}]},
        "Caught": {"Type": "Succeed"},
    }


def test_a_task_returns_the_jobs_description_with_moments_as_text(local: Harness) -> None:
    answer = local.run_machine({"Job": local.job_state("print('hello')")})
    output = json.loads(answer["output"])
    assert output["ProcessingJobStatus"] == "Completed"
    assert output["ProcessingEndTime"].endswith("+00:00")


def test_a_failed_job_is_a_failed_task_with_its_description_as_cause(local: Harness) -> None:
    code = "import os, sys; open(os.environ['OCR_ML_ROOT'] + '/output/message', 'w').write('why'); sys.exit(65)"
    answer = local.run_machine(catching(local.job_state(code), "States.TaskFailed"))
    failure = json.loads(answer["output"])
    assert failure["Error"] == "States.TaskFailed"
    cause = json.loads(failure["Cause"])
    assert (cause["FailureReason"], cause["ExitMessage"]) == (REASONS["algorithm"], "why")


def test_a_stopped_job_comes_back_as_a_success_that_says_stopped(local: Harness) -> None:
    answer = local.run_machine({"Job": local.job_state("", f"stop-{uuid.uuid4()}")})
    assert json.loads(answer["output"])["ProcessingJobStatus"] == "Stopped"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("never-", "SageMaker.ResourceLimitExceededException"),
        ("throttled-", "SageMaker.AmazonSageMakerException"),
        ("not_a_name_", "SageMaker.AmazonSageMakerException"),
    ],
)
def test_a_refused_call_has_the_error_name_aws_uses(local: Harness, name: str, error: str) -> None:
    answer = local.run_machine(catching(local.job_state("", f"{name}{uuid.uuid4()}"), error))
    assert json.loads(answer["output"])["Error"] == error


def test_a_used_name_is_a_resource_in_use(local: Harness) -> None:
    name = f"used-{uuid.uuid4()}"
    local.run_machine({"Job": local.job_state("", name)})
    answer = local.run_machine(catching(local.job_state("", name), "SageMaker.ResourceInUseException"))
    assert "ResourceInUse" in json.loads(answer["output"])["Cause"]


def test_a_retry_waits_for_quota_and_then_starts_the_job(local: Harness) -> None:
    retry = {"ErrorEquals": ["SageMaker.ResourceLimitExceededException"], "IntervalSeconds": 60, "MaxAttempts": 3}
    state = local.job_state("", f"refused-twice-{uuid.uuid4()}", Retry=[retry])
    arn = local.start_machine({"Job": state})
    assert local.finish(arn)["status"] == "SUCCEEDED"
    events = [event["type"] for event in local.history(arn)]
    assert (events.count("TaskFailed"), events.count("TaskSubmitted")) == (2, 1)


def test_a_task_over_its_time_stops_its_job(local: Harness) -> None:
    name = f"slow-{uuid.uuid4()}"
    state = local.job_state("import time; time.sleep(600)", name, TimeoutSeconds=2)
    answer = local.run_machine(catching(state, "States.Timeout"))
    assert json.loads(answer["output"])["Error"] == "States.Timeout"
    assert local.wait(name)["ProcessingJobStatus"] == "Stopped"


def test_stopping_an_execution_stops_its_job(local: Harness) -> None:
    name = f"slow-{uuid.uuid4()}"
    arn = local.start_machine({"Job": local.job_state("import time; print('on', flush=True); time.sleep(600)", name)})
    local.wait_for_line(name, "on")
    local.client("stepfunctions").stop_execution(executionArn=arn)
    assert local.finish(arn)["status"] == "ABORTED"
    assert local.wait(name)["ProcessingJobStatus"] == "Stopped"


def test_stopping_an_execution_ends_its_wait_for_a_retry(local: Harness) -> None:
    retry = {"ErrorEquals": ["SageMaker.AmazonSageMakerException"], "IntervalSeconds": 90_000, "MaxAttempts": 3}
    arn = local.start_machine({"Job": local.job_state("", f"throttled-{uuid.uuid4()}", Retry=[retry])})
    _wait_for_event(local, arn, "TaskFailed")
    local.client("stepfunctions").stop_execution(executionArn=arn)
    assert local.finish(arn)["status"] == "ABORTED"


def _wait_for_event(local: Harness, arn: str, kind: str) -> None:
    end = time.monotonic() + END_SECONDS
    while kind not in [event["type"] for event in local.history(arn)]:
        assert time.monotonic() < end
        time.sleep(0.05)
