"""A shard's files: its list of documents, and the SageMaker manifest that says which of them to download."""

import json
from collections.abc import Iterable

from distributed_ocr_pipeline.records import Document, S3Location

_LONGEST_FILE_NAME = 255  # bytes; the limit of Linux file systems


def make_manifest(
    input_prefix: S3Location, documents: Iterable[Document], beside: Iterable[str] = ()
) -> list[str | dict[str, str]]:
    """SageMaker's manifest: the common prefix, the rest of every key that can become a file, and names `beside` them.

    Source: `S3DataSource` in the SageMaker API reference.
    """
    base = manifest_base(input_prefix.key)
    names = dict.fromkeys(document.key.removeprefix(base) for document in documents)  # of two parts one
    return [{"prefix": f"s3://{input_prefix.bucket}/{base}"}, *(name for name in names if is_file_name(name)), *beside]


def manifest_base(key_prefix: str) -> str:
    """The part of a key prefix that names folders: up to and with its last slash."""
    return key_prefix[: key_prefix.rfind("/") + 1]


def is_file_name(name: str) -> bool:
    """Whether a key (less the common prefix) can be the relative path of a downloaded file."""
    parts = name.split("/")
    return "\0" not in name and all(
        part not in ("", ".", "..") and len(part.encode()) <= _LONGEST_FILE_NAME for part in parts
    )


def parse_documents(lines: str) -> list[Document]:
    """The documents of a documents.jsonl file's content."""
    return [Document(**json.loads(line)) for line in lines.split("\n") if line]
