"""Documents of a plan: the manifest that SageMaker reads, and the list that the worker reads."""

from distributed_ocr_pipeline.records import Document, S3Location
from distributed_ocr_pipeline.run.delivery.manifests import is_file_name, make_manifest, parse_documents
from tests.support.documents import document_id_of, format_documents

PREFIX = S3Location("bucket", "docs/")


def document(key: str, size: int = 10) -> Document:
    uri = f"s3://bucket/{key}"
    return Document(document_id_of(uri), uri, key, "etag", size)


def test_the_manifest_lists_keys_below_their_folder() -> None:
    keys = ["docs/2024-01/a.pdf", "docs/2024-02/b c.pdf"]
    assert make_manifest(S3Location("bucket", "docs/2024"), map(document, keys)) == [
        {"prefix": "s3://bucket/docs/"},
        "2024-01/a.pdf",
        "2024-02/b c.pdf",
    ]


def test_keys_that_cannot_be_files_are_left_out_of_the_manifest_only() -> None:
    keys = ["docs/a.pdf", "docs/../secret.pdf", "docs//b.pdf", f"docs/{'x' * 256}.pdf", "docs/é\n'\".pdf"]
    assert make_manifest(PREFIX, map(document, keys))[1:] == ["a.pdf", "é\n'\".pdf"]
    assert not is_file_name("a\0b")


def test_documents_are_read_back_as_they_were_written() -> None:
    documents = [document(f"docs/{name}.pdf") for name in ("a", "new\nline", "emoji 😀", "c")]
    assert parse_documents(format_documents(documents)) == documents
