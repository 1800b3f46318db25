"""From pixels of the page as it was read to the user space of the PDF page.

The page was drawn as a viewer shows it (its crop box, turned by /Rotate), then turned and straightened about its
middle; `rotation_degrees` is all of that turn. Names of the PDF keys are those of ISO 32000-2, 7.7.3.3.
"""

import math
from dataclasses import dataclass

import pikepdf

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.records import PageResult, Word

Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f, as the operator `cm` takes them."""


@dataclass(frozen=True)
class ShownBox:
    """What is shown of a page: its edges in user space, and by how much a viewer turns it clockwise."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int = 0

    @property
    def shown_size(self) -> tuple[float, float]:
        """Width and height as a viewer shows them."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.turn % 180 else (width, height)


def shown_box(page: pikepdf.Page) -> ShownBox:
    """The part of the media box that the crop box leaves. Raises `BadInput` if that is nothing."""
    try:
        media, crop = _edges(page.mediabox), _edges(page.cropbox)
        turn = int(page.rotation) % 360
    except (pikepdf.PdfError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"The PDF does not say how large its page {page.index + 1} is.") from error
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    if left >= right or bottom >= top:
        left, bottom, right, top = media  # a crop box beside the page cuts nothing
    if left >= right or bottom >= top:
        raise BadInput(f"Page {page.index + 1} of the PDF has no area.")
    return ShownBox(left, bottom, right, top, turn)


def _edges(box: pikepdf.Array) -> tuple[float, float, float, float]:
    left, bottom, right, top = (float(side) for side in box)
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)


@dataclass(frozen=True)
class Placement:
    """Where the words of a page belong.

    Attributes:
        matrix: From pixels about the middle of the page, y *up*, as it was turned by quarters to be read, to user
            space.
        skew: By how many degrees it was turned further, anticlockwise, to be straight.
        middle: Of the page as it was read, in pixels from its top left.
    """

    matrix: Matrix
    skew: float
    middle: tuple[float, float]

    def start(self, word: Word, base: float) -> tuple[int, int]:
        """Where a word begins, in pixels, y up, whose base line is at `base` on the page as it was read.

        Words stay upright on a crooked page: of slanted ones, readers take each letter for a line of its own.
        """
        half = word.width / 2
        x, y = _turned((word.left + half - self.middle[0], base - self.middle[1]), self.skew)
        return round(x - half), -round(y)


def placement(page: PageResult, box: ShownBox) -> Placement:
    """Where the words of a page belong on the page of a PDF of which `box` is shown."""
    read = float(page.width_px or 1), float(page.height_px or 1)
    quarter = 90 * round(page.rotation_degrees / 90)
    drawn = _size_before_turn(*read, page.rotation_degrees)
    (a, b), (c, d) = (_to_user_space(axis, quarter, drawn, box) for axis in ((1, 0), (0, -1)))
    middle = ((box.left + box.right) / 2, (box.bottom + box.top) / 2)
    return Placement((a, b, c, d, *middle), quarter - page.rotation_degrees, (read[0] / 2, read[1] / 2))


def _to_user_space(
    axis: tuple[float, float], quarter: int, drawn: tuple[float, float], box: ShownBox
) -> tuple[float, float]:
    """A pixel to the right or up, on the page as it was turned to be read, in user space; y goes down before."""
    x, y = _turned(axis, -quarter)
    width, height = box.shown_size
    x, y = _turned((x * width / drawn[0], y * height / drawn[1]), -box.turn)
    return x, -y


def _turned(point: tuple[float, float], clockwise: float) -> tuple[float, float]:
    """A point turned about the origin, by degrees; y goes down."""
    sine, cosine = math.sin(math.radians(clockwise)), math.cos(math.radians(clockwise))
    return point[0] * cosine - point[1] * sine, point[0] * sine + point[1] * cosine


def _size_before_turn(width: float, height: float, degrees: float) -> tuple[float, float]:
    """The size of the picture that, turned, just fits in this one.

    A picture of w x h, turned by t, fits in |w cos t| + |h sin t| by |w sin t| + |h cos t|; solved for w and h. Near
    45 degrees, by which no page is straightened, the equations say the same.
    """
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    determinant = cosine**2 - sine**2
    if abs(determinant) < 0.1:
        return width, height
    before = (width * cosine - height * sine) / determinant, (height * cosine - width * sine) / determinant
    return (max(1.0, before[0]), max(1.0, before[1]))
