"""Objects in moto's buckets, by their addresses."""

from urllib.parse import unquote

from moto.s3.models import FakeKey, s3_backends

from local_aws.clients import ACCOUNT


def stored_object(uri: str) -> FakeKey | None:
    """The object at a path-style address, /bucket/key with or without a query; None if moto keeps none there."""
    bucket, _, key = unquote(uri.partition("?")[0]).lstrip("/").partition("/")
    found = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
    return found.keys.get(key) if found else None


def kms_key_of(uri: str) -> str:
    """The KMS key of the object at a path-style address; empty if it has none."""
    stored = stored_object(uri)
    return (stored.kms_key_id or "") if stored else ""
