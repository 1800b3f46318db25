"""Bucket policies at the local endpoint, in place of moto's, which takes every condition for unmet and denies."""

import json
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from local_aws.iam.policies import Call, Decision, decide

_ANSWERS = {
    Decision.ALLOWED: PermissionResult.PERMITTED,
    Decision.DENIED: PermissionResult.DENIED,
    Decision.NOT_MENTIONED: PermissionResult.NEUTRAL,
}


def install() -> None:
    """Replace moto's evaluation. Once per process."""
    setattr(FakeBucket, get_permission.__name__, get_permission)


def get_permission(bucket: Any, action: str, resource: str) -> PermissionResult:
    """What the bucket's policy says. The endpoint stands for one that is reached by TLS."""
    policies = [json.loads(bucket.policy)] if bucket.policy else []
    return _ANSWERS[decide(policies, Call(action, resource, {"aws:SecureTransport": "true"}))]
