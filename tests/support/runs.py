"""Runs' results in a folder, written by the project's own writer."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.records import (
    Document,
    DocumentResult,
    DocumentStatus,
    PageChunk,
    PageResult,
    PageStatus,
    TextSource,
    Word,
)
from distributed_ocr_pipeline.tables.writer import ShardInfo, ShardTables

NOON = datetime(2025, 1, 1, 12, tzinfo=timezone.utc)


def outcome(
    document_id: str, minute: int = 0, status: str = "succeeded", *, pages: int = 1, etag: str = "etag"
) -> DocumentResult:
    """A document's result, `minute` minutes past noon."""
    document = Document(document_id, f"s3://bucket/{document_id}.pdf", f"{document_id}.pdf", etag, 123)
    processed_at = NOON + timedelta(minutes=minute)
    return DocumentResult(document, DocumentStatus(status), page_count=pages, processed_at=processed_at)


def _page(number: int, text: str, confidence: float | None) -> PageResult:
    words = (Word(text.split()[0], left=1, top=2, width=3, height=4, confidence=90.5, line=1),)
    return PageResult(
        number,
        PageStatus.SUCCEEDED,
        text,
        TextSource.OCR,
        confidence=confidence,
        word_count=1,
        words=words,
        language="eng+deu",
        dpi=300,
    )


def write_run(
    output: Path,
    run_id: str,
    *results: DocumentResult,
    confidences: Mapping[str, Sequence[float]] = MappingProxyType({}),
    texts: Mapping[str, str] = MappingProxyType({}),
    page: Callable[[int, str, float | None], PageResult] = _page,
    **options: Any,
) -> None:
    """Write a run of one shard. The text of every page names its run, document and number.

    `confidences` are those of the pages of some documents, by their ids; `texts` go before the texts of their pages.
    `page` makes a page of its number, text and confidence.
    """
    info = ShardInfo(run_id, "s00000", "bucket", "engine", "1", "fingerprint")
    run = RunLayout("bucket", run_id)
    folders = {"pages": output / run.pages.key, "documents": output / run.documents.key}
    options = {"input_prefix": "s3://bucket/docs/", **options}
    with ShardTables(info, parse_options(options), scratch=output / "scratch", **folders) as tables:
        for result in results:
            name = f"{texts.get(result.document.document_id, '')}{run_id} {result.document.document_id}"
            certain = confidences.get(result.document.document_id, [None] * result.page_count)
            pages = tuple(page(number, f"{name} {number}", found) for number, found in enumerate(certain, 1))
            tables.add_pages(PageChunk(result.document, "application/pdf", result.page_count, pages))
            tables.add_document(result)
