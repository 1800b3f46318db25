"""The real root, applied by the real AWS provider to the local environment: planned again, run, upgraded, destroyed."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.local.definition import DEFINITION, render_definition
from distributed_ocr_pipeline.local.deploy import template_values
from distributed_ocr_pipeline.tables.schema import DOCUMENTS_SCHEMA, PAGES_SCHEMA
from local_aws.iam.policies import Call, Decision, decide
from tests.support.image import PROJECT
from tests.support.terraform import DOCUMENT, UPGRADED, Deployed, Terraform, deployment

ACTORS = ("planner", "worker", "reporter")

pytestmark = [
    pytest.mark.skipif(not shutil.which("terraform"), reason="Terraform is not installed."),
    pytest.mark.timeout(600),
]


@pytest.fixture(name="deployed", scope="module")
def fixture_deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with deployment(tmp_path_factory.mktemp("deployed")) as deployed:
        yield deployed


def test_a_second_plan_is_empty(deployed: Deployed) -> None:
    assert deployed.terraform.changes() == []


def test_a_plan_finds_every_quota_by_its_name(deployed: Deployed) -> None:
    quotas = ("instance_type", "planner_type", "all_instances", "volume_size", "run_time")
    assert deployed.terraform.checks() == {f"check.quota_{name}": "pass" for name in quotas}


def test_python_renders_the_definition_as_it_is_deployed(deployed: Deployed) -> None:
    outputs = deployed.outputs
    answer = deployed.client("stepfunctions").describe_state_machine(stateMachineArn=outputs["state_machine_arn"])
    definition = json.loads(answer["definition"])
    values = template_values(outputs["region"]) | {
        name: outputs[name]
        for name in ("name_prefix", "output_bucket", "image_uri", *(f"{actor}_role_arn" for actor in ACTORS))
    }
    values |= {
        "default_options": json.dumps(definition["States"]["Defaults"]["Result"]),
        "kms_key_id": deployed.client("kms").describe_key(KeyId=f"alias/{outputs['name_prefix']}")["KeyMetadata"][
            "Arn"
        ],
        "volume_size_gb": "50",
        "planner_volume_size_gb": "20",
        "max_runtime_seconds": "14400",
        "task_timeout_seconds": "16200",
        "run_timeout_seconds": "2592000",
    }
    assert definition == render_definition((PROJECT / DEFINITION).read_text(encoding="utf-8"), values)


def test_the_image_that_is_built_is_the_one_the_workflow_runs(deployed: Deployed) -> None:
    command = [sys.executable, str(PROJECT / "scripts/image_tag.py")]
    built = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert deployed.outputs["image_tag"] == built
    name = deployed.outputs["ecr_repository_url"].partition("/")[2]
    (image,) = deployed.client("ecr").describe_images(repositoryName=name, imageIds=[{"imageTag": built}])[
        "imageDetails"
    ]
    assert deployed.outputs["image_uri"] == f"{deployed.outputs['ecr_repository_url']}@{image['imageDigest']}"


def test_an_execution_with_nothing_but_a_prefix_succeeds_and_leaves_parquet(deployed: Deployed, tmp_path: Path) -> None:
    deployed.put(DOCUMENT, "documents/one.pdf")
    answer = deployed.run("first", input_prefix=f"s3://{deployed.outputs['input_bucket']}/documents/")
    assert answer["status"] == "SUCCEEDED", answer.get("cause")
    for table, schema in (("pages", PAGES_SCHEMA), ("documents", DOCUMENTS_SCHEMA)):
        path = tmp_path / f"{table}.parquet"
        deployed.client("s3").download_file(
            deployed.outputs["output_bucket"], f"{table}/run_id=first/s00000.parquet", str(path)
        )
        found = pq.read_table(path)
        assert found.schema.names == schema.names
        assert found.num_rows >= 1


def test_the_same_prefix_again_has_nothing_to_do(deployed: Deployed) -> None:
    answer = deployed.run("second", input_prefix=f"s3://{deployed.outputs['input_bucket']}/documents/")
    assert answer["status"] == "SUCCEEDED", answer.get("cause")
    found = deployed.client("s3").list_objects_v2(
        Bucket=deployed.outputs["output_bucket"], Prefix="documents/run_id=second/"
    )
    assert found["KeyCount"] == 0


# ---- upgrades, neighbours, other partitions ----------------------------------------------------------------------


def test_an_upgrade_waits_for_its_image_and_leaves_a_run_that_goes_on_its_own(deployed: Deployed) -> None:
    terraform, old = deployed.terraform, deployed.outputs["image_uri"]
    deployed.put(DOCUMENT, "documents/one.pdf")
    arn = deployed.start(UPGRADED, input_prefix=f"s3://{deployed.outputs['input_bucket']}/documents/", reprocess=True)
    with (terraform.folder / "job_scripts" / "plan_shards.py").open("a", encoding="utf-8") as file:
        file.write("# A change.\n")
    refused = terraform.run("terraform", "apply", "-input=false", "-auto-approve", "-no-color")
    assert refused.returncode != 0 and "pushed_by_make_deploy" in refused.stderr
    digest = terraform.push(deployed.environment)
    terraform("apply", "-input=false", "-auto-approve")
    states = deployed.client("stepfunctions")
    assert states.describe_execution(executionArn=arn)["status"] == "RUNNING", "it waited too short a time"
    assert deployed.finish(arn)["status"] == "SUCCEEDED"
    assert {job["AppSpecification"]["ImageUri"] for job in deployed.jobs(UPGRADED)} == {old}
    definition = states.describe_state_machine(stateMachineArn=deployed.outputs["state_machine_arn"])["definition"]
    assert digest in definition and old not in definition


NEIGHBOUR = {
    "name_prefix": "ocr-eu",
    "vpc": {"subnet_ids": ["subnet-0a"], "security_group_ids": ["sg-0a"]},
    "schedule": {"expression": "rate(1 day)"},
    "s3_trigger": {},
    "alarm_email": "ops@example.org",
}


def test_a_neighbour_with_a_bucket_and_key_of_its_own_in_a_vpc_has_nothing_in_common(
    deployed: Deployed, tmp_path: Path
) -> None:
    environment, bucket = deployed.environment, "documents-of-the-neighbour"
    region = deployed.outputs["region"]
    key = deployed.client("kms").create_key()["KeyMetadata"]["Arn"]
    deployed.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    settings = NEIGHBOUR | {"input_bucket": {"name": bucket, "kms_key_arn": key}}
    (tmp_path / "settings.auto.tfvars.json").write_text(json.dumps(settings), encoding="utf-8")
    terraform = Terraform(tmp_path, environment.environ())
    terraform.deploy(environment)
    neighbour = Deployed(environment, terraform, terraform.outputs())
    neighbour.put(DOCUMENT, "documents/one.pdf")
    answer = neighbour.run("beside", input_prefix=f"s3://{bucket}/documents/")
    assert answer["status"] == "SUCCEEDED", answer.get("cause")
    jobs = neighbour.jobs("beside")
    assert all(job["NetworkConfig"]["VpcConfig"]["Subnets"] == ["subnet-0a"] for job in jobs)
    mine = [deployed.policy("state_machine")]
    stop = [Call("sagemaker:StopProcessingJob", job["ProcessingJobArn"]) for job in jobs]
    assert all(decide(mine, call) is Decision.NOT_MENTIONED for call in stop), "the first may not stop its jobs"
    done = terraform.run("scripts/destroy.sh", "-auto-approve", DELETE_DATA="yes")
    assert done.returncode == 0, done.stderr
    assert neighbour.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1, "not a bucket of its own"
    neighbour.client("s3").delete_object(Bucket=bucket, Key="documents/one.pdf")
    neighbour.client("s3").delete_bucket(Bucket=bucket)


@pytest.mark.parametrize(("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")])
def test_other_partitions_have_their_own_arns(deployed: Deployed, tmp_path: Path, region: str, partition: str) -> None:
    terraform = Terraform(tmp_path, deployed.environment.environ())
    terraform("init", "-input=false")
    place = ("-var", f"region={region}", "-var", "require_image=false")
    terraform("plan", "-input=false", "-out=other.tfplan", *place)
    plan = json.loads(terraform("show", "-json", "other.tfplan"))
    text = json.dumps([change["change"]["after"] for change in plan["resource_changes"]])
    assert f"arn:{partition}:iam::" in text and "arn:aws:" not in text


# ---- taking it down ----------------------------------------------------------------------------------------------


def destroy(deployed: Deployed, **words: str) -> "subprocess.CompletedProcess[str]":
    return deployed.terraform.run("scripts/destroy.sh", "-auto-approve", "-no-color", **words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({}, r"documents holds \d+ objects .*DELETE_DOCUMENTS=yes DELETE_DATA=yes"),
        ({"DELETE_DATA": "yes"}, r"documents holds \d+ objects .*originals"),
        ({"DELETE_DOCUMENTS": "yes"}, r"results holds \d+ objects .*DELETE_DATA=yes"),
    ],
)
def test_destroy_wants_a_word_for_results_and_another_for_originals(
    deployed: Deployed, words: dict[str, str], says: str
) -> None:
    done = destroy(deployed, **words)
    assert done.returncode == 1 and re.search(says, done.stderr), done.stderr
    assert len(deployed.client("s3").list_buckets()["Buckets"]) == 2


def test_a_destroy_past_the_script_keeps_documents_and_their_key(deployed: Deployed) -> None:
    done = deployed.terraform.run("terraform", "destroy", "-input=false", "-auto-approve", "-no-color")
    assert done.returncode != 0 and "BucketNotEmpty" in done.stderr
    keys = deployed.client("kms")
    states = [keys.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] for key in keys.list_keys()["Keys"]]
    assert "Enabled" in states and f"{deployed.outputs['input_bucket']}" in [
        bucket["Name"] for bucket in deployed.client("s3").list_buckets()["Buckets"]
    ]
    described = deployed.client("s3").get_object(Bucket=deployed.outputs["input_bucket"], Key="documents/one.pdf")
    key = described["SSEKMSKeyId"]
    assert keys.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_destroy_needs_no_image(deployed: Deployed, tmp_path: Path) -> None:
    """As after a `make deploy` that made the repository and could not build the image."""
    terraform = Terraform(tmp_path, deployed.environment.environ())
    terraform("init", "-input=false")
    first = ("-var", "name_prefix=ocr-new", "-target=module.registry.aws_ecr_repository.image")
    terraform("apply", "-input=false", "-auto-approve", *first)
    done = terraform.run("scripts/destroy.sh", "-auto-approve", "-no-color", "-var", "name_prefix=ocr-new")
    assert done.returncode == 0, done.stderr
    assert terraform("state", "list") == ""


def test_destroy_leaves_nothing(deployed: Deployed) -> None:
    done = destroy(deployed, DELETE_DATA="yes", DELETE_DOCUMENTS="yes")
    assert done.returncode == 0, done.stderr
    assert re.search(r"Will be deleted, with all versions: \d+ objects .* of documents", done.stderr)
    assert deployed.terraform("state", "list") == ""
    assert deployed.client("s3").list_buckets()["Buckets"] == []
    assert deployed.client("iam").list_roles()["Roles"] == []
    assert deployed.client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert deployed.client("sns").list_topics()["Topics"] == []
    assert deployed.client("glue").get_databases()["DatabaseList"] == []
