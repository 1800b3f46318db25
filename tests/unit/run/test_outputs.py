"""Files of documents that the shard's job makes: each is there, or its row says why not, and nothing else is left."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.ocr import Stop
from distributed_ocr_pipeline.records import (
    Document,
    DocumentResult,
    DocumentStatus,
    OutputFile,
    PageChunk,
)
from distributed_ocr_pipeline.run.outputs import DocumentOutputs
from tests.support.outputs import LINES, drawn_page, page_of, poppler_text

IMAGE, WORDS = drawn_page()
PAGE = page_of(WORDS)
KEYS = ("letters/a.pdf", "a//b.pdf", "100%.pdf", "..", "naïve 中 🂡\n.pdf", "x" * 300)


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "scratch").mkdir()
    (tmp_path / "outputs").mkdir()
    IMAGE.save(tmp_path / "scan.pdf", resolution=200)
    yield tmp_path / "outputs"
    assert not list((tmp_path / "scratch" / "outputs").iterdir())


def document(key: str, **values: object) -> Document:
    return replace(Document(f"id{len(key)}-{key[0]}", f"s3://bucket/{key}", key, "etag", 123), **values)  # type: ignore


def result(item: Document, status: DocumentStatus = DocumentStatus.SUCCEEDED) -> DocumentResult:
    return DocumentResult(item, status, "application/pdf", page_count=1, pages_succeeded=1)


def made(
    folder: Path,
    *results: DocumentResult,
    outputs: str = "searchable_pdf,text",
    originals: Sequence[str] = (),
    stop: bool = False,
    **options: int,
) -> list[DocumentResult]:
    """The results with what became of their files; each document is the scan, or one of `originals`."""
    chosen = RunOptions.model_validate({"input_prefix": "s3://bucket/", "outputs": outputs, **options})
    given = [item for result in results for item in (PageChunk(result.document, "application/pdf", 1, (PAGE,)), result)]
    names = originals or ["scan.pdf"] * len(results)
    paths = {result.document.document_id: folder.with_name(name) for result, name in zip(results, names)}
    run, ended = RunLayout("b", "r1"), Stop()
    if stop:
        ended.request()
    with DocumentOutputs(run, chosen, "5", scratch=folder.with_name("scratch"), folder=folder, stop=ended) as making:
        found = list(making.add_files(given, paths))
    assert found[::2] == given[::2]
    return [item for item in found if isinstance(item, DocumentResult)]


def errors(found: DocumentResult) -> set[str]:
    assert not any(output.key for output in found.outputs)
    return {output.error for output in found.outputs}


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_files_are_where_export_puts_them_and_the_row_says_so(folder: Path) -> None:
    found = made(folder, *(result(document(key)) for key in KEYS))
    for key, row in zip(KEYS, found):
        assert [output.format for output in row.outputs] == ["searchable_pdf", "text"]
        for output, suffix in zip(row.outputs, (".pdf", ".txt")):
            path = folder / output.key.removeprefix("outputs/run_id=r1/")
            assert output.key == RunLayout("b", "r1").output(key, suffix).key
            assert output == OutputFile(output.format, output.key, path.stat().st_size)
    assert len(files(folder)) == 2 * len(KEYS)
    assert poppler_text(folder / "letters/a.pdf.pdf").split() == " ".join(LINES).split()
    assert (folder / "letters/a.pdf.txt").read_text(encoding="utf-8").split() == " ".join(LINES).split()


def test_a_document_that_no_library_opens_lacks_its_pdf_alone(folder: Path) -> None:
    folder.with_name("scan.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    (row,) = made(folder, result(document("a.pdf")))
    pdf, text = row.outputs
    assert pdf.error.startswith("The PDF cannot be given text") and not pdf.key
    assert text.key and files(folder) == {"a.pdf.txt"}


def test_what_hangs_a_library_costs_one_document_its_files(folder: Path) -> None:
    os.mkfifo(folder.with_name("pipe"))
    rows = made(
        folder,
        *(result(document(key)) for key in ("a.pdf", "longer.pdf")),
        originals=["pipe", "scan.pdf"],
        document_timeout_seconds=12,
    )
    assert errors(rows[0]) == {"timeout: Not done after 12 seconds."}
    assert all(output.key for output in rows[1].outputs) and len(files(folder)) == 2


def test_a_run_without_outputs_passes_results_on(folder: Path) -> None:
    given = result(document("a.pdf"))
    assert made(folder, given, outputs="") == [given] and not files(folder)
    (folder.with_name("scratch") / "outputs").mkdir()


@pytest.mark.parametrize("status", [DocumentStatus.FAILED, DocumentStatus.DEFERRED])
def test_documents_without_a_result_have_no_files(status: DocumentStatus, folder: Path) -> None:
    (row,) = made(folder, result(document("a.pdf"), status))
    assert row.outputs == () and not files(folder)


def test_a_part_says_that_export_makes_its_documents_files(folder: Path) -> None:
    (row,) = made(folder, result(document("a.pdf", last_page=1)))
    assert errors(row) == {"The document was read in parts, by several jobs; `ocr-pipeline export` makes it."}
    assert not files(folder)


def test_a_document_that_changed_meanwhile_has_no_files(folder: Path) -> None:
    (row,) = made(folder, replace(result(document("a.pdf")), error_class=ErrorClass.CHANGED))
    assert errors(row) == {"The file changed while it was read. Run again, which reads it again."}


def test_after_a_stop_rows_say_that_export_makes_the_files(folder: Path) -> None:
    (row,) = made(folder, result(document("a.pdf")), stop=True)
    assert errors(row) == {"The job had to end before this file was made; `ocr-pipeline export` makes it."}
    assert not files(folder)


def test_a_key_that_s3_would_refuse_is_a_note(folder: Path) -> None:
    (row,) = made(folder, result(document("/".join(["folder"] * 145))))
    assert errors(row) == {"Its key would be longer than the 1024 bytes that S3 allows."}


def test_the_name_of_a_file_on_this_machine_is_escaped_once(folder: Path) -> None:
    named = document("letters/50%2520.pdf", source_uri="file:///docs/letters/50%2520.pdf")  # the file 50%20.pdf
    (row,) = made(folder, result(named), outputs="text")
    assert row.outputs[0].key == "outputs/run_id=r1/letters/50%2520.pdf.txt"


@pytest.mark.parametrize("keys", [("a.pdf", "a.pdf.txt/b.png"), ("a.pdf.txt/b.png", "a.pdf")])
def test_a_folder_in_the_place_of_a_file_is_a_note(keys: tuple[str, str], folder: Path) -> None:
    (first,) = made(folder, result(document(keys[0])), outputs="text")
    (folder.with_name("scratch") / "outputs").rmdir()
    (second,) = made(folder, result(document(keys[1])), outputs="text")
    assert first.outputs[0].key and files(folder) == {f"{keys[0]}.txt"}
    (error,) = errors(second)
    assert error.startswith(f"outputs/run_id=r1/{keys[1]}.txt cannot be written: ")
