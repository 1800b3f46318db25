"""Files of folder buckets for jobs: a hard link where the file system allows it, else a copy."""

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from local_aws.s3.folder import FolderBucket


class Delivery:
    """Puts objects of folder buckets that are only read into a job's folder.

    An object without content, whose content changes while it is copied, or whose path in the job would be too long, is
    left out, where AWS would fail the job: somebody may remove a file, write to it or take its permissions while a run
    reads its folder, and that must not cost the other files of the job.
    """

    def __init__(self, buckets: Mapping[str, FolderBucket] = MappingProxyType({})) -> None:
        self._buckets = {name: bucket for name, bucket in buckets.items() if bucket.read_only}

    def delivers(self, bucket: str) -> bool:
        """Whether this bucket's objects come this way."""
        return bucket in self._buckets

    def deliver(self, bucket: str, key: str, target: Path) -> None:
        """Make `target` the object's content, in a folder that is made."""
        folder = self._buckets[bucket]
        item = folder.find(key)
        content = folder.content(item) if item else None
        if content is None:
            return
        with content:
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                _place(content, target)
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise


def _place(content: BinaryIO, target: Path) -> None:
    try:
        os.link(content.name, target)
    except OSError:  # another file system, or another owner
        _copy(content, target)


def _copy(content: BinaryIO, target: Path) -> None:
    """Copy a file; nothing is left of one that changes meanwhile."""
    before = _version(content)
    with target.open("wb") as copy:
        shutil.copyfileobj(content, copy)
    if _version(content) != before:
        target.unlink()


def _version(content: BinaryIO) -> tuple[int, int]:
    status = os.fstat(content.fileno())
    return status.st_size, status.st_mtime_ns
