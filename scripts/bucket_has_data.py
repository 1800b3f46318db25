"""Says how much a bucket holds: python scripts/bucket_has_data.py BUCKET REGION.

Prints a count such as "12 objects (15 versions, 3.4 MB)"; exit status 1, and nothing printed, if it
holds nothing or is not there. A bucket that cannot be listed is status 2 and a message: it is not known to be empty.
"""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def describe(pages: Iterable[Mapping[str, Any]]) -> str:
    """What the pages of ListObjectVersions hold, in words; empty for nothing. Delete markers count as versions."""
    objects = size = versions = 0
    for page in pages:
        found = page.get("Versions", [])
        versions += len(found) + len(page.get("DeleteMarkers", []))
        objects += sum(version["IsLatest"] for version in found)
        size += sum(version["Size"] for version in found)
    return f"{objects} objects ({versions} versions, {_readable(size)})" if versions else ""


def _readable(size: float) -> str:
    for unit in _UNITS[:-1]:
        if size < 1000:
            break
        size /= 1000
    else:
        unit = _UNITS[-1]
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"


def main(bucket: str, region: str) -> int:
    """Print what the bucket holds."""
    client = boto3.Session(region_name=region or None).client("s3")
    try:
        found = describe(client.get_paginator("list_object_versions").paginate(Bucket=bucket))
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return 1
        print(f"The bucket {bucket} cannot be listed: {error}", file=sys.stderr)
        return 2
    except BotoCoreError as error:
        print(f"The bucket {bucket} cannot be listed: {error}", file=sys.stderr)
        return 2
    print(found)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
