"""The documents themselves, as they were when they were read: from this machine, or from S3."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.client.exports.stored import StoredDocument
from distributed_ocr_pipeline.errors import BadInput, PipelineError
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.delivery.local_documents import path_of
from distributed_ocr_pipeline.storage import Storage, aws_call

_CHANGED = ("PreconditionFailed", "412")
_ADVICE = "The next run reads it again; export that run."


class Originals:
    """Fetches documents; what is not on this machine comes into a scratch folder for as long as it is used.

    Args:
        storage: Reads S3; None: with the usual AWS settings, should a document be there.
        scratch: Folder for one document at a time.
    """

    def __init__(self, storage: Storage | None, scratch: Path) -> None:
        self._storage, self._scratch = storage, scratch
        self._client: Any = None

    @contextmanager
    def file(self, document: StoredDocument) -> Iterator[Path]:
        """Its path, inside the `with` block.

        Raises:
            BadInput: It is not there any more, may not be read, or has changed since it was read.
            ServiceFault: S3 did not answer.
        """
        if document.source.source_uri.startswith("s3://"):
            path = self._scratch / "original"
            try:
                self._download(document, path)
                yield path
            finally:
                path.unlink(missing_ok=True)
        else:
            yield _unchanged(path_of(document.source.source_uri), document)

    def _download(self, document: StoredDocument, path: Path) -> None:
        self._client = self._client or (self._storage or Storage()).client()
        location = S3Location.parse(document.source.source_uri)
        try:
            with aws_call(f"Reading {location}"):
                answer = self._client.get_object(Bucket=location.bucket, Key=location.key, IfMatch=document.source_etag)
                with path.open("wb") as file:
                    shutil.copyfileobj(answer["Body"], file)
        except PipelineError as error:
            if error.code in _CHANGED:
                raise BadInput("The document has changed since it was read.", _ADVICE) from error
            raise


def _unchanged(path: Path, document: StoredDocument) -> Path:
    """A file on this machine that may be read: its size tells whether it is another one, without reading all of it."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise BadInput(
            f"The document cannot be read: {error.strerror}.", "Put it there again, so that you may read it."
        ) from error
    if size != document.size_bytes:
        raise BadInput("The document has changed since it was read.", _ADVICE)
    return path
