"""Multipart uploads: parts are files, which become one file when the upload is completed."""

import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from local_aws.errors import ObjectRefused, UnknownUpload
from local_aws.s3.folder import ALWAYS, Condition, FolderBucket, StoredObject


class Uploads:
    """The open uploads of one bucket. They end with the server."""

    def __init__(self, bucket: FolderBucket) -> None:
        self._bucket = bucket

    def create(self) -> str:
        """Begin an upload; returns its id."""
        upload_id = uuid.uuid4().hex
        (self._bucket.incoming / upload_id).mkdir(parents=True)
        return upload_id

    def write_part(self, upload_id: str, number: int, write: Callable[[Path], None]) -> str:
        """Store one part, which `write` writes into a file; returns its ETag."""
        folder = self._folder(upload_id)
        with self._bucket.new_file() as file:
            write(file)
            file.replace(folder / str(number))
        return f"{upload_id}-{number}"

    def complete(
        self, upload_id: str, key: str, numbers: Sequence[int], *, condition: Condition = ALWAYS
    ) -> StoredObject:
        """Make one object of the parts with these numbers, in this order."""
        folder = self._folder(upload_id)
        parts = [folder / str(number) for number in numbers]
        if not parts or not all(part.is_file() for part in parts):
            raise ObjectRefused("One or more of the specified parts could not be found.")
        first, *others = parts
        with first.open("ab") as whole:
            for part in others:
                with part.open("rb") as content:
                    shutil.copyfileobj(content, whole)
                part.unlink()
        stored = self._bucket.store(first, key, condition=condition)
        self.abort(upload_id)
        return stored

    def abort(self, upload_id: str) -> None:
        """Remove an upload and its parts."""
        shutil.rmtree(self._folder(upload_id))

    def _folder(self, upload_id: str) -> Path:
        folder = self._bucket.incoming / upload_id
        if not upload_id.isalnum() or not folder.is_dir():
            raise UnknownUpload("The specified upload does not exist.")
        return folder
