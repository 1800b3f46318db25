"""The formats by name, and the writers of their files.

A writer is given the pages of a document, one by one, and holds no more than it must: text is written as it comes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.outputs import alto, hocr, jsonl, markdown, text, tsv
from distributed_ocr_pipeline.outputs.structure import SourceDocument
from distributed_ocr_pipeline.records import FormatName, PageResult, TextSource

SEARCHABLE_PDF: FormatName = "searchable_pdf"
PDFA: FormatName = "pdfa"


class Writer(Protocol):
    """Makes one file of a document."""

    def add(self, page: PageResult) -> None:
        """Take the next page. Raises `BadInput` if the format needs more than is known of it."""

    def finish(self) -> None:
        """Complete the file after the last page."""


def _nothing(document: SourceDocument) -> str:
    del document
    return ""


@dataclass(frozen=True)
class TextFormat:
    """How a format spells the pages of a document, and what stands before and after them."""

    page: Callable[[SourceDocument, PageResult], str]
    head: Callable[[SourceDocument], str] = _nothing
    tail: str = ""
    needs_words: bool = False


_TEXT_FORMATS: Mapping[FormatName, TextFormat] = {
    "text": TextFormat(text.page),
    "markdown": TextFormat(markdown.page),
    "hocr": TextFormat(hocr.page, hocr.head, hocr.TAIL, needs_words=True),
    "alto": TextFormat(alto.page, alto.head, alto.TAIL, needs_words=True),
    "tsv": TextFormat(tsv.page, tsv.head, needs_words=True),
    "jsonl": TextFormat(jsonl.page),
}

SUFFIXES: Mapping[FormatName, str] = {
    SEARCHABLE_PDF: ".pdf",
    PDFA: ".pdfa.pdf",
    "text": ".txt",
    "markdown": ".md",
    "hocr": ".hocr",
    "alto": ".alto.xml",
    "tsv": ".tsv",
    "jsonl": ".jsonl",
}
"""What a file's name has after the key of its document, by format."""


class TextWriter:
    """Writes one of the formats that are text.

    Args:
        name: Of the format.
        document: What the pages are of.
        stream: Gets the text.
    """

    def __init__(self, name: FormatName, document: SourceDocument, stream: TextIO) -> None:
        self._format, self._name = _TEXT_FORMATS[name], name
        self._document, self._stream = document, stream
        stream.write(self._format.head(document))

    def add(self, page: PageResult) -> None:
        """Write a page."""
        if self._format.needs_words:
            require_words(page, self._name)
        self._stream.write(self._format.page(self._document, page))

    def finish(self) -> None:
        """Write what comes after the pages, and all of it to the file."""
        self._stream.write(self._format.tail)
        self._stream.flush()


def require_words(page: PageResult, format_name: FormatName) -> None:
    """Raise `BadInput` for a page of whose text the places are not known."""
    if page.text.strip() and not page.words:
        layer = "of its text layer " if page.text_source is TextSource.TEXT_LAYER else ""
        raise BadInput(
            f"{format_name} needs to know where words stand; {layer}on page {page.page_number} that was not stored.",
            "Run with --words, which reads such documents again, and export that run.",
        )


def open_text(path: Path) -> TextIO:
    """A file for a text format: UTF-8, lines ended by a line feed. What is no Unicode is replaced."""
    return path.open("w", encoding="utf-8", errors="replace", newline="\n")
