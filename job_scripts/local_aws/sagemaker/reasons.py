"""The failure reasons of processing jobs, in the forms that were seen on AWS.

Sources: SageMaker's guide ("sagemaker-python-sdk-troubleshooting"), the processing jobs of
aws/sagemaker-spark-container, aws-samples/sagemaker-run-notebook#32, and reports of users (rse-grand-challenge).
"""

from collections.abc import Mapping
from typing import Literal

Kind = Literal["algorithm", "algorithm_with_code", "out_of_memory", "download", "capacity", "internal"]

OUT_OF_MEMORY = (
    "ClientError: Please use an instance type with more memory, "
    "or reduce the size of job data processed on an instance."
)

REASONS: Mapping[Kind, str] = {
    "algorithm": "AlgorithmError: See job logs for more information",
    "algorithm_with_code": "AlgorithmError: , exit code: 1",
    "out_of_memory": OUT_OF_MEMORY,
    "download": "ClientError: Failed to download data. Please check your s3 objects and ensure that there is no object "
    "that is both a folder as well as a file.",
    "capacity": "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML "
    "instance type or after some time.",
    "internal": "InternalServerError: We encountered an internal error. Please try again.",
}
