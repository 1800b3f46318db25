"""Many shards on an account with few instances: jobs that AWS refuses wait, and none is lost.

The stand-in's clock runs 50 times as fast: one second of AWS is 20 ms, in the waits of the workflow and between two
starts of jobs alike. Calls and jobs take as long as they take, so to the workflow they are 50 times as slow.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from distributed_ocr_pipeline.local.environment import LocalEnvironment
from local_aws.account import Account
from tests.support.scenarios import DONE
from tests.support.workplace import Workplace

SHARDS = int(os.environ.get("OCR_SHARDS", "40"))
PARALLEL, QUOTA = SHARDS // 2, int(os.environ.get("OCR_QUOTA", SHARDS // 10))
INSTANCE_TYPE, WITHOUT_QUOTA = "ml.c6i.4xlarge", "ml.c5.4xlarge"
CLOCK = 0.02
SECONDS_PER_SHARD = 15
TWO_MINUTES = 120


@pytest.fixture(scope="module", name="crowded")
def fixture_crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """An account with the quota for all processing jobs together, which plan and report need, too.

    It does not tell its quotas: a planner that knows them asks for no more.
    """
    account = Account(instances={INSTANCE_TYPE: QUOTA, "ml.t3.medium": 4}, total_instances=QUOTA, tells_quotas=False)
    assert account.starts_per_second == 1
    faults = tmp_path_factory.mktemp("faults") / "faults.json"
    faults.write_text(json.dumps({"retry_wait_scale": CLOCK, "account": account.model_dump()}), encoding="utf-8")
    with LocalEnvironment(environ={"OCR_LOCAL_FAULTS": str(faults)}) as environment:
        yield Workplace(environment.deployment())


def refusals(workplace: Workplace, execution_arn: str) -> Mapping[str, int]:
    """How often a job of a shard was refused, by the error's name."""
    counts: dict[str, int] = {}
    for event in children_events(workplace, execution_arn):
        details = event.get("taskFailedEventDetails", {})
        if details:
            counts[details["error"]] = counts.get(details["error"], 0) + 1
    return counts


def children_events(workplace: Workplace, execution_arn: str) -> Iterator[Mapping[str, Any]]:
    """The histories of a run's shards."""
    client = workplace.client("stepfunctions")
    (map_run,) = client.list_map_runs(executionArn=execution_arn)["mapRuns"]
    for child in client.list_executions(mapRunArn=map_run["mapRunArn"])["executions"]:
        yield from client.get_execution_history(executionArn=child["executionArn"])["events"]


def test_the_account_does_not_tell_its_quotas(crowded: Workplace) -> None:
    client = crowded.client("service-quotas")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.list_service_quotas(ServiceCode="sagemaker")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.list_aws_default_service_quotas(ServiceCode="sagemaker")


def test_no_shard_is_lost_to_throttling_or_to_the_accounts_own_quota(crowded: Workplace) -> None:
    names = [f"{number:04}.pdf" for number in range(SHARDS)]
    prefix = crowded.put("crowd", *names)
    options = {"files_per_job": 1, "max_parallel_jobs": PARALLEL, "instance_type": INSTANCE_TYPE}
    answer = crowded.finish(crowded.start("crowd", prefix, **options), SECONDS_PER_SHARD * SHARDS)
    assert answer["status"] == "SUCCEEDED", answer.get("cause")
    assert crowded.report("crowd")["shards"] == SHARDS and not crowded.report("crowd")["failed_shards"]
    assert crowded.current(prefix) == dict.fromkeys(names, DONE)
    assert crowded.jobs("crowd") == {"plan": 1, "s": SHARDS, "check": 0, "report": 1}
    refused = refusals(crowded, answer["executionArn"])
    print(f"{SHARDS} shards, {PARALLEL} at a time, quota {QUOTA}: {refused}")
    assert refused["SageMaker.ResourceLimitExceededException"] >= PARALLEL - QUOTA


def test_a_quota_of_nothing_is_named_at_once(crowded: Workplace) -> None:
    prefix = crowded.put("nothing", "a.pdf", "b.pdf")
    options = {"files_per_job": 1, "instance_type": WITHOUT_QUOTA}
    answer = crowded.finish(crowded.start("nothing", prefix, **options), TWO_MINUTES)
    assert answer["status"] == "FAILED"
    assert f"'{WITHOUT_QUOTA} for processing job usage' is 0 Instances" in answer["cause"]
    assert "request an increase" in answer["cause"]
    assert crowded.jobs("nothing")["s"] == 0
    entered = {
        event.get("stateEnteredEventDetails", {}).get("name")
        for event in children_events(crowded, answer["executionArn"])
    }
    assert "RecordShardFailure" in entered and "ShardWaits" not in entered
