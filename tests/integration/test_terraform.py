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
from local_aws.sagemaker.logs import GROUP

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENT = PROJECT / "examples/documents/born-digital.pdf"
ROOT = (
    "main.tf",
    "variables.tf",
    "outputs.tf",
    "versions.tf",
    ".terraform.lock.hcl",
    "pyproject.toml",
    ".dockerignore",
)
FOLDERS = ("modules", "job_scripts", "container")
ACTORS = ("planner", "worker", "reporter")
RUN_SECONDS = 120

pytestmark = [
    pytest.mark.skipif(not shutil.which("terraform"), reason="Terraform is not installed."),
    pytest.mark.timeout(600),
]


def _settings(folder: Path) -> dict[str, str]:
    return {"TF_IN_AUTOMATION": "1", "TF_DATA_DIR": str(folder / ".terraform"), "TF_VAR_force_destroy": "true"}


class Terraform:
    """Terraform in a copy of the root, so that neither state nor settings of the project's folder play a part."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = os.environ | dict(environ) | _settings(folder)
        for name in ROOT:
            shutil.copy(PROJECT / name, folder)
        for name in FOLDERS:
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))

    def __call__(self, *arguments: str) -> str:
        command = ["terraform", *arguments]
        done = subprocess.run(command, cwd=self._folder, env=self._environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

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
        states = self.client("stepfunctions")
        machine = self.outputs["state_machine_arn"]
        arn = states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(options))["executionArn"]
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
        for job in self._jobs(execution_arn.rpartition(":")[2]):
            lines += [f"--- {job['ProcessingJobName']}: {job['ProcessingJobStatus']} {job.get('FailureReason', '')}"]
            lines += self._log(job["ProcessingJobName"])
        return "\n".join(lines)

    def _jobs(self, run_id: str) -> list[Mapping[str, Any]]:
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
    faults.write_text('{"retry_wait_scale": 0.01}', encoding="utf-8")
    environ = {"OCR_LOCAL_IAM": "enforced", "OCR_LOCAL_FAULTS": str(faults)}
    with LocalEnvironment(bare=True, grace_seconds=1, environ=environ) as environment:
        terraform = Terraform(tmp_path_factory.mktemp("root"), environment.environ())
        terraform("init", "-input=false")
        terraform("apply", "-input=false", "-auto-approve")
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
    }
    assert definition == render_definition((PROJECT / DEFINITION).read_text(encoding="utf-8"), values)


def test_the_image_that_is_built_is_the_one_the_workflow_runs(deployed: Deployed) -> None:
    command = [sys.executable, str(PROJECT / "scripts/image_tag.py")]
    built = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert deployed.outputs["image_tag"] == built
    assert deployed.outputs["image_uri"] == f"{deployed.outputs['ecr_repository_url']}:{built}"


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
    "state_machine": ["HearOfJobsEnding", "StartShards", "FollowShards", "RedriveShards", "DeliverLogs"],
    "planner": JOB_SERVICE,
    "worker": [*JOB_SERVICE, "ListDocuments"],
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
    assert answer["status"] == ("SUCCEEDED" if sid == "WriteMapResults" else "FAILED")
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


def test_destroy_leaves_nothing(deployed: Deployed) -> None:
    deployed.terraform("destroy", "-input=false", "-auto-approve")
    assert deployed.terraform("state", "list") == ""
    assert deployed.client("s3").list_buckets()["Buckets"] == []
    assert deployed.client("iam").list_roles()["Roles"] == []
    assert deployed.client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert deployed.client("sns").list_topics()["Topics"] == []
    assert deployed.client("glue").get_databases()["DatabaseList"] == []
