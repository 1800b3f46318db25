"""The files of each document of finished runs, below a folder."""

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from distributed_ocr_pipeline.client.exports.originals import Originals
from distributed_ocr_pipeline.client.exports.stored import StoredDocument, stored_documents
from distributed_ocr_pipeline.client.inspection.outputs import Output
from distributed_ocr_pipeline.client.inspection.stored_runs import has_only_drawn, no_text
from distributed_ocr_pipeline.client.scratch import scratch_folder
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import OUTPUTS, RunLayout
from distributed_ocr_pipeline.outputs.document_files import Material, write_files
from distributed_ocr_pipeline.outputs.formats import SUFFIXES
from distributed_ocr_pipeline.records import FormatName, PageResult, require_known
from distributed_ocr_pipeline.run.delivery.local_documents import name_of
from distributed_ocr_pipeline.storage import Storage


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
        self._is_made = False

    def export(self, document: StoredDocument, pages: Iterable[PageResult], fault: str = "") -> list[ExportedFile]:
        """Write a document's files; a file that cannot be written has its reason, and nothing is left of it.

        Args:
            document: Whose files.
            pages: Of it.
            fault: Why none of its files can be written; empty if they can.

        Raises:
            BadInput: None of the files that are wanted could be written.
            ServiceFault: S3 did not answer.
        """
        paths = {name: self._path(document, name) for name in self._formats}
        if fault:
            return [ExportedFile(document, name, path, False, fault) for name, path in paths.items()]
        wanted = {name: path for name, path in paths.items() if self._overwrite or not _is_there(path)}
        if wanted:
            self._require_target()
        original = partial(self._originals.file, document)
        material = Material(document.source, document.media_type, document.rows, original)
        failures = write_files(material, pages, wanted) if wanted else {}
        return [
            ExportedFile(document, name, path, name in wanted, failures.get(name, "")) for name, path in paths.items()
        ]

    def _require_target(self) -> None:
        """No file could be written: to be said once, and not of each."""
        if not self._is_made:
            require_folder(self._target / OUTPUTS)
            self._is_made = True

    def _path(self, document: StoredDocument, name: FormatName) -> Path:
        called = name_of(document.source.key, document.source.source_uri)
        return self._target / RunLayout("", document.run_id).output(called, SUFFIXES[name]).key


def require_folder(folder: Path) -> None:
    """Make a folder for files; `BadInput` if that does not work, or nothing may be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        why = "" if os.access(folder, os.W_OK | os.X_OK) else os.strerror(errno.EACCES)
    except OSError as error:
        is_file = isinstance(error, FileExistsError)
        why = os.strerror(errno.ENOTDIR if is_file else error.errno or errno.EIO)
    if why:
        raise BadInput(f"No files can be written to {str(folder)!r}: {why}.", "Name another folder with --to.")


def _is_there(path: Path) -> bool:
    """Whether there is a file with something in it: no format has empty files."""
    return path.is_file() and path.stat().st_size > 0


def require_formats(formats: Sequence[str]) -> None:
    """Raise `BadInput` unless there is a format, and all are known."""
    if not formats:
        raise BadInput("No format is named (--format).", f"Name some of: {', '.join(SUFFIXES)}.")
    require_known("format", formats, SUFFIXES)


@dataclass(frozen=True)
class Export:
    """What to export.

    Attributes:
        output: Where runs wrote to.
        run_id: Only documents whose current row this run wrote; None for all.
        storage: For documents in S3; None: one with the usual AWS settings, if there are any.
        target: Folder for the files.
        formats: What to make of each document.
        overwrite: Whether to write files again that are there.

    Raises:
        BadInput: No format is named, or one that there is not.
    """

    output: Output
    run_id: str | None
    storage: Storage | None
    target: Path
    formats: Sequence[FormatName]
    overwrite: bool = False

    def __post_init__(self) -> None:
        require_formats(self.formats)

    def files(self) -> Iterator[ExportedFile]:
        """Make the files, document by document.

        Raises:
            BadInput: No run, or not this one, has written results there, none has read anything, or the target cannot
                be written.
            ServiceFault: AWS did not answer.
        """
        with scratch_folder() as scratch:
            fault_of = lru_cache(maxsize=1)(self._fault)  # the documents of a run follow each other
            originals = Originals(self.storage, scratch)
            exporter = Exporter(self.target, list(dict.fromkeys(self.formats)), originals, overwrite=self.overwrite)
            for document, pages in stored_documents(self.output, self.run_id):
                yield from exporter.export(document, pages, fault_of(document.run_id))

    def _fault(self, run_id: str) -> str:
        return str(no_text(run_id)) if has_only_drawn(self.output, run_id) else ""
