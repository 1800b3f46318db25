"""Which of the downloaded files is which document."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.records import Document, DocumentResult, DocumentStatus, PageChunk
from distributed_ocr_pipeline.run.delivery.downloads import locate_documents, telling_sizes


def document(key: str, size: int = 1, document_id: str = "") -> Document:
    return Document(document_id or key.replace("/", "-"), f"s3://docs/{key}", key, "etag", size)


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    return tmp_path / "documents"


def deliver(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def located(folder: Path, *documents: Document) -> list[str]:
    """Where each document is, relative to the folder; empty if it was not delivered."""
    found = [path for _, path in locate_documents(documents, folder, "s3://docs/in/2024")]
    return [path.relative_to(folder).as_posix() if path.exists() else "" for path in found]


def test_a_document_is_where_its_key_says_below_the_last_folder_of_the_prefix(folder: Path) -> None:
    deliver(folder, {"2024/a.pdf": "1", "2024-b.pdf": "2"})
    assert located(folder, document("in/2024/a.pdf"), document("in/2024-b.pdf")) == ["2024/a.pdf", "2024-b.pdf"]


def test_a_document_that_was_not_delivered_has_no_file(folder: Path) -> None:
    deliver(folder, {"a.pdf": "1"})
    assert located(folder, document("in/b.pdf"), document("in/a.pdf")) == ["", "a.pdf"]


def test_without_sub_folders_name_and_size_tell_documents_apart(folder: Path) -> None:
    deliver(folder, {"a.pdf": "123"})
    assert located(folder, document("in/x/a.pdf", size=3), document("in/y/b.pdf")) == ["a.pdf", ""]
    assert located(folder, document("in/x/a.pdf", size=4)) == [""]


def test_a_file_that_is_another_documents_is_not_taken(folder: Path) -> None:
    deliver(folder, {"a.pdf": "1"})
    assert located(folder, document("in/a.pdf"), document("in/x/a.pdf")) == ["a.pdf", ""]


def test_of_two_files_alike_none_is_taken(folder: Path) -> None:
    deliver(folder, {"p/a.pdf": "1", "q/a.pdf": "2"})
    assert located(folder, document("in/x/a.pdf")) == [""]


def test_a_link_is_not_a_document(folder: Path) -> None:
    (folder / "a.pdf").symlink_to("/etc/hostname")
    (folder / "sub").symlink_to("/etc")
    found = [path for _, path in locate_documents([document("in/a.pdf")], folder, "s3://docs/in/")]
    assert not found[0].exists()


def test_a_key_that_cannot_be_a_file_is_not_looked_for(folder: Path) -> None:
    deliver(folder.parent, {"secret.pdf": "1"})
    assert located(folder, document("in/../secret.pdf"), document("in//secret.pdf")) == ["", ""]


@pytest.mark.parametrize("document_id", ["a/b", "..", "a\0b", "x" * 256])
def test_an_id_must_be_the_name_of_a_folder(folder: Path, document_id: str) -> None:
    with pytest.raises(BadInput, match="Plan the run again"):
        located(folder, document("in/a.pdf", document_id=document_id))


def test_a_document_that_was_delivered_has_the_size_of_its_file_and_another_what_the_plan_said(folder: Path) -> None:
    deliver(folder, {"a.pdf": "12345"})
    there, gone, unplaced = document("in/a.pdf"), document("in/b.pdf", size=7), document("in/c.pdf", size=8)
    places = {there.document_id: folder / "a.pdf", gone.document_id: folder / "b.pdf"}
    chunk = PageChunk(there, "application/pdf", 1, ())
    results: list[PageChunk | DocumentResult] = [chunk]
    results += [DocumentResult(item, DocumentStatus.SUCCEEDED) for item in (there, gone, unplaced)]
    first, *told = telling_sizes(results, places)
    assert first is chunk
    assert [item.document.size_bytes for item in told] == [5, 7, 8]
    assert [item.document.document_id for item in told] == [item.document_id for item in (there, gone, unplaced)]
