"""Plain text: the pages of a document, each ended by a form feed, as `pdftotext` writes it."""

from distributed_ocr_pipeline.outputs.paragraphs import text_in_paragraphs
from distributed_ocr_pipeline.outputs.structure import SourceDocument
from distributed_ocr_pipeline.records import PageResult

_PAGE_END = "\f"


def page(document: SourceDocument, result: PageResult) -> str:
    """A page's text; nothing but the form feed of one that is blank or failed."""
    del document
    text = text_in_paragraphs(result).replace(_PAGE_END, " ").rstrip("\n")
    return f"{text}\n{_PAGE_END}" if text else _PAGE_END
