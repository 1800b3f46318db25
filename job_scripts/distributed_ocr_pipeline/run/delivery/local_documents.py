"""Why a document of this machine did not reach its job. Its `source_uri` is a `file://` URI, so its place tells."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote_to_bytes

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.records import Document, Undeliverable

_SCHEME = "file://"
_KINDS = {
    stat.S_IFIFO: "It is a named pipe.",
    stat.S_IFSOCK: "It is a socket.",
    stat.S_IFCHR: "It is a device.",
    stat.S_IFBLK: "It is a device.",
}


def reasons_by_place(sources: Iterable[tuple[Document, Path]]) -> dict[str, Undeliverable]:
    """By document id, why documents of this machine were not delivered; those that were have no reason.

    Args:
        sources: Documents, each with its path in the job, which does not exist where it was not delivered.
    """
    return {
        document.document_id: _reason(path_of(document.source_uri), document.key)
        for document, delivered in sources
        if document.source_uri.startswith(_SCHEME) and not delivered.exists()
    }


def path_of(uri: str) -> Path:
    """The path that a `file://` URI names, byte for byte: names need not be UTF-8."""
    return Path(os.fsdecode(unquote_to_bytes(uri.removeprefix(_SCHEME))))


def _reason(path: Path, key: str) -> Undeliverable:
    """What is in the way now. `key` is the path below the input folder, which tells that folder."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return _reason_of_link(path, path.parents[key.count("/")])
        if kind := _KINDS.get(stat.S_IFMT(status.st_mode)):
            return Undeliverable(ErrorClass.NOT_A_FILE, kind)
    except FileNotFoundError:
        return Undeliverable(ErrorClass.MISSING, "The file went after the run had found it.")
    except OSError as error:
        return Undeliverable(ErrorClass.UNREADABLE, f"It cannot be looked at: {error.strerror}.")
    if stat.S_ISDIR(status.st_mode):
        return _reason_of_folder(path)
    return _reason_of_file(path)


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
