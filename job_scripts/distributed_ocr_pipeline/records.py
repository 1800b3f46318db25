"""The records that cross boundaries: between planner, worker and report, and between pages and tables.

All are frozen. A field that is a column has the column's name (docs/tables.md lists types and units).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import Literal

from distributed_ocr_pipeline.errors import BadInput, ErrorClass

MAX_ATTEMPTS = 3
"""A document that failed this many times, with retryable errors, is tried again only with `retry_failed`."""

FormatName = Literal["searchable_pdf", "pdfa", "text", "markdown", "hocr", "alto", "tsv", "jsonl"]
"""What can be made of a document's pages (outputs.formats)."""

PDFS: frozenset[FormatName] = frozenset(("searchable_pdf", "pdfa"))
"""The formats that are a copy of the document itself."""


def require_known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    """Raise `BadInput` for the first name that is none of those known; `what` says what is named."""
    if wrong := next((name for name in names if name not in known), None):
        raise BadInput(f"There is no {what} {wrong!r}.", f"Choose of: {', '.join(known)}.")


class PageStatus(str, Enum):
    """What became of a page."""

    SUCCEEDED = "succeeded"
    BLANK = "blank"
    FAILED = "failed"


class DocumentStatus(str, Enum):
    """What became of a document."""

    SUCCEEDED = "succeeded"
    PARTIAL = "partial"  # some pages failed; the others are there
    FAILED = "failed"
    SKIPPED = "skipped"  # not a kind of file this pipeline reads
    DEFERRED = "deferred"  # not reached before the deadline; the next run takes it


class TextSource(str, Enum):
    """Where a page's text comes from."""

    OCR = "ocr"
    TEXT_LAYER = "text_layer"
    MIXED = "mixed"  # the text layer, and OCR of what it does not cover
    NONE = "none"


class Quality(str, Enum):
    """How far a page's text can be believed."""

    GOOD = "good"
    DOUBTFUL = "doubtful"  # some words are wrong, or a part is missing
    POOR = "poor"  # read badly, or nothing was read of what is printed


@dataclass(frozen=True)
class S3Location:
    """A bucket and a key or key prefix."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> "S3Location":
        """Split `s3://bucket/key`; the key may be empty."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not uri.startswith("s3://") or not bucket:
            raise BadInput(f"{uri!r} is not an S3 address.", "Write s3://bucket/prefix/.")
        return cls(bucket, key)

    def below(self, name: str) -> "S3Location":
        """The location of this relative name, with this one's key as its folder."""
        folder = self.key.rstrip("/")
        return S3Location(self.bucket, f"{folder}/{name}" if folder else name)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Document:
    """One input object, as the planner saw it; or a part of one that is split over several shards."""

    document_id: str
    source_uri: str
    key: str
    etag: str
    size_bytes: int
    attempts: int = 0  # of earlier runs with this content and these options that ended in a retryable error
    first_page: int = 1
    last_page: int | None = None  # None: to its end

    @property
    def is_part(self) -> bool:
        """Whether other shards read other pages of it."""
        return self.first_page > 1 or self.last_page is not None

    def pages_of(self, page_count: int) -> range:
        """The numbers of the pages to read, in a document of so many; none if it ends before them."""
        last = page_count if self.last_page is None else min(self.last_page, page_count)
        return range(self.first_page, last + 1)


@dataclass(frozen=True)
class Undeliverable:
    """Why a document of a shard is not downloaded."""

    error_class: ErrorClass
    message: str


@dataclass(frozen=True)
class Word:
    """One recognised word: box in pixels of the rendered page, confidence 0-100, line counted from 1."""

    text: str
    left: int
    top: int
    width: int
    height: int
    confidence: float
    line: int


@dataclass(frozen=True)
class PageResult:
    """One row of `pages`, less what only the shard knows (run, shard, source)."""

    page_number: int  # from 1
    status: PageStatus
    text: str = ""
    text_source: TextSource = TextSource.NONE
    error_class: ErrorClass | None = None
    error_message: str = ""
    confidence: float | None = None  # mean over words, 0-100
    quality: Quality | None = None  # of the text; None for pages that failed, are blank or were only drawn
    word_count: int = 0
    words: tuple[Word, ...] = ()
    language: str = ""
    rotation_degrees: float = 0.0  # clockwise turn that made the page readable
    dpi: int | None = None  # of the rendered page
    width_px: int | None = None
    height_px: int | None = None
    duration_ms: int = 0
    image_path: str = ""  # of the page image, relative to the images folder; empty when none was asked for
    note: str = ""  # why this page was OCRed or not, and what was changed about it


@dataclass(frozen=True)
class PageChunk:
    """Consecutive pages of one document, in order: what the worker yields while it works."""

    document: Document
    media_type: str
    page_count: int  # of the whole document
    pages: tuple[PageResult, ...]


@dataclass(frozen=True)
class OutputFile:
    """A file that was made of a document, or why it was not."""

    format: FormatName
    key: str = ""  # in the output bucket, or below the folder of results; empty if it was not made
    size_bytes: int = 0
    error: str = ""


@dataclass(frozen=True)
class DocumentResult:
    """One row of `documents`, less what only the shard knows."""

    document: Document
    status: DocumentStatus
    media_type: str = ""
    page_count: int = 0
    pages_succeeded: int = 0
    pages_failed: int = 0
    pages_blank: int = 0
    error_class: ErrorClass | None = None
    error_message: str = ""
    duration_ms: int = 0
    attempts: int = 1  # made in this run: 0 if deferred, MAX_ATTEMPTS if it killed the process that read it alone
    processed_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    outputs: tuple[OutputFile, ...] = ()  # one for each format that the run was to make of the document
    digest: str = ""  # of a part: SHA-256 of the document's file, by which parts are seen to be of one content

    @property
    def pages_read(self) -> int:
        """Pages with an outcome."""
        return self.pages_succeeded + self.pages_failed + self.pages_blank
