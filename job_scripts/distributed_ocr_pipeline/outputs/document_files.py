"""The files of one document, each written whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.outputs.formats import PDFA, TextWriter, Writer, open_text
from distributed_ocr_pipeline.outputs.structure import SourceDocument
from distributed_ocr_pipeline.records import PDFS, FormatName, PageResult

OpenOriginal = Callable[[], AbstractContextManager[Path]]
"""Gives the document's file for as long as a `with` block lasts; only a PDF needs it."""


@dataclass(frozen=True)
class Material:
    """What files are made of.

    Attributes:
        source: What they say of their document.
        media_type: Of the document.
        rows: Its pages in the table of pages.
        original: The document itself.
    """

    source: SourceDocument
    media_type: str
    rows: int
    original: OpenOriginal


def write_files(
    material: Material, pages: Iterable[PageResult], targets: Mapping[FormatName, Path]
) -> dict[FormatName, str]:
    """Write a document's files; of one that cannot be written nothing is left.

    Args:
        material: What they are made of.
        pages: In order; each is taken once.
        targets: Where the files of which formats go. Folders are made.

    Returns:
        By format, why its file was not written; empty where it was.
    """
    with ExitStack() as stack:
        files = [_File(material, name, path) for name, path in targets.items()]
        for file in files:
            file.begin(stack)
        count = 0
        for page in pages:
            count += 1
            for file in files:
                file.add(page)
        for file in files:
            file.finish(is_whole=count == material.rows)
        return {file.name: file.failure for file in files}


class _File:
    """One file in the making: it lies beside its place until it is whole."""

    def __init__(self, material: Material, name: FormatName, path: Path) -> None:
        self._material, self.name, self._path = material, name, path
        self.failure = ""
        self._writer: Writer | None = None
        self._made = path

    def begin(self, stack: ExitStack) -> None:
        """Open what is written and what is read; `stack` closes both, and removes what is not finished."""
        with self._noting_failure():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=".export-", dir=self._path.parent)
            os.close(descriptor)
            self._made = Path(name)
            stack.callback(self._made.unlink, missing_ok=True)
            if self.name in PDFS:
                self._writer = stack.enter_context(self._pdf_writer())
            else:
                stream = open_text(self._made)
                stack.callback(_close, stream)
                self._writer = TextWriter(self.name, self._material.source, stream)

    def add(self, page: PageResult) -> None:
        """Write a page."""
        if self._writer is not None:
            with self._noting_failure():
                self._writer.add(page)

    def finish(self, *, is_whole: bool) -> None:
        """Put the file in its place; of a document some of whose pages are not in the table, there is none."""
        if self._writer is None:
            return
        with self._noting_failure():
            if not is_whole:
                raise BadInput(
                    "The table of pages has not all of its pages.",
                    "Run with --reprocess, which reads documents again, and export that run.",
                )
            self._writer.finish()
            os.chmod(self._made, 0o666 & ~_umask())
            os.replace(self._made, self._path)

    @contextmanager
    def _pdf_writer(self) -> Iterator[Writer]:
        # pylint: disable-next=import-outside-toplevel  # it loads pikepdf, which the other formats do without
        from distributed_ocr_pipeline.outputs.pdf import archival, searchable

        material, archive = self._material, self.name == PDFA
        last, version = (archival.make_archival, archival.VERSION) if archive else (None, "")
        with material.original() as original:
            with searchable.SearchablePdf(
                original, material.media_type, material.rows, self._made, last=last, version=version
            ) as writer:
                yield writer

    @contextmanager
    def _noting_failure(self) -> Iterator[None]:
        """Inside, what is wrong with this file alone ends this file alone."""
        try:
            yield
        except BadInput as error:
            self.failure, self._writer = str(error), None
        except OSError as error:
            self.failure, self._writer = f"{self._path} cannot be written: {error.strerror}.", None


def _close(stream: TextIO) -> None:
    """Of a file that could not be written whole, which has been said, the rest is not written either."""
    with suppress(OSError):
        stream.close()


def _umask() -> int:
    """What new files of this process may not allow (it can only be read by setting it)."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
