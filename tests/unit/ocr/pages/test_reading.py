"""What the engine is given of a page."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from distributed_ocr_pipeline.ocr.rasters import raster
from tests.support.documents import Ledger, page_picture


def test_small_print_is_not_made_larger_than_the_engine_reads(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_tesseract(p1="measure")
    line = page_picture("Small print, line after line, as in the conditions of a contract", size=(1500, 160))
    picture = Image.new("L", (600, 640), 255)
    for top in range(0, 640, 64):
        picture.paste(line.resize((600, 64)), (0, top))
    picture.save(tmp_path / "a.png")
    [(_, [page])] = process([tmp_path / "a.png"])
    assert page.text == "word 1000 pixels wide"
    monkeypatch.setattr(raster, "MAX_SIDE", 700)
    [(_, [page])] = process([tmp_path / "a.png"])
    assert page.text == "word 656 pixels wide"


@pytest.mark.parametrize(("output_type", "noted"), [("both", True), ("image", False)])
def test_the_note_says_of_a_page_that_is_read_that_specks_were_removed(
    output_type: str,
    noted: bool,
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    picture = page_picture(size=(1000, 1400))
    for top in range(0, 1400, 12):
        for left in range(0, 1000, 12):
            picture.putpixel((left, top), 0)
    picture.save(tmp_path / "a.png")
    [(_, [page])] = process([tmp_path / "a.png"], output_type=output_type)
    assert ("specks removed" in page.note) == noted
