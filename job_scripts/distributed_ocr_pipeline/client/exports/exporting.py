"""The files of each document, written whole or not at all."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from distributed_ocr_pipeline.client.exports.originals import Originals
from distributed_ocr_pipeline.client.exports.stored import StoredDocument
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.outputs.formats import SEARCHABLE_PDF, SUFFIXES, FormatName, TextWriter, Writer, open_text
from distributed_ocr_pipeline.records import PageResult


@dataclass(frozen=True)
class ExportedFile:
    """What became of one file: written, there already (`is_new` is false), or why it is not there."""

    document: StoredDocument
    format_name: FormatName
    path: Path
    is_new: bool
    failure: str


class Exporter:
    """Writes files of documents below a folder.

    Args:
        target: The folder; the rest of a path follows from run, key and format (`layout.RunLayout.output`).
        formats: What to make of each document.
        originals: Where the documents are; only a searchable PDF needs them.
        overwrite: Whether to write files again that are there.
    """

    def __init__(
        self, target: Path, formats: Sequence[FormatName], originals: Originals, *, overwrite: bool = False
    ) -> None:
        self._target, self._formats = target, formats
        self._originals, self._overwrite = originals, overwrite

    def export(self, document: StoredDocument, pages: Iterable[PageResult]) -> list[ExportedFile]:
        """Write a document's files; a file that cannot be written has its reason, and nothing is left of it.

        Raises `ServiceFault`: S3 did not answer.
        """
        with ExitStack() as stack:
            files = [_File(document, name, self._path(document, name)) for name in self._formats]
            wanted = [file for file in files if self._overwrite or not file.path.is_file()]
            for file in wanted:
                file.begin(self._originals, stack)
            count = 0
            for page in pages if wanted else ():
                count += 1
                for file in wanted:
                    file.add(page)
            for file in wanted:
                file.finish(is_whole=count == document.rows)
            return [ExportedFile(document, file.name, file.path, file in wanted, file.failure) for file in files]

    def _path(self, document: StoredDocument, name: FormatName) -> Path:
        return self._target / RunLayout("", document.run_id).output(document.source.key, SUFFIXES[name]).key


class _File:
    """One file in the making: it lies beside its place until it is whole."""

    def __init__(self, document: StoredDocument, name: FormatName, path: Path) -> None:
        self._document, self.name, self.path = document, name, path
        self.failure = ""
        self._writer: Writer | None = None
        self._made = path

    def begin(self, originals: Originals, stack: ExitStack) -> None:
        """Open what is written and what is read; `stack` closes both, and removes what is not finished."""
        with self._noting_failure():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=".export-", dir=self.path.parent)
            os.close(descriptor)
            self._made = Path(name)
            stack.callback(self._made.unlink, missing_ok=True)
            if self.name == SEARCHABLE_PDF:
                self._writer = stack.enter_context(self._pdf_writer(originals))
            else:
                stream = open_text(self._made)
                stack.callback(_close, stream)
                self._writer = TextWriter(self.name, self._document.source, stream)

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
            os.replace(self._made, self.path)

    @contextmanager
    def _pdf_writer(self, originals: Originals) -> Iterator[Writer]:
        # pylint: disable-next=import-outside-toplevel  # it loads pikepdf, which the other formats do without
        from distributed_ocr_pipeline.outputs.pdf.searchable import SearchablePdf

        with originals.file(self._document) as original:
            with SearchablePdf(original, self._document.media_type, self._document.rows, self._made) as writer:
                yield writer

    @contextmanager
    def _noting_failure(self) -> Iterator[None]:
        """Inside, what is wrong with this file alone ends this file alone."""
        try:
            yield
        except BadInput as error:
            self.failure, self._writer = str(error), None
        except OSError as error:
            self.failure, self._writer = f"{self.path} cannot be written: {error.strerror}.", None


def _close(stream: TextIO) -> None:
    """Of a file that could not be written whole, which has been said, the rest is not written either."""
    with suppress(OSError):
        stream.close()


def _umask() -> int:
    """What new files of this process may not allow (it can only be read by setting it)."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
