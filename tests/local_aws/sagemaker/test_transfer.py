"""Addresses of inputs and outputs, and what an upload makes of a folder."""

from pathlib import Path
from typing import Any

import pytest

from local_aws.errors import TransferError
from local_aws.sagemaker.transfer import InputDownloader, OutputUploader, split_uri


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
