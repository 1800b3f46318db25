"""Addresses of inputs and outputs, and what an upload makes of a folder."""

import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from local_aws.errors import TransferError
from local_aws.s3.folder import FolderBucket, StoredObject
from local_aws.s3.transfer import Delivery
from local_aws.sagemaker.transfer import InputDownloader, OutputUploader, split_uri
from local_aws.settings import BucketFolder
from tests.support.local_runs import write_deep


@pytest.mark.parametrize("uri", ["s3://bucket", "s3://bucket/"])
def test_a_bucket_alone_has_an_empty_key(uri: str) -> None:
    assert split_uri(uri) == ("bucket", "")


def test_a_key_is_taken_as_it_is() -> None:
    assert split_uri("s3://bucket//a b/?c#d%20") == ("bucket", "/a b/?c#d%20")


@pytest.mark.parametrize("uri", ["https://bucket/key", "s3:///key", "bucket/key"])
def test_what_is_no_s3_uri_cannot_be_moved(uri: str) -> None:
    with pytest.raises(TransferError):
        split_uri(uri)


class Bucket:
    """Where S3 would stand: keeps what is uploaded, or refuses it."""

    def __init__(self, content: bytes = b"", refuses: bool = False) -> None:
        self.content, self.refuses = content, refuses
        self.uploads: list[tuple[str, dict[str, str]]] = []

    def upload_file(self, *, Key: str, ExtraArgs: dict[str, str], **_: Any) -> None:
        if self.refuses:
            raise OSError("access denied")
        self.uploads.append((Key, ExtraArgs))

    def get_object(self, **_: Any) -> dict[str, Any]:
        return {"Body": self}

    def read(self) -> bytes:
        return self.content


def downloader(bucket: Bucket, volume_bytes: int = 100) -> InputDownloader:
    return InputDownloader(bucket, volume_bytes)  # type: ignore[arg-type]


def uploader(bucket: Bucket, folder: Path, key: str = "") -> OutputUploader:
    output = {"OutputName": "out", "S3Output": {"S3Uri": "s3://data/a/", "S3UploadMode": "Continuous"}}
    return OutputUploader(bucket, output, key, folder)  # type: ignore[arg-type]


def test_a_file_is_uploaded_again_only_when_it_has_changed(tmp_path: Path) -> None:
    bucket = Bucket()
    uploads = uploader(bucket, tmp_path, key="arn:key")
    (tmp_path / "one").write_text("1")
    uploads.upload()
    uploads.upload()
    (tmp_path / "one").write_text("one")
    uploads.upload()
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:key"}
    assert bucket.uploads == [("a/one", encryption)] * 2


def test_an_upload_that_is_refused_says_what_and_where(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("1")
    with pytest.raises(TransferError, match="Failed to upload one to s3://data/a/one: access denied"):
        uploader(Bucket(refuses=True), tmp_path).upload()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'["a"]', b'[{"suffix": "a"}]'])
def test_what_is_no_manifest_is_named(tmp_path: Path, content: bytes) -> None:
    source = {"S3Uri": "s3://data/manifest.json", "S3DataType": "ManifestFile"}
    with pytest.raises(TransferError, match="s3://data/manifest.json is not a manifest"):
        downloader(Bucket(content)).download(source, tmp_path)


class _Growing(io.BytesIO):
    """A file that somebody writes to while it is read."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        super().__init__(file.read())
        self.name, self._file, self._path = file.name, file, path

    def fileno(self) -> int:
        return self._file.fileno()

    def read(self, size: int | None = -1) -> bytes:
        with self._path.open("ab") as more:
            more.write(b"more")
        return super().read(size)

    def close(self) -> None:
        self._file.close()


@pytest.mark.parametrize("growing", [False, True])
def test_a_file_that_changes_while_it_is_copied_is_not_delivered(
    growing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError("another file system")

    def content(bucket: FolderBucket, item: StoredObject) -> Any:
        file = real(bucket, item)
        return _Growing(file, tmp_path / "in/a") if growing and file else file

    real = FolderBucket.content
    monkeypatch.setattr(os, "link", no_link)
    monkeypatch.setattr(FolderBucket, "content", content)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a").write_bytes(b"content")
    delivery = Delivery({"in": FolderBucket(BucketFolder(tmp_path / "in", read_only=True))})
    delivery.deliver("in", "a", tmp_path / "a")
    assert (tmp_path / "a").exists() is not growing


@pytest.mark.parametrize("linked", [True, False])
def test_a_file_whose_path_in_the_job_is_too_long_is_left_out(
    linked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError("another file system")

    if not linked:
        monkeypatch.setattr(os, "link", no_link)
    write_deep(tmp_path, 1, b"content", name="a")
    delivery = Delivery({"in": FolderBucket(BucketFolder(tmp_path, read_only=True))})
    near = tmp_path / ("/".join(["n" * 250] * ((4095 - len(str(tmp_path))) // 251)))
    for target in (near / ("x" * 255), near / ("x" * 255) / "a"):
        delivery.deliver("in", f"{'d' * 250}/a", target)
    delivery.deliver("in", f"{'d' * 250}/a", tmp_path / "job/a")
    assert (tmp_path / "job/a").read_bytes() == b"content"
