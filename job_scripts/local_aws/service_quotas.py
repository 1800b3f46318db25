"""Service Quotas for SageMaker: the numbers by which CreateProcessingJob refuses. moto knows those of VPCs only.

AWS's quota codes are not documented as a list, so these are made from the names: a caller looks a quota up by its name.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.responses import ServiceQuotasResponse
from moto.utilities.utils import get_partition

from local_aws.account import NEW_ACCOUNT_INSTANCES, Account
from local_aws.clients import ACCOUNT
from local_aws.sagemaker import quotas
from local_aws.sagemaker.validation import instance_types

SERVICE = "sagemaker"
_PAGE_SIZE = 100


def install(account: Account) -> None:
    """Make moto answer for SageMaker. Call it once per process."""
    others = {name: getattr(ServiceQuotasResponse, name) for name in ("get_service_quota", _LIST_DEFAULTS)}

    def list_quotas(response: ServiceQuotasResponse) -> str:
        return _page(response, account)

    def list_defaults(response: ServiceQuotasResponse) -> str:
        asked = json.loads(response.body)
        found: str = (
            _page(response, Account()) if asked.get("ServiceCode") == SERVICE else others[_LIST_DEFAULTS](response)
        )
        return found

    def get_quota(response: ServiceQuotasResponse) -> str:
        asked = json.loads(response.body)
        if asked.get("ServiceCode") != SERVICE:
            other: str = others["get_service_quota"](response)
            return other
        for quota in _quotas(account, response.region):
            if quota["QuotaCode"] == asked["QuotaCode"]:
                return json.dumps({"Quota": quota})
        raise NoSuchResource

    for name, answer in (
        ("list_service_quotas", list_quotas),
        (_LIST_DEFAULTS, list_defaults),
        ("get_service_quota", get_quota),
    ):
        setattr(ServiceQuotasResponse, name, answer if account.tells_quotas else _deny)


_LIST_DEFAULTS = "list_aws_default_service_quotas"


def _deny(_response: ServiceQuotasResponse) -> str:
    raise JsonRESTError("AccessDeniedException", "A service control policy denies this call explicitly.")


def _page(response: ServiceQuotasResponse, account: Account) -> str:
    asked = json.loads(response.body)
    if asked.get("ServiceCode") != SERVICE:
        raise NoSuchResource
    found = list(_quotas(account, response.region))
    start = int(asked.get("NextToken", 0))
    end = start + min(int(asked.get("MaxResults", _PAGE_SIZE)), _PAGE_SIZE)
    more = {"NextToken": str(end)} if end < len(found) else {}
    return json.dumps({"Quotas": found[start:end]} | more)


def _quotas(account: Account, region: str) -> Iterator[dict[str, Any]]:
    for kind in sorted({*instance_types(), *NEW_ACCOUNT_INSTANCES, *account.instances}):
        yield _quota(region, quotas.of_type(kind), account.instances_of(kind))
    yield _quota(region, quotas.TOTAL, account.total_instances)
    yield _quota(region, quotas.VOLUME, account.volume_gb)
    yield _quota(region, quotas.RUNTIME, account.runtime_seconds)


def _quota(region: str, name: str, value: int) -> dict[str, Any]:
    code = f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"
    return {
        "ServiceCode": SERVICE,
        "ServiceName": "Amazon SageMaker",
        "QuotaArn": f"arn:{get_partition(region)}:servicequotas:{region}:{ACCOUNT}:{SERVICE}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": float(value),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
