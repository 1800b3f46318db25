"""The interface for scripts and notebooks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from distributed_ocr_pipeline import DocumentProcessor
from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import BadInput
from tests.support.documents import scanned_pdf, typed_pdf


def test_text_and_images_of_one_document(tmp_path: Path, fake_tesseract: Callable[..., None]) -> None:
    fake_tesseract()
    processor = DocumentProcessor(output_type="both", output_dir=tmp_path / "out")
    result = processor.process_document(scanned_pdf(tmp_path / "test.pdf", 2), document_id="test123")
    assert (result["document_id"], result["status"], result["page_count"]) == ("test123", "succeeded", 2)
    assert result["text"] == "word page 1\fword page 2"
    assert [Path(path).relative_to(tmp_path) for path in result["image_paths"]] == [
        Path("out/test123/page-0001.jpeg"),
        Path("out/test123/page-0002.jpeg"),
    ]
    assert all(Path(path).stat().st_size for path in result["image_paths"])
    assert [page["text_source"] for page in result["pages"]] == ["ocr", "ocr"]


def test_the_options_decide_what_output_type_does_not(tmp_path: Path) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["Typed"])
    result = DocumentProcessor(ocr_config=OCRConfig(words=True)).process_document(path)
    assert [word["text"] for word in result["pages"][0]["words"]] == ["Typed"]
    assert result["image_paths"] == []


def test_a_file_that_is_not_there_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere.pdf"):
        DocumentProcessor().process_document(tmp_path / "nowhere.pdf")


@pytest.mark.parametrize("document_id", ["../up", "a/b", "", ".hidden", "a\nb"])
def test_a_document_id_must_be_the_name_of_a_folder(document_id: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="document_id"):
        DocumentProcessor().process_document(typed_pdf(tmp_path / "a.pdf", ["x"]), document_id=document_id)


def test_a_document_that_cannot_be_read_is_a_result(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    result = DocumentProcessor().process_document(tmp_path / "a.pdf")
    assert (result["status"], result["error_class"], result["text"]) == ("failed", "corrupt", "")
    assert result["error_message"]
