"""Finds the documents that SageMaker downloaded for a shard."""

import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.records import Document, DocumentResult, PageChunk, S3Location
from distributed_ocr_pipeline.run.delivery.manifests import is_file_name, manifest_base


def locate_documents(documents: Iterable[Document], folder: Path, input_prefix: str) -> Iterator[tuple[Document, Path]]:
    """Pair each document with its local file, which does not exist if the document was not delivered.

    SageMaker seems to keep the sub-folders of manifest entries, but does not document it. Where it does not, a document
    is the only file of its name and size that lies in no other document's place. No link is followed: a document is a
    regular file in the folder.

    Raises:
        BadInput: A document's id cannot be the name of its folder of page images.
    """
    base = manifest_base(S3Location.parse(input_prefix).key)
    named = [(_checked(document), document.key.removeprefix(base)) for document in documents]
    delivery = _Delivery.of(folder, [name for _, name in named])
    for document, name in named:
        yield document, delivery.find(name, document.size_bytes)


def telling_sizes(
    results: Iterable[PageChunk | DocumentResult], delivered: Mapping[str, Path]
) -> Iterator[PageChunk | DocumentResult]:
    """Results, in which every document that was delivered has the size of its file.

    The plan knows it only from S3: a list of documents need not say sizes, and then it has the usual one.

    Args:
        results: Of the job's documents.
        delivered: The job's file of each document, by document id; it need not be there.
    """
    for result in results:
        if isinstance(result, DocumentResult) and (size := _size_of(delivered.get(result.document.document_id))) >= 0:
            yield replace(result, document=replace(result.document, size_bytes=size))
        else:
            yield result


def _size_of(path: Path | None) -> int:
    """In bytes; -1 if there is no such file."""
    return path.stat().st_size if path and path.is_file() else -1


def _checked(document: Document) -> Document:
    """The document, if its id can be the name of its folder of page images."""
    if "/" in document.document_id or not is_file_name(document.document_id):
        raise BadInput(f"The shard lists a document with the id {document.document_id!r}.", "Plan the run again.")
    return document


@dataclass(frozen=True)
class _Delivery:
    """What SageMaker delivered: the size of every file, and by name the files that lie in no document's place."""

    folder: Path
    sizes: Mapping[Path, int]
    strays: Mapping[str, Sequence[Path]]

    @classmethod
    def of(cls, folder: Path, names: Iterable[str]) -> "_Delivery":
        """List the folder; `names` are the relative paths at which documents are expected."""
        sizes = dict(_regular_files(folder))
        strays: dict[str, list[Path]] = defaultdict(list)
        for path in sizes.keys() - {folder / name for name in names if is_file_name(name)}:
            strays[path.name].append(path)
        return cls(folder, sizes, strays)

    def find(self, name: str, size: int) -> Path:
        """The file of this name; one that does not exist if there is none."""
        nowhere = self.folder.with_name("undelivered")  # beside the folder, where no key can put a file
        if not is_file_name(name):
            return nowhere
        exact = self.folder / name
        if exact in self.sizes:
            return exact
        alike = [path for path in self.strays.get(exact.name, ()) if self.sizes[path] == size]
        return alike[0] if len(alike) == 1 else nowhere


def _regular_files(folder: Path) -> Iterator[tuple[Path, int]]:
    for parent, _, names in os.walk(folder, followlinks=False):
        for path in (Path(parent, name) for name in names):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                yield path, status.st_size
