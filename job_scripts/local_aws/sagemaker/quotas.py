"""The quotas of CreateProcessingJob: how often it is answered, and how many instances its jobs use at a time."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.account import Account
from local_aws.errors import QuotaExceeded, Throttled
from local_aws.sagemaker.jobs import ProcessingJob

TOTAL = "Number of instances across all processing jobs"
VOLUME = "Size of EBS volume for a processing job instance"
RUNTIME = "Longest run time for a processing job"


def of_type(instance_type: str) -> str:
    """The name of an instance type's quota."""
    return f"{instance_type} for processing job usage"


@dataclass(frozen=True)
class Demand:
    """What a request wants of one quota."""

    quota: str
    unit: str
    limit: int
    used: int
    wanted: int

    def check(self) -> None:
        """Raise `QuotaExceeded`, in AWS's words (deepracer-on-aws#88), if it is too much."""
        if self.used + self.wanted > self.limit:
            raise QuotaExceeded(
                f"The account-level service limit '{self.quota}' is {self.limit} {self.unit}, with current utilization "
                f"of {self.used} {self.unit} and a request delta of {self.wanted} {self.unit}. Please use AWS Service "
                "Quotas to request an increase for this quota. If AWS Service Quotas is not available, contact AWS "
                "support to request an increase for this quota."
            )


class StartRate:
    """Answers calls at a steady rate in each region, one at a time: what comes between two answers is refused.

    Args:
        per_second: Calls that are answered.
        clock: Seconds that pass.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap_seconds = 1 / per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._next: defaultdict[str, float] = defaultdict(float)

    def take(self, region: str) -> None:
        """Count a call; `Throttled` if it comes too early."""
        with self._lock:
            now = self._clock()
            if now < self._next[region]:
                raise Throttled("Rate exceeded")
            self._next[region] = now + self._gap_seconds


def check_quotas(account: Account, request: Mapping[str, Any], jobs: Iterable[ProcessingJob]) -> None:
    """Raise `QuotaExceeded` if a request exceeds a quota of the account, given the jobs of its region."""
    for demand in _demands(account, request, [job.request for job in jobs if not job.ended.is_set()]):
        demand.check()


def _demands(account: Account, request: Mapping[str, Any], running: list[Mapping[str, Any]]) -> Iterator[Demand]:
    cluster = _cluster(request)
    kind, wanted = cluster["InstanceType"], cluster["InstanceCount"]
    same = [_cluster(other) for other in running if _cluster(other)["InstanceType"] == kind]
    used = sum(other["InstanceCount"] for other in same)
    yield Demand(of_type(kind), "Instances", account.instances_of(kind), used, wanted)
    in_all = sum(_cluster(other)["InstanceCount"] for other in running)
    yield Demand(TOTAL, "Instances", account.total_instances, in_all, wanted)
    yield Demand(VOLUME, "Gigabytes", account.volume_gb, 0, cluster["VolumeSizeInGB"])
    seconds = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 0)
    yield Demand(RUNTIME, "Seconds", account.runtime_seconds, 0, seconds)


def _cluster(request: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = request["ProcessingResources"]["ClusterConfig"]
    return found
