"""What is missing is named, so that it can be asked for before any work."""

import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import MissingTool
from distributed_ocr_pipeline.ocr import check_tools, engine_version
from distributed_ocr_pipeline.ocr.documents.poppler import PROGRAMS


def test_a_missing_language_is_named(fake_tesseract: Callable[..., None]) -> None:
    fake_tesseract()
    with pytest.raises(MissingTool, match="tesseract-ocr-chi-sim"):
        check_tools(OCRConfig(languages="eng+chi_sim"))


def test_scripts_cannot_be_told_without_the_model_for_it(fake_tesseract: Callable[..., None]) -> None:
    fake_tesseract()
    with pytest.raises(MissingTool, match="no language osd .*tesseract-ocr-osd"):
        check_tools(OCRConfig(languages="auto"))


def test_a_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="pdfinfo.*tesseract"):
        check_tools(OCRConfig())


def test_versions_are_those_of_the_programs() -> None:
    version = engine_version(OCRConfig())
    assert re.fullmatch(r"tesseract \d\S+, poppler \d\S+", version), version


def test_the_library_has_a_version_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    config = OCRConfig(engine="tesserocr")
    if find_spec("tesserocr") is not None:
        check_tools(config)
        assert engine_version(config).startswith("tesseract ")
    monkeypatch.setitem(sys.modules, "tesserocr", None)  # as if it were not installed
    with pytest.raises(MissingTool, match="tesserocr is not installed"):
        check_tools(config)


def test_images_alone_need_no_engine(
    install_program: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in PROGRAMS:
        folder = install_program(program, "pass").parent
    monkeypatch.setenv("PATH", str(folder))
    check_tools(OCRConfig(output_type="image"))
    with pytest.raises(MissingTool, match="Not installed: tesseract"):
        check_tools(OCRConfig())


def test_a_program_that_does_not_say_its_version_is_unknown(install_program: Callable[[str, str], Path]) -> None:
    for program in ("tesseract", "pdftoppm"):
        install_program(program, "print('nothing')")
    assert engine_version(OCRConfig()) == "tesseract unknown, poppler unknown"
