"""What `ocr-pipeline doctor` says of a deployment: a sound one, and one that lacks something."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import boto3
import pytest

from distributed_ocr_pipeline.client.checks import deployed
from distributed_ocr_pipeline.client.checks.check import Check, State
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from distributed_ocr_pipeline.main import main
from tests.support.aws import REGION, StandIn, refusal

AFTER_CREDENTIALS = ["state machine", "input bucket", "output bucket", "quotas", "image"]
SERVICES = ("sts", "stepfunctions", "s3", "service-quotas", "sagemaker", "ecr")
ACCOUNT = {"instances": {"ml.t3.medium": 4, "ml.t3.xlarge": 2}, "other_instances": 0, "total_instances": 4}
NAMES = ["deployment", "credentials", *AFTER_CREDENTIALS]
Checks = Callable[..., dict[str, Check]]
MANIFEST = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}


@pytest.fixture(name="environment", scope="module")
def fixture_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEnvironment]:
    """A new account, with its small quotas."""
    faults = tmp_path_factory.mktemp("faults") / "faults.json"
    faults.write_text(json.dumps({"account": ACCOUNT}), encoding="utf-8")
    with LocalEnvironment(environ={"OCR_LOCAL_FAULTS": str(faults)}) as environment:
        yield environment


@pytest.fixture(autouse=True)
def fixture_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "OCR_BUCKET_NAME", "OCR_STATE_MACHINE_ARN", "OCR_OUTPUT_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(name="checks")
def fixture_checks(environment: LocalEnvironment, monkeypatch: pytest.MonkeyPatch) -> Checks:
    """Checks of the deployment with these changes, some of its services replaced."""

    def make(services: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Check]:
        values = {field.name: getattr(environment.deployment(), field.name) for field in fields(Deployment)}
        clients = {name: environment.client(name) for name in SERVICES}  # each is made once for all tests
        deployment = StandIn(**values | changes, services=clients | dict(services or {}))
        monkeypatch.setattr(deployed, "deployment_in", lambda region: deployment)
        found = {check.name: check for check in deployed.deployment_checks(None)}
        assert list(found) == NAMES  # whatever is wrong with one of them
        return found

    return make


def problems(found: dict[str, Check]) -> dict[str, ExitCode]:
    return {name: check.exit_code for name, check in found.items() if check.state is State.PROBLEM}


def changed(environment: LocalEnvironment, name: str, old: str, new: str) -> dict[str, str]:
    """Another workflow, in whose definition `new` stands for `old`: what it changes of the deployment."""
    client = environment.client("stepfunctions")
    machine = client.describe_state_machine(stateMachineArn=environment.state_machine_arn)
    assert old in machine["definition"]
    definition = machine["definition"].replace(old, new)
    made = client.create_state_machine(name=name, definition=definition, roleArn=machine["roleArn"])
    return {"state_machine_arn": made["stateMachineArn"]}


class Refusing:
    """A service that refuses every call."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __getattr__(self, name: str) -> Any:
        def call(*_: Any, **__: Any) -> Any:
            raise refusal(self._code, name)

        return call


# ---- which deployment ----------------------------------------------------------------------------------------------


def alone(region: str | None = None) -> Check:
    (found,) = deployed.deployment_checks(region)
    return found


def test_without_a_deployment_runs_are_on_this_machine(tmp_path: Path) -> None:
    assert alone() == Check("deployment", State.HINT, "none: runs are on this machine")
    (tmp_path / ".terraform").mkdir()
    assert "terraform output" in alone().advice


@pytest.mark.parametrize(
    ("given", "missing"),
    [("OCR_STATE_MACHINE_ARN", "OCR_OUTPUT_BUCKET"), ("OCR_OUTPUT_BUCKET", "OCR_STATE_MACHINE_ARN")],
)
def test_half_of_the_variables_is_a_problem(given: str, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(given, "something")
    found = alone()
    assert (found.state, found.exit_code) == (State.PROBLEM, ExitCode.BAD_INPUT)
    assert found.advice.startswith(f"Set {missing}")


def test_a_region_that_is_none_is_a_problem() -> None:
    found = alone("nowhere")
    assert (found.state, found.exit_code) == (State.PROBLEM, ExitCode.BAD_INPUT) and "'nowhere'" in found.found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"region": "eu-west-1"}, "Set AWS_REGION=us-west-2"),
        ({"state_machine_arn": "ocr-local"}, "terraform output state_machine_arn"),
    ],
)
def test_an_arn_that_does_not_fit_is_a_problem(changes: dict[str, str], words: str, checks: Checks) -> None:
    found = checks(**changes)
    assert problems(found)["deployment"] is ExitCode.BAD_INPUT and words in found["deployment"].advice
    assert found["credentials"].state is State.OK


# ---- what it has -----------------------------------------------------------------------------------------------------


def test_a_sound_deployment_is_found_by_the_command(
    environment: LocalEnvironment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment.environ().items():
        monkeypatch.setenv(name, value)
    assert main(["doctor", "--json"]) == ExitCode.OK
    found = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert {name: found[name]["state"] for name in NAMES} == dict.fromkeys(NAMES, "ok") | {"image": "hint"}
    assert found["credentials"]["found"].startswith("arn:aws:sts::123456789012:")
    assert found["state machine"]["found"] == "found; runs have 1 job at a time on ml.t3.xlarge"
    assert found["quotas"]["found"] == "enough for 1 job at a time on ml.t3.xlarge"
    assert "KeyCount" in (listed := environment.client("s3").list_objects_v2(Bucket=environment.output_bucket))
    assert listed["KeyCount"] == 0


def test_without_credentials_that_aws_takes_the_rest_is_not_asked_for(checks: Checks) -> None:
    found = checks({"sts": Refusing("ExpiredToken")})
    assert problems(found) == {"credentials": ExitCode.SERVICE}
    assert "aws sso login" in found["credentials"].advice
    assert all("credentials" in found[name].found for name in AFTER_CREDENTIALS)


def test_an_aws_that_is_not_reached_is_no_matter_of_credentials(
    monkeypatch: pytest.MonkeyPatch, checks: Checks
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    nobody = boto3.client(
        "sts", REGION, endpoint_url="http://127.0.0.1:9", aws_access_key_id="a", aws_secret_access_key="b"
    )
    found = checks({"sts": nobody})
    assert problems(found) == {"credentials": ExitCode.SERVICE}
    assert "network" in found["credentials"].advice and "login" not in found["credentials"].advice


def test_a_state_machine_that_is_not_there_hides_no_bucket(environment: LocalEnvironment, checks: Checks) -> None:
    arn = f"{environment.state_machine_arn}-gone"
    found = checks(state_machine_arn=arn)
    assert problems(found) == {"state machine": ExitCode.NOT_DEPLOYED}
    assert "make deploy" in found["state machine"].advice
    assert found["output bucket"].state is State.OK and "state machine" in found["image"].found


def test_a_state_machine_of_somebody_else_is_a_problem(environment: LocalEnvironment, checks: Checks) -> None:
    other = changed(environment, "other", '"max_parallel_jobs"', '"jobs"')
    found = checks(**other)
    assert problems(found) == {"state machine": ExitCode.BAD_INPUT}
    assert "not this project's" in found["state machine"].found


@pytest.mark.parametrize(("name", "field"), [("input bucket", "input_bucket"), ("output bucket", "output_bucket")])
def test_a_bucket_that_is_gone_is_a_problem(name: str, field: str, checks: Checks) -> None:
    found = checks(**{field: "gone"})
    assert problems(found) == {name: ExitCode.BAD_INPUT}
    assert "s3://gone" in found[name].found and "make deploy" in found[name].advice
    assert found["quotas"].state is State.OK


def test_a_bucket_that_one_may_not_list_needs_a_policy(checks: Checks) -> None:
    found = checks({"s3": Refusing("AccessDenied")})
    assert list(problems(found)) == ["input bucket", "output bucket"]
    assert "people_policies" in found["output bucket"].advice


def test_an_input_bucket_without_a_name_is_a_hint(checks: Checks) -> None:
    found = checks(input_bucket=None)
    assert not problems(found)
    assert found["input bucket"].state is State.HINT and "OCR_BUCKET_NAME" in found["input bucket"].advice


@pytest.mark.parametrize("old", ["ml.t3.xlarge", "ml.t3.medium"])  # of shards, and of planning and reporting
def test_a_quota_of_zero_is_a_problem(old: str, environment: LocalEnvironment, checks: Checks) -> None:
    without_quota = changed(environment, f"without-{old.replace('.', '-')}", old, "ml.m5.4xlarge")
    found = checks(**without_quota)
    assert problems(found) == {"quotas": ExitCode.BAD_INPUT}
    assert "ml.m5.4xlarge" in found["quotas"].found and "Service Quotas" in found["quotas"].advice


def test_fewer_jobs_than_the_options_say_are_a_hint(environment: LocalEnvironment, checks: Checks) -> None:
    wide = changed(environment, "wide", '"max_parallel_jobs": 1', '"max_parallel_jobs": 50')
    quotas = checks(**wide)["quotas"]
    assert (quotas.state, quotas.found) == (State.HINT, "2 jobs at a time, not 50: quota of ml.t3.xlarge")


def test_quotas_that_one_may_not_ask_for_are_a_hint(checks: Checks) -> None:
    refused = {"service-quotas": Refusing("AccessDeniedException")}
    found = checks(refused)
    assert not problems(found)
    assert found["quotas"].state is State.HINT and found["quotas"].found.startswith("not known: ")


# ---- the image ----------------------------------------------------------------------------------------------------


@pytest.fixture(name="digest", scope="module")
def fixture_digest(environment: LocalEnvironment) -> str:
    """Of the one image that is in ECR."""
    client = environment.client("ecr")
    client.create_repository(repositoryName="ocr")
    pushed = client.put_image(repositoryName="ocr", imageTag="v1", imageManifest=json.dumps(MANIFEST))
    return str(pushed["image"]["imageId"]["imageDigest"])


def with_image(environment: LocalEnvironment, name: str, image: str) -> dict[str, str]:
    registry = f"123456789012.dkr.ecr.{environment.region}.amazonaws.com"
    return changed(environment, name, '"ocr:local"', f'"{registry}/{image}"')


def test_the_image_is_found_by_digest_and_by_tag(environment: LocalEnvironment, digest: str, checks: Checks) -> None:
    for name, image in (("by-digest", f"ocr@{digest}"), ("by-tag", "ocr:v1")):
        found = checks(**with_image(environment, name, image))["image"]
        assert found.state is State.OK and found.found.endswith(f"/{image} is there")


@pytest.mark.parametrize("image", [f"ocr@sha256:{'0' * 64}", "ocr:v2", f"other@sha256:{'0' * 64}"])
def test_an_image_that_is_not_there_is_a_problem(
    image: str, environment: LocalEnvironment, digest: str, checks: Checks
) -> None:
    del digest
    name = f"without-{image[:3]}-{len(image)}"
    found = checks(**with_image(environment, name, image))
    assert problems(found) == {"image": ExitCode.NOT_DEPLOYED}
    assert f"/{image} is not there" in found["image"].found and "make deploy" in found["image"].advice


def test_an_image_that_one_may_not_ask_for_is_a_hint(environment: LocalEnvironment, checks: Checks) -> None:
    there = with_image(environment, "refused", "ocr:v1")
    found = checks({"ecr": Refusing("AccessDeniedException")}, **there)
    assert not problems(found) and found["image"].found == "not allowed to ask for it"
