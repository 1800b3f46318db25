"""The local environment's parts that need no server."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.local.definition import DEFINITION
from distributed_ocr_pipeline.local.deploy import MAX_PARALLEL_JOBS, default_options, template_values
from distributed_ocr_pipeline.local.serve import PROJECT
from local_aws.faults import FaultPlan, Faults
from local_aws.sagemaker import supervisor
from local_aws.sagemaker.jobs import JobOutcome, ProcessingJob
from local_aws.sagemaker.logs import JobLog, embedded_metrics
from local_aws.sagemaker.runner import read_message
from local_aws.sagemaker.runtime import CannotRun, ScriptRuntime
from local_aws.sagemaker.transfer import TransferError, split_uri
from local_aws.sagemaker.validation import InvalidRequest, RequestValidator, check_processing_job
from local_aws.stepfunctions.distributed_map import Tolerance
from tests.support.harness import job_request, s3_input

# ---- requests ------------------------------------------------------------------------------------------------


def test_a_refusal_names_the_member_and_its_limit() -> None:
    with pytest.raises(InvalidRequest, match="at 'environment.LONG'.*length less than or equal to 256"):
        RequestValidator("CreateProcessingJob").check(job_request("name", Environment={"LONG": "x" * 257}))


def test_a_tag_may_hold_letters_of_any_language() -> None:
    RequestValidator("CreateProcessingJob").check(job_request("name", Tags=[{"Key": "Büro", "Value": "Zürich 1"}]))


def test_what_cannot_run_here_is_refused_when_the_job_is_created() -> None:
    pipe = s3_input("pipe", "s3://bucket/")
    pipe["S3Input"]["S3InputMode"] = "Pipe"
    with pytest.raises(InvalidRequest, match="File mode"):
        check_processing_job(job_request("name", inputs=[pipe]))


# ---- runtime -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["plan", "report"]])
def test_arguments_that_name_no_script_cannot_run(arguments: list[str]) -> None:
    with pytest.raises(CannotRun, match="ContainerArguments"):
        ScriptRuntime(Path("scripts")).command({"ContainerArguments": arguments}, {}, Path("ml"))


@pytest.mark.parametrize("name", ["plan", "process", "report"])
def test_each_argument_has_its_script(name: str) -> None:
    command = ScriptRuntime(PROJECT / "job_scripts").command({"ContainerArguments": [name]}, {}, Path("ml"))
    assert Path(command.arguments[-1]).is_file()


def test_a_process_that_leaves_its_group_ends_with_the_command() -> None:
    program = "import subprocess; print(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)"
    with subprocess.Popen(
        [sys.executable, supervisor.__file__, sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        escaped = process.stdout.read()
        assert process.wait() == 0
    assert not Path(f"/proc/{int(escaped)}").exists()


# ---- logs and metrics ----------------------------------------------------------------------------------------


def emf(**changes: Any) -> str:
    directive = {"Namespace": "N", "Dimensions": [["D"]], "Metrics": [{"Name": "M", "Unit": "Count"}]}
    return json.dumps({"_aws": {"Timestamp": 1000, "CloudWatchMetrics": [directive]}, "D": "d", "M": 2} | changes)


def test_a_metric_line_becomes_metric_data() -> None:
    ((namespace, (data,)),) = embedded_metrics(emf())
    assert (namespace, data["MetricName"], data["Values"], data["Unit"]) == ("N", "M", [2.0], "Count")
    assert data["Dimensions"] == [{"Name": "D", "Value": "d"}]


@pytest.mark.parametrize("line", ["", "text", "{", '{"a": 1}', "prefix " + emf(), emf(D=1), emf(M="two")])
def test_other_lines_are_no_metrics(line: str) -> None:
    assert not list(embedded_metrics(line))


class Store:
    """Takes log events as CloudWatch does, in calls of limited size."""

    class exceptions:  # pylint: disable=invalid-name
        ResourceAlreadyExistsException = KeyError

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.lines: list[str] = []

    def create_log_group(self, **_: Any) -> None:
        raise KeyError

    def create_log_stream(self, **_: Any) -> None:
        pass

    def put_log_events(self, **request: Any) -> None:
        messages = [event["message"] for event in request["logEvents"]]
        self.calls.append(sum(len(message.encode()) + 26 for message in messages))
        self.lines += messages


def test_much_output_is_sent_in_calls_that_cloudwatch_accepts() -> None:
    store = Store()
    log = JobLog(store, store, "job")  # type: ignore[arg-type]
    lines = [f"{number} " + "x" * 100_000 for number in range(30)]
    for line in lines:
        log.write(line.encode())
    log.flush()
    log.flush()
    assert store.lines == lines
    assert max(store.calls) <= 1_048_576


# ---- tolerance, faults, addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "percentage", "failed", "exceeded"),
    [(0, 0, 0, False), (0, 0, 1, True), (2, 0, 2, False), (2, 0, 3, True), (0, 10, 20, False), (0, 10, 21, True)],
)
def test_tolerance(count: int, percentage: float, failed: int, exceeded: bool) -> None:
    assert Tolerance(200, count, percentage).exceeded(failed) == exceeded


def test_a_fault_applies_as_often_as_it_says_and_the_first_rule_wins() -> None:
    rules = [{"name": "a-*", "refuse": "One", "times": 1}, {"name": "*", "refuse": "Other"}]
    faults = Faults(FaultPlan.model_validate({"jobs": rules}))
    assert [faults.refusal("a-1"), faults.refusal("a-2"), faults.refusal("b")] == ["One", "Other", "Other"]
    assert faults.end(job("a-1")) is None


def job(name: str, run_id: str = "run") -> ProcessingJob:
    request = {"ProcessingJobName": name, "Environment": {"OCR_RUN_ID": run_id}}
    return ProcessingJob("123456789012", "us-west-2", request)


def test_a_fault_can_end_a_job() -> None:
    rule = {"name": "*-report-*", "end": {"status": "Failed", "failure_reason": "CapacityError"}}
    faults = Faults(FaultPlan.model_validate({"jobs": [rule]}))
    assert faults.end(job("ocr-report-1")) == JobOutcome("Failed", failure_reason="CapacityError")
    assert faults.end(job("ocr-plan-1")) is None


def test_a_fault_may_be_about_one_run_only() -> None:
    faults = Faults(FaultPlan.model_validate({"jobs": [{"run": "mine", "lose": "pages"}]}))
    assert (faults.lost(job("a", "mine")), faults.lost(job("a", "other"))) == ("pages", None)


@pytest.mark.parametrize("kind", ["kill", "stop"])
def test_a_fault_waits_for_a_line(kind: str) -> None:
    fault = Faults(FaultPlan.model_validate({"jobs": [{kind: "documents=[1-9]"}]})).cut(job("a"))
    assert fault is not None
    assert fault.waits_for(b"progress documents=2\n") and not fault.waits_for(b"progress documents=0\n")


def test_a_request_is_refused_as_often_as_it_says() -> None:
    rule = {"method": "PUT", "path": "/bucket/runs/*", "refuse": "SlowDown", "times": 1}
    faults = Faults(FaultPlan.model_validate({"requests": [rule]}))
    calls = [("GET", "/bucket/runs/a"), ("PUT", "/bucket/runs/a"), ("PUT", "/bucket/runs/a")]
    assert [faults.request(*call) for call in calls] == [None, "SlowDown", None]


@pytest.mark.parametrize("rule", [{}, {"refuse": "One", "lose": "pages"}, {"kill": "("}, {"colour": "grey"}])
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        FaultPlan.model_validate({"jobs": [rule]})


@pytest.mark.parametrize("uri", ["s3://bucket", "s3://bucket/"])
def test_a_bucket_alone_has_an_empty_key(uri: str) -> None:
    assert split_uri(uri) == ("bucket", "")


def test_a_key_is_taken_as_it_is() -> None:
    assert split_uri("s3://bucket//a b/?c#d%20") == ("bucket", "/a b/?c#d%20")


@pytest.mark.parametrize("uri", ["https://bucket/key", "s3:///key", "bucket/key"])
def test_what_is_no_s3_uri_cannot_be_moved(uri: str) -> None:
    with pytest.raises(TransferError):
        split_uri(uri)


def test_an_exit_message_that_is_a_link_is_none(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "message").symlink_to(tmp_path / "secret")
    assert read_message(tmp_path / "message") == ""
    assert read_message(tmp_path / "secret") == "secret"


# ---- deployment ----------------------------------------------------------------------------------------------


def test_every_name_in_the_template_has_a_value_and_no_value_is_idle() -> None:
    names = set(re.findall(r"\$\{(\w+)\}", (PROJECT / DEFINITION).read_text(encoding="utf-8")))
    assert names == set(template_values("us-west-2"))


def test_the_deployments_options_are_valid_and_complete_but_for_the_prefix() -> None:
    options = parse_options(default_options(MAX_PARALLEL_JOBS) | {"input_prefix": "s3://bucket/prefix/"})
    assert options.max_parallel_jobs == MAX_PARALLEL_JOBS
    assert not options.planned
