"""From a file to an open document: what kind of file it is decides which source reads it."""

import os
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents import tasks
from distributed_ocr_pipeline.ocr.documents.media_type import PDF, media_type
from distributed_ocr_pipeline.ocr.documents.pdf import PdfSource
from distributed_ocr_pipeline.ocr.documents.picture import PictureSource
from distributed_ocr_pipeline.ocr.documents.source import Source, Tools

_PEEK_BYTES = 64
_MANY_ZEROS = 1024 * 1024  # at the end of a file; what fills up the blocks of a tape or disk is less


def open_source(path: Path, tools: Tools) -> Source:
    """Open a document. Raises `DocumentError` (see `media_type`, `poppler.document_info`, `decoding.page_frames`)."""
    path = path.absolute()  # a name that begins with a dash is not an option
    kind = media_type(path, tools.config.max_document_mb)
    if kind != PDF:
        return PictureSource(path, kind, tools)
    if (end := _content_bytes(path)) is not None:
        return _of_copy(tools, partial(_copy_beginning, path, size=end), _open_pdf)
    return _open_pdf(path, tools)


def _open_pdf(path: Path, tools: Tools) -> PdfSource:
    try:
        return PdfSource(path, tools)
    except DocumentError as error:
        if error.error_class is not ErrorClass.ENCRYPTED or not tools.passwords:
            raise
        return _of_copy(tools, partial(_unlock, path, tools=tools, refusal=str(error)), PdfSource)


def _of_copy(tools: Tools, write: Callable[[Path], None], open_pdf: Callable[[Path, Tools], PdfSource]) -> PdfSource:
    """A PDF that is read from a copy, which goes with the source."""
    descriptor, name = mkstemp(prefix="copy-", suffix=".pdf", dir=tools.scratch)
    copy = Path(name)
    os.close(descriptor)
    try:
        write(copy)
        source = open_pdf(copy, tools)
    except BaseException:
        copy.unlink()
        raise
    weakref.finalize(source, copy.unlink, missing_ok=True)
    return source


def _unlock(path: Path, copy: Path, tools: Tools, refusal: str) -> None:
    """Copy a PDF that one of the passwords opens so that it needs none.

    So a password stays between this process and a sandbox; the programs that read a PDF would want it as an argument,
    which everybody on the machine can see.
    """
    sandbox = tools.sandboxes.within(tools.config.page_timeout_seconds)
    if not sandbox.call(tasks.unlock, path=str(path), passwords=list(tools.passwords), target=str(copy)):
        raise DocumentError(ErrorClass.ENCRYPTED, f"{refusal} None of {len(tools.passwords)} passwords does.")


def _content_bytes(path: Path) -> int | None:
    """Where the zeros at the end of a file begin, if they are most of it; None for all other files.

    A download that broke off leaves such files. Readers look for a PDF's structure in all of it, byte by byte.
    """
    with path.open("rb") as file:
        size = end = file.seek(0, os.SEEK_END)
        if size < _MANY_ZEROS or _block_before(file, end, _PEEK_BYTES).strip(b"\0"):
            return None
        content = b""
        while end > 0 and not content:
            content = _block_before(file, end, _MANY_ZEROS).rstrip(b"\0")
            end = max(0, end - _MANY_ZEROS)
    end += len(content)
    return end if size - end > max(_MANY_ZEROS, end) else None


def _block_before(file: BinaryIO, end: int, size: int) -> bytes:
    """At most so many bytes of a file, up to a place."""
    begin = max(0, end - size)
    file.seek(begin)
    return file.read(end - begin)


def _copy_beginning(path: Path, copy: Path, size: int) -> None:
    with path.open("rb") as file, copy.open("wb") as target:
        while size > 0 and (block := file.read(min(size, _MANY_ZEROS))):
            size -= target.write(block)
