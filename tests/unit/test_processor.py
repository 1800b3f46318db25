"""The two classes that the package itself offers, as the README's first lines of Python use them."""

from collections.abc import Callable
from pathlib import Path

import pytest

import distributed_ocr_pipeline
from distributed_ocr_pipeline import DocumentProcessor, OCRPipeline, Runs
from tests.support.documents import scanned_pdf


def test_document_processing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_tesseract: Callable[..., None]
) -> None:
    fake_tesseract()
    monkeypatch.chdir(tmp_path)
    scanned_pdf(Path("test.pdf"), 1)
    result = DocumentProcessor(output_type="both").process_document("test.pdf", document_id="test123")
    assert result["text"] == "word page 1"
    assert result["image_paths"] == ["output/test123/page-0001.jpeg"]
    assert Path(result["image_paths"][0]).read_bytes()[:3] == b"\xff\xd8\xff"


def test_the_package_offers_these_names_and_no_others() -> None:
    assert set(distributed_ocr_pipeline.__all__) == {DocumentProcessor.__name__, OCRPipeline.__name__, Runs.__name__}
