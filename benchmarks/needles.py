"""Print of dots: what matrix printers with 9 or 24 needles leave on paper, needle by needle.

No two dots are alike: the head shakes, the ribbon is worn in places, one needle strikes less hard than the others, and
lines that are printed on the way back are a little off. In draft, no needle strikes in two columns that follow each
other, so that dots stand apart.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from examples.pages import Layout, font_bytes

_CANVAS_DPI = 600  # what dots are drawn at, before the page is made coarser
_MARGIN_INCHES, _LINES_AN_INCH = 0.75, 6
_SHAKE_INCHES = 0.001  # standard deviation of where a dot lies
_WAY_BACK_INCHES = 0.003  # by how much lines that are printed on the way back may be off
_PATCHES = (17, 24)  # of a page, in each of which the ribbon is equally worn
_INK, _UNEVEN, _WEAK, _WORN, _LIGHTEST = 30, 50, 60, 90, 225  # grey levels
_PAPER = 238
_CELL = 6  # columns of a letter of nine needles, with its gap
_ROWS_OF_24, _EM = 40, 25  # rows of a line, and of a font's size: 10 points

_LETTERS = r"""!"#$%&'()*+,-./0123456789:;ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"""
_COLUMNS = """
00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649562050 0008070300 001c224100 0041221c00 2a1c7f1c2a 08083e0808
0080703000 0808080808 0000606000 2010080402 3e5149453e 00427f4000 7249494946 2141494d33 1814127f10 2745454539 3c4a494931
4121110907 3649494936 464949291e 0000140000 0040340000 7c1211127c 7f49494936 3e41414122 7f4141413e 7f49494941 7f09090901
3e41415173 7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f021c027f 7f0408107f 3e4141413e 7f09090906 3e4151215e
7f09192946 2649494932 03017f0103 3f4040403f 1f2040201f 3f4038403f 6314081463 0304780403 6159494d43 2054547840 7f28444438
3844444428 384444287f 3854545418 00087e0902 18a4a49c78 7f08040478 00447d4000 2040403d00 7f10284400 00417f4000 7c04780478
7c08040478 3844444438 fc18242418 18242418fc 7c08040408 4854545424 04043f4424 3c4040207c 1c2040201c 3c4030403c 4428102844
4c9090907c 4464544c44
"""
_MATRIX = dict(zip(_LETTERS, map(bytes.fromhex, _COLUMNS.split())))
"""The usual letters of five by seven dots, column by column; the lowest bit is the uppermost dot."""

Dots = Iterator[tuple[int, int]]
"""Column and row of each dot of a line."""


@dataclass(frozen=True)
class Head:
    """A print head: rows and columns of dots an inch, how wide a dot is (inches), and what it strikes for a line."""

    needles: int
    rows: int
    columns: int
    dot: float
    letters: int  # of a line
    dots: Callable[[str], Dots]


def _of_nine(line: str) -> Dots:
    for place, letter in enumerate(line):
        for column, bits in enumerate(_MATRIX.get(letter, b"")):
            yield from ((place * _CELL + column, row) for row in range(8) if bits >> row & 1)


def _of_twenty_four(line: str) -> Dots:
    """A font in as many dots as the head has; every other one of them is struck."""
    font = ImageFont.truetype(BytesIO(font_bytes()), _EM, layout_engine=ImageFont.Layout.BASIC)
    drawn = Image.new("1", (round(font.getlength(line)) + _EM, _ROWS_OF_24))
    ImageDraw.Draw(drawn).text((0, 0), line, fill=1, font=font)
    narrow = drawn.resize((drawn.width * 120 // 180, drawn.height), Image.Resampling.NEAREST)
    for row in range(narrow.height):
        yield from ((column, row) for column in range(row % 2, narrow.width, 2) if narrow.getpixel((column, row)))


NINE = Head(9, 72, 60, 0.0115, 64, _of_nine)
TWENTY_FOUR = Head(24, 180, 120, 0.0075, 78, _of_twenty_four)


def printed(lines: Sequence[str], head: Head, layout: Layout, seed: int) -> Image.Image:
    """A page with these lines, in draft and with a worn ribbon, as a scanner of the layout's resolution sees it."""
    source, canvas = random.Random(seed), Image.new("L", replace(layout, dpi=_CANVAS_DPI).size, 255)
    draw, ribbon, weak = ImageDraw.Draw(canvas), _ribbon(source), source.randrange(head.needles)
    for row, x, y in _struck(lines, head, source):
        worn = ribbon[int(y / canvas.height * _PATCHES[1])][int(x / canvas.width * _PATCHES[0])]
        ink = _INK + source.randrange(_UNEVEN) + _WEAK * (row % head.needles == weak) + worn
        radius = head.dot * _CANVAS_DPI / 2 * source.uniform(0.85, 1.1)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=min(ink, _LIGHTEST))
    canvas = canvas.resize(layout.size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.5))
    return canvas.point([level * _PAPER // 255 for level in range(256)])


def _struck(lines: Sequence[str], head: Head, source: random.Random) -> Iterator[tuple[int, float, float]]:
    """The row of each dot, and where its middle lies on the canvas."""
    for number, line in enumerate(lines):
        left = _MARGIN_INCHES + number % 2 * source.uniform(-_WAY_BACK_INCHES, _WAY_BACK_INCHES)
        top = _MARGIN_INCHES + number / _LINES_AN_INCH
        for column, row in head.dots(line):
            x = left + column / head.columns + source.gauss(0, _SHAKE_INCHES)
            y = top + row / head.rows + source.gauss(0, _SHAKE_INCHES)
            yield row, x * _CANVAS_DPI, y * _CANVAS_DPI


def _ribbon(source: random.Random) -> list[bytes]:
    """How much lighter each patch of a page is printed."""
    return [bytes(source.randrange(_WORN) for _ in range(_PATCHES[0])) for _ in range(_PATCHES[1])]
