"""`ocr-pipeline list`: documents by their current rows of the ledger."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from distributed_ocr_pipeline.client.inspection.documents import DocumentList, ListedDocument, Wanted, list_documents
from distributed_ocr_pipeline.client.inspection.outputs import (
    OutputFolder,
    bucket_of,
    chosen_place,
    meant_by,
    require_there,
)
from distributed_ocr_pipeline.client.terminal import print_lines
from distributed_ocr_pipeline.wording import printable

_GONE = "no longer there"


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
    print_lines(lines(found) if stream.isatty() else tab_separated(found), stream)
    if found.more:
        print(f"{found.more:,} more: --limit shows them.", file=notes)
    elif not found.documents:
        print("No document is like that.", file=notes)


def lines(found: DocumentList) -> Iterator[str]:
    """For people."""
    for document in found.documents:
        status, error_class, pages, confidence, moment, _, _, source_uri, note = _fields(document)
        certainty = f"{confidence:>6}" if confidence else ""
        gone = f" ({note})" if note else ""
        yield f"{status:<10}{error_class:<17}{pages:>6} pages{certainty}  {moment[:16]}  {source_uri}{gone}"


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
