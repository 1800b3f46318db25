"""What is there of a picture whose file ends early.

A decoder fills what is missing with zeros: black, or the middle grey of a JPEG, exactly level to the last row.
"""

from PIL import Image

GREY_FILLING = 128
"""Grey level of what a decoder of JPEG did not reach."""

_FILLS = (0, GREY_FILLING)


def missing_rows(image: Image.Image) -> int:
    """How many rows at the bottom are nothing but filling."""
    grey = image.convert("L")
    if grey.getpixel((0, grey.height - 1)) not in _FILLS:
        return 0
    fill = grey.getpixel((0, grey.height - 1))
    printed = grey.point([255 * (level != fill) for level in range(256)]).getbbox()
    return grey.height - printed[3] if printed else grey.height


def whitened(image: Image.Image, rows: int) -> Image.Image:
    """A copy whose last rows are paper."""
    copy = image.copy()
    paper = Image.new("L", (image.width, rows), 255).convert(image.mode)
    copy.paste(paper, (0, image.height - rows))
    return copy
