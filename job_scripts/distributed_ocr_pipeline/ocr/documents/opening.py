"""From a file to an open document: what kind of file it is decides which source reads it."""

from pathlib import Path

from distributed_ocr_pipeline.ocr.documents.media_type import PDF, media_type
from distributed_ocr_pipeline.ocr.documents.pdf import PdfSource
from distributed_ocr_pipeline.ocr.documents.picture import PictureSource
from distributed_ocr_pipeline.ocr.documents.source import Source, Tools


def open_source(path: Path, tools: Tools) -> Source:
    """Open a document. Raises `DocumentError` (see `media_type`, `poppler.document_info`, `decoding.page_frames`)."""
    path = path.absolute()  # a name that begins with a dash is not an option
    kind = media_type(path, tools.config.max_document_mb)
    return PdfSource(path, tools) if kind == PDF else PictureSource(path, kind, tools)
