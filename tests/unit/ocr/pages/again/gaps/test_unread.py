"""Lines that look like print and were not read are counted; what is no print is not taken for such."""

from pathlib import Path
from random import Random

import pytest
from PIL import Image, ImageChops, ImageDraw

from distributed_ocr_pipeline.ocr.pages.again.gaps.unread import MANY_LINES, unread_lines
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, Transform
from distributed_ocr_pipeline.records import Word
from tests.support.documents import printed_page

HALF = 700


def words_above(bottom: int) -> list[Word]:
    """A word over each line of `printed_page` above a row of pixels."""
    return [Word("line", 90, top - 4, 1100, 40, 95.0, 1) for top in range(100, bottom, 42)]


def dotted_below(picture: Image.Image) -> Image.Image:
    """The lower part made of dots: of 4 x 4 pixels, 2 x 2 are left."""
    dots = Image.new("L", picture.size, 255)
    draw = ImageDraw.Draw(dots)
    for top in range(HALF, picture.height, 4):
        for left in range(0, picture.width, 4):
            draw.rectangle((left, top, left + 2, top + 2), fill=0)
    draw.rectangle((0, 0, picture.width, HALF), fill=0)
    return ImageChops.lighter(picture, dots)


def lines_of(picture: Image.Image, folder: Path, bottom: int, transform: Transform = Transform()) -> int:
    raster = Raster(folder / "page.tif", picture.width, picture.height, 220)
    picture.save(raster.path, format="TIFF")
    return unread_lines(raster, transform, words_above(bottom))


@pytest.mark.parametrize("transform", [Transform(), Transform(despeckled=True)])
def test_lines_of_dots_below_print_that_was_read_are_counted(transform: Transform, tmp_path: Path) -> None:
    assert lines_of(dotted_below(printed_page()), tmp_path, HALF, transform) >= MANY_LINES


def test_on_a_page_that_was_read_there_are_none(tmp_path: Path) -> None:
    assert lines_of(printed_page(), tmp_path, 1600) == 0


def drawing(draw: ImageDraw.ImageDraw) -> None:
    for number in range(6):
        draw.ellipse((200 + 100 * number, HALF + 60 * number, 500 + 100 * number, HALF + 400), outline=0, width=3)


def table(draw: ImageDraw.ImageDraw) -> None:
    for top in range(HALF, 1500, 60):
        draw.line((100, top, 1100, top), fill=0, width=3)


def photograph(draw: ImageDraw.ImageDraw) -> None:
    grain = Random(1)
    for top in range(HALF, 1200, 20):
        draw.rectangle((200, top, 1000, top + 19), fill=grain.randrange(40, 160))


@pytest.mark.parametrize("draw_on", [drawing, table, photograph])
def test_what_is_no_print_is_not_counted(draw_on: object, tmp_path: Path) -> None:
    assert callable(draw_on)
    picture = printed_page()
    picture.paste(255, (0, HALF, picture.width, picture.height))
    draw_on(ImageDraw.Draw(picture))
    assert lines_of(picture, tmp_path, HALF) < MANY_LINES
