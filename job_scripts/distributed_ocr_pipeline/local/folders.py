"""The two folders of a run on this machine: documents are read in one, results are written into the other."""

import errno
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO
from urllib.parse import quote

from distributed_ocr_pipeline.errors import BadInput, DocumentError, ErrorClass
from distributed_ocr_pipeline.layout import MARK, RunLayout, runs_in_folder, strangers
from distributed_ocr_pipeline.ocr.documents.media_type import SUPPORTED, media_type
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.wording import count_of
from local_aws.s3.folder import FolderBucket
from local_aws.s3.names import unescape
from local_aws.settings import BucketFolder

LEAST_FREE_BYTES = 64 * 1024 * 1024
"""A run does not start with less space for its results."""

LEAST_LEFT_BYTES = 16 * 1024 * 1024
"""A run with less left ends while its report still has room."""

_TRY_AGAIN_SECONDS = 0.05
_EARLIER_URIS = "s3://ocr-local-input/"  # how documents on this machine were named before they had file:// URIs
_NO_DOCUMENT = (ErrorClass.UNSUPPORTED_TYPE, ErrorClass.EMPTY)


def require_documents(folder: BucketFolder, max_document_mb: int) -> None:
    """Raise `BadInput` if a folder is missing, cannot be read or holds nothing that looks like a document.

    The search ends at the first file that does.
    """
    path = str(folder.path)
    if not folder.path.is_dir():
        what = "is a file, not a folder" if folder.path.is_file() else "does not exist"
        raise BadInput(f"The folder {path!r} {what}.", "Give a folder of documents, or s3://bucket/prefix/.")
    if not os.access(folder.path, os.R_OK | os.X_OK):
        raise BadInput(f"The folder {path!r} cannot be read.", "Change its permissions.")
    _require_no_results(folder)
    files = 0
    for item in FolderBucket(folder).walk():
        files += 1
        if _may_be_document(Path(item.path), max_document_mb):
            return
    if not files:
        raise BadInput(f"The folder {path!r} holds no files.", "Give a folder of documents.")
    raise BadInput(f"No document is among the {count_of(files, 'file')} in {path!r}.", f"Documents are {SUPPORTED}.")


def _require_no_results(folder: BucketFolder) -> None:
    """A run that reads where it writes, or where another one wrote, would read results."""
    if (folder.path / MARK).exists() or folder.path.resolve() in [path.resolve() for path in folder.left_out]:
        raise BadInput(
            f"The folder {str(folder.path)!r} is one for results, so documents in it cannot be told from them.",
            "Give a folder of documents alone, or choose another --output.",
        )


def _may_be_document(path: Path, max_document_mb: int) -> bool:
    try:
        media_type(path, max_document_mb)
    except DocumentError as error:
        return error.error_class not in _NO_DOCUMENT
    return True


class FileUris:
    """The `file://` URI of every document of a folder: its real path, so that it opens and stays the same.

    A document's id is made from it: the id does not depend on the folder that the command is started in.
    """

    def __init__(self, folder: Path) -> None:
        self._base = f"{folder.resolve().as_uri()}/"

    def __call__(self, location: S3Location) -> str:
        """The URI of a key; the bytes of a name that is not UTF-8 are percent-encoded like all others."""
        return self._base + quote(os.fsencode("/".join(map(unescape, location.key.split("/")))))


def require_writable(folder: Path, least_bytes: int = LEAST_FREE_BYTES) -> None:
    """Raise `BadInput` unless results can be written below `folder`, and there is so much space for them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_something(folder / ".writable")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise BadInput(
            f"The output folder {str(folder)!r} cannot be written: {error.strerror}.", _writing_advice(error)
        ) from error
    if free < least_bytes:
        least = least_bytes // 1024**2
        raise BadInput(f"There are {free // 1024**2} MB free for {str(folder)!r}.", f"Make room: at least {least} MB.")


def _writing_advice(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "Make room."
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return "There is a file of this name, or in its way: choose another --output."
    may = "Change its permissions, or choose" if error.errno in (errno.EACCES, errno.EPERM) else "Choose"
    return f"{may} another --output."


def require_results_alone(output: Path, max_document_mb: int) -> str:
    """Look for documents among results: runs take all of an output folder for results, and do not read what is in it.

    Returns:
        One line about a document in a folder that runs have written to, or empty.

    Raises:
        BadInput: No run has written to the folder yet, and there are documents in it.
    """
    found = next(_documents_among(strangers(output), max_document_mb), None)
    if found is None:
        return ""
    is_first = not (output / MARK).exists()
    what = f"The output folder {str(output)!r} holds {str(found.relative_to(output))!r}, which is no result of a run"
    if is_first:
        raise BadInput(f"{what}: later runs would pass over it.", "Choose a new or an empty folder with --output.")
    return f"{what} and is not read by runs over the folder around it. Move documents out of the output folder."


def _documents_among(paths: Iterable[Path], max_document_mb: int) -> Iterator[Path]:
    """Files that may be documents, below folders as well; other folders of results are passed over."""
    for path in paths:
        for parent, folders, names in os.walk(path) if path.is_dir() else [(str(path.parent), [], [path.name])]:
            if MARK in names:
                folders.clear()
                continue
            files = (Path(parent, name) for name in names)
            yield from (file for file in files if _may_be_document(file, max_document_mb))


def require_space(needs: Mapping[Path, int]) -> None:
    """Raise `BadInput` unless there is room for what comes: bytes by folder. Folders of one file system share it."""
    disks: dict[int, list[Path]] = {}
    for folder in needs:
        disks.setdefault(os.stat(folder).st_dev, []).append(folder)
    for folders in disks.values():
        needed, free = sum(needs[folder] for folder in folders), shutil.disk_usage(folders[0]).free
        if needed > free:
            names = " and ".join(repr(str(folder)) for folder in folders)
            raise BadInput(
                f"This run needs about {needed / 1e6:,.1f} MB in {names}, and {free / 1e6:,.1f} MB are free.",
                "Make room, choose another --output or TMPDIR, or take fewer documents (--include).",
            )


def _write_something(file: Path) -> None:
    try:
        file.write_bytes(b"x")
    finally:
        file.unlink(missing_ok=True)


@dataclass(frozen=True)
class Holder:
    """The run that writes into an output folder, or was the last to do so."""

    run_id: str  # empty: of a version that did not say
    pid: int
    documents: str  # the folder that it reads
    since: datetime
    is_at_work: bool
    options: Mapping[str, Any]  # that it was given
    has_ended: bool  # by itself: neither Ctrl-C nor a kill ended it early


@contextmanager
def locked(
    output: Path, documents: Path, run_id: str, options: Mapping[str, Any] = MappingProxyType({})
) -> Iterator[None]:
    """Keep other runs out of an output folder, and leave there which run was the last, and how it ended.

    The lock goes with the process, however that ends.

    Args:
        output: The folder.
        documents: The folder that the run reads.
        run_id: The run.
        options: That the run was given, as JSON has them.

    Raises:
        BadInput: Another run writes into the folder; the message says which.
    """
    with (output / MARK).open("a+", encoding="utf-8") as lock:
        if not _take(lock, fcntl.LOCK_EX):
            lock.seek(0)
            raise BadInput(
                f"Another run writes into {str(output)!r}: {_describe(lock.read())}.",
                "Wait for its end, or choose another --output.",
            )
        named = {"run_id": run_id, "pid": os.getpid(), "documents": str(documents.absolute())}
        holder = {**named, "since": _now(), "options": dict(options)}
        _rewrite(lock, {**holder, "ended": None})
        is_interrupted = False
        try:
            yield
        except KeyboardInterrupt:
            is_interrupted = True
            raise
        finally:
            if not is_interrupted:
                _rewrite(lock, {**holder, "ended": _now()})


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()


def _rewrite(lock: TextIO, values: Mapping[str, Any]) -> None:
    """Write into the file; a full disk takes nothing, and must not hide how the run ended."""
    with suppress(OSError):
        os.ftruncate(lock.fileno(), 0)
        os.write(lock.fileno(), json.dumps(values).encode("utf-8"))


def find_holder(output: Path) -> Holder | None:
    """Which run holds an output folder, or held it last; None where that is not known."""
    try:
        with (output / MARK).open(encoding="utf-8") as lock:
            is_at_work = not _take(lock, fcntl.LOCK_SH, tries=1)
            return _parse_holder(lock.read(), is_at_work)
    except OSError:
        return None


def _take(lock: TextIO, kind: int, tries: int = 3) -> bool:
    """Take a lock. Who looks whether it is taken holds it for a moment, so a run tries more than once."""
    for _ in range(tries):
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(_TRY_AGAIN_SECONDS)
    return False


def _parse_holder(text: str, is_at_work: bool) -> Holder | None:
    try:
        found: dict[str, Any] = json.loads(text)
        since = datetime.fromisoformat(found["since"])
        has_ended = found.get("ended", since) is not None  # earlier versions did not say
        pid, documents, options = found["pid"], found["documents"], found.get("options", {})
        return Holder(found.get("run_id", ""), pid, documents, since, is_at_work, options, has_ended)
    except (ValueError, KeyError):  # it has just begun, or is of an earlier version
        return None


def _describe(text: str) -> str:
    holder = _parse_holder(text, is_at_work=True)
    if holder is None:
        return "it has just begun"
    return f"process {holder.pid} reads {holder.documents!r} since {holder.since:%H:%M} UTC"


def has_earlier_ids(output: Path) -> bool:
    """Whether a folder has results of a version that named documents by the folder the command was started in."""
    for run_id in runs_in_folder(output):
        import pyarrow.parquet as pq  # pylint: disable=import-outside-toplevel  # 60 MB that a first run does without

        for file in (output / RunLayout("", run_id).documents.key).glob("*.parquet"):
            rows = pq.read_table(file, columns=["source_uri"], partitioning=None)["source_uri"]
            if len(rows):
                return bool(rows[0].as_py().startswith(_EARLIER_URIS))
    return False
