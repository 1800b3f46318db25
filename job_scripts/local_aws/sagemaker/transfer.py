"""What SageMaker does before and after the container: it downloads inputs and uploads outputs."""

import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from local_aws.errors import TransferError
from local_aws.s3.transfer import Delivery

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_THREADS = 4
_NAME_BYTES = 255  # of one folder or file name, on Linux
_ONE_STREAM = TransferConfig(use_threads=False)


@dataclass(frozen=True)
class _Item:
    """One object and its path below the input's folder."""

    bucket: str
    key: str
    relative: str


class InputDownloader:
    """Downloads a job's S3Inputs (File mode) to the volume of its instance.

    Args:
        s3: Client with the credentials of the job's role.
        volume_bytes: What all inputs together may have.
        delivery: Gives the objects of folder buckets that are only read.
    """

    def __init__(
        self,
        s3: "S3Client",
        volume_bytes: int,
        delivery: Delivery = Delivery(),
    ) -> None:
        self._s3 = s3
        self._left = volume_bytes
        self._delivery = delivery
        self._lock = threading.Lock()

    def download(self, source: Mapping[str, Any], folder: Path) -> None:
        """Download one S3Input into `folder`; `TransferError` if a part of it is missing or cannot be stored."""
        try:
            self._download(source, folder)
        except (ClientError, BotoCoreError, OSError) as error:
            raise TransferError(f"Failed to download data from {source['S3Uri']}: {error}") from error

    def _download(self, source: Mapping[str, Any], folder: Path) -> None:
        bucket, key = split_uri(source["S3Uri"])
        manifest = source["S3DataType"] == "ManifestFile"
        items = list(_manifest(self._s3, bucket, key) if manifest else _prefix(self._s3, bucket, key))
        if not items:
            raise TransferError(f'No S3 objects found under S3 URL "{source["S3Uri"]}" given in input data source.')
        if self._delivery.delivers(items[0].bucket):  # links: threads would only wait for each other
            for item in items:
                self._delivery.deliver(item.bucket, item.key, folder / _safe(item.relative))
            return
        with ThreadPoolExecutor(_THREADS) as pool:
            for _ in pool.map(lambda item: self._fetch(item, folder), items):
                pass

    def _fetch(self, item: _Item, folder: Path) -> None:
        target = _place(item, folder)
        try:
            answer = self._s3.get_object(Bucket=item.bucket, Key=item.key)
            self._take(answer["ContentLength"])
        except (ClientError, TransferError) as error:
            raise TransferError(f"Failed to download data. s3://{item.bucket}/{item.key}: {error}") from error
        with target.open("wb") as file:
            shutil.copyfileobj(answer["Body"], file)

    def _take(self, size_bytes: int) -> None:
        with self._lock:
            self._left -= size_bytes
            if self._left < 0:
                raise TransferError("No space left on device")


def _prefix(s3: "S3Client", bucket: str, prefix: str) -> Iterator[_Item]:
    """Every key that begins with the prefix; the part after the prefix's last slash is the local path."""
    base = prefix.rfind("/") + 1
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            if not found["Key"].endswith("/"):
                yield _Item(bucket, found["Key"], found["Key"][base:])


def _manifest(s3: "S3Client", bucket: str, key: str) -> Iterator[_Item]:
    """Every key of a manifest: `[{"prefix": "s3://bucket/some/prefix/"}, "a/one.pdf", "two.pdf"]`."""
    content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        head, *suffixes = json.loads(content)
        source, prefix = split_uri(head["prefix"])
    except (ValueError, TypeError, KeyError) as error:
        raise TransferError(f"The manifest s3://{bucket}/{key} is not a manifest: {error!r}.") from error
    for suffix in suffixes:
        yield _Item(source, prefix + suffix, suffix)


def _place(item: _Item, folder: Path) -> Path:
    """Where an object goes, in a folder that is made."""
    target = folder / _safe(item.relative)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _safe(relative: str) -> Path:
    """The path below the input's folder; `TransferError` for a key that cannot be a file name."""
    parts = [part for part in relative.split("/") if part]
    for part in parts:
        if part in (".", "..") or "\0" in part or len(part.encode("utf-8", "surrogatepass")) > _NAME_BYTES:
            raise TransferError(f"Failed to download data. The key '{relative}' cannot be a file name.")
    return Path(*parts)


class OutputUploader:
    """Uploads one S3Output: every regular file below its folder, no links, and changed files again."""

    def __init__(self, s3: "S3Client", output: Mapping[str, Any], kms_key_id: str, folder: Path) -> None:
        target = output["S3Output"]
        self.name: str = output["OutputName"]
        self._s3 = s3
        self._uri: str = target["S3Uri"]
        self._folder = folder
        self._encryption = {"ServerSideEncryption": "aws:kms"} | ({"SSEKMSKeyId": kms_key_id} if kms_key_id else {})
        self._uploaded: dict[Path, tuple[int, int]] = {}
        self.continuous = target["S3UploadMode"] == "Continuous"

    def upload(self) -> None:
        """Upload the files that are new or changed since the last call; `TransferError` if S3 refuses one."""
        bucket, prefix = split_uri(self._uri)
        for path in self._files():
            version = (path.stat().st_mtime_ns, path.stat().st_size)
            if self._uploaded.get(path) != version:
                self._put(
                    path, bucket, "/".join(filter(None, (prefix.rstrip("/"), str(path.relative_to(self._folder)))))
                )
                self._uploaded[path] = version

    def _files(self) -> Iterator[Path]:
        for parent, _, names in os.walk(self._folder):
            for name in sorted(names):
                path = Path(parent, name)
                if path.is_file() and not path.is_symlink():
                    yield path

    def _put(self, path: Path, bucket: str, key: str) -> None:
        try:
            self._s3.upload_file(
                Filename=str(path), Bucket=bucket, Key=key, ExtraArgs=self._encryption, Config=_ONE_STREAM
            )
        except Exception as error:  # pylint: disable=broad-exception-caught  # boto3 has several families of them
            raise TransferError(f"Failed to upload {path.name} to s3://{bucket}/{key}: {error}") from error


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`; `TransferError` for any other address."""
    scheme, _, path = uri.partition("://")
    bucket, _, key = path.partition("/")
    if scheme != "s3" or not bucket:
        raise TransferError(f"'{uri}' is not an S3 URI.")
    return bucket, key
