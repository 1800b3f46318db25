"""What takes more than a rule of the fault plan: runs that meet, are stopped at work, or find documents changed."""

import json
import re
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from distributed_ocr_pipeline.client.execution import Execution
from tests.support.documents import document_id_of
from tests.support.scenarios import DONE
from tests.support.workplace import Workplace, paper


def processed(workplace: Workplace, run_id: str) -> int:
    """Documents in a run's ledger, deferred ones left out."""
    return sum(row["status"] != "deferred" for rows in workplace.rows(run_id).values() for row in rows)


def run(workplace: Workplace, run_id: str, prefix: str, **options: Any) -> str:
    status: str = workplace.finish(workplace.start(run_id, prefix, **options))["status"]
    return status


def test_after_a_green_run_nothing_is_started_and_one_new_content_of_a_hundred_is_one_document(
    workplace: Workplace,
) -> None:
    names = [f"{number}.pdf" for number in range(100)]
    prefix = workplace.put("hundred", *names)
    assert run(workplace, "hundred-1", prefix, files_per_job=50) == "SUCCEEDED"
    assert processed(workplace, "hundred-1") == 100
    assert run(workplace, "hundred-2", prefix) == "SUCCEEDED"
    assert workplace.jobs("hundred-2") == {"plan": 1, "s": 0, "check": 0, "report": 0}
    workplace.client("s3").put_object(Bucket=workplace.input_bucket, Key="hundred/7.pdf", Body=paper("new"))
    assert run(workplace, "hundred-3", prefix) == "SUCCEEDED"
    assert list(workplace.rows("hundred-3")) == ["7.pdf"]


def test_a_run_planned_by_its_caller_starts_no_job_at_all_when_nothing_is_to_do(
    workplace: Workplace, tmp_path: Path
) -> None:
    prefix = workplace.put("planned-by-caller", "a.pdf")
    assert run(workplace, "planned-1", prefix) == "SUCCEEDED"
    execution = Execution(workplace.deployment, poll_seconds=0.1)
    before = execution.last_turn(prefix)
    plan = execution.plan({"input_prefix": prefix}, tmp_path)
    arn = execution.start(plan, {"input_prefix": prefix}, tmp_path, planned_after=before)
    outcome = execution.follow(arn, lambda progress: None)
    assert outcome.status == "SUCCEEDED"
    assert workplace.jobs(execution.run_id) == {"plan": 0, "s": 0, "check": 0, "report": 0}


def test_what_a_killed_job_gives_at_last_is_what_it_gives_undisturbed(workplace: Workplace) -> None:
    prefix = workplace.put("a-job-is-killed-again", "a.pdf", "b.pdf", "c.pdf")
    assert run(workplace, "undisturbed", prefix) == "SUCCEEDED"
    assert run(workplace, "a-job-is-killed-again", prefix, reprocess=True) == "SUCCEEDED"
    assert workplace.jobs("a-job-is-killed-again")["s"] == 2
    assert workplace.pages("a-job-is-killed-again") == workplace.pages("undisturbed")
    assert all(len(rows) == 1 for rows in workplace.rows("a-job-is-killed-again").values())


def test_a_name_that_was_used_is_refused_though_step_functions_has_forgotten_it(workplace: Workplace) -> None:
    prefix = workplace.put("used", "a.pdf")
    bucket = workplace.deployment.output_bucket
    workplace.client("s3").put_object(Bucket=bucket, Key="runs/used-name/run.json", Body=b"{}")
    answer = workplace.finish(workplace.start("used-name", prefix))
    assert (answer["status"], answer["error"]) == ("FAILED", "RunNameUsed")
    assert workplace.client("s3").get_object(Bucket=bucket, Key="runs/used-name/run.json")["Body"].read() == b"{}"


@pytest.mark.parametrize(("name", "given"), [("list", []), ("text", "s3://in/"), ("other", {"prefix": "s3://in/"})])
def test_an_input_that_names_no_documents_is_told_what_does(workplace: Workplace, name: str, given: Any) -> None:
    answer = workplace.client("stepfunctions").start_execution(
        stateMachineArn=workplace.deployment.state_machine_arn, name=f"given-{name}", input=json.dumps(given)
    )
    end = workplace.finish(answer["executionArn"])
    assert (end["status"], end["error"]) == ("FAILED", "NoInputPrefix")
    assert '{"input_prefix": "s3://bucket/prefix/"}' in end["cause"]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("max_cost_usd", 0, "The option max_cost_usd should be a number"),
        ("max_cost_usd", "20", "The option max_cost_usd should be a number"),
        ("dpi", 20, "The option dpi should be a whole number from 50"),
        ("dpi", 300.5, "The option dpi should be a whole number."),
        ("ocr_config", {"dppi": 300}, "There is no option ocr_config. The options are document_list, "),
    ],
)
def test_a_wrong_option_is_refused_before_the_run_takes_its_turn(
    workplace: Workplace, option: str, value: Any, words: str
) -> None:
    prefix = f"s3://{workplace.input_bucket}/nobody-was-here/"
    name = re.sub(r"[^\w.]+|_", "-", f"wrong-{option}-{value}")
    end = workplace.finish(workplace.start(name, prefix, **{option: value}))
    assert (end["status"], end["error"]) == ("FAILED", "BadOption")
    assert words in end["cause"]
    assert workplace.jobs(name) == {"plan": 0, "s": 0, "check": 0, "report": 0}
    lock = f"locks/{sha256(prefix.encode()).hexdigest()}.json"
    with pytest.raises(ClientError, match="404"):
        workplace.client("s3").head_object(Bucket=workplace.deployment.output_bucket, Key=lock)


def test_a_planning_job_without_memory_names_the_setting(workplace: Workplace) -> None:
    answer = workplace.finish(workplace.start("plan-needs-memory", workplace.put("plan-needs-memory", "a.pdf")))
    assert answer["status"] == "FAILED"
    assert "Set jobs.planner_instance_type to a larger one" in answer["cause"]
    assert "use an instance type with more memory" in answer["cause"]


def test_no_plan_is_a_message(workplace: Workplace) -> None:
    prefix = workplace.put("planless", "a.pdf")
    answer = workplace.finish(workplace.start("planless", prefix, planned=True))
    assert (answer["status"], answer["error"]) == ("FAILED", "PlanMissing")


def test_why_a_map_failed_is_on_record(workplace: Workplace) -> None:
    prefix = workplace.put("map-fails", "a.pdf", "b.pdf")
    options = {"files_per_job": 1, "tolerated_failed_shards": 0, "tolerated_failed_shards_percent": 0}
    assert run(workplace, "map-fails", prefix, **options) == "FAILED"
    key, bucket = "runs/map-fails/map_failure.json", workplace.deployment.output_bucket
    failure = workplace.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert "States.ExceedToleratedFailureThreshold" in failure
    report = workplace.report("map-fails")
    assert "States.ExceedToleratedFailureThreshold" in report["map_failure"] and key in report["summary"]


def test_a_run_that_is_aborted_is_finished_by_the_next(workplace: Workplace) -> None:
    prefix = workplace.put("aborted", "a.pdf", "hang.pdf", "c.pdf")
    arn = workplace.start("aborted", prefix, files_per_job=1, page_timeout_seconds=60)
    _wait_for_shards(workplace, "aborted")
    workplace.client("stepfunctions").stop_execution(executionArn=arn)
    assert workplace.finish(arn)["status"] == "ABORTED"
    assert run(workplace, "finished", prefix, page_timeout_seconds=1, max_error_rate=1.0) == "SUCCEEDED"
    assert workplace.current(prefix) == {"a.pdf": DONE, "hang.pdf": ("failed", "timeout"), "c.pdf": DONE}


def test_a_job_that_is_stopped_at_work_keeps_what_is_done_and_defers_the_rest(workplace: Workplace) -> None:
    prefix = f"s3://{workplace.input_bucket}/stopped-at-work/"
    late = max((f"stall-{number}.pdf" for number in range(20)), key=lambda name: document_id_of(prefix + name))
    workplace.put("stopped-at-work", "a.pdf", late)
    drawn = {"text_layer": "ignore", "max_error_rate": 1.0}
    answer = workplace.finish(workplace.start("stopped-at-work", prefix, page_timeout_seconds=60, **drawn))
    assert answer["status"] == "FAILED" and "1 document was not reached" in answer["cause"]
    statuses = {name: row["status"] for name, [row] in workplace.rows("stopped-at-work").items()}
    assert statuses == {"a.pdf": "succeeded", late: "deferred"}
    assert workplace.report("stopped-at-work")["balanced"]
    assert run(workplace, "goes-on", prefix, page_timeout_seconds=1, **drawn) == "SUCCEEDED"
    assert list(workplace.rows("goes-on")) == [late]


def test_a_document_that_vanishes_after_planning_is_a_row_and_the_others_get_their_text(workplace: Workplace) -> None:
    prefix = workplace.put("vanishing", "a.pdf", "b.pdf")
    outcome, run_id = workplace.run_changed(
        prefix, lambda s3, bucket: s3.delete_object(Bucket=bucket, Key="vanishing/b.pdf")
    )
    assert outcome == "SUCCEEDED"
    assert workplace.jobs(run_id) == {"plan": 0, "s": 2, "check": 1, "report": 1}
    (row,) = workplace.rows(run_id)["b.pdf"]
    assert (row["error_class"], workplace.rows(run_id)["a.pdf"][0]["status"]) == ("missing", "succeeded")
    assert "NoSuchKey" in row["error_message"]


def test_a_shard_of_which_nothing_can_be_downloaded_is_rows_too(workplace: Workplace) -> None:
    prefix = workplace.put("gone", "a.pdf", "b.pdf")

    def delete(s3: Any, bucket: str) -> None:
        for name in ("a", "b"):
            s3.delete_object(Bucket=bucket, Key=f"gone/{name}.pdf")

    outcome, run_id = workplace.run_changed(prefix, delete)
    assert outcome == "SUCCEEDED"
    rows = workplace.rows(run_id)
    assert [row["error_class"] for [row] in rows.values()] == ["missing", "missing"]
    assert all("NoSuchKey" in row["error_message"] for [row] in rows.values())


def test_a_document_that_changes_after_planning_is_processed_again(workplace: Workplace) -> None:
    prefix = workplace.put("changing", "a.pdf", "b.pdf")
    outcome, _ = workplace.run_changed(
        prefix, lambda s3, bucket: s3.put_object(Bucket=bucket, Key="changing/b.pdf", Body=paper("other"))
    )
    assert outcome == "SUCCEEDED"
    assert run(workplace, "changed", prefix) == "SUCCEEDED"
    assert list(workplace.rows("changed")) == ["b.pdf"]


def test_a_document_that_always_times_out_is_tried_three_times_and_then_only_when_asked(workplace: Workplace) -> None:
    prefix = workplace.put("patience", "hang.pdf")
    options: dict[str, Any] = {"page_timeout_seconds": 1, "max_error_rate": 1.0}
    for attempt in (1, 2, 3):
        assert run(workplace, f"patience-{attempt}", prefix, **options) == "SUCCEEDED"
        assert workplace.rows(f"patience-{attempt}")["hang.pdf"][0]["attempts"] == attempt
    assert run(workplace, "patience-4", prefix, **options) == "SUCCEEDED"
    assert not workplace.rows("patience-4")
    assert run(workplace, "patience-5", prefix, retry_failed=True, **options) == "SUCCEEDED"
    assert workplace.rows("patience-5")["hang.pdf"][0]["attempts"] == 1


def test_names_that_are_hard_to_bear_are_rows_like_any_other(workplace: Workplace) -> None:
    names = (
        "with space.pdf",
        "quote'\".pdf",
        "new\nline.pdf",
        "tab\tand \\backslash.pdf",
        "emoji 😀.pdf",
        "-o dash.pdf",
        "%41 percent+plus.pdf",
        "folder.pdf/inside.pdf",
        "$(touch x);`touch y`.pdf",
        "/".join(["k" * 200] * 4) + "/" + "k" * 150 + ".pdf",
    )
    bad = ("../up.pdf", "a//b.pdf", "x" * 300 + ".pdf")
    prefix = workplace.put("names", *names, *bad)
    assert run(workplace, "names", prefix, max_error_rate=0.0) == "SUCCEEDED"
    current = workplace.current(prefix)
    assert {name: current[name] for name in names} == dict.fromkeys(names, DONE)
    assert {name: current[name] for name in bad} == dict.fromkeys(bad, ("failed", "missing"))


def _wait_for_shards(workplace: Workplace, run_id: str) -> None:
    end = time.monotonic() + 60
    while not workplace.rows(run_id):
        assert time.monotonic() < end
        time.sleep(0.1)
