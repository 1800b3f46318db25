"""`ocr-pipeline show`: the pages of a document beside their text."""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from distributed_ocr_pipeline.client.inspection.outputs import Output, OutputFolder, bucket_of, chosen_place
from distributed_ocr_pipeline.client.inspection.stored_runs import has_only_drawn, no_text
from distributed_ocr_pipeline.client.report.document_view import (
    MOST_PAGES,
    ShownDocument,
    find_document,
    view_document,
)
from distributed_ocr_pipeline.client.report.files import open_page, write_page
from distributed_ocr_pipeline.client.report.page_views import PageView
from distributed_ocr_pipeline.client.report.pictures import NoPictures, PagePictures
from distributed_ocr_pipeline.client.terminal import print_lines
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.wording import printable

_PICTURE_SIDE = 1600
_FETCHED_BYTES = 2_000_000_000


def show_command(arguments: argparse.Namespace, stream: TextIO) -> None:
    """Write pages beside their text as one HTML file and say where it is, or print their text.

    Args:
        arguments: document, page (None for all), text, file, open, output, region, json.
        stream: For the result.

    Raises:
        BadInput: There is no such document or page, no text of it is to be printed, or the file cannot be written.
        ServiceFault: AWS did not answer.
    """
    place = chosen_place(arguments.output, arguments.region)
    output: Output = place if isinstance(place, OutputFolder) else bucket_of(place)
    document = find_document(output, arguments.document)
    is_seen = not (arguments.text or arguments.json)
    pictures = (
        PagePictures(output, max_side=_PICTURE_SIDE, max_document_bytes=_FETCHED_BYTES) if is_seen else NoPictures()
    )
    most = MOST_PAGES if is_seen else None
    pages = view_document(output, document, arguments.page, pictures, most=most)
    fault = _fault(output, document, pages)
    if arguments.json:
        print(json.dumps(_as_dict(document, pages), indent=2), file=stream)
    elif arguments.text:
        if fault:
            raise fault
        print_lines(text_lines(pages), stream)
    else:
        from distributed_ocr_pipeline.client.report.html import (  # pylint: disable=import-outside-toplevel  # an extra
            document_html,
        )

        path = Path(arguments.file) if arguments.file else page_path(output, document, arguments.page)
        write_page(path, document_html(document.address, pages, document.page_count, str(fault or "No text.")))
        print(path.absolute(), file=stream)
        if arguments.open:
            open_page(path)


def _fault(output: Output, document: ShownDocument, pages: Sequence[PageView]) -> BadInput | None:
    """Why pages have no text that nobody looked for; None where it was looked for."""
    if any(page.row["text"] for page in pages) or not has_only_drawn(output, document.run_id):
        return None
    return no_text(document.run_id)


def page_path(output: Output, document: ShownDocument, page: int | None) -> Path:
    """Beside the files of the document's run in a folder; of a run on AWS in the working folder."""
    name = f"{document.document_id}.html" if page is None else f"{document.document_id}-page-{page:04d}.html"
    if isinstance(output, OutputFolder):
        return output.path / RunLayout("", document.run_id).folder.key / "show" / name
    return Path(name)


def text_lines(pages: Sequence[PageView]) -> Iterator[str]:
    """For a terminal: a line about each page, then its text; what would steer the terminal is escaped."""
    for page in pages:
        row = page.row
        certain = "" if row["confidence"] is None else f", confidence {row['confidence']:.1f}"
        yield f"--- page {row['page_number']} of {row['page_count']}: {row['status']}{certain} ---"
        yield from (printable(line) for line in (row["text"] or "").splitlines())


def _as_dict(document: ShownDocument, pages: Sequence[PageView]) -> dict[str, Any]:
    return {
        "document_id": document.document_id,
        "run_id": document.run_id,
        "source_uri": document.source_uri,
        "page_count": document.page_count,
        "pages": [dict(page.row) for page in pages],
    }
