"""Slots: what was asked, held to the quotas of the account."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.planning.quotas import Quotas, find_quotas, grant, read_quotas

NEW_ACCOUNT = Quotas({"ml.t3.xlarge": 2, "ml.c6i.4xlarge": 0}, total=4)


class _Answers:
    """Stands for a boto3 client: paginators with one page each."""

    def __init__(self, pages: Mapping[str, Any]) -> None:
        self._pages = pages

    def get_paginator(self, operation: str) -> Any:
        answer = self._pages[operation]

        class _Paginator:
            def paginate(self, **_: Any) -> list[Any]:
                if isinstance(answer, Exception):
                    raise answer
                return [answer]

        return _Paginator()


def _quota(name: str, value: float) -> dict[str, Any]:
    return {"QuotaName": name, "Value": value}


def test_a_new_account_gets_what_its_quota_allows() -> None:
    assert grant(10, "ml.t3.xlarge", NEW_ACCOUNT).count == 2
    assert grant(10, "ml.t3.xlarge", NEW_ACCOUNT).reason == "quota of ml.t3.xlarge"
    assert grant(1, "ml.t3.xlarge", NEW_ACCOUNT).reason == "asked"


def test_jobs_that_run_already_leave_fewer_but_never_none() -> None:
    assert grant(10, "ml.t3.xlarge", Quotas({"ml.t3.xlarge": 4}, total=4, running=3)).count == 1
    assert grant(10, "ml.t3.xlarge", Quotas({"ml.t3.xlarge": 4}, total=4, running=9)).count == 1


def test_a_quota_of_zero_is_refused_with_the_types_that_have_one() -> None:
    with pytest.raises(BadInput, match=r"'ml.c6i.4xlarge for processing job usage' is 0.*ml.t3.xlarge \(2\)"):
        grant(10, "ml.c6i.4xlarge", NEW_ACCOUNT)


def test_without_quotas_everything_asked_is_granted() -> None:
    assert grant(7, "ml.t3.xlarge", None).count == 7


def test_raised_quotas_override_the_defaults_and_the_planner_does_not_count_itself() -> None:
    name = "ml.t3.xlarge for processing job usage"
    quotas = _Answers(
        {
            "list_aws_default_service_quotas": {
                "Quotas": [_quota(name, 2), _quota("Number of instances across all processing jobs", 4)]
            },
            "list_service_quotas": {"Quotas": [_quota(name, 20), _quota("ml.t3.xlarge for endpoint usage", 9)]},
        }
    )
    jobs = [{"ProcessingJobName": "ocr-plan-1"}, {"ProcessingJobName": "other"}]
    sagemaker = _Answers({"list_processing_jobs": {"ProcessingJobSummaries": jobs}})
    assert read_quotas(quotas, sagemaker, "ocr-plan-") == Quotas({"ml.t3.xlarge": 20}, total=4, running=1)


def test_a_run_goes_on_where_quotas_must_not_be_read(caplog: pytest.LogCaptureFixture) -> None:
    refused = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListServiceQuotas")
    client = _Answers({"list_aws_default_service_quotas": refused})
    assert find_quotas(client, client) is None
    (warning,) = caplog.messages
    assert "as many jobs as asked for" in warning and "AccessDenied" in warning
