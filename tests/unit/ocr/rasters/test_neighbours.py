"""The lightest and darkest of the pixels around each: the same as of Pillow's own filters."""

import random

import pytest
from PIL import Image, ImageFilter

from distributed_ocr_pipeline.ocr.rasters.neighbours import darkest, in_runs, lightest


@pytest.mark.parametrize("size", [1, 3, 5, 9, 11])
@pytest.mark.parametrize("sides", [(40, 31), (11, 60), (12, 12)])
def test_they_are_those_of_pillows_filters(size: int, sides: tuple[int, int]) -> None:
    image = Image.frombytes("L", sides, random.Random(size).randbytes(sides[0] * sides[1]))
    assert lightest(image, size).tobytes() == image.filter(ImageFilter.MaxFilter(size)).tobytes()
    assert darkest(image, size).tobytes() == image.filter(ImageFilter.MinFilter(size)).tobytes()


@pytest.mark.parametrize("sides", [(1, 1), (2, 7), (7, 2)])
def test_a_picture_may_be_smaller_than_what_is_looked_at(sides: tuple[int, int]) -> None:
    image = Image.new("L", sides, 200)
    image.putpixel((0, 0), 10)
    assert lightest(image, 9).getextrema() == ((200, 200) if sides != (1, 1) else (10, 10))
    assert darkest(image, 9).getpixel((0, 0)) == 10


def test_runs_of_marks_are_found_across_and_down() -> None:
    image = Image.new("L", (60, 60))
    image.paste(255, (10, 20, 31, 21))  # 21 across
    image.paste(255, (40, 10, 42, 30))  # 20 down
    assert in_runs(image, across=10).getbbox() == (10, 20, 31, 21)
    assert in_runs(image, down=9).getbbox() == (40, 10, 42, 30)
    assert in_runs(image, across=11).getbbox() is in_runs(image, down=10).getbbox() is None
    assert set(in_runs(image, across=10).tobytes()) == {0, 255}


def test_the_longest_runs_that_may_be_asked_for_are_whole() -> None:
    image = Image.new("L", (300, 3))
    image.paste(255, (20, 1, 270, 2))
    assert in_runs(image, across=120).getbbox() == (20, 1, 270, 2)
