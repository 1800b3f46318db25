"""Every question to AWS, asked of the local stand-in: the code that asks is the one that asks AWS."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from distributed_ocr_pipeline.local.environment import LocalEnvironment
from local_aws.account import Account
from verify.asking import QUESTIONS, ask, check_price, hour_usd, report
from verify.cleanup import clean_up
from verify.program import main
from verify.question import Question
from verify.site import Site

FAULTS = {
    "account": Account(instances={}, other_instances=100, total_instances=100).model_dump(),
    "jobs": [{"name": "*-sexhau-*", "oom": "taking memory"}],
}


@pytest.fixture(scope="module", name="environment")
def fixture_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEnvironment]:
    faults = tmp_path_factory.mktemp("verify") / "faults.json"
    faults.write_text(json.dumps(FAULTS), encoding="utf-8")
    with LocalEnvironment(environ={"OCR_LOCAL_FAULTS": str(faults)}, grace_seconds=1) as environment:
        yield environment


@pytest.fixture(name="site")
def fixture_site(environment: LocalEnvironment) -> Iterator[Site]:
    site = Site(environment.deployment(), pulse_seconds=0.2, is_stand_in=True)
    yield site
    assert not clean_up(site)


NOT_ASKED = {"image"}
"""The stand-in pulls no image."""


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_the_stand_in_answers_as_aws_is_expected_to(site: Site, question: Question) -> None:
    (answer,) = ask(site, [question], hour_usd(site), say=print)
    assert (answer.verdict, answer.seen) == ("not asked" if question.id in NOT_ASKED else "as expected", answer.seen)


def test_nothing_is_left_of_a_question(site: Site, environment: LocalEnvironment) -> None:
    list(ask(site, [question for question in QUESTIONS if question.id == "stopped"], 0.05, say=print))
    assert not clean_up(site)
    assert "Contents" not in environment.client("s3").list_objects_v2(Bucket=site.bucket, Prefix="verify-aws/")
    machines = environment.client("stepfunctions").list_state_machines()["stateMachines"]
    assert [machine["name"] for machine in machines if "verify" in machine["name"]] == []


def test_a_run_that_is_not_refused_is_a_difference_and_is_counted_by_its_calls(site: Site) -> None:
    for question in (question for question in QUESTIONS if question.id in ("unknown", "fraction")):
        right = replace(question, run=lambda site: _ended(site, site.start_run({"dpi": 300})))
        (answer,) = ask(site, [right], 0.05, say=print)
        assert answer.verdict == "different" and "after 0 calls" not in answer.seen


def _ended(site: Site, execution: str) -> str:
    return f"{site.finish(execution)['status']} after {site.count_tasks(execution)} calls"


def test_a_run_that_goes_on_is_stopped_at_the_end(site: Site, environment: LocalEnvironment) -> None:
    execution = site.start_run({})
    assert not clean_up(site)
    status = environment.client("stepfunctions").describe_execution(executionArn=execution)["status"]
    assert status in ("ABORTED", "FAILED")  # it fails by itself once it finds no documents


def test_a_dry_run_prints_the_price_of_each_question_and_asks_nothing(
    environment: LocalEnvironment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in environment.environ().items():
        monkeypatch.setenv(name, value)
    assert main(["--dry-run", "--output", str(tmp_path / "answers.json")]) == 0
    printed = capsys.readouterr().out
    price = check_price(QUESTIONS, 0.05, 1.0)
    assert f"{len(QUESTIONS)} questions, at most ${price:.2f}" in printed
    assert all(question.question in printed for question in QUESTIONS)
    assert not (tmp_path / "answers.json").exists()


def test_a_price_over_the_cap_asks_nothing(
    environment: LocalEnvironment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in environment.environ().items():
        monkeypatch.setenv(name, value)
    assert main(["--max-usd", "0.001", "--output", str(tmp_path / "answers.json")]) == 64
    assert "more than $0.00" in capsys.readouterr().err
    assert main(["nonsense"]) == 64
    assert "There is no question 'nonsense'" in capsys.readouterr().err


def test_the_command_writes_the_answers_and_fails_if_one_differs(
    environment: LocalEnvironment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in environment.environ().items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "answers.json"
    assert main(["redriven", "image", "--output", str(file)]) == 0
    written = json.loads(file.read_text())
    assert [answer["verdict"] for answer in written["answers"]] == ["as expected", "not asked"]
    monkeypatch.setattr("verify.program.choose", lambda names: [_expecting("something else")])
    assert main(["redriven", "--output", str(file)]) == 65
    assert json.loads(file.read_text())["answers"][0]["verdict"] == "different"
    assert "something else" in capsys.readouterr().out


def _expecting(expected: str) -> Question:
    return Question("one", "What?", expected, 0, lambda site: "this")


def test_a_report_names_no_account(site: Site) -> None:
    assert "123456789012" not in json.dumps(report(site, list(ask(site, [_expecting("this")], 0.05, say=print)), []))
