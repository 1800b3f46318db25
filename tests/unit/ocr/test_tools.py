"""What is missing is named before any work."""

from collections.abc import Callable
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import MissingTool
from tests.support.documents import Ledger


def test_a_missing_language_is_named_before_any_work(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    with pytest.raises(MissingTool, match="tesseract-ocr-chi-sim"):
        process([tmp_path / "a.pdf"], languages="eng+chi_sim")


def test_a_missing_program_is_named_before_any_work(
    tmp_path: Path, process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="pdfinfo.*tesseract"):
        process([tmp_path / "a.pdf"])
