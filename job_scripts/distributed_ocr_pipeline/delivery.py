"""Where SageMaker put the shard's documents."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from distributed_ocr_pipeline.manifests import is_file_name, manifest_base
from distributed_ocr_pipeline.records import Document, S3Location


def locate_documents(documents: Iterable[Document], folder: Path, input_prefix: str) -> Iterator[tuple[Document, Path]]:
    """Pair each document with its local file, which does not exist if the document was not delivered.

    SageMaker is believed, but not documented, to keep the sub-folders of manifest entries. Where it did not, the one
    file of the right name and size is taken.
    """
    base = manifest_base(S3Location.parse(input_prefix).key)
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in folder.rglob("*"):
        by_name[path.name].append(path)
    for document in documents:
        yield document, _locate(document, folder, document.key.removeprefix(base), by_name)


def _locate(document: Document, folder: Path, name: str, by_name: dict[str, list[Path]]) -> Path:
    if not is_file_name(name):
        return folder / document.document_id  # nothing was or could be delivered under that name
    exact = folder / name
    alike = [path for path in by_name.get(exact.name, []) if path.stat().st_size == document.size_bytes]
    return alike[0] if not exact.exists() and len(alike) == 1 else exact
