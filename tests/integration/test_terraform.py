"""The real root, applied by the real AWS provider to the local environment: planned again, run, destroyed."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.local.definition import DEFINITION, render_definition
from distributed_ocr_pipeline.local.deploy import template_values
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from distributed_ocr_pipeline.tables.schema import DOCUMENTS_SCHEMA, PAGES_SCHEMA
from local_aws.clients import ACCOUNT
from local_aws.iam.policies import Call, Decision, decide
from local_aws.sagemaker.logs import GROUP

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENT = PROJECT / "examples/documents/born-digital.pdf"
ROOT = (
    "main.tf",
    "quotas.tf",
    "variables.tf",
    "outputs.tf",
    "versions.tf",
    ".terraform.lock.hcl",
    "pyproject.toml",
    ".dockerignore",
)
FOLDERS = ("modules", "job_scripts", "container", "scripts")
ACTORS = ("planner", "worker", "reporter")
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
RUN_SECONDS = 300
UPGRADE_WAITS = 30  # for the quota, so that the run lasts longer than an apply

pytestmark = [
    pytest.mark.skipif(not shutil.which("terraform"), reason="Terraform is not installed."),
    pytest.mark.timeout(600),
]


def _settings(folder: Path) -> dict[str, str]:
    return {"TF_IN_AUTOMATION": "1", "TF_DATA_DIR": str(folder / ".terraform")}


class Terraform:
    """Terraform in a copy of the root, so that neither state nor settings of the project's folder play a part."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self._environ = os.environ | dict(environ) | _settings(folder)
        (folder / ".venv").symlink_to(PROJECT / ".venv")
        for name in ROOT:
            shutil.copy(PROJECT / name, folder)
        for name in FOLDERS:
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))

    def __call__(self, *arguments: str) -> str:
        done = self.run("terraform", *arguments)
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def run(self, *command: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        """A command in the copy of the root."""
        return subprocess.run(
            command, cwd=self.folder, env=self._environ | environ, capture_output=True, text=True, check=False
        )

    def deploy(self, environment: LocalEnvironment, *arguments: str) -> None:
        """As scripts/deploy.sh: the repository, its image, and then all the rest."""
        self("init", "-input=false")
        self("apply", "-input=false", "-auto-approve", "-target=module.registry.aws_ecr_repository.image", *arguments)
        self.push(environment)
        self("apply", "-input=false", "-auto-approve", *arguments)

    def push(self, environment: LocalEnvironment) -> str:
        """An image of nothing under the tag of these sources; returns its digest."""
        tag = self.run(sys.executable, "scripts/image_tag.py").stdout.strip()
        repository = self("output", "-raw", "ecr_repository_url").partition("/")[2]
        manifest = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": {"digest": tag}, "layers": []}
        answer = environment.client("ecr").put_image(
            repositoryName=repository, imageTag=tag, imageManifest=json.dumps(manifest)
        )
        return str(answer["image"]["imageId"]["imageDigest"])

    def outputs(self) -> dict[str, Any]:
        return {name: output["value"] for name, output in json.loads(self("output", "-json")).items()}

    def changes(self) -> list[str]:
        """Addresses of the resources, and names of the outputs, that a plan would change."""
        self("plan", "-input=false", "-out=again.tfplan")
        plan = json.loads(self("show", "-json", "again.tfplan"))
        resources = [change for change in plan.get("resource_changes", []) if change["mode"] == "managed"]
        outputs = [{"address": name, "change": change} for name, change in plan.get("output_changes", {}).items()]
        return [item["address"] for item in resources + outputs if item["change"]["actions"] != ["no-op"]]


@dataclass(frozen=True)
class Deployed:
    """The applied root: its outputs, and the endpoint it is applied to."""

    environment: LocalEnvironment
    terraform: Terraform
    outputs: Mapping[str, Any]

    def client(self, service: str) -> Any:
        return self.environment.client(service)

    def put(self, path: Path, key: str) -> None:
        self.client("s3").upload_file(str(path), self.outputs["input_bucket"], key)

    def role(self, actor: str) -> str:
        return f"{self.outputs['name_prefix']}-{actor.replace('_', '-')}-{self.outputs['region']}"

    def policy(self, actor: str) -> dict[str, Any]:
        answer = self.client("iam").get_role_policy(RoleName=self.role(actor), PolicyName="work")
        document: dict[str, Any] = answer["PolicyDocument"]
        return document

    def put_policy(self, actor: str, document: Mapping[str, Any]) -> None:
        name, text = self.role(actor), json.dumps(document)
        self.client("iam").put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=text)

    def run(self, name: str, *, quiet: bool = False, **options: Any) -> Mapping[str, Any]:
        """Start an execution and wait for its end; prints what is known about one that did not succeed."""
        return self.finish(self.start(name, **options), quiet=quiet)

    def start(self, name: str, **options: Any) -> str:
        """Start an execution; returns its ARN."""
        answer = self.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs["state_machine_arn"], name=name, input=json.dumps(options)
        )
        return str(answer["executionArn"])

    def finish(self, arn: str, *, quiet: bool = False) -> Mapping[str, Any]:
        """Wait for the end of an execution."""
        states = self.client("stepfunctions")
        end = time.monotonic() + RUN_SECONDS
        while (answer := states.describe_execution(executionArn=arn))["status"] == "RUNNING" and time.monotonic() < end:
            time.sleep(0.2)
        if answer["status"] != "SUCCEEDED" and not quiet:
            print(self.explain(arn))
        found: Mapping[str, Any] = answer
        return found

    def explain(self, execution_arn: str) -> str:
        """The execution's history, and failure reason and log of each of its jobs."""
        history = self.client("stepfunctions").get_execution_history(executionArn=execution_arn)["events"]
        lines = [json.dumps(event, default=str) for event in history]
        for job in self.jobs(execution_arn.rpartition(":")[2]):
            lines += [f"--- {job['ProcessingJobName']}: {job['ProcessingJobStatus']} {job.get('FailureReason', '')}"]
            lines += self._log(job["ProcessingJobName"])
        return "\n".join(lines)

    def jobs(self, run_id: str) -> list[Mapping[str, Any]]:
        client = self.client("sagemaker")
        pages = client.get_paginator("list_processing_jobs").paginate(SortOrder="Ascending")
        names = [job["ProcessingJobName"] for page in pages for job in page["ProcessingJobSummaries"]]
        jobs = [client.describe_processing_job(ProcessingJobName=name) for name in names]
        return [job for job in jobs if job["Environment"]["OCR_RUN_ID"] == run_id]

    def _log(self, job_name: str) -> list[str]:
        client = self.client("logs")
        if not client.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
            return []
        streams = client.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{job_name}/")["logStreams"]
        found = [
            client.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True)[
                "events"
            ]
            for stream in streams
        ]
        return [event["message"] for events in found for event in events]


@pytest.fixture(name="deployed", scope="module")
def fixture_deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    faults = tmp_path_factory.mktemp("faults") / "faults.json"
    rule = {"name": "ocr-report-*", "run": "upgraded", "refuse": "ResourceLimitExceeded", "times": UPGRADE_WAITS}
    faults.write_text(json.dumps({"retry_wait_scale": 0.01, "jobs": [rule]}), encoding="utf-8")
    environ = {"OCR_LOCAL_IAM": "enforced", "OCR_LOCAL_FAULTS": str(faults)}
    with LocalEnvironment(bare=True, grace_seconds=1, environ=environ) as environment:
        terraform = Terraform(tmp_path_factory.mktemp("root"), environment.environ())
        terraform.deploy(environment)
        yield Deployed(environment, terraform, terraform.outputs())


def test_a_second_plan_is_empty(deployed: Deployed) -> None:
    assert deployed.terraform.changes() == []


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


# ---- least privilege: every statement is needed ----------------------------------------------------------------

NEEDED = {
    "state_machine": [
        "RunJobs",
        "TakeTurns",
        "TagJobs",
        "GiveJobsTheirRoles",
        "RecordRun",
        "ReadPlan",
        "FindReport",
        "UseKey",
        "WriteMapResults",
    ],
    "planner": ["ListDocuments", "ListRuns", "ReadRuns", "WritePlan", "UseKey"],
    "worker": ["ReadDocuments", "ListShard", "ReadShard", "WriteResults", "UseKey"],
    "reporter": ["ListResults", "ReadResults", "WriteReport", "UseKey"],
}
REFUSED = re.compile("not authorized to perform|AccessDenied|Forbidden")
# What AWS does inside of itself makes no request to the local endpoint, and so cannot be refused by it.
JOB_SERVICE = ["PullImage", "LogInToRegistry", "WriteLogs", "PublishInstanceMetrics", "LocateBuckets"]
CANNOT_TELL = {
    "state_machine": ["HearOfJobsEnding", "StartShards", "FollowShards", "RedriveShards", "WriteLog", "DeliverLogs"],
    "planner": [*JOB_SERVICE, "LookIntoDocuments", "ReadQuotas"],  # a plan goes on without, and knows less
    "worker": [*JOB_SERVICE, "ListDocuments", "CorrectShard"],  # the last is tested by itself
    "reporter": JOB_SERVICE,
}


def test_every_statement_is_either_tested_or_known_to_be_beyond_the_local_endpoint(deployed: Deployed) -> None:
    for actor, needed in NEEDED.items():
        sids = [statement["Sid"] for statement in deployed.policy(actor)["Statement"]]
        assert sorted(sids) == sorted(needed + CANNOT_TELL[actor]), actor


@pytest.mark.parametrize(("actor", "sid"), [(actor, sid) for actor, sids in NEEDED.items() for sid in sids])
def test_without_any_statement_the_run_is_refused_something_and_fails(deployed: Deployed, actor: str, sid: str) -> None:
    whole, name = deployed.policy(actor), f"without-{actor}-{sid}"
    deployed.put_policy(actor, whole | {"Statement": [item for item in whole["Statement"] if item["Sid"] != sid]})
    try:
        prefix = f"s3://{deployed.outputs['input_bucket']}/documents/"
        answer = deployed.run(name, input_prefix=prefix, reprocess=True, quiet=True)
    finally:
        deployed.put_policy(actor, whole)
    # Every shard is done when the Map's results cannot be written, so the report is green: the Map alone fails.
    assert answer["status"] == ("SUCCEEDED" if sid == "WriteMapResults" else "FAILED"), answer.get("cause")
    assert REFUSED.search(deployed.explain(answer["executionArn"]))


def permissions(deployed: Deployed) -> str:
    """What every role may do, as a Markdown table, with names in place of what differs between deployments."""
    key = deployed.client("kms").describe_key(KeyId=f"alias/{deployed.outputs['name_prefix']}")["KeyMetadata"]["Arn"]
    names = {
        key: "KEY",
        deployed.outputs["input_bucket"]: "INPUT",
        deployed.outputs["output_bucket"]: "OUTPUT",
        deployed.outputs["region"]: "REGION",
        ACCOUNT: "ACCOUNT",
    }
    rows = ["| Role | Statement | Actions | Resources | Condition |", "|---|---|---|---|---|"]
    for actor in NEEDED:
        for item in deployed.policy(actor)["Statement"]:
            cells = [" ".join(f"`{value}`" for value in sorted(_listed(item[name]))) for name in ("Action", "Resource")]
            condition = [
                f"`{key}` {' or '.join(_listed(value))}"
                for test in item.get("Condition", {}).values()
                for key, value in test.items()
            ]
            rows.append(f"| {actor} | {item['Sid']} | {cells[0]} | {cells[1]} | {' '.join(condition)} |")
    table = "\n".join(rows)
    for found, name in names.items():
        table = table.replace(found, name)
    return table


def _listed(value: str | list[str]) -> list[str]:
    return sorted(value) if isinstance(value, list) else [value]


def test_the_documented_permissions_are_the_deployed_ones(deployed: Deployed) -> None:
    assert permissions(deployed) in (PROJECT / "docs/permissions.md").read_text(encoding="utf-8")


# ---- documents that cannot be downloaded ------------------------------------------------------------------------


def put_undeliverable(deployed: Deployed, prefix: str) -> dict[str, Any]:
    """Two documents that can be read, one that is archived and one that the worker may not read; returns that denial."""
    for name in ("one", "two", "foreign"):
        deployed.put(DOCUMENT, f"{prefix}{name}.pdf")
    bucket = deployed.outputs["input_bucket"]
    archived = {"Bucket": bucket, "Key": f"{prefix}archived.pdf", "StorageClass": "GLACIER"}
    deployed.client("s3").put_object(Body=DOCUMENT.read_bytes(), **archived)
    resource = f"arn:aws:s3:::{bucket}/{prefix}foreign.pdf"
    return {"Sid": "Denied", "Effect": "Deny", "Action": "s3:GetObject", "Resource": resource}


def rows(deployed: Deployed, run_id: str, folder: Path) -> dict[str, dict[str, Any]]:
    """The run's ledger by file name."""
    path, key = folder / "documents.parquet", f"documents/run_id={run_id}/s00000.parquet"
    deployed.client("s3").download_file(deployed.outputs["output_bucket"], key, str(path))
    return {row["source_uri"].rpartition("/")[2]: row for row in pq.read_table(path).to_pylist()}


def test_documents_that_cannot_be_downloaded_are_rows_and_the_others_get_their_text(
    deployed: Deployed, tmp_path: Path
) -> None:
    whole, prefix = deployed.policy("worker"), "undeliverable/"
    denial = put_undeliverable(deployed, prefix)
    deployed.put_policy("worker", whole | {"Statement": [*whole["Statement"], denial]})
    try:
        answer = deployed.run("undeliverable", input_prefix=f"s3://{deployed.outputs['input_bucket']}/{prefix}")
    finally:
        deployed.put_policy("worker", whole)
    assert answer["status"] == "SUCCEEDED", answer.get("cause")
    found = rows(deployed, "undeliverable", tmp_path)
    assert {name: (row["status"], row["error_class"]) for name, row in found.items()} == {
        "one.pdf": ("succeeded", None),
        "two.pdf": ("succeeded", None),
        "archived.pdf": ("failed", "missing"),
        "foreign.pdf": ("failed", "missing"),
    }
    assert "restore it from Glacier" in found["archived.pdf"]["error_message"]
    assert "AccessDenied" in found["foreign.pdf"]["error_message"]
    kinds = [job["AppSpecification"]["ContainerArguments"][0] for job in deployed.jobs("undeliverable")]
    assert kinds == ["plan", "process", "check", "process", "report"]


def test_without_its_statement_the_check_cannot_correct_the_shard(deployed: Deployed) -> None:
    whole = deployed.policy("worker")
    kept = [item for item in whole["Statement"] if item["Sid"] != "CorrectShard"]
    deployed.put_policy("worker", whole | {"Statement": kept})
    try:
        prefix = f"s3://{deployed.outputs['input_bucket']}/undeliverable/"
        answer = deployed.run("uncorrected", input_prefix=prefix, reprocess=True, quiet=True)
    finally:
        deployed.put_policy("worker", whole)
    assert answer["status"] == "FAILED" and REFUSED.search(deployed.explain(answer["executionArn"]))


# ---- upgrades, neighbours, other partitions ----------------------------------------------------------------------


def test_an_upgrade_waits_for_its_image_and_leaves_a_run_that_goes_on_its_own(deployed: Deployed) -> None:
    terraform, old = deployed.terraform, deployed.outputs["image_uri"]
    arn = deployed.start("upgraded", input_prefix=f"s3://{deployed.outputs['input_bucket']}/documents/", reprocess=True)
    with (terraform.folder / "job_scripts" / "plan_shards.py").open("a", encoding="utf-8") as file:
        file.write("# A change.\n")
    refused = terraform.run("terraform", "apply", "-input=false", "-auto-approve", "-no-color")
    assert refused.returncode != 0 and "pushed_by_make_deploy" in refused.stderr
    digest = terraform.push(deployed.environment)
    terraform("apply", "-input=false", "-auto-approve")
    states = deployed.client("stepfunctions")
    assert states.describe_execution(executionArn=arn)["status"] == "RUNNING", "raise UPGRADE_WAITS"
    assert deployed.finish(arn)["status"] == "SUCCEEDED"
    assert {job["AppSpecification"]["ImageUri"] for job in deployed.jobs("upgraded")} == {old}
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
