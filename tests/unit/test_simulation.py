"""The simulator against sums that can be done by hand, and the default policy against AWS's limits."""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not

import math
import random
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.simulate import (
    Policy,
    Simulation,
    Waiting,
    Workflow,
    World,
    draw,
    lost_shards,
    play,
    read_workflow,
)
from distributed_ocr_pipeline.config import JobConfig
from distributed_ocr_pipeline.errors import BadInput

TARGET = JobConfig().target_shard_minutes
PATIENT = Workflow(Waiting(math.inf, 5, 2, 120), Waiting(math.inf, 60, 1.5, 900), staggered=True)


def exact(quota: int, failing: float = 0.0) -> World:
    """Without chances, but for jobs that die."""
    return World(quota, provisioning=(300, 300), between_children=(0, 0), stragglers=0, failing=failing)


def test_shards_on_enough_slots_take_as_long_as_one() -> None:
    outcome = Simulation([600.0] * 10, 10, exact(10), PATIENT).run()
    assert 900 <= outcome.seconds <= 900 + 120  # 300 of provisioning, 600 of work, and the starts
    assert outcome.billed == pytest.approx(9000)
    assert outcome.waste == pytest.approx(1 / 3)


def test_shards_beyond_the_slots_come_in_waves() -> None:
    outcome = Simulation([600.0] * 4, 2, exact(2), PATIENT).run()
    assert outcome.seconds == pytest.approx(2 * 900, abs=60)


def test_tries_that_run_out_lose_shards() -> None:
    impatient = Workflow(Waiting(math.inf, 5, 2, 120), Waiting(3, 10, 1, 10), staggered=True)
    assert Simulation([3600.0] * 20, 10, World(2), impatient).run().lost > 0


def test_a_job_that_dies_is_billed_and_done_again() -> None:
    outcome = Simulation([600.0] * 50, 10, exact(10, failing=0.5), PATIENT).run()
    assert outcome.lost == 0 and outcome.worked == pytest.approx(50 * 600)
    assert outcome.billed > 50 * 900


def test_a_job_of_several_instances_starts_at_once_and_is_billed_until_the_slowest_ends() -> None:
    world = replace(exact(20), instances_per_job=20)
    outcome = Simulation([600.0] * 10 + [1200.0] * 10, 20, world, PATIENT).run()
    assert outcome.seconds == pytest.approx(300 + 1200), "with one instance a job the last starts 19 seconds later"
    assert outcome.billed == pytest.approx(20 * 1500)
    assert outcome.worked == pytest.approx(10 * 600 + 10 * 1200)


def test_jobs_of_several_instances_stay_within_the_quota() -> None:
    outcome = Simulation([600.0] * 8, 4, replace(exact(4), instances_per_job=2), PATIENT).run()
    assert outcome.seconds == pytest.approx(2 * 900, abs=60)
    world = replace(exact(5), instances_per_job=2)  # of which one is never used
    crowded = Simulation([600.0] * 12, 6, world, PATIENT).run()
    assert crowded.lost == 0 and crowded.refused > 0 and crowded.seconds >= 3 * 900


def test_one_instance_that_dies_takes_its_whole_job_along() -> None:
    alone = Simulation([600.0] * 100, 100, exact(100, failing=0.05), PATIENT).run()
    grouped = Simulation([600.0] * 100, 100, replace(exact(100, failing=0.05), instances_per_job=20), PATIENT).run()
    assert grouped.billed > 1.2 * alone.billed


def test_waits_have_full_jitter_below_their_bound() -> None:
    chance = random.Random(1)
    waits = [Waiting(30, 10, 2, 120).seconds(9, chance) for _ in range(200)]
    assert min(waits) < 20 and 100 < max(waits) <= 120


SIZES = [
    *((documents, "ml.t3.xlarge", 2) for documents in (10**4, 10**5, 10**6)),
    *((documents, "ml.c6i.4xlarge", slots) for documents in (10**4, 10**5, 10**6, 10**7) for slots in (4, 100)),
]


@pytest.mark.parametrize(("documents", "instance_type", "slots"), SIZES)
def test_the_default_policy_wastes_less_than_a_third(documents: int, instance_type: str, slots: int) -> None:
    policy = Policy(instance_type, slots, TARGET)
    outcome, _ = play(documents, policy, World(slots, failing=0.01), read_workflow())
    assert outcome.lost == 0
    assert outcome.waste < 0.3


def test_more_work_than_a_run_can_hold_is_refused_with_a_way_out() -> None:
    with pytest.raises(BadInput, match="target_shard_minutes"):
        play(2 * 10**7, Policy("ml.t3.xlarge", 2, TARGET), World(2), read_workflow())


@pytest.mark.parametrize(("instance_type", "slots", "limit"), [("ml.t3.xlarge", 2, 20.0), ("ml.c6i.4xlarge", 4, 17.0)])
def test_a_million_scanned_pages_cost_what_they_may_and_take_no_longer_than_they_must(
    instance_type: str, slots: int, limit: float
) -> None:
    documents, world, workflow = 140_850, World(slots, failing=0.01), read_workflow()
    outcome, usd = play(documents, Policy(instance_type, slots, TARGET), world, workflow)
    best = min(
        play(documents, Policy(instance_type, slots, target), world, workflow)[0].seconds for target in (15, 45, 60)
    )
    assert usd <= limit
    assert outcome.seconds <= 1.3 * best


@pytest.mark.parametrize("minutes", [10, 30, 60])
@pytest.mark.parametrize("quota", [2, 20, 100])
def test_no_shard_is_lost_where_as_many_are_started_as_the_quota_allows(quota: int, minutes: float) -> None:
    assert lost_shards(read_workflow(), quota, quota, minutes, shards=4 * quota) == 0


@pytest.mark.parametrize(("quota", "slots"), [(2, 10), (20, 100), (1000, 1000)])
@pytest.mark.parametrize("minutes", [10, 60])
def test_no_shard_is_lost_where_others_use_the_quota(quota: int, slots: int, minutes: float) -> None:
    assert lost_shards(read_workflow(), quota, slots, minutes, shards=4 * slots) == 0


def test_the_chart_has_a_line_for_every_policy(tmp_path: Path) -> None:
    draw([("one", [(1000, 1.0, 1.0), (10**8, 100.0, 1.0)]), ("two", [(1000, 2.0, 1.0)])], tmp_path / "chart.svg")
    assert (tmp_path / "chart.svg").read_text().count("<polyline") == 2
