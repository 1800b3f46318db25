"""The S3 adapter: listing, small files, folders, and Parquet columns read in place."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from distributed_ocr_pipeline.errors import BadInput, PipelineError, ServiceFault
from distributed_ocr_pipeline.json_files import decode_json
from distributed_ocr_pipeline.records import S3Location

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from pyarrow.fs import S3FileSystem

_PARALLEL_TRANSFERS = 32
_FEW = 200  # objects
_CONNECT_SECONDS, _READ_SECONDS = 60, 60  # boto3's own; Arrow gives up after 1 and 3 seconds, too soon for a busy disk
_ATTEMPTS = 8
_CALLERS_FAULT = {"NoSuchBucket", "NoSuchKey", "404", "AccessDenied", "403", "InvalidBucketName", "PermanentRedirect"}
_NO_BYTES = ("InvalidRange", "416")  # an empty object is there, but has no first byte


@dataclass(frozen=True)
class ListedObject:
    """One object of a listing."""

    key: str
    etag: str
    size_bytes: int


@contextmanager
def aws_call(doing: str) -> Iterator[None]:
    """Turn the SDK's errors into ours: `doing` completes the sentence "… failed".

    Raises:
        BadInput: AWS refused the call for something that the caller named; `code` is AWS's name for it.
        ServiceFault: AWS failed the call (`code`), or was not reached.
    """
    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error) as error:
        answer = error.__context__ if isinstance(error, Boto3Error) else error  # transfers wrap it
        if not isinstance(answer, ClientError):
            raise ServiceFault(f"{doing} failed: {error}", "Check the AWS region, profile and network.") from error
        found = answer.response.get("Error", {})
        code = found.get("Code", "")
        message = f"{doing} failed: {found.get('Message', answer)} ({code})."
        raise (BadInput if code in _CALLERS_FAULT else ServiceFault)(message, code=code) from error


class Storage:
    """S3 as this pipeline uses it. What is not given comes from the usual AWS settings.

    Args:
        session: Credentials and settings.
        endpoint_url: Another address than AWS's.
        region: The buckets' region. boto3 follows S3 from a wrong region to the right one, Arrow's client does not.
    """

    def __init__(
        self, session: boto3.Session | None = None, endpoint_url: str | None = None, region: str | None = None
    ) -> None:
        self._endpoint_url, self._region = endpoint_url, region
        self._config = _config()
        with aws_call("Connecting to S3"):
            self._session = session or boto3.Session(region_name=region)
            self._client: "S3Client" = self.client()

    def list_objects(self, prefix: S3Location) -> Iterator[ListedObject]:
        """Every object below a prefix, in key order, page by page."""
        with aws_call(f"Listing {prefix}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=prefix.key)
            for page in pages:
                for item in page.get("Contents", []):
                    yield ListedObject(item["Key"], item["ETag"].strip('"'), item["Size"])

    def get_json(self, location: S3Location) -> Any:
        """The value of a JSON document; `BadInput` if it is none."""
        return decode_json(self.get_bytes(location), str(location))

    def get_bytes(self, location: S3Location) -> bytes:
        """An object's content."""
        with aws_call(f"Reading {location}"):
            return self._client.get_object(Bucket=location.bucket, Key=location.key)["Body"].read()

    def exists(self, location: S3Location) -> bool:
        """Whether an object is there."""
        try:
            return self.find_metadata(location) is not None
        except BadInput:
            return False

    def find_metadata(self, location: S3Location) -> Mapping[str, str] | None:
        """What was stored with an object beside its content; None where there is no such object."""
        try:
            with aws_call(f"Looking for {location}"):
                return self._client.head_object(Bucket=location.bucket, Key=location.key)["Metadata"]
        except BadInput as error:
            if error.code != "404":
                raise
            return None

    def find_size(self, location: S3Location) -> int:
        """How many bytes an object has."""
        with aws_call(f"Looking for {location}"):
            return self._client.head_object(Bucket=location.bucket, Key=location.key)["ContentLength"]

    def find_unreadable(self, locations: Iterable[S3Location]) -> dict[str, str]:
        """The keys of those objects whose first byte cannot be read, each with AWS's code and words."""
        asked = list(locations)
        with ThreadPoolExecutor(_PARALLEL_TRANSFERS) as pool:
            reasons = pool.map(lambda location: _why_unreadable(self._client, location), asked)
        return {location.key: reason for location, reason in zip(asked, reasons) if reason}

    def put_json(self, location: S3Location, value: Any) -> None:
        """Store a value as JSON."""
        with aws_call(f"Writing {location}"):
            self._client.put_object(Bucket=location.bucket, Key=location.key, Body=json.dumps(value).encode())

    def get_range(self, location: S3Location, offset: int, length: int) -> bytes:
        """A piece of an object, fewer bytes at its end."""
        with aws_call(f"Reading {location}"):
            answer = self._client.get_object(
                Bucket=location.bucket, Key=location.key, Range=f"bytes={offset}-{offset + length - 1}"
            )
            return answer["Body"].read()

    def find_json(self, location: S3Location) -> Any:
        """The value of a JSON document; None where there is no such object."""
        try:
            return self.get_json(location)
        except BadInput as error:
            if error.code not in ("NoSuchKey", "404"):
                raise
            return None

    def find_folders(self, prefix: S3Location) -> Iterator[str]:
        """Names of the folders directly below a prefix."""
        with aws_call(f"Listing {prefix}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=prefix.bucket, Prefix=prefix.key, Delimiter="/"
            )
            for page in pages:
                for item in page.get("CommonPrefixes", []):
                    yield item["Prefix"].removeprefix(prefix.key).rstrip("/")

    def put_small(self, objects: Iterable[tuple[S3Location, bytes]]) -> None:
        """Store many small objects, side by side. (boto3 takes 3 ms of CPU for each, Arrow's client 50 MB for any.)"""
        rest = iter(objects)
        _in_parallel(partial(_put, self._client), islice(rest, _FEW))
        if one_more := next(rest, None):
            _in_parallel(partial(_put_by_arrow, self.arrow_filesystem()), chain([one_more], rest))

    def get_small(self, objects: Iterable[tuple[S3Location, Path]]) -> None:
        """Fetch many small objects into files, side by side."""

        def get(entry: tuple[S3Location, Path]) -> None:
            location, path = entry
            path.parent.mkdir(parents=True, exist_ok=True)
            with aws_call(f"Reading {location}"):
                body = self._client.get_object(Bucket=location.bucket, Key=location.key)["Body"]
                with path.open("wb") as file:
                    shutil.copyfileobj(body, file)

        _in_parallel(get, objects)

    def client(self) -> Any:
        """A boto3 client of its own, for who changes it."""
        return self._session.client(
            "s3", region_name=self._region, endpoint_url=self._endpoint_url, config=self._config
        )

    def upload(self, path: Path, location: S3Location) -> None:
        """Store one file."""
        with aws_call(f"Writing {location}"):
            self._client.upload_file(str(path), location.bucket, location.key)

    def arrow_filesystem(self) -> "S3FileSystem":
        """Arrow's own S3 client, which reads single columns of remote files; set up like the boto3 client."""
        from pyarrow.fs import (  # pylint: disable=import-outside-toplevel  # 50 MB that most users of S3 do without
            AwsStandardS3RetryStrategy,
            S3FileSystem,
        )

        credentials = self._session.get_credentials()
        if credentials is None:
            raise BadInput("No AWS credentials were found.", "Set AWS_PROFILE or run `aws configure`.")
        frozen = credentials.get_frozen_credentials()
        return S3FileSystem(
            access_key=frozen.access_key,
            secret_key=frozen.secret_key,
            session_token=frozen.token,
            region=self._client.meta.region_name,
            endpoint_override=self._client.meta.endpoint_url,
            connect_timeout=_CONNECT_SECONDS,
            request_timeout=_READ_SECONDS,
            retry_strategy=AwsStandardS3RetryStrategy(_ATTEMPTS),
            allow_delayed_open=True,  # a small object is stored with one call
        )


def _config() -> Config:
    return Config(
        max_pool_connections=_PARALLEL_TRANSFERS,
        retries={"mode": "adaptive", "max_attempts": _ATTEMPTS},
        signature_version="s3v4",  # links to objects under a KMS key need it
    )


def copy_columns(storage: Storage, bucket: str, keys: Sequence[str], columns: list[str], path: Path) -> None:
    """Copy some columns of Parquet objects into one file, batch by batch; they are text and numbers from 1."""
    import pyarrow as pa  # pylint: disable=import-outside-toplevel  # see `arrow_filesystem`
    import pyarrow.dataset as ds  # pylint: disable=import-outside-toplevel
    import pyarrow.parquet as pq  # pylint: disable=import-outside-toplevel

    schema = pa.schema([(name, pa.int32() if name.endswith("_number") else pa.string()) for name in columns])
    filesystem = storage.arrow_filesystem() if keys else None  # it takes 50 MB, and mostly there is nothing to copy
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for key in keys:
            dataset = ds.dataset(f"{bucket}/{key}", schema, "parquet", filesystem)
            for batch in dataset.to_batches(columns=columns):
                writer.write_batch(batch)


def _why_unreadable(client: "S3Client", location: S3Location) -> str:
    try:
        with aws_call(f"Reading {location}"):
            client.get_object(Bucket=location.bucket, Key=location.key, Range="bytes=0-0")["Body"].close()
    except PipelineError as error:
        answer = error.__cause__
        if not isinstance(answer, ClientError) or answer.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise
        found = answer.response["Error"]
        return "" if found["Code"] in _NO_BYTES else f"{found['Code']}: {found['Message']}"
    return ""


def _put(client: "S3Client", entry: tuple[S3Location, bytes]) -> None:
    location, content = entry
    with aws_call(f"Writing {location}"):
        client.put_object(Bucket=location.bucket, Key=location.key, Body=content)


def _put_by_arrow(filesystem: "S3FileSystem", entry: tuple[S3Location, bytes]) -> None:
    location, content = entry
    try:
        with filesystem.open_output_stream(f"{location.bucket}/{location.key}") as stream:
            stream.write(content)
    except OSError as error:
        raise ServiceFault(f"Writing {location} failed: {error}") from error


def _in_parallel(action: Callable[[Any], None], items: Iterable[Any]) -> None:
    """Do something with every item, some at a time; no more items are taken than are being worked on."""
    with ThreadPoolExecutor(_PARALLEL_TRANSFERS) as pool:
        pending: set[Future[None]] = set()
        for item in items:
            pending.add(pool.submit(action, item))
            if len(pending) >= 2 * _PARALLEL_TRANSFERS:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                _raise_first(done)
        _raise_first(pending)


def _raise_first(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.result()
