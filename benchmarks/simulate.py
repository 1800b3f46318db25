"""A plan played against the limits of AWS.

They are job starts, quotas, provisioning, failures, capacity, and the workflow's retries.

    python -m benchmarks.simulate            tables of targets and slots, and of shards lost
    python -m benchmarks.simulate --chart docs/scaling.svg

Times are seconds. What is simulated and not measured: provisioning takes 3 to 6 minutes and is billed, one job is
started a second, and a child of the Map begins a few seconds after another has ended. Retries and waits are those of
modules/workflow/state_machine.asl.yaml, read from the file.
"""

import argparse
import heapq
import random
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from math import log10
from pathlib import Path
from statistics import mean
from typing import Any

import yaml

from distributed_ocr_pipeline.planning.estimating import Amount, Range
from distributed_ocr_pipeline.planning.packing import Limits
from distributed_ocr_pipeline.planning.prices import Figures, load_figures

PAGES_PER_DOCUMENT = 7.1  # lognormal, median 3, sigma 1.2, and 0.05 % books
BYTES_PER_PAGE = 60_000
DEFINITION = Path("modules/workflow/state_machine.asl.yaml")

_FAST = "ml.c6i.4xlarge"
_MOST_INSTANCES = 20  # of a processing job: the default quota
_SEEDS = 5
_SHARD_BYTES = 8 * 1024**3
_THROTTLING = "ThrottlingException"
_QUOTA = "SageMaker.ResourceLimitExceededException"

# The chart, in units of its viewBox.
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720, 420, 70, 50
_RIGHT = _WIDTH - 150  # names of the lines stand beside it
_COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0")
_TIMES = ((0.1, "6 min"), (1, "1 h"), (10, "10 h"), (24 * 7, "a week"), (24 * 30, "a month"), (24 * 365, "a year"))


@dataclass(frozen=True)
class Waiting:
    """How long to wait before try number n, and how often: a retrier, or a loop of states."""

    attempts: float
    first: float
    factor: float
    longest: float
    least: float = 0.0
    step: float = 0.0  # what the longest wait grows by each time

    def seconds(self, tries: int, chance: random.Random) -> float:
        """A wait with full jitter."""
        if self.step:
            return chance.uniform(self.least, self.longest + self.step * tries)
        return chance.uniform(0, min(self.longest, self.first * self.factor ** min(tries, 60)))


@dataclass(frozen=True)
class Workflow:
    """What the state machine does when a job cannot start."""

    throttled: Waiting
    over_quota: Waiting
    staggered: bool  # whether the first shards wait for a second of their own each


def read_workflow(path: Path = DEFINITION) -> Workflow:
    """The retries and waits of the workflow's definition."""
    text = re.sub(r"\$\{\w+\}", "{}", path.read_text(encoding="utf-8"))
    map_state = yaml.safe_load(text)["States"]["ProcessShards"]
    states = map_state["ItemProcessor"]["States"]
    retriers = states["ProcessShard"]["Retry"]
    return Workflow(
        throttled=_retrier(retriers, _THROTTLING),
        over_quota=_waiting_states(states, map_state) or _retrier(retriers, _QUOTA),
        staggered="WaitForItsSecond" in states,
    )


def _retrier(retriers: list[Mapping[str, Any]], error: str) -> Waiting:
    (found,) = [retrier for retrier in retriers if error in retrier["ErrorEquals"]]
    return Waiting(found["MaxAttempts"], found["IntervalSeconds"], found["BackoffRate"], found["MaxDelaySeconds"])


def _waiting_states(states: Mapping[str, Any], map_state: Mapping[str, Any]) -> Waiting | None:
    """A loop that waits a random time whose upper bound grows."""
    if "ShardWaitsForQuota" not in states:
        return None
    parameters = states["ShardWaitsForQuota"]["Parameters"]
    least = re.search(r"MathRandom\((\d+)", parameters["seconds.$"])
    step = re.search(r"MathAdd\(.*, (\d+)\)", parameters["longest.$"])
    assert least and step
    longest = map_state["ItemSelector"]["wait"]["longest"]
    return Waiting(float("inf"), 0, 1, longest, float(least[1]), float(step[1]))


@dataclass(frozen=True)
class World:
    """What AWS and the documents do."""

    quota: int
    provisioning: tuple[float, float] = (180, 360)
    starts_per_second: float = 1.0
    between_children: tuple[float, float] = (1, 5)
    failing: float = 0.0  # share of jobs that die half-way and are tried again
    stragglers: float = 0.05  # sigma of the logarithm of a shard's time
    instances_per_job: int = 1  # each reads a shard; the job, and its bill, lasts until the slowest has


@dataclass
class Outcome:
    """What became of a run."""

    seconds: float = 0.0
    billed: float = 0.0  # instance seconds, provisioning included
    worked: float = 0.0  # instance seconds of work
    lost: int = 0  # shards whose tries ran out
    refused: int = 0  # calls

    @property
    def waste(self) -> float:
        """Share of what is billed that is no work."""
        return 1 - self.worked / self.billed if self.billed else 0.0


class Simulation:
    """Plays the shards of a run, the longest first.

    Args:
        shards: Wall seconds of each shard's work.
        slots: Instances at the same time; so many children of the Map, where a job has one.
        world: What AWS does.
        workflow: What the state machine does.
        seed: Of the chances.
    """

    def __init__(self, shards: list[float], slots: int, world: World, workflow: Workflow, seed: int = 1) -> None:
        self._waiting = sorted(shards)  # popped from the end
        self._slots, self._world, self._workflow = slots, world, workflow
        self._chance = random.Random(seed)
        self._events: list[tuple[float, int, str, "_Child"]] = []
        self._numbers = iter(range(sys.maxsize))
        self._running = 0
        self._next_start = 0.0
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Play to the end."""
        for index in range(min(self._slots // self._world.instances_per_job, len(self._waiting))):
            self._open_child(index if self._workflow.staggered else 0.0)
        while self._events:
            now, _, what, child = heapq.heappop(self._events)
            self.outcome.seconds = now
            if what == "try":
                self._try_to_start(now, child)
            else:
                self._finish(now, child)
        return self.outcome

    def _open_child(self, at: float) -> None:
        taken = self._waiting[-self._world.instances_per_job :]
        if taken:
            del self._waiting[-len(taken) :]
            self._push(at, "try", _Child(taken))

    def _push(self, at: float, what: str, child: "_Child") -> None:
        heapq.heappush(self._events, (at, next(self._numbers), what, child))

    def _try_to_start(self, now: float, child: "_Child") -> None:
        if now < self._next_start:
            self._refuse(now, child, self._workflow.throttled, "throttled")
        elif self._running + len(child.shards) > self._world.quota:
            self._next_start = now + 1 / self._world.starts_per_second  # a refused call is a call
            self._refuse(now, child, self._workflow.over_quota, "over_quota")
        else:
            self._next_start = now + 1 / self._world.starts_per_second
            self._start(now, child)

    def _refuse(self, now: float, child: "_Child", waiting: Waiting, kind: str) -> None:
        self.outcome.refused += 1
        tries = child.tries.get(kind, 0)
        child.tries[kind] = tries + 1
        if tries >= waiting.attempts:
            self.outcome.lost += len(child.shards)
            self._open_child(now + self._chance.uniform(*self._world.between_children))
        else:
            self._push(now + waiting.seconds(tries, self._chance), "try", child)

    def _start(self, now: float, child: "_Child") -> None:
        instances = len(child.shards)
        self._running += instances
        child.dies = child.attempt < 3 and self._chance.random() < 1 - (1 - self._world.failing) ** instances
        shards = [work * self._chance.lognormvariate(0, self._world.stragglers) for work in child.shards]
        provisioning = max(self._chance.uniform(*self._world.provisioning) for _ in shards)
        took = provisioning + (max(shards) / 2 if child.dies else max(shards))
        self.outcome.billed += took * instances
        self.outcome.worked += 0.0 if child.dies else sum(shards)
        self._push(now + took, "end", child)

    def _finish(self, now: float, child: "_Child") -> None:
        self._running -= len(child.shards)
        if child.dies:
            child.attempt, child.tries = child.attempt + 1, {}
            self._push(now + 1, "try", child)
        else:
            self._open_child(now + self._chance.uniform(*self._world.between_children))


@dataclass
class _Child:
    """One execution of the Map: a job, and the seconds of the shard of each of its instances."""

    shards: list[float]
    attempt: int = 1
    dies: bool = False
    tries: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """How a run is planned."""

    instance_type: str
    slots: int
    target_minutes: float = 30.0
    files_per_job: int | None = None

    def shards(self, documents: int, figures: Figures) -> list[float]:
        """Wall seconds of the shards of so many scanned documents, as the planner packs them."""
        instance, job = figures.instance(self.instance_type), figures.job
        pages = documents * PAGES_PER_DOCUMENT
        amount = Amount(
            documents=documents,
            size_bytes=round(pages * BYTES_PER_PAGE),
            pages=Range(pages, pages, pages),
            text_layer_share=0.0,
            cpu_seconds=Range(1, 1, 1).times(pages * figures.work.scan_seconds),
        )
        rate = job.download_mb_per_second * 1e6
        limits = Limits(self.target_minutes * 60, _SHARD_BYTES, self.files_per_job)
        count = (
            amount.shards(instance, limits, rate, self.slots)
            if self.files_per_job is None
            else -(-documents // self.files_per_job)
        )
        work = amount.cpu_seconds.expected / instance.power + amount.size_bytes / rate
        return [work / count + job.start_seconds] * count


def play(documents: int, policy: Policy, world: World, workflow: Workflow, seed: int = 1) -> tuple[Outcome, float]:
    """Simulate a run; returns what became of it, and its price in USD."""
    figures = load_figures()
    outcome = Simulation(policy.shards(documents, figures), policy.slots, world, workflow, seed).run()
    return outcome, outcome.billed * figures.instance(policy.instance_type).usd_per_hour / 3600


def _targets(workflow: Workflow) -> Iterator[str]:
    yield "| documents | instances | target, min | shards | hours | USD a million pages | waste |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for documents in (10**4, 10**5, 10**6):
        for instance_type, slots in (("ml.t3.xlarge", 2), ("ml.c6i.4xlarge", 4), ("ml.c6i.4xlarge", 20)):
            for target in (10, 20, 30, 45, 60):
                policy = Policy(instance_type, slots, target)
                outcome, usd = play(documents, policy, World(slots, failing=0.01), workflow)
                million = usd / documents / PAGES_PER_DOCUMENT * 1e6
                shards = len(policy.shards(documents, load_figures()))
                yield (
                    f"| {documents:,} | {slots} x {instance_type} | {target} | {shards} | {outcome.seconds / 3600:.1f} "
                    f"| {million:.1f} | {outcome.waste:.0%} |"
                )


def lost_shards(workflow: Workflow, quota: int, slots: int, minutes: float, shards: int) -> int:
    """Shards whose tries run out, of so many of so many minutes each."""
    return Simulation([minutes * 60.0] * shards, slots, World(quota), workflow).run().lost


def _losses(workflow: Workflow) -> Iterator[str]:
    yield "| quota | jobs at a time | minutes a shard | shards | lost |"
    yield "| --- | --- | --- | --- | --- |"
    for quota, slots in ((2, 2), (2, 10), (20, 20), (20, 100), (100, 100), (100, 200), (1000, 1000)):
        for minutes in (10, 30, 60):
            shards = max(100, 4 * slots)
            lost = lost_shards(workflow, quota, slots, minutes, shards)
            yield f"| {quota} | {slots} | {minutes} | {shards} | {lost} |"


def _start_rates(workflow: Workflow) -> Iterator[str]:
    """What one start a second takes of a run's time, and what jobs of several instances would win; no job dies."""
    unlimited = replace(workflow, staggered=False)
    yield "| pages | instances | shards | hours | with any number of starts | 20 instances a job: hours, USD more |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for power in (6, 7, 8):
        documents = round(10**power / PAGES_PER_DOCUMENT)
        for slots in (100, 1000):
            policy = Policy(_FAST, slots)
            alone, usd = _mean(documents, policy, World(slots), workflow)
            free, _ = _mean(documents, policy, World(slots, starts_per_second=float("inf")), unlimited)
            grouped, more = _mean(documents, policy, World(slots, instances_per_job=_MOST_INSTANCES), workflow)
            shards = len(policy.shards(documents, load_figures()))
            yield (
                f"| {10**power:,} | {slots:,} | {shards:,} | {alone:.2f} | {free:.2f} ({1 - free / alone:.0%} less) "
                f"| {grouped:.2f}, {more / usd - 1:.0%} |"
            )


def _mean(documents: int, policy: Policy, world: World, workflow: Workflow) -> tuple[float, float]:
    """Hours and USD of a run, as the mean of some."""
    played = [play(documents, policy, world, workflow, seed) for seed in range(_SEEDS)]
    return mean(outcome.seconds for outcome, _ in played) / 3600, mean(usd for _, usd in played)


def _scales(workflow: Workflow) -> list[tuple[str, list[tuple[int, float, float]]]]:
    """Hours and USD by documents, for the default policy on some instances, and for ten files a job."""
    policies = {
        "2 x t3.xlarge": Policy("ml.t3.xlarge", 2),
        "4 x c6i.4xlarge": Policy("ml.c6i.4xlarge", 4),
        "20 x c6i.4xlarge": Policy("ml.c6i.4xlarge", 20),
        "100 x c6i.4xlarge": Policy("ml.c6i.4xlarge", 100),
    }
    lines = []
    for name, policy in policies.items():
        points = []
        for power in range(3, 9):
            target = max(policy.target_minutes, _least_target(10**power, policy))
            chosen = Policy(policy.instance_type, policy.slots, target)
            outcome, usd = play(10**power, chosen, World(policy.slots, failing=0.01), workflow)
            points.append((10**power, outcome.seconds / 3600, usd))
        lines.append((name, points))
    return lines


def _least_target(documents: int, policy: Policy) -> float:
    """Minutes that keep a run below the most shards it can have."""
    power = load_figures().instance(policy.instance_type).power
    return documents * PAGES_PER_DOCUMENT * load_figures().work.scan_seconds / power / 60 / 9000


def draw(lines: list[tuple[str, list[tuple[int, float, float]]]], path: Path) -> None:
    """The chart of docs/scaling.md: hours by documents, both logarithmic."""
    curves = (_curve(name, points, colour) for (name, points), colour in zip(lines, _COLOURS))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        *_axes(),
        *chain.from_iterable(curves),
        "</svg>",
    ]
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


def _place(documents: float, hours: float) -> tuple[float, float]:
    """Where a point of the chart is: 1,000 to 100 million documents, 3 minutes to five years."""
    x = _LEFT + (log10(documents) - 3) / 5 * (_RIGHT - _LEFT)
    y = _HEIGHT - _BOTTOM - (log10(max(hours, 0.05)) + 1.3) / 6 * (_HEIGHT - _BOTTOM - 30)
    return x, y


def _axes() -> Iterator[str]:
    for power in range(3, 9):
        x, _ = _place(10**power, 1)
        yield f'<text x="{x:.0f}" y="{_HEIGHT - 28}" text-anchor="middle">10^{power}</text>'
    for hours, label in _TIMES:
        _, y = _place(1000, hours)
        yield f'<line x1="{_LEFT}" y1="{y:.0f}" x2="{_RIGHT}" y2="{y:.0f}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{label}</text>'
    middle, title = (_LEFT + _RIGHT) / 2, "documents of 7 scanned pages (simulated)"
    yield f'<text x="{middle:.0f}" y="{_HEIGHT - 8}" text-anchor="middle">{title}</text>'


def _curve(name: str, points: list[tuple[int, float, float]], colour: str) -> Iterator[str]:
    """A line through (documents, hours, USD), with its name at the end."""
    places = [_place(documents, hours) for documents, hours, _ in points]
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    end_x, end_y = places[-1]
    yield f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield f'<text x="{end_x + 6:.0f}" y="{end_y + 4:.0f}" fill="{colour}">{name}</text>'


def main() -> None:
    """Print the tables, or draw the chart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the chart of docs/scaling.md instead")
    parser.add_argument("--definition", type=Path, default=DEFINITION, metavar="FILE", help="another workflow")
    chosen = parser.parse_args()
    workflow = read_workflow(chosen.definition)
    lines = _scales(workflow)
    if chosen.chart:
        draw(lines, chosen.chart)
        return
    print("\n".join([*_targets(workflow), "", *_losses(workflow), "", *_start_rates(workflow), ""]))
    print("| documents | " + " | ".join(f"{name}: hours, USD" for name, _ in lines) + " |")
    print("| --- | " + " | ".join("---" for _ in lines) + " |")
    for row in zip(*(points for _, points in lines)):
        print(f"| {row[0][0]:,} | " + " | ".join(f"{hours:.1f}, {usd:.2f}" for _, hours, usd in row) + " |")


if __name__ == "__main__":
    main()
