"""Jobs by name: what a description shows, and how jobs end that nobody waits for."""

from typing import Any

import pytest

from local_aws.errors import NameInUse, UnknownJob
from local_aws.sagemaker.jobs import JobOutcome, JobRegistry, ProcessingJob
from tests.support.harness import END_SECONDS

ACCOUNT, REGION = "123456789012", "us-west-2"


def request(name: str, **members: Any) -> dict[str, Any]:
    return {"ProcessingJobName": name, **members}


def test_a_name_belongs_to_its_region_and_is_never_free_again() -> None:
    registry = JobRegistry(lambda job: JobOutcome("Completed"))
    registry.create(ACCOUNT, REGION, request("a")).ended.wait()
    with pytest.raises(NameInUse, match="a"):
        registry.create(ACCOUNT, REGION, request("a"))
    registry.create(ACCOUNT, "eu-west-1", request("a")).ended.wait()
    assert [job.region for job in registry.list(REGION)] == [REGION]
    with pytest.raises(UnknownJob, match="b"):
        registry.get(REGION, "b")


def test_a_fault_of_the_emulator_is_the_jobs_failure() -> None:
    def run(_job: ProcessingJob) -> JobOutcome:
        raise OSError("no space left")

    job = JobRegistry(run).create(ACCOUNT, REGION, request("a"))
    job.ended.wait()
    described = job.describe()
    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"] == "InternalServerError: OSError: no space left"


def test_the_end_of_all_jobs_stops_them_and_then_abandons_those_that_go_on() -> None:
    def run(job: ProcessingJob) -> JobOutcome:
        job.stop_requested.wait()
        if job.name == "stubborn":
            job.abandoned.wait()
        return JobOutcome("Stopped")

    registry = JobRegistry(run)
    jobs = [registry.create(ACCOUNT, REGION, request(name)) for name in ("willing", "stubborn")]
    registry.stop_all(timeout_seconds=0.1)
    assert all(job.ended.wait(END_SECONDS) for job in jobs)
    assert [job.status for job in jobs] == ["Stopped", "Stopped"]


def test_a_description_has_the_request_but_no_tags() -> None:
    job = ProcessingJob(ACCOUNT, REGION, request("a", Tags=[{"Key": "k", "Value": "v"}], RoleArn="arn:role"))
    assert (job.status, job.describe()["RoleArn"], "Tags" in job.describe()) == ("InProgress", "arn:role", False)
    job.stop()
    assert (job.status, job.summary()["ProcessingJobStatus"]) == ("Stopping", "Stopping")
    job.end(JobOutcome("Stopped", exit_message="put away"))
    job.stop()
    assert (job.status, job.describe()["ExitMessage"]) == ("Stopped", "put away")


def test_network_and_time_have_the_defaults_of_sagemaker() -> None:
    job = ProcessingJob(ACCOUNT, REGION, request("a"))
    assert (job.network_isolation, job.max_runtime_seconds) == (False, 86_400)
