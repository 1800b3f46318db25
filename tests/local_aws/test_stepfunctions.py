"""State machines on the local environment: processing jobs, Distributed Maps, and the calls moto lacks."""

import json
import time
import uuid
from importlib.metadata import version
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.harness import BUCKET, END_SECONDS, Harness, job_request


def test_moto_is_the_version_whose_internals_are_known() -> None:
    assert version("moto") == "5.2.5"


# ---- processing jobs ----------------------------------------------------------------------------------------


def job_state(local: Harness, code: str, name: str = "", **fields: Any) -> dict[str, Any]:
    """A Task state that runs `code` as a job and waits for it."""
    name = name or f"task-{uuid.uuid4()}"
    local.put(f"{name}/code/main.py", code.encode())
    resource = "arn:aws:states:::sagemaker:createProcessingJob.sync"
    return {"Type": "Task", "Resource": resource, "Parameters": job_request(name), "End": True, **fields}


def catching(state: dict[str, Any], *errors: str) -> dict[str, Any]:
    return {
        "Job": state | {"Catch": [{"ErrorEquals": list(errors), "Next": "Caught"}]},
        "Caught": {"Type": "Succeed"},
    }


def test_a_task_returns_the_jobs_description_with_moments_as_text(local: Harness) -> None:
    answer = local.run_machine({"Job": job_state(local, "print('hello')")})
    output = json.loads(answer["output"])
    assert output["ProcessingJobStatus"] == "Completed"
    assert output["ProcessingEndTime"].endswith("+00:00")


def test_a_failed_job_is_a_failed_task_with_its_description_as_cause(local: Harness) -> None:
    code = "import os, sys; open(os.environ['OCR_ML_ROOT'] + '/output/message', 'w').write('why'); sys.exit(65)"
    answer = local.run_machine(catching(job_state(local, code), "States.TaskFailed"))
    failure = json.loads(answer["output"])
    assert failure["Error"] == "States.TaskFailed"
    cause = json.loads(failure["Cause"])
    assert (cause["FailureReason"], cause["ExitMessage"]) == ("AlgorithmError: , exit code: 65", "why")


def test_a_stopped_job_comes_back_as_a_success_that_says_stopped(local: Harness) -> None:
    answer = local.run_machine({"Job": job_state(local, "", f"stop-{uuid.uuid4()}")})
    assert json.loads(answer["output"])["ProcessingJobStatus"] == "Stopped"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("never-", "SageMaker.ResourceLimitExceededException"),
        ("throttled-", "ThrottlingException"),
        ("not_a_name_", "SageMaker.AmazonSageMakerException"),
    ],
)
def test_a_refused_call_has_the_error_name_aws_uses(local: Harness, name: str, error: str) -> None:
    answer = local.run_machine(catching(job_state(local, "", f"{name}{uuid.uuid4()}"), error))
    assert json.loads(answer["output"])["Error"] == error


def test_a_used_name_is_a_resource_in_use(local: Harness) -> None:
    name = f"used-{uuid.uuid4()}"
    local.run_machine({"Job": job_state(local, "", name)})
    answer = local.run_machine(catching(job_state(local, "", name), "SageMaker.ResourceInUseException"))
    assert "ResourceInUse" in json.loads(answer["output"])["Cause"]


def test_a_retry_waits_for_quota_and_then_starts_the_job(local: Harness) -> None:
    retry = {"ErrorEquals": ["SageMaker.ResourceLimitExceededException"], "IntervalSeconds": 60, "MaxAttempts": 3}
    state = job_state(local, "", f"refused-twice-{uuid.uuid4()}", Retry=[retry])
    arn = local.start_machine({"Job": state})
    assert local.finish(arn)["status"] == "SUCCEEDED"
    events = [event["type"] for event in local.history(arn)]
    assert (events.count("TaskFailed"), events.count("TaskSubmitted")) == (2, 1)


def test_a_task_over_its_time_stops_its_job(local: Harness) -> None:
    name = f"slow-{uuid.uuid4()}"
    state = job_state(local, "import time; time.sleep(600)", name, TimeoutSeconds=2)
    answer = local.run_machine(catching(state, "States.Timeout"))
    assert json.loads(answer["output"])["Error"] == "States.Timeout"
    assert local.wait(name)["ProcessingJobStatus"] == "Stopped"


def test_stopping_an_execution_stops_its_job(local: Harness) -> None:
    name = f"slow-{uuid.uuid4()}"
    arn = local.start_machine({"Job": job_state(local, "import time; print('on', flush=True); time.sleep(600)", name)})
    local.wait_for_line(name, "on")
    local.client("stepfunctions").stop_execution(executionArn=arn)
    assert local.finish(arn)["status"] == "ABORTED"
    assert local.wait(name)["ProcessingJobStatus"] == "Stopped"


def test_stopping_an_execution_ends_its_wait_for_a_retry(local: Harness) -> None:
    retry = {"ErrorEquals": ["ThrottlingException"], "IntervalSeconds": 90_000, "MaxAttempts": 3}
    arn = local.start_machine({"Job": job_state(local, "", f"throttled-{uuid.uuid4()}", Retry=[retry])})
    _wait_for_event(local, arn, "TaskFailed")
    local.client("stepfunctions").stop_execution(executionArn=arn)
    assert local.finish(arn)["status"] == "ABORTED"


def _wait_for_event(local: Harness, arn: str, kind: str) -> None:
    end = time.monotonic() + END_SECONDS
    while kind not in [event["type"] for event in local.history(arn)]:
        assert time.monotonic() < end
        time.sleep(0.05)


# ---- Distributed Map -----------------------------------------------------------------------------------------


def map_state(items: int, child: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A Distributed Map over the numbers below `items`, whose children are `child`."""
    first = next(iter(child))
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": first}
    return {
        "Items": {"Type": "Pass", "Result": list(range(items)), "ResultPath": "$.items", "Next": "Map"},
        "Map": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": processor | {"States": child},
            "End": True,
            **fields,
        },
    }


def failing_below(limit: int) -> dict[str, Any]:
    """Children that fail if their number is below `limit`."""
    rule = {"Variable": "$", "NumericLessThan": limit, "Next": "Bad"}
    return {
        "PageAnalysis": {"Type": "Choice", "Choices": [rule], "Default": "Good"},
        "Bad": {"Type": "Fail", "Error": "States.TaskFailed", "Cause": "too low"},
        "Good": {"Type": "Succeed"},
    }


def test_a_map_of_more_items_than_python_recurses(local: Harness) -> None:
    answer = local.run_machine(map_state(1100, {"Good": {"Type": "Succeed"}}, MaxConcurrency=1))
    assert len(json.loads(answer["output"])) == 1100


@pytest.mark.parametrize(
    ("failed", "limits", "status"),
    [
        (1, {}, "FAILED"),
        (2, {"ToleratedFailureCount": 2}, "SUCCEEDED"),
        (3, {"ToleratedFailureCount": 2}, "FAILED"),
        (2, {"ToleratedFailurePercentagePath": "$.percent"}, "SUCCEEDED"),
        (3, {"ToleratedFailurePercentagePath": "$.percent"}, "FAILED"),
        (3, {"ToleratedFailureCountPath": "$.count"}, "SUCCEEDED"),
        (4, {"ToleratedFailureCountPath": "$.count"}, "FAILED"),
        (3, {"ToleratedFailureCountPath": "$.count", "ToleratedFailurePercentagePath": "$.percent"}, "FAILED"),
    ],
)
def test_a_map_fails_when_more_children_fail_than_tolerated(
    local: Harness, failed: int, limits: dict[str, Any], status: str
) -> None:
    answer = local.run_machine(map_state(10, failing_below(failed), **limits), percent=20, count=3)
    assert answer["status"] == status
    if status == "FAILED":
        assert answer["error"] == "States.ExceedToleratedFailureThreshold"


def test_too_many_failures_abort_the_children_that_still_run(local: Harness) -> None:
    name = f"slow-{uuid.uuid4()}"
    rule = {"Variable": "$", "NumericEquals": 0, "Next": "Job"}
    child = {
        "PageAnalysis": {"Type": "Choice", "Choices": [rule], "Default": "Wait"},
        "Job": job_state(local, "import time; time.sleep(600)", name),
        "Wait": {"Type": "Wait", "Seconds": 2, "Next": "Bad"},
        "Bad": {"Type": "Fail", "Error": "Bad"},
    }
    answer = local.run_machine(map_state(2, child))
    assert answer["error"] == "States.ExceedToleratedFailureThreshold"
    assert local.wait(name)["ProcessingJobStatus"] == "Stopped"


def test_a_map_that_failed_can_be_caught(local: Harness) -> None:
    states = map_state(1, failing_below(1), Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}])
    answer = local.run_machine(states | {"Caught": {"Type": "Succeed"}})
    assert json.loads(answer["output"])["Error"] == "States.ExceedToleratedFailureThreshold"


def test_a_child_is_an_execution_with_a_name_of_its_own(local: Harness) -> None:
    child = {"Name": {"Type": "Pass", "Parameters": {"name.$": "$$.Execution.Name"}, "End": True}}
    selector = {"parent.$": "$$.Execution.Name", "item.$": "$$.Map.Item.Value"}
    states = map_state(2, child, ItemSelector=selector, ResultPath="$.children")
    states["Map"] |= {"Next": "Parent"}
    del states["Map"]["End"]
    states["Parent"] = {
        "Type": "Pass",
        "Parameters": {"children.$": "$.children", "name.$": "$$.Execution.Name"},
        "End": True,
    }
    output = json.loads(local.run_machine(states)["output"])
    assert len({child["name"] for child in output["children"]} | {output["name"]}) == 3


def test_an_execution_with_an_empty_map_succeeds(local: Harness) -> None:
    assert local.run_machine(map_state(0, failing_below(1)))["status"] == "SUCCEEDED"


# ---- other states --------------------------------------------------------------------------------------------


def test_a_choice_on_something_that_is_not_there_ends_the_execution(local: Harness) -> None:
    rule = {"Variable": "$.planned", "BooleanEquals": True, "Next": "End"}
    look = {"Type": "Choice", "Choices": [rule], "Default": "End"}
    answer = local.run_machine({"Look": look, "End": {"Type": "Succeed"}})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")
    assert "$.planned" in answer["cause"]


def test_an_object_read_from_s3_is_text(local: Harness) -> None:
    local.put("read/me.json", b'{"shards": 3}')
    read = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket": BUCKET, "Key": "read/me.json"},
        "ResultSelector": {"plan.$": "States.StringToJson($.Body)"},
        "End": True,
    }
    assert json.loads(local.run_machine({"Read": read})["output"]) == {"plan": {"shards": 3}}


# ---- calls that moto lacks -----------------------------------------------------------------------------------


def validate(local: Harness, definition: str) -> dict[str, Any]:
    answer: dict[str, Any] = local.client("stepfunctions").validate_state_machine_definition(definition=definition)
    return answer


def test_a_valid_definition_is_ok(local: Harness) -> None:
    answer = validate(local, json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}))
    assert (answer["result"], answer["diagnostics"]) == ("OK", [])


@pytest.mark.parametrize(
    "definition",
    [
        "not even JSON",
        '{"StartAt": "A", "States": {"A": {"Type": "Nothing"}}}',
        '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}',
        '{"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}',
        json.dumps({"StartAt": "Items", "States": map_state(1, {"A": {"Type": "Pass", "Next": "Nowhere"}})}),
        json.dumps(
            {
                "StartAt": "A",
                "States": {
                    "A": {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createNothing.sync", "End": True}
                },
            }
        ),
    ],
)
def test_an_invalid_definition_has_errors(local: Harness, definition: str) -> None:
    answer = validate(local, definition)
    assert answer["result"] == "FAIL"
    assert [found["severity"] for found in answer["diagnostics"]] == ["ERROR"]


def test_published_versions_are_listed_newest_first(local: Harness) -> None:
    client = local.client("stepfunctions")
    machine = client.create_state_machine(
        name=f"versions-{uuid.uuid4()}",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/workflow",
        publish=True,
    )
    arn = machine["stateMachineArn"]
    client.update_state_machine(stateMachineArn=arn, roleArn="arn:aws:iam::123456789012:role/other", publish=True)
    found = client.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    assert [item["stateMachineVersionArn"] for item in found] == [f"{arn}:2", f"{arn}:1"]


def test_an_execution_without_a_name_gets_one(local: Harness) -> None:
    arn = local.start_machine({"End": {"Type": "Succeed"}})
    assert uuid.UUID(arn.rsplit(":", 1)[-1])


def test_a_name_that_aws_refuses_is_refused(local: Harness) -> None:
    client = local.client("stepfunctions")
    arn = local.start_machine({"End": {"Type": "Succeed"}})
    machine = client.describe_execution(executionArn=arn)["stateMachineArn"]
    with pytest.raises(ClientError, match="InvalidName"):
        client.start_execution(stateMachineArn=machine, name="a b")
