"""`ocr-pipeline list`: documents by their current rows of the ledger."""

import argparse
import json
import shutil
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import TextIO
from unicodedata import east_asian_width

from distributed_ocr_pipeline.client.inspection.documents import DocumentList, ListedDocument, Wanted, list_documents
from distributed_ocr_pipeline.client.inspection.outputs import (
    OutputFolder,
    bucket_of,
    chosen_place,
    meant_by,
    require_there,
)
from distributed_ocr_pipeline.client.report.names import readable
from distributed_ocr_pipeline.client.terminal import print_lines
from distributed_ocr_pipeline.wording import printable

_GONE = "no longer there"
_LEAST_ADDRESS = 16  # characters, however narrow the terminal is


def list_command(arguments: argparse.Namespace, stream: TextIO, notes: TextIO) -> None:
    """Print a line for each document.

    Args:
        arguments: folder (or None), status, error_class, below_confidence, sort, limit, output, region, json.
        stream: For the result: columns for people in a terminal, else separated by tabs.
        notes: Says how many more there are.

    Raises:
        BadInput: No run has written results there, or there is no such folder.
        ServiceFault: AWS did not answer.
    """
    folder, word = meant_by(arguments.folder, arguments.output)
    if word is not None:
        require_there(OutputFolder(Path(word)))
    place = chosen_place(folder, arguments.region)
    output = place if isinstance(place, OutputFolder) else bucket_of(place)
    wanted = Wanted(arguments.status, arguments.error_class, arguments.below_confidence)
    found = list_documents(output, wanted, limit=arguments.limit, by_key=arguments.sort == "key")
    if arguments.json:
        print(json.dumps(found.as_dict(), indent=2), file=stream)
        return
    columns = shutil.get_terminal_size().columns
    print_lines(lines(found, columns) if stream.isatty() else tab_separated(found), stream)
    if found.more:
        print(f"{found.more:,} more: --limit shows them.", file=notes)
    elif not found.documents:
        print("No document is like that.", file=notes)


def lines(found: DocumentList, columns: int) -> Iterator[str]:
    """A table for people, as wide as the terminal: of a long address its end is shown."""
    if not found.documents:
        return
    confidence = any(document.confidence is not None for document in found.documents)
    rows = [("status", "error class", "pages", *(["conf."] if confidence else []), "when (UTC)")]
    rows += [_cells(document, confidence) for document in found.documents]
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    room = max(_LEAST_ADDRESS, columns - sum(widths) - 2 * len(widths))
    for row, address in zip(rows, ("document", *map(_address, found.documents))):
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths)]
        cells[2:-1] = [f"{cell.strip():>{len(cell)}}" for cell in cells[2:-1]]  # numbers
        yield "  ".join([*cells, _end_of(address, room)])


def _cells(document: ListedDocument, confidence: bool) -> tuple[str, ...]:
    certain = "" if document.confidence is None else f"{document.confidence:.1f}"
    return (
        document.status,
        document.error_class or "-",
        f"{document.page_count:,}",
        *([certain] if confidence else []),
        f"{document.processed_at:%Y-%m-%d %H:%M}",
    )


def _address(document: ListedDocument) -> str:
    gone = f" ({_GONE})" if document.is_there is False else ""
    return readable(document.source_uri) + gone


def _end_of(text: str, room: int) -> str:
    """The end of a text, which tells documents apart, where all of it has no room; some letters take two columns."""
    widths = [2 if east_asian_width(letter) in "WF" else 1 for letter in text]
    if sum(widths) <= room:
        return text
    kept = sum(total < room for total in accumulate(reversed(widths)))
    return f"…{text[len(text) - kept:]}"


def tab_separated(found: DocumentList) -> Iterator[str]:
    """For programs: status, error class, pages, confidence, time, run, document id, address; a note if there is one."""
    return ("\t".join(_fields(document)).removesuffix("\t") for document in found.documents)


def _fields(document: ListedDocument) -> tuple[str, ...]:
    return (
        document.status,
        document.error_class or "",
        str(document.page_count),
        "" if document.confidence is None else f"{document.confidence:.1f}",
        document.processed_at.isoformat(),
        document.run_id,
        document.document_id,
        printable(document.source_uri),
        _GONE if document.is_there is False else "",
    )
