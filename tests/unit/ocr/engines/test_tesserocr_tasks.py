"""The tesserocr library, in this process."""

from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.ocr.engines import tesserocr_tasks
from tests.support.documents import page_picture

pytest.importorskip("tesserocr")


@pytest.fixture(name="page")
def fixture_page(tmp_path: Path) -> str:
    page_picture("A page to read").save(tmp_path / "a.tif")
    return str(tmp_path / "a.tif")


@pytest.mark.parametrize("wants_text", [True, False])
def test_a_page_is_read_to_tsv_and_text(page: str, wants_text: bool) -> None:
    answer = tesserocr_tasks.recognise(page, "eng", {"psm": 6, "oem": 1, "tessedit_do_invert": False}, wants_text)
    assert [row.split("\t")[-1] for row in answer.tsv.splitlines() if row[0] == "5"] == ["A", "page", "to", "read"]
    assert (answer.text or "").strip() == ("A page to read" if wants_text else "")


def test_a_variable_that_there_is_not_is_named(page: str) -> None:
    with pytest.raises(DocumentError, match="no variable 'colour'"):
        tesserocr_tasks.recognise(page, "eng", {"colour": 1}, False)


def test_a_language_that_there_is_not_is_named(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DocumentError, match="models eng.xyz"):
        tesserocr_tasks.recognise(page, "eng+xyz", {}, False)
    assert "eng" in tesserocr_tasks.languages()
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    assert not tesserocr_tasks.languages()


def test_the_version_is_that_of_the_engine() -> None:
    assert tesserocr_tasks.version()[0].isdigit()
