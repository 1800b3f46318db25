"""One run on a deployment, whose S3 is moto's and whose workflow is a stand-in."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline import deployment as deployment_module
from distributed_ocr_pipeline.client.execution import PlanHere, execute
from distributed_ocr_pipeline.client.results import (
    GivenUpRun,
    GiveUp,
    InterruptedRun,
    Observer,
    RunResult,
    UnfinishedRun,
    UnfollowedRun,
)
from distributed_ocr_pipeline.config import RunOptions, RunSettings
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput, BadOption, ExitCode
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.planning.quotas import Quotas
from distributed_ocr_pipeline.run.delivery.manifests import parse_documents
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.planning import plan_run
from distributed_ocr_pipeline.run.progress import Progress
from tests.support.aws import (
    CREDENTIALS,
    OUTPUT_BUCKET,
    REGION,
    Logs,
    StandIn,
    Workflow,
    refusal,
    s3_client,
    s3_server,
)

PREFIX = "s3://docs/in/"


@pytest.fixture(name="endpoint", scope="module")
def fixture_endpoint() -> Iterator[str]:
    with s3_server() as endpoint:
        client = s3_client(endpoint)
        for bucket in ("docs", OUTPUT_BUCKET):
            client.create_bucket(Bucket=bucket)
        for name in ("a", "b", "c"):
            client.put_object(Bucket="docs", Key=f"in/{name}.pdf", Body=name.encode())
        yield endpoint


class Listener(Observer):
    def __init__(self) -> None:
        self.heard: list[Plan | Progress] = []

    def planned(self, plan: Plan) -> None:
        self.heard.append(plan)

    def progressed(self, progress: Progress) -> None:
        self.heard.append(progress)


def run(endpoint: str, workflow: Workflow, settings: RunSettings, logs: Logs | None = None, **more: Any) -> RunResult:
    services = {"stepfunctions": workflow, "logs": logs or Logs()}
    deployment = StandIn(REGION, "arn:machine", OUTPUT_BUCKET, None, None, endpoint, CREDENTIALS, services=services)
    return execute(deployment, settings, PREFIX, poll_seconds=0, **{"observer": Observer(), **more})


def test_the_workflow_gets_only_what_was_chosen_and_its_plan(endpoint: str) -> None:
    client = s3_client(endpoint)

    def plan_is_stored(run_id: str) -> None:
        shards = client.get_object(Bucket=OUTPUT_BUCKET, Key=RunLayout(OUTPUT_BUCKET, run_id).shards.key)["Body"].read()
        assert [shard["documents"] for shard in json.loads(shards)] == [2, 1]

    report = {"balanced": True}
    workflow = Workflow(client, report=report, at_start=plan_is_stored)
    result = run(endpoint, workflow, RunSettings(files_per_job=2, languages="deu"))
    request = workflow.started[0]
    assert (request["stateMachineArn"], request["name"]) == ("arn:machine", result.run_id)
    assert json.loads(request["input"]) == {
        "files_per_job": 2,
        "languages": "deu",
        "input_prefix": PREFIX,
        "planned": True,
        "planned_after": "",
    }
    assert (result.plan.documents, result.report, result.output) == (3, report, f"s3://{OUTPUT_BUCKET}")


def test_a_run_that_planned_by_itself_says_what_it_did(endpoint: str) -> None:
    client = s3_client(endpoint)

    def plans_again(run_id: str) -> None:
        key = RunLayout(OUTPUT_BUCKET, run_id).plan.key
        plan = {"documents": 0, "bytes": 0, "shards": 0, "up_to_date": 3}
        client.put_object(Bucket=OUTPUT_BUCKET, Key=key, Body=json.dumps(plan))

    plan = run(endpoint, Workflow(client, at_start=plans_again), RunSettings()).plan
    assert (plan.documents, plan.shards, plan.up_to_date) == (0, 0, 3)


def test_the_plan_starts_no_more_jobs_than_the_accounts_quotas_allow(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quotas = Quotas({"ml.t3.xlarge": 2}, total=4)
    monkeypatch.setattr(deployment_module, "find_quotas", lambda *clients: quotas)
    result = run(endpoint, Workflow(s3_client(endpoint), report={}), RunSettings(files_per_job=1))
    assert (result.plan.shards, result.plan.max_concurrency) == (3, 2)
    assert result.plan.concurrency_bound == "quota of ml.t3.xlarge"


def test_a_run_that_is_not_approved_is_neither_stored_nor_started(endpoint: str) -> None:
    client = s3_client(endpoint)
    asked: list[int] = []

    class Unwilling(Observer):
        def approve(self, plan: Plan) -> None:
            asked.append(plan.documents)
            raise BadInput("The run was not started.")

    workflow = Workflow(client, report={})
    before = client.list_objects_v2(Bucket=OUTPUT_BUCKET)["KeyCount"]
    with pytest.raises(BadInput, match="not started"):
        run(endpoint, workflow, RunSettings(), observer=Unwilling())
    assert (asked, workflow.started) == ([3], [])
    assert client.list_objects_v2(Bucket=OUTPUT_BUCKET)["KeyCount"] == before


class InterruptedWorkflow(Workflow):
    """Ctrl-C comes while the run is followed."""

    def describe_execution(self, *, executionArn: str) -> Mapping[str, Any]:  # pylint: disable=invalid-name
        raise KeyboardInterrupt


def test_ctrl_c_while_a_run_is_at_work_says_which_run_it_is(endpoint: str) -> None:
    workflow = InterruptedWorkflow(s3_client(endpoint), report={})
    with pytest.raises(InterruptedRun) as error:
        run(endpoint, workflow, RunSettings())
    assert error.value.result.run_id == workflow.started[0]["name"]
    assert error.value.result.run_id in str(error.value)
    assert (error.value.exit_code, error.value.result.plan.documents) == (130, 3)


class Impatient(Observer):
    """Gives up at its first look."""

    def progressed(self, progress: Progress) -> None:
        raise GiveUp("the disk is full")


def test_an_observer_that_gives_up_says_why_and_which_run_it_leaves(endpoint: str) -> None:
    workflow = Workflow(s3_client(endpoint), report={})
    with pytest.raises(GivenUpRun, match="the disk is full") as error:
        run(endpoint, workflow, RunSettings(), observer=Impatient())
    assert error.value.result.run_id == workflow.started[0]["name"] and error.value.execution_arn
    assert (error.value.exit_code, error.value.result.report) == (65, None)


class ForgottenWorkflow(Workflow):
    """AWS answers no more while the run is followed."""

    code = ""

    def describe_execution(self, *, executionArn: str) -> Mapping[str, Any]:  # pylint: disable=invalid-name
        raise refusal(self.code, "DescribeExecution")


@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDenied"])
def test_a_fault_while_a_run_is_at_work_says_which_run_it_is(endpoint: str, code: str) -> None:
    workflow = ForgottenWorkflow(s3_client(endpoint), report={})
    workflow.code = code
    with pytest.raises(UnfollowedRun, match=f"^Asking for the execution's status failed: .*{code}") as error:
        run(endpoint, workflow, RunSettings())
    assert error.value.run_id == workflow.started[0]["name"]
    assert (error.value.exit_code, error.value.code) == (ExitCode.SERVICE, code)


def test_a_plan_may_be_made_elsewhere_and_aws_is_not_asked_then(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere(PlanHere):
        def __call__(self, deployment: Deployment, options: RunOptions, folder: Path) -> Plan:
            assert not list(folder.iterdir())
            return plan_run(
                deployment.storage(),
                deployment.output_bucket,
                options,
                folder,
                quotas=Quotas({}, total=1),
                uri_of=lambda at: f"file:///{at.key}",
            )

    monkeypatch.setattr(deployment_module, "find_quotas", lambda *clients: pytest.fail("AWS was asked."))
    workflow = Workflow(s3_client(endpoint), report={})
    result = run(endpoint, workflow, RunSettings(files_per_job=3), planner=Elsewhere())
    assert (result.plan.max_concurrency, result.plan.concurrency_bound) == (1, "quota of ml.t3.xlarge")
    where = RunLayout(OUTPUT_BUCKET, result.run_id).shard_documents("s00000").key
    lines = s3_client(endpoint).get_object(Bucket=OUTPUT_BUCKET, Key=where)["Body"].read().decode()
    assert {item.source_uri for item in parse_documents(lines)} == {f"file:///in/{name}.pdf" for name in "abc"}


def test_the_observer_hears_of_the_plan_and_then_of_progress(endpoint: str) -> None:
    listener = Listener()
    workflow = Workflow(s3_client(endpoint), polls=1)
    result = run(endpoint, workflow, RunSettings(), Logs(refusal("ResourceNotFoundException")), observer=listener)
    assert listener.heard == [result.plan, Progress(), Progress()]


@pytest.mark.parametrize("run_id", [None, "20260101-000000-abcdef"])
def test_an_observer_is_told_of_a_run_once(endpoint: str, run_id: str | None) -> None:
    told: list[str] = []

    class Told(Observer):
        def started(self, run_id: str, output: str) -> None:
            told.append(run_id)

    workflow = Workflow(s3_client(endpoint), report={})
    result = run(endpoint, workflow, RunSettings(), observer=Told(), run_id=run_id)
    assert workflow.started[0]["name"] == result.run_id == (run_id or told[0])
    assert told == ([] if run_id else [result.run_id])


def test_a_run_without_report_has_none(endpoint: str) -> None:
    assert run(endpoint, Workflow(s3_client(endpoint)), RunSettings()).report is None


@pytest.mark.parametrize(
    ("status", "cause", "words"),
    [
        ("FAILED", "2 documents are missing.", "2 documents are missing."),
        ("ABORTED", None, "The execution ended as ABORTED."),
    ],
)
def test_a_run_that_is_not_green_says_why_and_how_far_it_came(
    endpoint: str, status: str, cause: str | None, words: str
) -> None:
    workflow = Workflow(s3_client(endpoint), status=status, cause=cause, report={"balanced": False})
    with pytest.raises(UnfinishedRun) as caught:
        run(endpoint, workflow, RunSettings())
    assert str(caught.value) == words
    assert caught.value.result.report == {"balanced": False}


def test_a_start_that_aws_refuses_is_one_line_with_its_code(endpoint: str) -> None:
    def refuse(_: str) -> None:
        raise refusal("AccessDenied", "StartExecution")

    with pytest.raises(BadInput, match=r"^Starting the execution failed: No\. \(AccessDenied\)\.$") as caught:
        run(endpoint, Workflow(s3_client(endpoint), at_start=refuse), RunSettings())
    assert caught.value.code == "AccessDenied"


def test_a_prefix_that_cannot_be_one_starts_nothing(endpoint: str) -> None:
    workflow = Workflow(s3_client(endpoint))
    deployment = StandIn(REGION, "arn:machine", OUTPUT_BUCKET, services={"stepfunctions": workflow})
    with pytest.raises(BadOption, match="'input_prefix'"):
        execute(deployment, RunSettings(), "s3://Docs/", observer=Observer(), poll_seconds=0)
    assert not workflow.started
