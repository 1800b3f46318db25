"""The pages of one document, by its current row."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.compute as pc
import pyarrow.dataset as ds

from distributed_ocr_pipeline.client.command_line.proposals import command
from distributed_ocr_pipeline.client.inspection.outputs import Output, open_table, reading_table
from distributed_ocr_pipeline.client.report.figures import PageKey
from distributed_ocr_pipeline.client.report.names import FILE, readable
from distributed_ocr_pipeline.client.report.page_views import PageView, view_pages
from distributed_ocr_pipeline.client.report.pictures import Pictures
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import DOCUMENTS
from distributed_ocr_pipeline.tables.latest import current_rows, is_text
from distributed_ocr_pipeline.tables.schema import LEDGER_SCHEMA

MOST_PAGES = 20
"""Of a document that are shown together, with their pictures."""

_COLUMNS = [
    "document_id",
    "status",
    "processed_at",
    "run_id",
    "source_uri",
    "page_count",
    "error_class",
    "error_message",
]
_NAMED = 3  # of several documents that a name may mean


@dataclass(frozen=True)
class ShownDocument:
    """A document, as its current row says."""

    document_id: str
    run_id: str
    source_uri: str
    status: str
    page_count: int
    error: str  # why it has no full result, or empty

    @property
    def address(self) -> str:
        """For people."""
        return readable(self.source_uri)


def find_document(output: Output, name: str) -> ShownDocument:
    """The document that is meant.

    Args:
        output: Where runs wrote to.
        name: Its document_id, its address, the path of its file, or the end of either from a slash on. Of documents
            that it fits in different ways, the one that it fits in the first of these is meant.

    Raises:
        BadInput: There is none of this name, or there are several.
        ServiceFault: S3 did not answer.
    """
    with reading_table(output, f"{DOCUMENTS}/"):
        ledger = open_table(output, f"{DOCUMENTS}/", LEDGER_SCHEMA)
        if ledger is None:
            raise BadInput(f"There are no results in {output.address}.", "Name the folder that runs wrote to.")
        found = current_rows(ledger.to_table(columns=_COLUMNS, filter=_is_named(name))).to_pylist()
    return _only(name, _nearest(name, found), output)


def view_document(
    output: Output, document: ShownDocument, page: int | None, pictures: Pictures, *, most: int | None = MOST_PAGES
) -> Sequence[PageView]:
    """Pages of a document: one, or the first, as many as `most` says; None for all.

    Raises:
        BadInput: It has no such page, or none at all.
        ServiceFault: S3 did not answer.
    """
    last = document.page_count if most is None else min(document.page_count, most)
    numbers = range(1, last + 1) if page is None else [page]
    keys = [PageKey(document.document_id, number) for number in numbers]
    views = view_pages(output, document.run_id, keys, pictures)
    if not views:
        what = f"has no page {page}: it has {document.page_count}" if page is not None else "has no pages"
        raise BadInput(f"{document.address} {what} ({document.error or document.status}).")
    return views


def _is_named(name: str) -> ds.Expression:
    address, end = ds.field("source_uri"), name.lstrip("/")
    found = pc.ends_with(address, pattern=_end_of_uri(name))
    if is_text(name):
        found |= (ds.field("document_id") == name) | (address == name) | pc.ends_with(address, pattern=f"/{end}")
    if uri := _uri_of_file(name):
        found |= address == uri
    return found


def _nearest(name: str, found: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Those that a name fits best: `90%25.pdf` may be a file of this name, or the address of one called `90%.pdf`."""
    uri, end = _uri_of_file(name), _end_of_uri(name)
    for is_meant in (
        lambda row: name in (row["document_id"], row["source_uri"]),
        lambda row: row["source_uri"] == uri,
        lambda row: not row["source_uri"].startswith(FILE) or row["source_uri"].endswith(end),
    ):
        if fitting := [row for row in found if is_meant(row)]:
            return fitting
    return found


def _uri_of_file(name: str) -> str | None:
    """The address of a file of this machine; None where there is none of this path."""
    return Path(name).resolve().as_uri() if os.path.exists(name) else None  # pathlib's raises where a name is too long


def _end_of_uri(name: str) -> str:
    """How the address of a file of this name ends."""
    return f"/{quote(os.fsencode(name.lstrip('/')))}"


def _only(name: str, found: Sequence[dict[str, Any]], output: Output) -> ShownDocument:
    if not found:
        advice = f"`{command('list', *output.words)}` shows ids and addresses."
        raise BadInput(f"There is no document {name!r}.", advice)
    if len(found) > 1:
        some = ", ".join(f"{row['document_id']} ({readable(row['source_uri'])})" for row in found[:_NAMED])
        raise BadInput(f"{len(found)} documents are called {name!r}: {some}.", "Name one by its id.")
    (row,) = found
    error = ": ".join(part for part in (row["error_class"], row["error_message"]) if part)
    return ShownDocument(row["document_id"], row["run_id"], row["source_uri"], row["status"], row["page_count"], error)
