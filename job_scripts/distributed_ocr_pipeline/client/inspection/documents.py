"""The current rows of the ledger that somebody looks for, read batch by batch."""

import heapq
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds

from distributed_ocr_pipeline.client.inspection.outputs import Output, open_table, reading_table
from distributed_ocr_pipeline.errors import BadInput, ErrorClass
from distributed_ocr_pipeline.layout import DOCUMENTS, PAGES
from distributed_ocr_pipeline.records import DocumentStatus, require_known
from distributed_ocr_pipeline.run.delivery.local_documents import path_of
from distributed_ocr_pipeline.tables.latest import counting
from distributed_ocr_pipeline.tables.schema import ALL_PAGES_SCHEMA, LEDGER_SCHEMA

_FILE = "file://"
_COLUMNS = (
    "document_id",
    "source_uri",
    "status",
    "error_class",
    "error_message",
    "page_count",
    "processed_at",
    "run_id",
)


@dataclass(frozen=True)
class Wanted:
    """Which documents; None is any. Raises `BadInput`: there is no such status, class or confidence."""

    status: str | None = None
    error_class: str | None = None
    below_confidence: float | None = None  # a page whose words have a lower one, 0-100

    def __post_init__(self) -> None:
        for what, name, known in (
            ("status", self.status, DocumentStatus),
            ("error class", self.error_class, ErrorClass),
        ):
            require_known(what, () if name is None else (name,), [value.value for value in known])
        if self.below_confidence is not None and not 0 <= self.below_confidence <= 100:
            raise BadInput(f"The confidence {self.below_confidence} is not from 0 to 100.")


@dataclass(frozen=True)
class LedgerRow:
    """What people are told of a document, from its row."""

    document_id: str
    source_uri: str
    status: str
    error_class: str | None
    error_message: str | None
    page_count: int


@dataclass(frozen=True)
class ListedDocument(LedgerRow):
    """A document, as its current row says."""

    processed_at: datetime
    run_id: str
    confidence: float | None = None  # of its least certain page, 0-100; only where confidence was asked for
    is_there: bool | None = None  # in its folder still; None of documents in S3, where nobody asked

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; the time in ISO 8601."""
        return asdict(self) | {"processed_at": self.processed_at.isoformat()}


@dataclass(frozen=True)
class DocumentList:
    """The first documents that were found, and how many more there are."""

    documents: tuple[ListedDocument, ...]
    more: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"documents": [document.as_dict() for document in self.documents], "more": self.more}


def list_documents(output: Output, wanted: Wanted, *, limit: int, by_key: bool = False) -> DocumentList:
    """Find documents, each once however many runs processed it.

    Args:
        output: Where runs wrote to.
        wanted: Which documents.
        limit: So many of them.
        by_key: In the order of their addresses; else the last processed comes first.

    Raises:
        BadInput: No run has written results there.
        ServiceFault: S3 did not answer.
    """
    with reading_table(output, f"{DOCUMENTS}/"):
        return _first(_Counted(_find(output, wanted)), limit, by_key)


def find_documents(output: Output, wanted: Wanted) -> Iterator[ListedDocument]:
    """All of them, in the order of the files; see `list_documents`."""
    with reading_table(output, f"{DOCUMENTS}/"):
        yield from _find(output, wanted)


def _first(found: "_Counted", limit: int, by_key: bool) -> DocumentList:
    if by_key:
        first = heapq.nsmallest(limit, found, key=lambda document: document.source_uri)
    else:
        first = heapq.nlargest(limit, found, key=lambda document: (document.processed_at, document.source_uri))
    listed = (replace(document, is_there=is_there(document.source_uri)) for document in first)
    return DocumentList(tuple(listed), found.count - len(first))


def is_there(source_uri: str) -> bool | None:
    """Whether a document of this machine is still where it was; None where that is not known, as of one in S3."""
    if not source_uri.startswith(_FILE):
        return None
    try:
        os.lstat(path_of(source_uri))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return None
    return True


class _Counted:
    """Passes documents on, and counts them."""

    def __init__(self, documents: Iterator[ListedDocument]) -> None:
        self._documents = documents
        self.count = 0

    def __iter__(self) -> Iterator[ListedDocument]:
        for document in self._documents:
            self.count += 1
            yield document


def _find(output: Output, wanted: Wanted) -> Iterator[ListedDocument]:
    ledger = open_table(output, f"{DOCUMENTS}/", LEDGER_SCHEMA)
    if ledger is None:
        raise BadInput(
            f"There are no results in {output.address}: it has no Parquet files below {DOCUMENTS}/.",
            "Name the folder that runs wrote to with --output.",
        )
    counts = counting(ledger)
    uncertain = _find_uncertain(output, counts, wanted.below_confidence)
    condition = counts
    for name, value in (("status", wanted.status), ("error_class", wanted.error_class)):
        if value is not None:
            condition &= ds.field(name) == value
    for batch in ledger.to_batches(columns=list(_COLUMNS), filter=condition):
        for row in batch.to_pylist():
            if uncertain is None:
                yield ListedDocument(**row)
            elif row["document_id"] in uncertain:
                yield ListedDocument(**row, confidence=round(uncertain[row["document_id"]], 1))


def _find_uncertain(output: Output, counts: ds.Expression, below: float | None) -> Mapping[str, float] | None:
    """The lowest confidence of each document that has a page below a limit; None without a limit."""
    if below is None:
        return None
    lowest: dict[str, float] = {}
    pages = open_table(output, f"{PAGES}/", ALL_PAGES_SCHEMA)
    columns, condition = ["document_id", "confidence"], counts & pc.less(ds.field("confidence"), below)
    for batch in pages.to_batches(columns=columns, filter=condition) if pages else ():
        for row in batch.to_pylist():
            lowest[row["document_id"]] = min(row["confidence"], lowest.get(row["document_id"], 100.0))
    return lowest
