"""What every role may do, as the real provider deployed it: each statement is needed, and documented."""

import json
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import RunLayout, turn
from distributed_ocr_pipeline.planning.quotas import read_quotas
from distributed_ocr_pipeline.run.planning import plan_run, store_plan
from distributed_ocr_pipeline.storage import Storage
from local_aws.clients import ACCOUNT
from tests.support.image import PROJECT
from tests.support.terraform import DOCUMENT, Deployed, deployment

pytestmark = [
    pytest.mark.skipif(not shutil.which("terraform"), reason="Terraform is not installed."),
    pytest.mark.timeout(600),
]


@pytest.fixture(name="deployed", scope="module")
def fixture_deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with deployment(tmp_path_factory.mktemp("deployed")) as deployed:
        deployed.put(DOCUMENT, "documents/one.pdf")
        assert (
            deployed.run("first", input_prefix=f"s3://{deployed.outputs['input_bucket']}/documents/")["status"]
            == "SUCCEEDED"
        )
        yield deployed


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
    "planner": ["ListDocuments", "LookIntoDocuments", "ReadQuotas", "ListRuns", "ReadRuns", "WritePlan", "UseKey"],
    "worker": ["ReadDocuments", "ListShard", "ReadShard", "WriteResults", "UseKey"],
    "reporter": ["ListResults", "ReadResults", "WriteReport", "UseKey"],
}
GREEN_WITHOUT = {
    "WriteMapResults",  # every shard is done when the Map's results cannot be written
    "LookIntoDocuments",  # a plan that cannot count pages takes bytes for them
    "ReadQuotas",  # a plan that does not know them takes the number that was asked for
}
REFUSED = re.compile("not authorized to perform|AccessDenied|Forbidden")
# What AWS does inside of itself makes no request to the local endpoint, and so cannot be refused by it.
JOB_SERVICE = ["PullImage", "LogInToRegistry", "WriteLogs", "PublishInstanceMetrics", "LocateBuckets"]
CANNOT_TELL = {
    "state_machine": ["HearOfJobsEnding", "StartShards", "FollowShards", "RedriveShards", "WriteLog", "DeliverLogs"],
    "planner": JOB_SERVICE,
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
    if sid in GREEN_WITHOUT:  # earlier runs know the pages of every other document
        deployed.put(DOCUMENT, f"documents/{sid}.pdf")
    deployed.put_policy(actor, whole | {"Statement": [item for item in whole["Statement"] if item["Sid"] != sid]})
    try:
        prefix = f"s3://{deployed.outputs['input_bucket']}/documents/"
        answer = deployed.run(name, input_prefix=prefix, reprocess=True, quiet=True)
    finally:
        deployed.put_policy(actor, whole)
    assert answer["status"] == ("SUCCEEDED" if sid in GREEN_WITHOUT else "FAILED"), answer.get("cause")
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


# ---- people ------------------------------------------------------------------------------------------------------


def session_of_a_person(deployed: Deployed, policy: str, without: str = "nothing") -> boto3.Session:
    """Somebody to whom nothing but one of `people_policies` is attached. (Enforcement knows the policies of roles.)"""
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = deployed.client("iam")
    name = f"{policy}-{secrets.token_hex(4)}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
    whole = json.loads(deployed.outputs["people_policies"][policy])
    statements = [statement for statement in whole["Statement"] if statement["Sid"] != without]
    text = json.dumps(whole | {"Statement": statements})
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="work", PolicyDocument=text)
    taken = deployed.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="person")["Credentials"]
    return boto3.Session(
        taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"], region_name=deployed.outputs["region"]
    )


def test_who_has_the_policy_to_run_sees_shards_and_image_by_the_statements_for_them(deployed: Deployed) -> None:
    prefix, endpoint = deployed.outputs["name_prefix"], deployed.environment.endpoint_url
    machine = deployed.outputs["state_machine_arn"]
    first = f"{machine.replace(':stateMachine:', ':execution:')}:first"

    def look(session: boto3.Session) -> None:
        workflows = session.client("stepfunctions", endpoint_url=endpoint)
        (run,) = workflows.list_map_runs(executionArn=first)["mapRuns"]
        assert workflows.list_executions(mapRunArn=run["mapRunArn"])["executions"]
        assert session.client("ecr", endpoint_url=endpoint).describe_images(repositoryName=prefix)["imageDetails"]

    look(session_of_a_person(deployed, "run"))
    for sid in ("SeeShards", "FindImage"):
        with pytest.raises(ClientError, match="not authorized to perform|AccessDenied"):
            look(session_of_a_person(deployed, "run", without=sid))


def test_who_has_the_policy_to_run_can_plan_with_quotas_and_page_counts(deployed: Deployed, tmp_path: Path) -> None:
    session, endpoint = session_of_a_person(deployed, "run"), deployed.environment.endpoint_url
    deployed.put(DOCUMENT, "people/one.pdf")
    prefix, bucket = f"s3://{deployed.outputs['input_bucket']}/people/", deployed.outputs["output_bucket"]
    storage = Storage(session, endpoint)
    quotas = read_quotas(*(session.client(name, endpoint_url=endpoint) for name in ("service-quotas", "sagemaker")))
    plan = plan_run(storage, bucket, parse_options({"input_prefix": prefix}), tmp_path, quotas=quotas)
    assert plan.pages.low == plan.pages.high, "counted, and not guessed"
    store_plan(storage, RunLayout(bucket, "planned-by-a-person"), plan, tmp_path)
    assert storage.exists(RunLayout(bucket, "planned-by-a-person").plan)
    documents = f"s3://{deployed.outputs['input_bucket']}/documents/"
    assert storage.find_metadata(turn(bucket, documents)), "whose turn it is"
    assert storage.find_metadata(turn(bucket, prefix)) is None


# ---- buckets that must not be listed -----------------------------------------------------------------------------


def test_a_bucket_of_others_is_one_line_for_the_planning_job_and_for_a_person(
    deployed: Deployed, tmp_path: Path
) -> None:
    region = {"LocationConstraint": deployed.outputs["region"]}
    deployed.client("s3").create_bucket(Bucket="of-others", CreateBucketConfiguration=region)
    deployed.client("s3").put_object(Bucket="of-others", Key="in/one.pdf", Body=DOCUMENT.read_bytes())
    refused, prefix = r"^Listing s3://of-others/in/ failed: .*AccessDenied\)\.", "s3://of-others/in/"
    answer = deployed.run("of-others", input_prefix=prefix, quiet=True)
    assert answer["status"] == "FAILED" and re.search(refused.removeprefix("^"), answer["cause"]), answer
    assert [job["AppSpecification"]["ContainerArguments"][0] for job in deployed.jobs("of-others")] == ["plan"]

    storage = Storage(session_of_a_person(deployed, "run"), deployed.environment.endpoint_url)
    with pytest.raises(BadInput, match=refused):
        plan_run(storage, deployed.outputs["output_bucket"], parse_options({"input_prefix": prefix}), tmp_path)
    results = deployed.client("s3").list_objects_v2(Bucket=deployed.outputs["output_bucket"], Prefix="runs/of-others/")
    assert [item["Key"] for item in results["Contents"]] == ["runs/of-others/run.json"]


# ---- documents that cannot be downloaded ------------------------------------------------------------------------


def put_undeliverable(deployed: Deployed, prefix: str) -> dict[str, Any]:
    """Two documents that can be read, an archived one, and one that the worker may not read; returns that denial."""
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
    assert "archived" in found["archived.pdf"]["error_message"]  # said by the listing, so that no job tries it
    assert "AccessDenied" in found["foreign.pdf"]["error_message"]
    kinds = [job["AppSpecification"]["ContainerArguments"][0] for job in deployed.jobs("undeliverable")]
    assert kinds == ["plan", "process", "check", "process", "report"]


def test_without_its_statement_the_check_cannot_correct_the_shard(deployed: Deployed) -> None:
    whole, prefix = deployed.policy("worker"), "uncorrected/"
    denial = put_undeliverable(deployed, prefix)
    kept = [item for item in whole["Statement"] if item["Sid"] != "CorrectShard"]
    deployed.put_policy("worker", whole | {"Statement": [*kept, denial]})
    try:
        uri = f"s3://{deployed.outputs['input_bucket']}/{prefix}"
        answer = deployed.run("uncorrected", input_prefix=uri, quiet=True)
    finally:
        deployed.put_policy("worker", whole)
    assert answer["status"] == "FAILED" and REFUSED.search(deployed.explain(answer["executionArn"]))
