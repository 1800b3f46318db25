"""Why a document of this machine did not reach its job, or has changed since the plan.

Its `source_uri` is a `file://` URI, so its place tells.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_to_bytes

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.records import Document, DocumentResult, DocumentStatus, PageChunk, Undeliverable

_SCHEME = "file://"
_KINDS = {
    stat.S_IFIFO: "It is a named pipe.",
    stat.S_IFSOCK: "It is a socket.",
    stat.S_IFCHR: "It is a device.",
    stat.S_IFBLK: "It is a device.",
}


_CHANGED = "The file changed after the run had found it."


def name_of(key: str, source_uri: str) -> str:
    """What a document is called below its folder, or in its bucket.

    The key of a file is not always its name: in a key, bytes that are not UTF-8 are escaped, and what looks so.
    """
    if not source_uri.startswith(_SCHEME):
        return key
    return "/".join(path_of(source_uri).parts[1:][-1 - key.count("/") :])


def reasons_by_place(sources: Iterable[tuple[Document, Path]], folder: Path) -> dict[str, Undeliverable]:
    """By document id, why documents of this machine were not delivered; those that were have no reason.

    Args:
        sources: Documents, each with its path in the job, which does not exist where it was not delivered.
        folder: Where the job has its documents.
    """
    return {
        document.document_id: _reason(path_of(document.source_uri), document.key, folder)
        for document, delivered in sources
        if document.source_uri.startswith(_SCHEME) and not delivered.exists()
    }


def telling_changes(
    results: Iterable[PageChunk | DocumentResult], delivered: Mapping[str, Path]
) -> Iterator[PageChunk | DocumentResult]:
    """Results, in which a document of this machine that is no longer what the plan found is `changed`.

    A job has links to documents, so it reads what somebody has written into one since then, and the row would say that
    this is the text of the version that was planned.

    Args:
        results: Of the job's documents, each as soon as it is read.
        delivered: The job's file of each document, by document id.
    """
    for result in results:
        if isinstance(result, DocumentResult) and _has_changed(result, delivered):
            done = result.pages_succeeded + result.pages_blank
            status = DocumentStatus.PARTIAL if done else DocumentStatus.FAILED
            yield replace(result, status=status, error_class=ErrorClass.CHANGED, error_message=_CHANGED)
        else:
            yield result


def _has_changed(result: DocumentResult, delivered: Mapping[str, Path]) -> bool:
    document = result.document
    path = delivered.get(document.document_id)
    if path is None or not document.source_uri.startswith(_SCHEME) or result.status is DocumentStatus.DEFERRED:
        return False
    if file_version(path) == document.etag:
        return False
    if original := file_version(path_of(document.source_uri)):  # what the job has is a copy, if not a changed file
        return original != document.etag
    status = path.stat()  # the original is gone, or out of the sight of a container
    return status.st_nlink > 1 or status.st_size != document.size_bytes


def file_version(path: Path) -> str:
    """The ETag of a file of this machine, as the local environment makes it; empty if it cannot be looked at."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ""
    version = f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"
    return hashlib.md5(version.encode(), usedforsecurity=False).hexdigest()


def path_of(uri: str) -> Path:
    """The path that a `file://` URI names, byte for byte: names need not be UTF-8."""
    return Path(os.fsdecode(unquote_to_bytes(uri.removeprefix(_SCHEME))))


def _reason(path: Path, key: str, job: Path) -> Undeliverable:
    """What is in the way now. `key` is the path below the input folder, which tells that folder; `job` is the job's."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return _reason_of_link(path, path.parents[key.count("/")])
        if kind := _KINDS.get(stat.S_IFMT(status.st_mode)):
            return Undeliverable(ErrorClass.NOT_A_FILE, kind)
    except OSError as error:
        return _reason_of_error(path, error)
    if stat.S_ISDIR(status.st_mode):
        return _reason_of_folder(path)
    is_too_long = len(os.fsencode(job / key)) >= os.pathconf("/", "PC_PATH_MAX")
    return _too_long("Its path in the job", job / key) if is_too_long else _reason_of_file(path)


def _reason_of_error(path: Path, error: OSError) -> Undeliverable:
    if isinstance(error, FileNotFoundError):
        return Undeliverable(ErrorClass.MISSING, "The file went after the run had found it.")
    if error.errno == errno.ENAMETOOLONG:
        return _too_long("Its path", path)
    return Undeliverable(ErrorClass.UNREADABLE, f"It cannot be looked at: {error.strerror}.")


def _too_long(what: str, path: Path) -> Undeliverable:
    """Of a file, or of a folder: then nothing below it is read."""
    size, limit = len(os.fsencode(path)), os.pathconf("/", "PC_PATH_MAX") - 1
    message = f"{what} has {size} bytes, and the system takes {limit}: shorten the names of its folders."
    return Undeliverable(ErrorClass.UNREADABLE, message)


def _reason_of_folder(path: Path) -> Undeliverable:
    if os.access(path, os.R_OK | os.X_OK):
        return Undeliverable(ErrorClass.CHANGED, "A folder took the file's place after the run had found it.")
    return Undeliverable(ErrorClass.UNREADABLE, "The folder may not be read: permission denied.")


def _reason_of_link(path: Path, folder: Path) -> Undeliverable:
    target = Path(os.path.realpath(path))  # a link to itself stays itself
    if not target.exists():
        return Undeliverable(ErrorClass.NOT_A_FILE, "It is a link that leads nowhere.")
    if not target.is_relative_to(folder):
        return Undeliverable(ErrorClass.OUTSIDE, f"It is a link to {str(target)!r}, outside of the folder.")
    if target.is_dir():
        return Undeliverable(ErrorClass.NOT_A_FILE, "It is a link to a folder.")
    return _reason_of_file(target)


def _reason_of_file(path: Path) -> Undeliverable:
    if not os.access(path, os.R_OK):
        return Undeliverable(ErrorClass.UNREADABLE, "The file may not be read: permission denied.")
    return Undeliverable(ErrorClass.CHANGED, "The file changed while it was handed to the job.")
