"""States of other kinds, where moto differs from AWS."""

import json
import uuid
from importlib.metadata import version

import pytest

from tests.support.harness import BUCKET, Harness, map_state


def test_moto_is_the_version_whose_internals_are_known() -> None:
    assert version("moto") == "5.2.5"


def test_a_choice_on_something_that_is_not_there_ends_the_execution(local: Harness) -> None:
    rule = {"Variable": "$.planned", "BooleanEquals": True, "Next": "End"}
    look = {"Type": "Choice", "Choices": [rule], "Default": "End"}
    answer = local.run_machine({"Look": look, "End": {"Type": "Succeed"}})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")
    assert "$.planned" in answer["cause"]


@pytest.mark.parametrize(("error", "attempts"), [("SageMaker.AmazonSageMakerException", 3), ("States.Timeout", 1)])
def test_a_retry_is_for_its_errors_and_ends_after_its_attempts(local: Harness, error: str, attempts: int) -> None:
    retry = {"ErrorEquals": [error], "IntervalSeconds": 1, "MaxAttempts": 2}
    arn = local.start_machine({"Job": local.job_state("", f"throttled-{uuid.uuid4()}", Retry=[retry])})
    assert local.finish(arn)["error"] == "SageMaker.AmazonSageMakerException"
    assert [event["type"] for event in local.history(arn)].count("TaskFailed") == attempts


def test_other_services_are_motos(local: Harness) -> None:
    queue = local.client("sqs").create_queue(QueueName=f"queue-{uuid.uuid4()}")["QueueUrl"]
    send = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": queue, "MessageBody": "hello"},
        "End": True,
    }
    assert local.run_machine({"Send": send})["status"] == "SUCCEEDED"
    (message,) = local.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "hello"


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


@pytest.mark.parametrize("call", ["States.Hash($.text, 'SHA-256')", "States.StringToJson($.text)"])
def test_what_a_function_refuses_is_caught_under_its_name(local: Harness, call: str) -> None:
    """More than 10,000 characters, and no JSON."""
    end = {"Type": "Succeed"}
    text = {"Type": "Pass", "Result": {"text": "{" * 10_001}, "Next": "Call"}
    caught = {"ErrorEquals": ["States.IntrinsicFailure"], "Next": "End"}
    parameters = {"QueueUrl": "none", "MessageBody.$": call}
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": parameters}
    states = {"Text": text, "Call": task | {"Catch": [caught], "Next": "Other"}, "End": end, "Other": {"Type": "Fail"}}
    assert local.run_machine(states)["status"] == "SUCCEEDED"


def test_nothing_catches_what_ends_an_execution(local: Harness) -> None:
    """A percentage that is no integer: the Map's Catch of States.ALL sees nothing of it."""
    states = map_state(1, {"Done": {"Type": "Succeed"}}, ToleratedFailurePercentagePath="$.percent")
    states["Items"]["ResultPath"] = "$.items"
    states["Map"] |= {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]}
    states["Caught"] = {"Type": "Succeed"}
    assert local.run_machine(states, percent=20)["status"] == "SUCCEEDED"
    answer = local.run_machine(states, percent=20.0)
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")
    assert "20.0" in answer["cause"]


def test_a_catch_sees_that_a_maps_items_cannot_be_read(local: Harness) -> None:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": BUCKET, "Key": "nothing/here.json"},
    }
    states = map_state(1, {"Done": {"Type": "Succeed"}}, ItemReader=reader)
    del states["Map"]["ItemsPath"]
    states["Map"] |= {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]}
    states["Caught"] = {"Type": "Succeed"}
    assert local.run_machine(states)["status"] == "SUCCEEDED"


def test_a_state_may_use_jsonata_where_the_others_use_jsonpath(local: Harness) -> None:
    names = "$filter($keys($states.input), function($name) { $not($name in ['known', 'k\"nown']) })"
    look = {
        "Type": "Choice",
        "QueryLanguage": "JSONata",
        "Choices": [{"Condition": f"{{% $count([{names}]) > 0 %}}", "Next": "Unknown"}],
        "Default": "Copy",
    }
    unknown = {"Type": "Fail", "QueryLanguage": "JSONata", "Error": "No", "Cause": f"{{% $join([{names}], ', ') %}}"}
    states = {"Look": look, "Unknown": unknown, "Copy": {"Type": "Pass", "OutputPath": "$.known", "End": True}}
    answer = local.run_machine(states, **{"known": 1, "b'c\"d": None, "größe": [2]})
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "No", "b'c\"d, größe")
    assert local.run_machine(states, known=1, **{'k"nown': "x"})["output"] == "1"


@pytest.mark.parametrize("expression", ["$states.input.a + 'text'", "1 +", "$states.input.nothing"])
def test_an_expression_without_a_value_ends_the_execution(local: Harness, expression: str) -> None:
    fail = {"Type": "Fail", "QueryLanguage": "JSONata", "Cause": f"{{% {expression} %}}"}
    answer = local.run_machine({"Fail": fail}, a=1)
    assert (answer["status"], answer["error"]) == ("FAILED", "States.QueryEvaluationError")
