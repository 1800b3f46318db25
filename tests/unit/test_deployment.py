"""How a command finds the deployment it works with."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from distributed_ocr_pipeline.config import AWSConfig
from distributed_ocr_pipeline.deployment import Deployment, find_deployment, input_bucket, read_terraform_outputs
from distributed_ocr_pipeline.errors import BadInput, BadOption, NotDeployed, ServiceFault
from distributed_ocr_pipeline.records import S3Location
from tests.support.aws import StandIn

ENVIRONMENT = {"OCR_STATE_MACHINE_ARN": "arn:machine", "OCR_OUTPUT_BUCKET": "results"}
ROLE = "arn:aws:iam::123456789012:role/worker"


def test_the_environment_names_a_deployment(tmp_path: Path) -> None:
    found = find_deployment(
        AWSConfig(), {**ENVIRONMENT, "AWS_REGION": "eu-west-1", "OCR_BUCKET_NAME": "docs"}, tmp_path
    )
    assert found == Deployment("eu-west-1", "arn:machine", "results", input_bucket="docs")


def test_a_region_that_is_asked_for_goes_before_the_environments(tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "AWS_REGION": "eu-west-1"}
    assert find_deployment(AWSConfig(region="us-east-1"), environment, tmp_path).region == "us-east-1"


@pytest.mark.parametrize(
    "environment", [{}, {"OCR_STATE_MACHINE_ARN": "arn:machine"}, {"OCR_OUTPUT_BUCKET": "results"}]
)
def test_without_a_deployment_it_says_how_to_get_one(environment: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(NotDeployed, match="make deploy"):
        find_deployment(AWSConfig(), environment, tmp_path)


def test_a_role_that_is_not_the_deployments_is_refused(tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "SAGEMAKER_ROLE_ARN": ROLE}
    assert find_deployment(AWSConfig(role_arn=ROLE), environment, tmp_path).worker_role_arn == ROLE
    with pytest.raises(BadOption, match="'role_arn'.*worker"):
        find_deployment(AWSConfig(role_arn=ROLE + "2"), environment, tmp_path)


def test_an_empty_bucket_name_means_that_prefixes_are_folders() -> None:
    assert input_bucket(AWSConfig(), {"OCR_BUCKET_NAME": ""}) is None
    assert input_bucket(AWSConfig(bucket="mine"), {"OCR_BUCKET_NAME": "docs"}) == "mine"


def test_given_credentials_do_not_need_the_profile_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-on-this-machine")
    Deployment("us-east-1", "arn", "results", endpoint_url="http://127.0.0.1:9", credentials=("a", "b")).client("s3")
    with pytest.raises((BadInput, ServiceFault), match="not-on-this-machine"):
        Deployment("us-east-1", "arn", "results").client("s3")


TERRAFORM = """
import json, sys
assert sys.argv[1] == "output" and "-json" in sys.argv, sys.argv
print(json.dumps({name: {"value": value} for name, value in OUTPUTS.items()}))
"""
OUTPUTS = {
    "region": "eu-west-1",
    "state_machine_arn": "arn:machine",
    "output_bucket": "results",
    "input_bucket": "docs",
    "worker_role_arn": ROLE,
}


@pytest.fixture(name="root_module")
def fixture_root_module(tmp_path: Path) -> Path:
    (tmp_path / ".terraform").mkdir()
    return tmp_path


def test_terraform_names_a_deployment(root_module: Path, install_program: Callable[[str, str], Path]) -> None:
    install_program("terraform", f"OUTPUTS = {OUTPUTS}\n{TERRAFORM}")
    assert find_deployment(AWSConfig(), {}, root_module) == Deployment(
        "eu-west-1", "arn:machine", "results", "docs", ROLE
    )


def test_the_environment_goes_before_terraform(root_module: Path, install_program: Callable[[str, str], Path]) -> None:
    install_program("terraform", f"OUTPUTS = {OUTPUTS}\n{TERRAFORM}")
    assert find_deployment(AWSConfig(), {**ENVIRONMENT, "AWS_REGION": "us-east-1"}, root_module).region == "us-east-1"


@pytest.mark.parametrize("outputs", ["{}", "{'region': 'eu-west-1'}"])
def test_a_root_module_that_is_not_applied_is_no_deployment(
    root_module: Path, install_program: Callable[[str, str], Path], outputs: str
) -> None:
    install_program("terraform", f"OUTPUTS = {outputs}\n{TERRAFORM}")
    with pytest.raises(NotDeployed):
        find_deployment(AWSConfig(), {}, root_module)


def test_terraform_is_not_needed(root_module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert not read_terraform_outputs(root_module)


def test_default_options_are_those_of_the_deployed_workflow() -> None:
    definition = {"States": {"Defaults": {"Result": {"dpi": 200}}}}

    class States:
        def describe_state_machine(self, *, stateMachineArn: str) -> dict[str, str]:  # pylint: disable=invalid-name
            assert stateMachineArn == "arn:machine"
            return {"definition": json.dumps(definition)}

    deployment = StandIn("us-east-1", "arn:machine", "results", services={"stepfunctions": States()})
    assert deployment.default_options() == {"dpi": 200}


def test_storage_talks_to_the_deployments_endpoint() -> None:
    deployment = Deployment("us-east-1", "arn", "results", None, None, "http://127.0.0.1:9", ("a", "b"))
    with pytest.raises(ServiceFault, match="127.0.0.1:9"):
        list(deployment.storage().list_objects(S3Location("results", "")))
