"""Where a run takes place, and with which options: what `OCRPipeline` hands on."""

from typing import Any

import pytest

from distributed_ocr_pipeline import OCRPipeline
from distributed_ocr_pipeline.client import pipeline
from distributed_ocr_pipeline.client.results import InterruptedRun, RunResult, UnfollowedRun
from distributed_ocr_pipeline.config import AWSConfig, OCRConfig, RunSettings
from distributed_ocr_pipeline.deployment import Deployment
from tests.support.plans import make_plan

Call = tuple[Deployment, RunSettings, str]


@pytest.fixture(name="calls")
def fixture_calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """The runs that were started on the deployment of the environment."""
    calls: list[Call] = []
    monkeypatch.setenv("OCR_STATE_MACHINE_ARN", "arn:machine")
    monkeypatch.setenv("OCR_OUTPUT_BUCKET", "results")
    for name in ("OCR_BUCKET_NAME", "SAGEMAKER_ROLE_ARN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)

    def execute(deployment: Deployment, settings: RunSettings, input_prefix: str, **_: Any) -> None:
        calls.append((deployment, settings, input_prefix))

    monkeypatch.setattr(pipeline, "execute", execute)
    return calls


def test_an_address_runs_on_the_deployment(calls: list[Call]) -> None:
    OCRPipeline().run("s3://docs/in/")
    assert calls == [(Deployment("us-west-2", "arn:machine", "results"), RunSettings(), "s3://docs/in/")]
    assert not calls[0][1].model_fields_set


@pytest.mark.parametrize("config", [AWSConfig(bucket="docs"), AWSConfig()])
def test_a_prefix_is_one_in_the_configured_bucket(
    calls: list[Call], config: AWSConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    if config.bucket is None:
        monkeypatch.setenv("OCR_BUCKET_NAME", "docs")
    OCRPipeline(config).run("/in/")
    assert [prefix for _, _, prefix in calls] == ["s3://docs/in/"]


def test_only_what_was_chosen_is_set(calls: list[Call]) -> None:
    OCRPipeline(AWSConfig(region="eu-west-1", files_per_job=5), OCRConfig(dpi=200)).run("s3://docs/", reprocess=True)
    ((deployment, settings, _),) = calls
    assert deployment.region == "eu-west-1"
    assert settings.model_dump(exclude_unset=True) == {"files_per_job": 5, "dpi": 200, "reprocess": True}


def test_an_option_of_the_call_goes_before_the_configuration(calls: list[Call]) -> None:
    OCRPipeline(ocr_config=OCRConfig(dpi=200)).run("s3://docs/", dpi=150)
    assert calls[0][1].dpi == 150


@pytest.mark.usefixtures("calls")
def test_ctrl_c_says_that_the_run_goes_on_and_how_to_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(*_: Any, **__: Any) -> RunResult:
        result = RunResult("r1", make_plan(), None, "s3://results", 1.0)
        raise InterruptedRun("Interrupted while the run r1 was at work.", result, "arn:r1")

    monkeypatch.setattr(pipeline, "execute", execute)
    with pytest.raises(
        InterruptedRun, match="goes on without this command; to stop it: .*ocr-pipeline stop r1$"
    ) as error:
        OCRPipeline().run("s3://docs/in/")
    assert (error.value.result.run_id, error.value.execution_arn) == ("r1", "arn:r1")


@pytest.mark.usefixtures("calls")
def test_a_fault_while_a_run_is_at_work_says_that_it_goes_on_and_how_to_stop_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def execute(*_: Any, **__: Any) -> RunResult:
        raise UnfollowedRun("Asking for the execution's status failed.", "r1")

    monkeypatch.setattr(pipeline, "execute", execute)
    words = "failed. The run r1 goes on without this command; to stop it: .*ocr-pipeline stop r1$"
    with pytest.raises(UnfollowedRun, match=words):
        OCRPipeline().run("s3://docs/in/")
