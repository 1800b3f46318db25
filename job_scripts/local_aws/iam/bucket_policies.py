"""Bucket policies at the local endpoint. They replace moto's evaluation, which takes every condition as not met."""

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
    """Replace moto's evaluation. Call it once per process."""
    setattr(FakeBucket, get_permission.__name__, get_permission)


def get_permission(bucket: Any, action: str, resource: str) -> PermissionResult:
    """What the bucket's policy says. The endpoint stands for one behind TLS."""
    policies = [json.loads(bucket.policy)] if bucket.policy else []
    return _ANSWERS[decide(policies, Call(action, resource, {"aws:SecureTransport": "true"}))]
