"""The job's metrics as lines on stdout, which CloudWatch turns into metrics (embedded metric format).

A network-isolated job cannot call CloudWatch, but its log lines arrive there. (CloudWatch guide, "Specification:
Embedded metric format".) No shard or document is a dimension: each would become a metric of its own, which costs money.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

NAMESPACE = "DistributedOCRPipeline"
_UNITS = {
    "DocumentsProcessed": "Count",
    "ProcessingTime": "Seconds",
    "ProcessingErrors": "Count",
    "ErrorRate": "Percent",
    "InstanceUtilization": "Percent",
}


@dataclass(frozen=True)
class ShardMetrics:
    """The metrics of one shard.

    Attributes:
        documents: Documents that got a ledger row, whatever their status, but for deferred ones.
        seconds: Wall time of the processing.
        errors: Documents with a processing fault.
        utilization: CPU seconds used per core second available, 0-1.
    """

    documents: int
    seconds: float
    errors: int
    utilization: float

    def values(self) -> dict[str, float]:
        """The metrics by their CloudWatch names."""
        return {
            "DocumentsProcessed": self.documents,
            "ProcessingTime": round(self.seconds, 3),
            "ProcessingErrors": self.errors,
            "ErrorRate": round(100 * self.errors / self.documents, 3) if self.documents else 0.0,
            "InstanceUtilization": round(100 * self.utilization, 1),
        }


class Stopwatch:
    """Wall time and the share of the cores that this process and its children used."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), _cpu_seconds()

    @property
    def seconds(self) -> float:
        """Wall seconds since the start."""
        return time.monotonic() - self._wall

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of this process and its finished children since the start."""
        return _cpu_seconds() - self._cpu

    def measured(self) -> dict[str, float]:
        """Both, by name."""
        return {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds}

    @property
    def utilization(self) -> float:
        """CPU seconds since the start per core second, 0-1."""
        return min(1.0, self.cpu_seconds / max(1e-6, self.seconds * (os.cpu_count() or 1)))


def embedded_metrics(metrics: ShardMetrics, pipeline: str, properties: Mapping[str, str]) -> str:
    """One line of embedded metric format; `pipeline` is its only dimension, `properties` can be searched."""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Pipeline"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in _UNITS.items()],
    }
    header = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": header, "Pipeline": pipeline, **metrics.values(), **properties})


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
