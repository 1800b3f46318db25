"""The interface for scripts and notebooks."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from distributed_ocr_pipeline import DocumentProcessor
from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import BadInput, MissingTool
from tests.support.documents import scanned_pdf, typed_pdf
from tests.support.harness import END_SECONDS, gone


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


def test_a_missing_program_is_named_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="pdfinfo.*tesseract"):
        DocumentProcessor().process_document(typed_pdf(tmp_path / "a.pdf", ["Typed"]))


@pytest.mark.parametrize("document_id", ["../up", "a/b", "", ".hidden", "a\nb"])
def test_a_document_id_must_be_the_name_of_a_folder(document_id: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="document_id"):
        DocumentProcessor().process_document(typed_pdf(tmp_path / "a.pdf", ["x"]), document_id=document_id)


def test_a_document_that_cannot_be_read_is_a_result(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    result = DocumentProcessor().process_document(tmp_path / "a.pdf")
    assert (result["status"], result["error_class"], result["text"]) == ("failed", "corrupt", "")
    assert result["error_message"]


def test_nothing_goes_on_reading_when_the_caller_is_killed(tmp_path: Path, fake_tesseract: Callable[..., None]) -> None:
    fake_tesseract(p1="hang")
    path = scanned_pdf(tmp_path / "a.pdf", 1)
    code = (
        f"from distributed_ocr_pipeline import DocumentProcessor; DocumentProcessor().process_document({str(path)!r})"
    )
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as caller:
        engine = wait_for_program(caller.pid, "tesseract")
        caller.kill()
    assert gone(engine)


def wait_for_program(caller: int, name: str) -> int:
    """The process that reads the page: one that a caller has started and that is neither helper nor guardian."""
    end = time.monotonic() + END_SECONDS
    while time.monotonic() < end:
        for process in psutil.Process(caller).children(recursive=True):
            with suppress(psutil.Error):
                if any(part.endswith(f"/{name}") for part in process.cmdline()) and "-l" in process.cmdline():
                    return process.pid
        time.sleep(0.05)
    raise AssertionError(f"no {name} was started")
