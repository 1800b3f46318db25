"""Faults on demand: which rule applies to a job or a request, and how often."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local_aws.account import Account
from local_aws.errors import BadSetting
from local_aws.faults import FaultPlan, Faults, FaultyRequests
from local_aws.sagemaker.jobs import JobOutcome, ProcessingJob
from local_aws.sagemaker.reasons import REASONS, Kind
from tests.support.harness import settings


def faults_of(**rules: Any) -> Faults:
    return Faults(FaultPlan.model_validate(rules), run_variable="RUN")


def request(name: str, run_id: str = "run") -> Mapping[str, Any]:
    return {"ProcessingJobName": name, "Environment": {"RUN": run_id}}


def job(name: str, run_id: str = "run") -> ProcessingJob:
    return ProcessingJob("123456789012", "us-west-2", request(name, run_id))


def test_a_fault_applies_as_often_as_it_says_and_the_first_rule_wins() -> None:
    faults = faults_of(jobs=[{"name": "a-*", "refuse": "One", "times": 1}, {"name": "*", "refuse": "Other"}])
    found = [faults.refusal(request(name)) for name in ("a-1", "a-2", "b")]
    assert found == ["One", "Other", "Other"]
    assert faults.end(job("a-1")) is None


def test_a_fault_can_end_a_job() -> None:
    faults = faults_of(jobs=[{"name": "*-report-*", "end": {"status": "Failed", "failure_reason": "CapacityError"}}])
    assert faults.end(job("ocr-report-1")) == JobOutcome("Failed", failure_reason="CapacityError")
    assert faults.end(job("ocr-plan-1")) is None


@pytest.mark.parametrize("kind", sorted(REASONS))
def test_a_fault_may_name_the_reason_of_a_failure(kind: Kind) -> None:
    faults = faults_of(jobs=[{"end": {"status": "Failed", "failure": kind}}])
    assert faults.end(job("a")) == JobOutcome("Failed", failure_reason=REASONS[kind])


def test_a_plan_changes_what_it_names_of_the_account() -> None:
    plan = FaultPlan.model_validate({"account": {"total_instances": 20}})
    faults = Faults(plan, account=Account(starts_per_second=5))
    assert (faults.account.total_instances, faults.account.starts_per_second) == (20, 5)


def test_a_fault_may_be_about_one_run_only() -> None:
    faults = faults_of(jobs=[{"run": "mine", "lose": "pages"}])
    assert (faults.lost(job("a", "mine")), faults.lost(job("a", "other"))) == ("pages", None)


def test_a_job_without_an_environment_belongs_to_no_run() -> None:
    faults = faults_of(jobs=[{"run": "?*", "refuse": "One"}])
    assert faults.refusal({"ProcessingJobName": "a"}) is None


@pytest.mark.parametrize("kind", ["kill", "oom", "stop"])
def test_a_fault_waits_for_a_line(kind: str) -> None:
    fault = faults_of(jobs=[{kind: "documents=[1-9]"}]).cut(job("a"))
    assert fault is not None
    assert fault.waits_for(b"progress documents=2\n") and not fault.waits_for(b"progress documents=0\n")


def test_a_request_is_refused_as_often_as_it_says() -> None:
    faults = faults_of(requests=[{"method": "PUT", "path": "/bucket/runs/*", "refuse": "SlowDown", "times": 1}])
    calls = [("GET", "/bucket/runs/a"), ("PUT", "/bucket/runs/a"), ("PUT", "/bucket/runs/a")]
    found = [faults.request(*call) for call in calls]
    assert [rule and rule.refuse for rule in found] == [None, "SlowDown", None]


@pytest.mark.parametrize(("done", "reached"), [(False, 1), (True, 2)])
def test_a_refused_request_does_not_reach_the_application_unless_only_its_answer_is_lost(
    done: bool, reached: int
) -> None:
    calls: list[str] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        calls.append(environ["PATH_INFO"])
        start_response("200 OK", [])
        return [b"stored"]

    statuses: list[str] = []
    rule = {"path": "/b/k", "refuse": "SlowDown", "times": 1, "done": done}
    faulty = FaultyRequests(application, faults_of(requests=[rule]))
    environ = {"REQUEST_METHOD": "PUT", "PATH_INFO": "/b/k"}
    start_response: Any = lambda status, _headers: statuses.append(status)
    answers = [b"".join(faulty(environ, start_response)) for _ in range(2)]
    assert statuses == ["503 Slow Down", "200 OK"]
    assert b"<Code>SlowDown</Code>" in answers[0] and answers[1] == b"stored"
    assert len(calls) == reached


@pytest.mark.parametrize("rule", [{}, {"refuse": "One", "lose": "pages"}, {"kill": "("}, {"colour": "grey"}])
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        FaultPlan.model_validate({"jobs": [rule]})


def test_the_variable_with_the_projects_prefix_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('{"retry_wait_scale": 0.5, "jobs": [{"run": "r1", "refuse": "One"}]}', encoding="utf-8")
    ours = replace(settings(tmp_path), variable_prefix="OURS_", run_variable="RUN")
    faults = Faults.from_environment(ours, {"OURS_FAULTS": str(file), "TEST_FAULTS": "other.json"})
    assert faults.retry_wait_scale == 0.5
    assert faults.refusal(request("a", "r1")) == "One"
    assert Faults.from_environment(ours, {}).refusal(request("a", "r1")) is None


@pytest.mark.parametrize("content", [None, "{", '{"job": []}'])
def test_a_file_that_cannot_be_used_is_named_with_its_variable(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "faults.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(BadSetting, match="TEST_FAULTS names .*faults.json, which cannot be used"):
        Faults.from_environment(settings(tmp_path), {"TEST_FAULTS": str(file)})
