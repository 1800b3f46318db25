"""The median of nine."""

from random import Random

import pytest
from PIL import Image, ImageFilter

from distributed_ocr_pipeline.ocr.rasters.median import median


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (50, 127), (50, 128), (50, 129), (300, 400)])
def test_the_median_is_that_of_pillow(size: tuple[int, int]) -> None:
    noise = Image.frombytes("L", size, Random(1).randbytes(size[0] * size[1]))
    assert median(noise).tobytes() == noise.filter(ImageFilter.MedianFilter(3)).tobytes()
