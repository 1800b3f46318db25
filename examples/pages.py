"""Draw pages whose text is known: the sample documents and the benchmark's corpus are made of them.

Everything here is deterministic: the font is the one Pillow carries, noise comes from a seeded generator. Images
are 8-bit grey, white paper, unless a function says otherwise. Lengths are millimetres, angles degrees clockwise.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

_SENTENCES = Path(__file__).with_name("sentences.txt")
_MM_PER_INCH = 25.4
_POINTS_PER_INCH = 72
_LINE_SPACING = 1.35
_GUTTER_MM = 8.0
_WHITE = 255

Paragraphs = Sequence[str]
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Layout:
    """Size of a page (mm), its resolution (dpi), its print (points) and how many columns it has."""

    width_mm: float = 210.0
    height_mm: float = 297.0
    margin_mm: float = 20.0
    dpi: int = 300
    points: float = 11.0
    columns: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels(self.width_mm), self.pixels(self.height_mm)

    @property
    def line_height(self) -> int:
        """From one baseline to the next, in pixels."""
        return round(self.points / _POINTS_PER_INCH * self.dpi * _LINE_SPACING)

    @property
    def column_width(self) -> int:
        """In pixels."""
        inner = self.width_mm - 2 * self.margin_mm - (self.columns - 1) * _GUTTER_MM
        return self.pixels(inner / self.columns)

    def column_left(self, column: int) -> int:
        """Left edge of a column (from 0), in pixels."""
        return self.pixels(self.margin_mm) + column * (self.column_width + self.pixels(_GUTTER_MM))

    def pixels(self, length_mm: float) -> int:
        """A length on the page in pixels."""
        return round(length_mm / _MM_PER_INCH * self.dpi)

    def font(self) -> ImageFont.FreeTypeFont:
        """The font in the size of this page's print."""
        size = self.points / _POINTS_PER_INCH * self.dpi
        return ImageFont.truetype(self.typeface(), size, layout_engine=ImageFont.Layout.BASIC)

    def typeface(self) -> BytesIO | Path:
        """The font's file: the bundled one."""
        return BytesIO(font_bytes())


@lru_cache(maxsize=1)
def font_bytes() -> bytes:
    """The TrueType file that Pillow carries: the one font that is the same on every machine."""
    font = ImageFont.load_default(size=10)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("This Pillow was built without FreeType; install Pillow from PyPI.")
    return font.font_bytes


@lru_cache(maxsize=1)
def _sentences() -> tuple[str, ...]:
    return tuple(_SENTENCES.read_text(encoding="utf-8").splitlines())


def prose(seed: int, sentences: int, per_paragraph: int = 4) -> list[str]:
    """Paragraphs of plain English; each seed begins at another place of the same stock of sentences."""
    stock = _sentences()
    chosen = [stock[(seed * 17 + number) % len(stock)] for number in range(sentences)]
    return [" ".join(chosen[start : start + per_paragraph]) for start in range(0, sentences, per_paragraph)]


def draw_text(paragraphs: Paragraphs, layout: Layout) -> Image.Image:
    """Print paragraphs, column after column; `ValueError` if they do not fit."""
    image = blank(layout)
    draw, font = ImageDraw.Draw(image), layout.font()
    places = _line_places(layout)
    for line in _wrap(paragraphs, font, layout.column_width):
        try:
            place = next(places)
        except StopIteration:
            raise ValueError("The text does not fit on the page.") from None
        draw.text(place, line, fill=0, font=font)
    return image


def draw_table(rows: Rows, layout: Layout) -> Image.Image:
    """Print a ruled table, columns of equal width."""
    image = blank(layout)
    draw, font = ImageDraw.Draw(image), layout.font()
    height, width = 2 * layout.line_height, layout.column_width // len(rows[0])
    for row_number, row in enumerate(rows):
        y = layout.pixels(layout.margin_mm) + row_number * height
        for column, cell in enumerate(row):
            x = layout.column_left(0) + column * width
            draw.rectangle((x, y, x + width, y + height), outline=0, width=max(1, layout.dpi // 150))
            draw.text((x + height // 3, y + height // 4), cell, fill=0, font=font)
    return image


def blank(layout: Layout) -> Image.Image:
    """A white page."""
    return Image.new("L", layout.size, _WHITE)


def text_of(paragraphs: Paragraphs) -> str:
    """What a perfect reader returns for `draw_text`."""
    return "\n".join(paragraphs)


def text_of_table(rows: Rows) -> str:
    """What a perfect reader returns for `draw_table`: row by row, cells parted by a space."""
    return "\n".join(" ".join(row) for row in rows)


def turned(image: Image.Image, degrees: int) -> Image.Image:
    """Turn by a multiple of 90, as a page that was put into the scanner the wrong way."""
    return image.rotate(-degrees, expand=True)


def skewed(image: Image.Image, degrees: float) -> Image.Image:
    """Turn by a few degrees and keep the size, as a page that was fed in crooked."""
    return image.rotate(-degrees, resample=Image.Resampling.BICUBIC, fillcolor=_WHITE)


def inverted(image: Image.Image) -> Image.Image:
    """White print on black."""
    return ImageOps.invert(image)


def noisy(image: Image.Image, seed: int, grain: int = 60, specks: float = 0.0003) -> Image.Image:
    """A poor scanner: soft edges, grey print, `grain` (grey levels), black specks on a share of the pixels."""
    soft = image.filter(ImageFilter.GaussianBlur(0.8))
    faded = soft.point([round(40 + level * 0.75) for level in range(256)])
    grained = ImageChops.add(faded, _grain(image.size, seed, grain))
    draw, source, (width, height) = ImageDraw.Draw(grained), random.Random(seed), image.size
    for _ in range(round(specks * width * height)):
        x, y = source.randrange(width), source.randrange(height)
        draw.rectangle((x, y, x + 1, y + 1), fill=30)
    return grained


def shaded(image: Image.Image, darkest: int = 110) -> Image.Image:
    """In a shadow: the paper darkens from left to right, down to `darkest` (grey level)."""
    falloff = [255 - level * (255 - darkest) // 255 for level in range(256)]
    shadow = Image.linear_gradient("L").rotate(90).resize(image.size).point(falloff)
    return ImageChops.multiply(image, shadow)


def photographed(image: Image.Image, seed: int) -> Image.Image:
    """A page on a table under a lamp: keystone, a shadow to one side, blur and grain. Same size as `image`."""
    width, height = image.size
    edge_x, edge_y = width // 12, height // 12
    table = ImageOps.expand(image.point([level * 235 // 255 for level in range(256)]), (edge_x, edge_y), fill=90)
    corners = (
        *(0.35 * edge_x, 0.30 * edge_y),
        *(0.05 * edge_x, height + 1.80 * edge_y),
        *(width + 1.95 * edge_x, height + 1.90 * edge_y),
        *(width + 1.60 * edge_x, 0.35 * edge_y),
    )
    view = table.transform(image.size, Image.Transform.QUAD, corners, resample=Image.Resampling.BICUBIC)
    shadow = Image.linear_gradient("L").rotate(90).resize(image.size)
    lit = ImageChops.multiply(view, shadow.point([150 + level * 105 // 255 for level in range(256)]))
    return ImageChops.add(lit, _grain(image.size, seed, 14)).filter(ImageFilter.GaussianBlur(0.6))


def _grain(size: tuple[int, int], seed: int, levels: int) -> Image.Image:
    """Noise evenly spread over 0 to `levels`."""
    noise = Image.frombytes("L", size, random.Random(seed).randbytes(size[0] * size[1]))
    return noise.point([value * levels // 255 for value in range(256)])


def _line_places(layout: Layout) -> Iterator[tuple[int, int]]:
    """Where each line starts, in pixels: down the first column, then down the next."""
    top = layout.pixels(layout.margin_mm)
    bottom = layout.size[1] - top - layout.line_height
    for column in range(layout.columns):
        for y in range(top, bottom, layout.line_height):
            yield layout.column_left(column), y


def _wrap(paragraphs: Paragraphs, font: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    """Lines no wider than `width` pixels; an empty line between paragraphs."""
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield ""
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if font.getlength(longer) > width and line:
                yield line
                longer = word
            line = longer
        yield line
