"""How many jobs may run at the same time: what the user asks, and what AWS allows this account today.

Two quotas bind: instances of the type for processing jobs, and instances of all types together
(Service Quotas, service code `sagemaker`). A new account has 2 of ml.t3.xlarge and 4 in all.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from distributed_ocr_pipeline.errors import BadInput, PipelineError
from distributed_ocr_pipeline.storage import aws_call

logger = logging.getLogger(__name__)

_SUFFIX = " for processing job usage"
_TOTAL = "Number of instances across all processing jobs"


@dataclass(frozen=True)
class Quotas:
    """What the account may run, and what runs already."""

    by_type: Mapping[str, int]
    total: int
    running: int = 0  # processing jobs of all kinds, this planner not among them


@dataclass(frozen=True)
class Slots:
    """Jobs that run at the same time, and what they are bound by."""

    count: int
    reason: str


def read_quotas(service_quotas: Any, sagemaker: Any, own_job: str = "") -> Quotas:
    """Ask AWS.

    Args:
        service_quotas, sagemaker: boto3 clients.
        own_job: Names that begin so are not counted as running: this planner's.

    Raises:
        BadInput: It is not allowed to ask.
        ServiceFault: AWS did not answer.
    """
    with aws_call("Reading the quotas of SageMaker"):
        found = dict(_quota_values(service_quotas))
        jobs = sagemaker.get_paginator("list_processing_jobs").paginate(StatusEquals="InProgress")
        names = {job["ProcessingJobName"] for page in jobs for job in page["ProcessingJobSummaries"]}  # pages overlap
    others = [name for name in names if not (own_job and name.startswith(own_job))]
    by_type = {name.removesuffix(_SUFFIX): value for name, value in found.items() if name.endswith(_SUFFIX)}
    return Quotas(by_type, found.get(_TOTAL, max(by_type.values(), default=0)), len(others))


def _quota_values(client: Any) -> Iterator[tuple[str, int]]:
    """Defaults first, so that what was raised for this account overrides them."""
    for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
        for page in client.get_paginator(operation).paginate(ServiceCode="sagemaker"):
            for quota in page["Quotas"]:
                if quota["QuotaName"].endswith(_SUFFIX) or quota["QuotaName"] == _TOTAL:
                    yield quota["QuotaName"], int(quota["Value"])


def grant(asked: int, instance_type: str, quotas: Quotas | None) -> Slots:
    """How many of the jobs that were asked for can run at once.

    Args:
        asked: `max_parallel_jobs`.
        instance_type: Of the jobs.
        quotas: None where they are unknown.

    Raises:
        BadInput: The account may run none: they would wait for ever.
    """
    if quotas is None:
        return Slots(asked, "asked")
    of_type = quotas.by_type.get(instance_type, quotas.total)
    for quota, name in ((of_type, f"{instance_type}{_SUFFIX}"), (quotas.total, _TOTAL)):
        if quota < 1:
            raise BadInput(
                f"The quota {name!r} is 0: no job would ever start.",
                f"Raise it in Service Quotas, or choose a type that has one: {_allowed(quotas)}.",
            )
    free = max(1, quotas.total - quotas.running)
    bounds = ((asked, "asked"), (of_type, f"quota of {instance_type}"), (free, "quota of all processing jobs"))
    count, reason = min(bounds, key=lambda bound: bound[0])
    return Slots(count, reason)


def _allowed(quotas: Quotas) -> str:
    allowed = [f"{name} ({count})" for name, count in sorted(quotas.by_type.items()) if count > 0]
    return ", ".join(allowed) or "there is none yet"


def find_quotas(service_quotas: Any, sagemaker: Any, own_job: str = "") -> Quotas | None:
    """As `read_quotas`; None, and a warning, where they cannot be read: a run goes on without them."""
    try:
        return read_quotas(service_quotas, sagemaker, own_job)
    except PipelineError as error:
        logger.warning("Quotas are not known, so as many jobs as asked for are started: %s", error)
        return None
