"""Paper made even."""

import pytest
from PIL import Image, ImageDraw

from distributed_ocr_pipeline.ocr.rasters.even import even_paper


def on_paper(paper: int, ink: int, border: int, width: int = 120) -> Image.Image:
    """A sheet with bars like strokes, on a table that is so many pixels wide on all sides."""
    picture = Image.new("L", (800, 800), border)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width, width, 799 - width, 799 - width), fill=paper)
    for left in range(220, 580, 12):
        draw.rectangle((left, 300, left + 3, 330), fill=ink)
    return picture


@pytest.mark.parametrize("width", [120, 24])
def test_a_dark_border_becomes_paper_and_faint_print_black(width: int) -> None:
    even = even_paper(on_paper(paper=190, ink=140, border=10, width=width))
    for near in (8, width - 10):
        assert {even.getpixel(place) for place in ((near, 400), (400, near), (799 - near, 400), (400, 799 - near))} == {
            255
        }
    assert even.getpixel((400, 500)) == 255
    ink = even.getpixel((221, 315))
    assert isinstance(ink, int) and ink < 80


def test_paper_that_darkens_becomes_even() -> None:
    shade = Image.linear_gradient("L").resize((800, 800)).point([110 + level // 2 for level in range(256)])
    even = even_paper(shade)
    assert even.getextrema() == (255, 255)


def test_the_grain_of_paper_is_no_ink() -> None:
    picture = Image.new("L", (320, 320), 200)
    for left in range(0, 320, 5):
        picture.putpixel((left, left), 190)
    assert even_paper(picture).getextrema() == (255, 255)


def test_a_picture_smaller_than_a_cell_stays_one() -> None:
    assert even_paper(Image.new("L", (3, 2), 90)).size == (3, 2)
