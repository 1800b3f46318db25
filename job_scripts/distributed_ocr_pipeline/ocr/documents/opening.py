"""From a file to an open document: what kind of file it is decides which source reads it."""

import os
import weakref
from pathlib import Path
from tempfile import mkstemp

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents import tasks
from distributed_ocr_pipeline.ocr.documents.media_type import PDF, media_type
from distributed_ocr_pipeline.ocr.documents.pdf import PdfSource
from distributed_ocr_pipeline.ocr.documents.picture import PictureSource
from distributed_ocr_pipeline.ocr.documents.source import Source, Tools


def open_source(path: Path, tools: Tools) -> Source:
    """Open a document. Raises `DocumentError` (see `media_type`, `poppler.document_info`, `decoding.page_frames`)."""
    path = path.absolute()  # a name that begins with a dash is not an option
    kind = media_type(path, tools.config.max_document_mb)
    if kind != PDF:
        return PictureSource(path, kind, tools)
    try:
        return PdfSource(path, tools)
    except DocumentError as error:
        if error.error_class is not ErrorClass.ENCRYPTED or not tools.passwords:
            raise
        return _unlocked(path, tools, error)


def _unlocked(path: Path, tools: Tools, refusal: DocumentError) -> PdfSource:
    """A PDF that one of the passwords opens: a copy that needs none, which goes with the source.

    So a password stays between this process and a sandbox; the programs that read a PDF would want it as an argument,
    which everybody on the machine can see.
    """
    descriptor, name = mkstemp(prefix="unlocked-", suffix=".pdf", dir=tools.scratch)
    copy = Path(name)
    os.close(descriptor)
    try:
        sandbox = tools.sandboxes.within(tools.config.page_timeout_seconds)
        if not sandbox.call(tasks.unlock, path=str(path), passwords=list(tools.passwords), target=name):
            raise DocumentError(ErrorClass.ENCRYPTED, f"{refusal} None of {len(tools.passwords)} passwords does.")
        source = PdfSource(copy, tools)
    except BaseException:
        copy.unlink()
        raise
    weakref.finalize(source, copy.unlink, missing_ok=True)
    return source
