"""Print that was taken for specks is told from specks, by how close the pixels stand that are gone."""

from pathlib import Path

import pytest
from PIL import Image

from distributed_ocr_pipeline.ocr.pages.again.specks import may_be_print
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, Transform, transformed
from distributed_ocr_pipeline.records import Word
from tests.support.documents import printed_page, with_dotted_print, with_specks

LINES = [Word("line", 90, top - 4, 1100, 40, 96.0, top) for top in range(100, 1500, 42)]  # of `printed_page`


def may_be(page: Image.Image, folder: Path, words: list[Word]) -> bool:
    page.save(folder / "before.tif", format="TIFF", compression="raw")
    before = Raster(folder / "before.tif", page.width, page.height, 220)
    return may_be_print(before, transformed(before, Transform(despeckled=True), folder / "after.tif"), words)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01])
def test_specks_are_no_print(share: float, tmp_path: Path) -> None:
    assert not may_be(with_specks(printed_page(), share), tmp_path, LINES)


@pytest.mark.parametrize("kept", [0.2, 0.35, 0.5])
@pytest.mark.parametrize("place", [(90, 1520), (600, 20)])
def test_dotted_print_among_specks_may_be_print(kept: float, place: tuple[int, int], tmp_path: Path) -> None:
    page = with_dotted_print(with_specks(printed_page(), 0.002), "Total 482.10", place, kept)
    assert may_be(page, tmp_path, LINES)
    width, height = 300, 40
    word = Word("Total 482.10", place[0], place[1], width, height, 96.0, 99)
    assert not may_be(page, tmp_path, [*LINES, word])  # it was read nevertheless


def test_a_speck_at_the_rim_counts_once(tmp_path: Path) -> None:
    page = printed_page()
    for side in range(0, page.height, 40):
        page.paste(0, (page.width - 2, side, page.width, side + 1))
        page.paste(0, (0, side, 2, side + 1))
    assert not may_be(page, tmp_path, LINES)
