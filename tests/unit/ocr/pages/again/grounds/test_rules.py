"""Boxes and rules are taken away, strokes of letters are not."""

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from distributed_ocr_pipeline.ocr.pages.again.grounds.rules import without_ruled_lines


def boxed(box: tuple[int, int, int, int] = (14, 4, 120, 46), thickness: int = 2) -> Image.Image:
    """A word of print in a tight box, and the same without: side by side."""
    picture = Image.new("L", (400, 60), 250)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=28)
    for left in (20, 220):
        draw.text((left, 8), "Exhibit", fill=0, font=font)
    draw.rectangle(box, outline=60, width=thickness)
    return picture


def test_a_word_in_a_tight_box_is_cut_out_without_its_box() -> None:
    picture = without_ruled_lines(boxed(), 250, print_height=22)
    assert picture.crop((0, 0, 200, 60)).tobytes() == picture.crop((200, 0, 400, 60)).tobytes()
    assert picture.crop((200, 0, 400, 60)).tobytes() == boxed().crop((200, 0, 400, 60)).tobytes()


def test_the_soft_edges_of_a_box_go_with_it() -> None:
    soft = boxed().filter(ImageFilter.GaussianBlur(0.5))
    top = (12, 0, 122, 9)
    assert min(without_ruled_lines(soft, 250, print_height=22).crop(top).tobytes()) >= 245
    assert min(soft.crop(top).tobytes()) < 100


@pytest.mark.parametrize("height", [0, 40], ids=["nothing believed", "large print"])
def test_what_is_no_longer_than_strokes_of_print_is_no_rule(height: int) -> None:
    side = without_ruled_lines(boxed(), 250, height).crop((12, 10, 18, 40))
    assert side.tobytes() == boxed().crop((12, 10, 18, 40)).tobytes()


def test_strokes_of_large_letters_are_no_rules_beside_one() -> None:
    picture = boxed()
    ImageDraw.Draw(picture).line((380, 0, 380, 59), fill=0, width=2)
    assert without_ruled_lines(picture, 250, print_height=22).getpixel((380, 30)) == 0


def test_bars_and_photographs_are_no_rules() -> None:
    picture = boxed((0, 0, 199, 59), thickness=10)
    assert without_ruled_lines(picture, 250, print_height=22).tobytes() == picture.tobytes()
