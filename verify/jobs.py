"""Questions about the environment and the end of a job."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from verify.probes import NAMESPACE
from verify.question import Question
from verify.site import Site

_PAGE = Path(__file__).parents[1] / "examples/documents/photo.jpg"
_METRIC_SECONDS = 600.0
# At most 256 characters, as every argument of a container.
_NAMES = (
    "import os,pathlib as p;r=p.Path(os.environ.get('OCR_ML_ROOT','/opt/ml'))/'output';r.mkdir(exist_ok=True);"
    "(r/'message').write_text(' '.join(sorted(n for n in os.environ if 'REGION' in n)) or 'none')"
)


def _region(site: Site) -> str:
    request = site.request("region")
    states = site.machine()["definition"]["States"]
    planner = states["PlanShards"]["Parameters"]
    request |= {"RoleArn": planner["RoleArn"], "NetworkConfig": planner["NetworkConfig"], "ProcessingInputs": []}
    request["AppSpecification"] = request["AppSpecification"] | {"ContainerEntrypoint": ["python3", "-c", _NAMES]}
    del request["ProcessingInputs"]
    return str(site.run_job(request).get("ExitMessage"))


def _end(job: Mapping[str, Any]) -> str:
    return f"{job['ProcessingJobStatus']}: {job.get('FailureReason', '-')} / {job.get('ExitMessage', '-')}"


def _failure(site: Site) -> str:
    return _end(site.run_job(site.request("fail")))


def _memory(site: Site) -> str:
    return _end(site.run_job(site.request("exhaust")))


def _metric(site: Site) -> str:
    job = site.run_job(site.request("metric"))
    now = datetime.now(timezone.utc)

    def look() -> float | None:
        found = site.client("cloudwatch").get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName="Probe",
            Dimensions=[{"Name": "Job", "Value": job["ProcessingJobName"]}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in found) if found else None

    return f"sum {site.until('the metric', look, _METRIC_SECONDS):g}"


def _cpu(site: Site) -> str:
    site.put("data/page.jpg", _PAGE.read_bytes())
    job = site.run_job(site.request("cpu", site.manifest("page.jpg")))
    return str(job.get("ExitMessage") or _end(job))


QUESTIONS = (
    Question("region", "Which variables with a region does SageMaker set in a job?", "none", 6, _region),
    Question(
        "failure",
        "How does a job end whose container exits with 64 after it wrote its message?",
        "AlgorithmError: See job logs for more information / FINAL 64 asked to fail",
        6,
        _failure,
    ),
    Question(
        "memory",
        "How does a job end whose container the kernel ended for want of memory?",
        "ClientError: Please use an instance type with more memory",
        10,
        _memory,
    ),
    Question("metric", "Does a line in the embedded metric format become a metric?", "sum 1", 6, _metric),
    Question("cpu", "How many CPU seconds does a page take on this instance?", "CPU seconds a page", 6, _cpu),
)
