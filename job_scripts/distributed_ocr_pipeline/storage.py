"""The S3 adapter: listing, small files, folders, and Parquet columns read in place."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import pyarrow as pa
import pyarrow.dataset as ds
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pyarrow.fs import AwsStandardS3RetryStrategy, FileSelector, FileType, S3FileSystem

from distributed_ocr_pipeline.errors import BadInput, PipelineError, ServiceFault
from distributed_ocr_pipeline.json_files import decode_json
from distributed_ocr_pipeline.records import S3Location

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_T = TypeVar("_T")

_PARALLEL_TRANSFERS = 16
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


@dataclass(frozen=True)
class Footer:
    """What the end of a Parquet file says about it."""

    name: str  # of the file, without folders
    rows: int
    metadata: Mapping[str, str]


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
        config = Config(
            max_pool_connections=_PARALLEL_TRANSFERS, retries={"mode": "adaptive", "max_attempts": _ATTEMPTS}
        )
        with aws_call("Connecting to S3"):
            self._session = session or boto3.Session(region_name=region)
            self._client: "S3Client" = self._session.client(
                "s3", region_name=region, endpoint_url=endpoint_url, config=config
            )

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
            with aws_call(f"Looking for {location}"):
                self._client.head_object(Bucket=location.bucket, Key=location.key)
        except BadInput:
            return False
        return True

    def find_unreadable(self, locations: Iterable[S3Location]) -> dict[str, str]:
        """The keys of those objects whose first byte cannot be read, each with AWS's code and words."""
        asked = list(locations)
        with ThreadPoolExecutor(_PARALLEL_TRANSFERS) as pool:
            reasons = pool.map(self._why_unreadable, asked)
        return {location.key: reason for location, reason in zip(asked, reasons) if reason}

    def _why_unreadable(self, location: S3Location) -> str:
        try:
            with aws_call(f"Reading {location}"):
                self._client.get_object(Bucket=location.bucket, Key=location.key, Range="bytes=0-0")["Body"].close()
        except PipelineError as error:
            answer = error.__cause__
            if not isinstance(answer, ClientError) or answer.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                raise
            found = answer.response["Error"]
            return "" if found["Code"] in _NO_BYTES else f"{found['Code']}: {found['Message']}"
        return ""

    def put_json(self, location: S3Location, value: Any) -> None:
        """Store a value as JSON."""
        with aws_call(f"Writing {location}"):
            self._client.put_object(Bucket=location.bucket, Key=location.key, Body=json.dumps(value).encode())

    def upload(self, path: Path, location: S3Location) -> None:
        """Store one file."""
        with aws_call(f"Writing {location}"):
            self._client.upload_file(str(path), location.bucket, location.key)

    def upload_folder(self, folder: Path, location: S3Location) -> None:
        """Store every regular file below `folder`, under the same relative names."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
        self._in_parallel(lambda path: self.upload(path, location.below(path.relative_to(folder).as_posix())), files)

    def read_parquet(
        self, location: S3Location, columns: list[str], where: ds.Expression | None = None
    ) -> Iterator[dict[str, Any]]:
        """Rows of all Parquet files below a prefix (a Hive layout); only these columns are read."""
        dataset = self._dataset(location)
        if dataset is None:
            return
        for batch in dataset.to_batches(columns=columns, filter=where):
            yield from batch.to_pylist()

    def read_table(
        self, location: S3Location, schema: pa.Schema, columns: list[str], where: ds.Expression | None = None
    ) -> pa.Table:
        """Columns of all Parquet files below a prefix, in one table; no rows where there are no files.

        Args:
            location: Prefix of a Hive layout.
            schema: Columns of the files and of the folders; one that a file lacks is null in its rows.
            columns: Those to read.
            where: Which rows to read; all of them by default.
        """
        dataset = self._dataset(location, schema)
        if dataset is None:
            return schema.empty_table().select(columns)
        return dataset.to_table(columns=columns, filter=where)

    def read_footers(self, location: S3Location) -> Iterator[Footer]:
        """The footer of every Parquet file below a prefix."""
        dataset = self._dataset(location)
        for fragment in dataset.get_fragments() if dataset else ():
            footer = fragment.metadata
            metadata = {
                key.decode(): value.decode() for key, value in (footer.metadata or {}).items() if key != b"ARROW:schema"
            }
            yield Footer(Path(fragment.path).name, footer.num_rows, metadata)

    def _dataset(self, location: S3Location, schema: pa.Schema | None = None) -> ds.Dataset | None:
        """The Parquet files below a prefix; None where there is none. Without a schema, the first file's is taken."""
        base = f"{location.bucket}/{location.key}".rstrip("/")
        filesystem = self.arrow_filesystem()
        found = filesystem.get_file_info(FileSelector(base, allow_not_found=True, recursive=True))
        files = [info.path for info in found if info.type is FileType.File and info.path.endswith(".parquet")]
        if not files:
            return None
        return ds.dataset(files, schema, "parquet", filesystem, "hive", partition_base_dir=base)

    def arrow_filesystem(self) -> S3FileSystem:
        """Arrow's own S3 client, which reads single columns of remote files; set up like the boto3 client."""
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
        )

    def _in_parallel(self, action: Callable[[_T], None], items: Sequence[_T]) -> None:
        with ThreadPoolExecutor(_PARALLEL_TRANSFERS) as pool:
            for _ in pool.map(action, items):
                pass
