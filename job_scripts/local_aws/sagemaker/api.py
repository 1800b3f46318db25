"""The calls for SageMaker processing jobs at the local endpoint. They replace moto's, whose jobs never run."""

import json
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.iam.models import iam_backends
from moto.sagemaker.exceptions import SagemakerClientError
from moto.sagemaker.responses import SageMakerResponse

from local_aws.errors import InvalidRequest, NameInUse, QuotaExceeded, Throttled, UnknownJob
from local_aws.faults import Faults
from local_aws.sagemaker.jobs import JobRegistry, ProcessingJob
from local_aws.sagemaker.quotas import StartRate, check_quotas
from local_aws.sagemaker.validation import RequestValidator, check_processing_job

_PAGE_SIZE = 10
_NO_TIME = 1e-9  # the least that a time scale of 0 leaves of a second

_SORT_KEYS = {"Name": "ProcessingJobName", "CreationTime": "CreationTime", "Status": "ProcessingJobStatus"}


def install(registry: JobRegistry, faults: Faults) -> None:
    """Make moto answer the calls for processing jobs from `registry`. Call it once per process."""
    api = ProcessingJobsApi(registry, faults)
    for action in (
        api.create_processing_job,
        api.describe_processing_job,
        api.stop_processing_job,
        api.list_processing_jobs,
    ):
        setattr(SageMakerResponse, action.__name__, _answering(action))


def _answering(action: Any) -> Any:
    """A method of moto's response class that passes the decoded request to `action`."""

    def answer(response: BaseResponse) -> ActionResult:
        try:
            found = action(response.current_account, response.region, json.loads(response.body or "{}"))
        except InvalidRequest as error:
            raise SagemakerClientError("ValidationException", str(error)) from error
        except Throttled as error:
            raise SagemakerClientError("ThrottlingException", str(error)) from error
        except QuotaExceeded as error:
            raise SagemakerClientError("ResourceLimitExceeded", str(error)) from error
        return ActionResult(found) if found is not None else EmptyResult()

    return answer


class ProcessingJobsApi:
    """The calls. Each takes account, region and decoded request, and returns the decoded answer."""

    def __init__(self, registry: JobRegistry, faults: Faults) -> None:
        self._registry = registry
        self._faults = faults
        self._account = faults.account
        self._rate = StartRate(faults.account.starts_per_second / max(faults.retry_wait_scale, _NO_TIME))
        self._starting = threading.Lock()
        self._create = RequestValidator("CreateProcessingJob")
        self._list = RequestValidator("ListProcessingJobs")

    def create_processing_job(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Check the request as AWS does, then start the job."""
        self._rate.take(region)
        self._create.check(request)
        check_processing_job(request)
        _check_role(account, request["RoleArn"])
        refusal = self._faults.refusal(request)
        if refusal is not None:
            raise SagemakerClientError(refusal, f"{refusal}: refused by the fault plan of the local environment.")
        try:
            with self._starting:  # the next request counts this job's instances
                check_quotas(self._account, request, self._registry.list(region))
                return {"ProcessingJobArn": self._registry.create(account, region, request).arn}
        except NameInUse as error:
            message = f"Job name must be unique within an AWS account and region: '{error}' already exists."
            raise SagemakerClientError("ResourceInUse", message) from error

    def describe_processing_job(self, _account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """The description of one job."""
        return self._get(region, request).describe()

    def stop_processing_job(self, _account: str, region: str, request: dict[str, Any]) -> None:
        """Request the stop of a job."""
        job = self._get(region, request)
        if job.ended.is_set():
            raise InvalidRequest(f"The request was rejected because the processing job is in status {job.status}.")
        job.stop()

    def list_processing_jobs(self, _account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """The summaries that match the filters, in pages."""
        self._list.check({name: value for name, value in request.items() if not name.endswith(("After", "Before"))})
        found = [
            summary for summary in (job.summary() for job in self._registry.list(region)) if _matches(summary, request)
        ]
        found.sort(
            key=lambda summary: summary[_SORT_KEYS[request.get("SortBy", "CreationTime")]],
            reverse=request.get("SortOrder", "Descending") == "Descending",
        )
        start = int(request.get("NextToken", 0))
        end = start + int(request.get("MaxResults", _PAGE_SIZE))
        page: dict[str, Any] = {"ProcessingJobSummaries": found[start:end]}
        return page | ({"NextToken": str(end)} if end < len(found) else {})

    def _get(self, region: str, request: Mapping[str, Any]) -> ProcessingJob:
        try:
            return self._registry.get(region, request["ProcessingJobName"])
        except (UnknownJob, KeyError) as error:
            raise SagemakerClientError("ResourceNotFound", "Could not find requested job") from error


def _check_role(account: str, role_arn: str) -> None:
    """Raise `InvalidRequest` unless the role exists and SageMaker may assume it."""
    roles = [role for role in iam_backends[account]["aws"].roles.values() if role.arn == role_arn]
    if not roles or "sagemaker.amazonaws.com" not in str(roles[0].assume_role_policy_document):
        raise InvalidRequest(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            "'sagemaker.amazonaws.com' to assume the role."
        )


def _matches(summary: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    def within(member: str, field: str) -> bool:
        moment: datetime = summary[field]
        after, before = request.get(f"{member}After"), request.get(f"{member}Before")
        return (after is None or moment.timestamp() > after) and (before is None or moment.timestamp() < before)

    return (
        request.get("NameContains", "").lower() in summary["ProcessingJobName"].lower()
        and request.get("StatusEquals", summary["ProcessingJobStatus"]) == summary["ProcessingJobStatus"]
        and within("CreationTime", "CreationTime")
        and within("LastModifiedTime", "LastModifiedTime")
    )
