"""The workflow file, the variables and the table columns agree with the Python side, and with what AWS accepts."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.local.definition import DEFINITION, render_definition
from distributed_ocr_pipeline.local.deploy import template_values
from distributed_ocr_pipeline.run.metrics import NAMESPACE
from distributed_ocr_pipeline.tables.schema import DOCUMENTS_SCHEMA, PAGES_SCHEMA
from local_aws.errors import InvalidRequest
from local_aws.sagemaker.validation import RequestValidator, check_processing_job

PROJECT = Path(__file__).resolve().parents[3]
ASL_VALIDATOR = "asl-validator@4.0.0"
UUID = "01234567-89ab-cdef-0123-456789abcdef"

needs_terraform = pytest.mark.skipif(not shutil.which("terraform"), reason="Terraform is not installed.")

# The longest of everything: prefix, region, run id (an execution's name), and the id of the millionth shard.
LONGEST = template_values("ap-southeast-2") | {
    "name_prefix": "a23456789-12345678",
    "output_bucket": "a23456789-12345678-output-123456789012-ap-southeast-2",
    "image_uri": "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/a23456789-12345678:0123456789abcdef",
    "kms_key_id": f"arn:aws:kms:ap-southeast-2:123456789012:key/{UUID}",
    "volume_encryption": json.dumps({"VolumeKmsKeyId": f"arn:aws:kms:ap-southeast-2:123456789012:key/{UUID}"}),
    "tags": json.dumps(
        [{"Key": f"{number:0128}", "Value": "v" * 256} for number in range(41)]
        + [{"Key": "RunId", "Value.$": "$.run_id"}]
    ),
    "worker_network": json.dumps(
        {
            "EnableNetworkIsolation": True,
            "VpcConfig": {
                "Subnets": [f"subnet-{number:017x}" for number in range(16)],
                "SecurityGroupIds": [f"sg-{number:017x}" for number in range(5)],
            },
        }
    ),
}
DATA = {
    "$.run_id": "r" * 80,
    "$.shard_id": "s999999",
    "$.attempt": "3",
    "$.instance_type": "ml.c6i.32xlarge",
}


def terraform_value(expression: str, folder: Path) -> Any:
    """What Terraform makes of an expression, in a folder that needs no provider."""
    done = subprocess.run(
        ["terraform", "console"],
        input=f"jsonencode({expression})",
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(json.loads(done.stdout))


def rendered(values: Mapping[str, str]) -> dict[str, Any]:
    return render_definition((PROJECT / DEFINITION).read_text(encoding="utf-8"), values)


# ---- the definition --------------------------------------------------------------------------------------------


@needs_terraform
@pytest.mark.parametrize("values", [template_values("us-west-2"), LONGEST], ids=["local", "longest"])
def test_python_renders_the_definition_as_terraform_does(values: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "values.json").write_text(json.dumps(values), encoding="utf-8")
    expression = f'yamldecode(templatefile("{PROJECT / DEFINITION}", jsondecode(file("values.json"))))'
    assert rendered(values) == terraform_value(expression, tmp_path)


@pytest.mark.skipif(not shutil.which("npx"), reason="Node.js is not installed.")
def test_the_definition_passes_the_public_validator(tmp_path: Path) -> None:
    path = tmp_path / "definition.json"
    path.write_text(json.dumps(rendered(LONGEST)), encoding="utf-8")
    command = ["npx", "--yes", ASL_VALIDATOR, "--json-path", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{ASL_VALIDATOR} could not be fetched in two minutes.")
    if "npm error" in done.stderr:
        pytest.skip(f"{ASL_VALIDATOR} could not be fetched: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stdout + done.stderr


def job_tasks(states: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of all states that create a job, those of the Map's children included."""
    found = {}
    for name, state in states.items():
        if state.get("Resource", "").endswith(":sagemaker:createProcessingJob.sync"):
            found[name] = state["Parameters"]
        found |= job_tasks(state.get("ItemProcessor", {}).get("States", {}))
    return found


def evaluated(template: Any) -> Any:
    """A payload template with `DATA` filled in, as Step Functions does it."""
    if isinstance(template, dict):
        return {
            key.removesuffix(".$"): _value(value) if key.endswith(".$") else evaluated(value)
            for key, value in template.items()
        }
    return [evaluated(item) for item in template] if isinstance(template, list) else template


def _value(path: str) -> str:
    if path == "States.UUID()":
        return UUID
    if call := re.fullmatch(r"States\.Format\('([^']*)', (.*)\)", path):
        return call[1].format(*[_value(argument) for argument in call[2].split(", ")])
    return DATA[path]


@pytest.mark.parametrize("state", ["PlanShards", "ProcessShard", "CheckDownloads", "ReportRun"])
def test_every_job_request_is_within_the_limits_of_the_api(state: str) -> None:
    tasks = job_tasks(rendered(LONGEST)["States"])
    assert len(tasks) == 4
    request = evaluated(tasks[state])
    RequestValidator("CreateProcessingJob").check(request)
    check_processing_job(request)


@pytest.mark.parametrize("state", ["PlanShards", "CheckDownloads", "ReportRun"])
def test_a_jobs_environment_alone_tells_boto3_its_region(state: str, tmp_path: Path) -> None:
    """SageMaker sets no variable with a region, and boto3 reads AWS_DEFAULT_REGION only."""
    environment = evaluated(job_tasks(rendered(LONGEST)["States"])[state])["Environment"]
    code = "import boto3; print(boto3.client('s3', aws_access_key_id='a', aws_secret_access_key='b').meta.region_name)"
    nothing = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment | nothing, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "ap-southeast-2", done.stderr


@pytest.mark.parametrize("name", ["run (2)", "it's", "now!"])
def test_names_that_cannot_be_tags_are_refused_before_anything_is_made(name: str) -> None:
    rule = rendered(LONGEST)["States"]["CanStart"]["Choices"][0]
    assert rule["Next"] == "BadRunName"
    patterns = [part["StringMatches"] for part in rule["Or"]]
    assert any(fnmatchcase(name, pattern) for pattern in patterns)
    request = evaluated(job_tasks(rendered(LONGEST)["States"])["PlanShards"])
    request["Tags"] = [{"Key": "RunId", "Value": name}]
    with pytest.raises(InvalidRequest, match="tags"):
        RequestValidator("CreateProcessingJob").check(request)


def test_a_longer_prefix_would_break_the_limit_of_job_names() -> None:
    values = LONGEST | {"name_prefix": "a23456789-123456789"}
    request = evaluated(job_tasks(rendered(values)["States"])["ProcessShard"])
    with pytest.raises(InvalidRequest, match="processingJobName"):
        RequestValidator("CreateProcessingJob").check(request)


# ---- the variables ---------------------------------------------------------------------------------------------


@needs_terraform
def test_terraforms_default_options_are_those_of_run_options(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "variables.tf", tmp_path)
    (expression,) = re.findall(r"default_options\s+= jsonencode\((.*)\)\n", (PROJECT / "main.tf").read_text())
    of_one_run = {"input_prefix", "planned_after", "may_be_empty", "document_list", "include", "exclude"}
    of_one_run |= {"only_failed", "passwords"}
    defaults = {name: field.default for name, field in RunOptions.model_fields.items() if name not in of_one_run}
    assert terraform_value(expression, tmp_path) == defaults


# ---- the tables ------------------------------------------------------------------------------------------------

_HIVE = {
    pa.string(): "string",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.timestamp("ms", tz="UTC"): "timestamp",
}


def hive_type(arrow: pa.DataType) -> str:
    if pa.types.is_list(arrow):
        return f"array<{hive_type(arrow.value_type)}>"
    if pa.types.is_struct(arrow):
        return f"struct<{','.join(f'{field.name}:{hive_type(field.type)}' for field in arrow)}>"
    return _HIVE[arrow]


@needs_terraform
def test_the_catalogs_columns_are_those_of_the_files(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "modules/catalog/columns.tf", tmp_path)
    schemas = {"pages": PAGES_SCHEMA, "documents": DOCUMENTS_SCHEMA}
    expected = {name: [[field.name, hive_type(field.type)] for field in schema] for name, schema in schemas.items()}
    assert terraform_value("local.columns", tmp_path) == expected


def test_alarms_and_dashboard_look_where_the_jobs_write_their_metrics() -> None:
    text = (PROJECT / "modules/monitoring/main.tf").read_text(encoding="utf-8")
    assert re.findall(r'metrics_namespace += "(.*)"', text) == [NAMESPACE]


# ---- the documents ---------------------------------------------------------------------------------------------


def test_the_inputs_and_outputs_in_the_documents_are_those_of_the_files() -> None:
    command = [sys.executable, str(PROJECT / "scripts/terraform_docs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
