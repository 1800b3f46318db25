"""What differs between accounts, and between the ways in which AWS can be read where its documentation is silent."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

NEW_ACCOUNT_INSTANCES: Mapping[str, int] = {"ml.t3.medium": 4, "ml.t3.large": 4, "ml.t3.xlarge": 2}
"""The only instance types with a default quota for processing jobs (AWS General Reference, SageMaker)."""


class Account(BaseModel):
    """One account's quotas for processing jobs, in every region, and the words in which it refuses and fails.

    The defaults are those of a new account, in the strictest reading. Quotas are from the AWS General Reference,
    "Amazon SageMaker endpoints and quotas".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    starts_per_second: float = Field(default=1.0, gt=0)
    """CreateProcessingJob calls that are answered; AWS does not raise this quota."""

    instances: Mapping[str, int] = NEW_ACCOUNT_INSTANCES
    """Instances of each type that processing jobs may use at a time."""

    other_instances: int = Field(default=0, ge=0)
    """The same for each type that `instances` does not name."""

    total_instances: int = Field(default=4, ge=0)
    """Instances of all types together."""

    volume_gb: int = Field(default=1024, ge=1)
    """The largest volume of an instance."""

    runtime_seconds: int = Field(default=432_000, ge=1)
    """The longest time of a job."""

    tells_quotas: bool = True
    """Whether Service Quotas may be asked; the policies of some organizations deny it."""

    events_repeated_every: int = Field(default=5, ge=1)
    """EventBridge delivers at least once: of so many calls of targets, one is made twice."""

    throttled_as: Literal["SageMaker.AmazonSageMakerException", "ThrottlingException"] = (
        "SageMaker.AmazonSageMakerException"
    )
    """The name of a throttled call in a state machine. AWS's sample for the integration retries the general name 100
    times, and its data science SDK met throttling under it (aws-step-functions-data-science-sdk-python#162)."""

    exit_code_in_reason: bool = False
    """Whether a failure reason repeats the exit status. AWS's own test of a processing container expects a reason
    without it (aws/sagemaker-spark-container, test_spark_app_error); the other form is in SageMaker's guide."""

    def instances_of(self, instance_type: str) -> int:
        """The quota of one instance type."""
        return self.instances.get(instance_type, self.other_instances)

    def container_failed(self, code: int) -> str:
        """The failure reason of a job whose container ended with this status."""
        if self.exit_code_in_reason:
            return f"AlgorithmError: , exit code: {code}"
        return "AlgorithmError: See job logs for more information"
