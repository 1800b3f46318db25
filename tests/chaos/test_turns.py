"""Runs that meet over one prefix: they take turns, and nothing is paid for twice or left out."""

import hashlib
import time
from pathlib import Path

import pytest

from distributed_ocr_pipeline.client.execution import Execution, execute
from distributed_ocr_pipeline.client.results import Observer
from distributed_ocr_pipeline.config import RunSettings
from distributed_ocr_pipeline.errors import BadInput
from tests.support.scenarios import DONE
from tests.support.workplace import BARRED_PREFIX, Workplace

SLOW = {"page_timeout_seconds": 12, "max_error_rate": 1.0}
"""Options of a run that a document named hang.pdf keeps at work."""


def test_runs_over_one_prefix_take_turns_and_pay_once(workplace: Workplace) -> None:
    names = ("a.pdf", "b.pdf", "c.pdf")
    prefix = workplace.put("twins", *names)
    twins = [f"twin-{number}" for number in range(5)]
    started = [workplace.start(name, prefix, files_per_job=1) for name in twins]
    assert {workplace.finish(arn)["status"] for arn in started} == {"SUCCEEDED"}
    assert sum(workplace.jobs(name)["s"] for name in twins) == 3, "each document in one job"
    # One processed, one waited and found nothing to do, the others left it to that one.
    assert sum(workplace.jobs(name)["plan"] for name in twins) == 2
    assert workplace.current(prefix) == dict.fromkeys(names, DONE)


def test_runs_over_a_prefix_that_had_a_run_take_turns_too(workplace: Workplace) -> None:
    """Here the turn is handed on, to whoever saw it last, and not taken for the first time."""
    prefix = workplace.put("triplets", "a.pdf")
    assert workplace.finish(workplace.start("triplets-0", prefix))["status"] == "SUCCEEDED"
    etag = _etag_of_turn(workplace, prefix)
    workplace.put("triplets", "b.pdf")
    triplets = [f"triplets-{number}" for number in range(1, 5)]
    started = [workplace.start(name, prefix) for name in triplets]
    assert {workplace.finish(arn)["status"] for arn in started} == {"SUCCEEDED"}
    assert [list(rows) for name in triplets if (rows := workplace.rows(name))] == [["b.pdf"]]
    assert sum(workplace.jobs(name)["s"] for name in triplets) == 1
    assert _etag_of_turn(workplace, prefix) != etag, "a hand-over could not be told from none"


def test_what_is_put_while_a_run_goes_on_is_processed_by_the_runs_that_wait(workplace: Workplace) -> None:
    """The first attempt to queue up is refused, and the answer to the second is lost (OTHER_REQUEST_FAULTS)."""
    prefix = workplace.put("late", "a.pdf", "hang.pdf")
    first = workplace.start("late-1", prefix, **SLOW)
    _wait_for_jobs(workplace, "late-1")
    workplace.put("late", "b.pdf")
    second = workplace.start("late-2", prefix, **SLOW)
    other = workplace.start("late-3", prefix, include=["a.pdf"], reprocess=True)  # does what the second does not
    assert {workplace.finish(arn)["status"] for arn in (first, second, other)} == {"SUCCEEDED"}
    assert sorted(workplace.rows("late-2")) == ["b.pdf", "hang.pdf"]  # which is tried three times
    assert list(workplace.rows("late-3")) == ["a.pdf"]


def test_a_run_that_was_stopped_while_it_waited_leaves_its_place_to_the_next(workplace: Workplace) -> None:
    prefix = workplace.put("stopped", "a.pdf", "hang.pdf")
    first = workplace.start("stopped-1", prefix, **SLOW)
    _wait_for_jobs(workplace, "stopped-1")
    second = workplace.start("stopped-2", prefix, **SLOW)
    _wait_for_place(workplace, "stopped-1")
    workplace.client("stepfunctions").stop_execution(executionArn=second)
    workplace.put("stopped", "b.pdf")
    third, fourth = (workplace.start(f"stopped-{number}", prefix, **SLOW) for number in (3, 4))
    assert {workplace.finish(arn)["status"] for arn in (first, third, fourth)} == {"SUCCEEDED"}
    assert sorted([*workplace.rows("stopped-3"), *workplace.rows("stopped-4")]) == ["b.pdf", "hang.pdf"]


def test_after_a_run_that_was_stopped_the_next_waits_for_what_its_jobs_store(workplace: Workplace) -> None:
    prefix = workplace.put("ending", "a.pdf", "hang.pdf")
    first = workplace.start("ending-1", prefix, **SLOW)
    _wait_for_jobs(workplace, "ending-1")
    workplace.client("stepfunctions").stop_execution(executionArn=first)
    second, third = (workplace.start(f"ending-{number}", prefix, exclude=["hang.pdf"]) for number in (2, 3))
    assert {workplace.finish(arn)["status"] for arn in (second, third)} == {"SUCCEEDED"}
    assert [_has_entered(workplace, arn, "LetItsJobsEnd") for arn in (first, second, third)].count(True) == 1


def test_a_run_whose_options_are_long_waits_too(workplace: Workplace) -> None:
    """Step Functions makes no hash of more than 10,000 characters."""
    prefix = workplace.put("long", "a.pdf", "hang.pdf")
    first = workplace.start("long-1", prefix, **SLOW)
    _wait_for_jobs(workplace, "long-1")
    second = workplace.start("long-2", prefix, exclude=["hang.pdf", *(f"{number:020}" for number in range(600))])
    workplace.put("long", "b.pdf")
    assert workplace.finish(first)["status"] == "SUCCEEDED"
    ended = workplace.finish(second)
    assert ended["status"] == "SUCCEEDED", ended["cause"]
    assert list(workplace.rows("long-2")) == ["b.pdf"]


def test_a_run_whose_turn_s3_does_not_store_says_so_and_does_nothing(workplace: Workplace) -> None:
    prefix = workplace.put("barred", "a.pdf")
    assert prefix == BARRED_PREFIX
    answer = workplace.finish(workplace.start("barred", prefix))
    assert answer["status"] == "FAILED" and answer["error"] == "NoTurn"
    assert "/locks/: " in answer["cause"] and "Status Code: 503" in answer["cause"]
    assert workplace.jobs("barred") == {"plan": 0, "s": 0, "check": 0, "report": 0}


def test_a_run_planned_by_its_caller_does_not_start_beside_another(workplace: Workplace, tmp_path: Path) -> None:
    prefix = workplace.put("beside", "hang.pdf")
    first = workplace.start("beside-1", prefix, **SLOW)
    _wait_for_jobs(workplace, "beside-1")
    execution = Execution(workplace.deployment, poll_seconds=0.1)
    plan = execution.plan({"input_prefix": prefix}, tmp_path)
    arn = execution.start(plan, {"input_prefix": prefix}, tmp_path)
    outcome = execution.follow(arn, lambda progress: None)
    assert outcome.status == "FAILED" and first in outcome.cause and "stop it" in outcome.cause
    assert workplace.jobs(execution.run_id) == {"plan": 0, "s": 0, "check": 0, "report": 0}
    assert workplace.finish(first)["status"] == "SUCCEEDED"


def test_what_another_run_did_while_a_caller_planned_is_not_paid_again(workplace: Workplace, tmp_path: Path) -> None:
    """The other run has begun and ended, so that nothing but its place in the turns tells of it."""
    prefix = workplace.put("meanwhile", "a.pdf", "b.pdf")
    execution = Execution(workplace.deployment, poll_seconds=0.1)
    before = execution.last_turn(prefix)
    plan = execution.plan({"input_prefix": prefix}, tmp_path)
    assert workplace.finish(workplace.start("meanwhile", prefix, include=["a.pdf"]))["status"] == "SUCCEEDED"
    arn = execution.start(plan, {"input_prefix": prefix}, tmp_path, planned_after=before)
    assert execution.follow(arn, lambda progress: None).status == "SUCCEEDED"
    assert list(workplace.rows(execution.run_id)) == ["b.pdf"]
    assert workplace.jobs(execution.run_id)["plan"] == 1


def test_a_plan_made_since_the_last_turn_is_taken_as_it_is(workplace: Workplace) -> None:
    prefix = workplace.put("again", "a.pdf")
    for names in (["a.pdf"], ["b.pdf"]):
        workplace.put("again", *names)
        result = execute(workplace.deployment, RunSettings(), prefix, observer=Observer(), poll_seconds=0.1)
        assert list(workplace.rows(result.run_id)) == names
        assert workplace.jobs(result.run_id)["plan"] == 0


def test_who_plans_while_another_run_goes_on_hears_of_it_before_the_plan(workplace: Workplace) -> None:
    prefix = workplace.put("busy", "hang.pdf")
    first = workplace.start("busy-1", prefix, **SLOW)
    _wait_for_jobs(workplace, "busy-1")
    with pytest.raises(BadInput, match=r"busy-1 is processing the same prefix.*`.* stop busy-1`"):
        execute(workplace.deployment, RunSettings(), prefix, observer=Observer(), poll_seconds=0.1)
    assert workplace.finish(first)["status"] == "SUCCEEDED"


def test_a_run_whose_options_s3_stored_without_answering_goes_on(workplace: Workplace) -> None:
    prefix = workplace.put("unanswered", "a.pdf")
    assert workplace.finish(workplace.start("unanswered", prefix))["status"] == "SUCCEEDED"


def _wait_for_jobs(workplace: Workplace, run_id: str) -> None:
    end = time.monotonic() + 120
    while not workplace.jobs(run_id)["s"]:
        assert time.monotonic() < end
        time.sleep(0.1)


def _wait_for_place(workplace: Workplace, after: str) -> None:
    """Until a run waits for the end of another one."""
    end = time.monotonic() + 120
    while not any(f"/after-{after}-" in key for key in _locks(workplace)):
        assert time.monotonic() < end
        time.sleep(0.1)


def _locks(workplace: Workplace) -> list[str]:
    found = workplace.client("s3").list_objects_v2(Bucket=workplace.deployment.output_bucket, Prefix="locks/")
    return [item["Key"] for item in found.get("Contents", ())]


def _has_entered(workplace: Workplace, execution_arn: str, state: str) -> bool:
    pages = (
        workplace.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    )
    events = (event for page in pages for event in page["events"])
    return any(event.get("stateEnteredEventDetails", {}).get("name") == state for event in events)


def _etag_of_turn(workplace: Workplace, prefix: str) -> str:
    key = f"locks/{hashlib.sha256(prefix.encode()).hexdigest()}.json"
    found = workplace.client("s3").head_object(Bucket=workplace.deployment.output_bucket, Key=key)
    return str(found["ETag"])
