"""What the sandbox that makes files of documents may be asked to do."""

import json
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from distributed_ocr_pipeline.outputs.document_files import Material, write_files
from distributed_ocr_pipeline.outputs.structure import SourceDocument
from distributed_ocr_pipeline.records import FormatName, PageResult

__all__ = ["write_outputs"]

_PAGE = TypeAdapter(PageResult)


def write_outputs(
    source: Mapping[str, Any],
    *,
    media_type: str,
    original: str,
    pages: str,
    rows: int,
    targets: Mapping[FormatName, str],
) -> dict[FormatName, str]:
    """Write a document's files; returns what `write_files` does.

    Args:
        source: The fields of a `SourceDocument`.
        media_type: Of the document.
        original: Its file.
        pages: A file that `add_pages` has written.
        rows: How many pages are in it.
        targets: Paths by format.
    """
    material = Material(SourceDocument(**source), media_type, rows, lambda: nullcontext(Path(original)))
    with open(pages, "rb") as file:
        return write_files(material, _pages(file), {name: Path(path) for name, path in targets.items()})


def add_pages(file: BinaryIO, pages: tuple[PageResult, ...]) -> None:
    """Append pages to a file for `write_outputs`, a line each."""
    for page in pages:
        file.write(json.dumps(_PAGE.dump_python(page, mode="json")).encode("ascii") + b"\n")


def _pages(file: BufferedReader) -> Iterator[PageResult]:
    for line in file:
        yield _PAGE.validate_python(json.loads(line))
