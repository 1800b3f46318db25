"""A bucket's folder: its files as objects, in S3's order, and how a new object becomes a file."""

import errno
import hashlib
import os
import shutil
import stat
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from local_aws.errors import ObjectExists, ObjectRefused
from local_aws.s3.metadata import NO_METADATA, ObjectMetadata
from local_aws.s3.names import escape, is_text, relative_path, unescape
from local_aws.settings import BucketFolder

INCOMING = ".incoming"
"""The folder of objects that are not complete, inside the bucket's own: the two are on one file system."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for an object to be stored: there is none of its key, or one with this ETag."""

    only_new: bool = False
    etag: str | None = None


ALWAYS = Condition()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A file as an object: `modified` in seconds since 1970."""

    key: str
    path: str
    size_bytes: int
    etag: str
    modified: float


class FolderBucket:
    """The objects of one folder.

    A folder that may be written holds what was put into it, under its keys; names at its top that begin with a dot are
    no objects. A folder that is only read shows everything in it that is not a folder: links, devices, folders that
    cannot be entered and what no path leads to are objects too, so that nothing is passed over, but have no content.
    """

    def __init__(self, settings: BucketFolder) -> None:
        self.read_only, self._root = settings.read_only, settings.path.resolve()
        self._left_out, self._mark = {str(path.resolve()) for path in settings.left_out}, settings.left_out_with
        self._metadata = ObjectMetadata(self._root)
        self._storing = threading.Lock()  # a condition holds until the object is stored
        if not self.read_only:
            shutil.rmtree(self.incoming, ignore_errors=True)  # what a killed server left

    @property
    def incoming(self) -> Path:
        """The folder of objects that are not complete."""
        return self._root / INCOMING

    def find(self, key: str) -> StoredObject | None:
        """The object of this key."""
        path = self._path(key)
        return self._object(key, str(path)) if path else None

    def walk(self, prefix: str = "", after: str = "") -> Iterator[StoredObject]:
        """Every object whose key begins with `prefix` and comes after `after`, in the order of their keys."""
        return self._walk(str(self._root), "", prefix, after)

    def content(self, item: StoredObject) -> BinaryIO | None:
        """An object's file, opened; None if it has no content: no regular file of this folder, or not readable."""
        path = os.path.realpath(item.path)
        if not Path(path).is_relative_to(self._root):
            return None
        try:
            file = open(path, "rb", opener=_opener)  # pylint: disable=consider-using-with  # the caller closes it
        except OSError:
            return None
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            return None
        return file

    @contextmanager
    def new_file(self) -> Iterator[Path]:
        """A file to write a new object into. It is removed at the end unless `store` has taken it."""
        self.incoming.mkdir(parents=True, exist_ok=True)
        file = self.incoming / uuid.uuid4().hex
        file.touch(exist_ok=False)
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)

    def store(
        self, file: Path, key: str, *, condition: Condition = ALWAYS, metadata: Mapping[str, str] = NO_METADATA
    ) -> StoredObject:
        """Make a file of `new_file` the object of this key. When this returns, the object survives a power cut.

        Raises:
            ObjectRefused: The key cannot be a path, or another object is in its way.
            ObjectExists: The condition does not hold.
        """
        target = self._path(key)
        if target is None:
            raise ObjectRefused(f"The key {key!r} cannot be the path of a file.")
        _flush(file)
        with self._storing:
            self._require(condition, key)
            self._metadata.keep(key, metadata)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(file, target)
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                raise ObjectRefused(
                    f"The key {key!r} needs a folder where a file is, or a file that is one."
                ) from error
        _flush(target.parent)
        stored = self._object(key, str(target))
        assert stored is not None
        return stored

    def metadata(self, key: str) -> Mapping[str, str]:
        """What the caller who stored an object said about it."""
        return NO_METADATA if self.read_only else self._metadata.find(key)

    def _require(self, condition: Condition, key: str) -> None:
        if condition == ALWAYS:
            return
        stored = self.find(key)
        if condition.only_new and stored is not None:
            raise ObjectExists(f"There is an object {key!r}.")
        if condition.etag is not None and (stored is None or stored.etag != condition.etag):
            raise ObjectExists(f"The object {key!r} is another one.")

    def delete(self, key: str) -> None:
        """Remove an object; as in S3, it need not be there."""
        if path := self._path(key):
            try:
                path.unlink()
                self._metadata.keep(key, NO_METADATA)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EPERM):
                    raise

    def _path(self, key: str) -> Path | None:
        path = relative_path(key, escaped=self.read_only)
        hidden = path is None or (not self.read_only and path.parts[0].startswith("."))
        return None if hidden or path is None else self._root / path

    def _walk(self, folder: str, base: str, prefix: str, after: str) -> Iterator[StoredObject]:
        for name in sorted(self._names(folder, top=not base)):
            key = base + name
            path = os.path.join(folder, unescape(name.rstrip("/")) if self.read_only else name)
            if key.endswith("/"):
                if _may_hold(key, prefix) and (key > after or after.startswith(key)):
                    yield from self._walk(path.rstrip("/"), key, prefix, after)
            elif key.startswith(prefix) and key > after and (found := self._object(key, path)):
                yield found

    def _names(self, folder: str, *, top: bool) -> Iterator[str]:
        """The names in a folder as parts of keys; those of folders end with a slash, which sorts them as S3 does."""
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if self._is_shown(entry, top):
                        name = escape(entry.name) if self.read_only else entry.name
                        yield f"{name}/" if _can_be_entered(entry) else name
        except FileNotFoundError:
            pass  # it went while its parent was listed

    def _is_shown(self, entry: "os.DirEntry[str]", top: bool) -> bool:
        if self.read_only:
            return entry.path not in self._left_out and not _holds(entry, self._mark)
        return is_text(entry.name) and not (top and entry.name.startswith("."))

    def _object(self, key: str, path: str) -> StoredObject | None:
        try:
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode) and os.path.isfile(path):
                status = os.stat(path)
        except OSError as error:  # what lies too deep has no content, but is there
            return StoredObject(key, path, 0, "", 0.0) if error.errno == errno.ENAMETOOLONG else None
        except ValueError:
            return None
        if stat.S_ISDIR(status.st_mode) and (not self.read_only or os.access(path, os.R_OK | os.X_OK)):
            return None
        size = status.st_size if stat.S_ISREG(status.st_mode) else 0
        return StoredObject(key, path, size, _etag(size, status), status.st_mtime)


def _etag(size: int, status: os.stat_result) -> str:
    version = f"{size} {status.st_mtime_ns} {status.st_ino}"
    return hashlib.md5(version.encode(), usedforsecurity=False).hexdigest()


def _holds(entry: "os.DirEntry[str]", name: str) -> bool:
    return bool(name) and entry.is_dir(follow_symlinks=False) and os.path.lexists(os.path.join(entry.path, name))


def _can_be_entered(entry: "os.DirEntry[str]") -> bool:
    return entry.is_dir(follow_symlinks=False) and os.access(entry.path, os.R_OK | os.X_OK)


def _may_hold(folder_key: str, prefix: str) -> bool:
    return folder_key.startswith(prefix) or prefix.startswith(folder_key)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)  # a FIFO would wait for its writer


def _flush(path: Path) -> None:
    """Make a file's content, or a folder's names, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
