"""Coloured print is as dark as black print, and what has no lost print stays as it was."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from distributed_ocr_pipeline.ocr.rasters.coloured import grey_of_colour
from distributed_ocr_pipeline.ocr.rasters.decoding import rasterise
from distributed_ocr_pipeline.ocr.rasters.levels import median_level
from tests.support.documents import printed_page

Colour = tuple[int, int, int]
WHITE, BLACK, YELLOW = (255, 255, 255), (0, 0, 0), (255, 220, 0)
HEIGHT = 540  # of the coloured part


def beside_black(ink: Colour, paper: Colour) -> Image.Image:
    """A page of black print whose upper third is of other colours."""
    print_mask = printed_page()
    page = print_mask.convert("RGB")
    size = (page.width, HEIGHT)
    coloured = Image.composite(
        Image.new("RGB", size, paper), Image.new("RGB", size, ink), print_mask.crop((0, 0, *size))
    )
    page.paste(coloured, (0, 0))
    return page


def as_jpeg(page: Image.Image) -> Image.Image:
    content = BytesIO()
    page.save(content, format="JPEG", quality=85)
    return Image.open(content)


def black_and_white(grey: Image.Image) -> Image.Image:
    upper_third = grey.crop((90, 90, grey.width - 90, HEIGHT - 40))
    return upper_third.point([255 * (level >= 128) for level in range(256)])


def print_lost(grey: Image.Image) -> float:
    """Pixels on the wrong side of the middle grey, of print and of paper near print, for each pixel of print."""
    truth = black_and_white(printed_page())
    beside = truth.filter(ImageFilter.MinFilter(9))
    wrong = ImageChops.darker(ImageChops.difference(black_and_white(grey), truth), ImageOps.invert(beside))
    return wrong.histogram()[255] / truth.histogram()[0]


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        (YELLOW, WHITE),
        ((255, 165, 0), WHITE),
        ((0, 220, 255), WHITE),
        ((60, 255, 60), WHITE),
        ((255, 0, 0), (0, 130, 0)),
        ((0, 130, 0), (255, 0, 0)),
        (WHITE, YELLOW),
        (YELLOW, (0, 200, 255)),
    ],
)
@pytest.mark.parametrize("jpeg", [False, True])
def test_print_that_is_light_or_as_light_as_its_ground_becomes_black_on_white(
    ink: Colour, paper: Colour, jpeg: bool
) -> None:
    page = beside_black(ink, paper)
    assert print_lost(page.convert("L")) > 0.8
    assert print_lost(grey_of_colour(as_jpeg(page) if jpeg else page)) < (0.4 if jpeg else 0.2)


@pytest.mark.parametrize("ink", [(0, 0, 255), (80, 0, 255), (150, 0, 0)])
def test_print_of_colours_on_a_dark_page_becomes_light_on_black(ink: Colour) -> None:
    mask = printed_page()
    grey = grey_of_colour(Image.composite(Image.new("RGB", mask.size), Image.new("RGB", mask.size, ink), mask))
    on_paper, on_print = grey.histogram(mask), grey.histogram(ImageOps.invert(mask))
    assert median_level(on_paper) < 20 and sum(on_paper[60:]) < 0.1 * sum(on_paper)
    assert median_level(on_print) > 120


def test_black_print_below_it_stays_as_it_is() -> None:
    page = beside_black(YELLOW, WHITE)
    box = (0, HEIGHT + 100, *page.size)
    assert grey_of_colour(page).crop(box).tobytes() == page.convert("L").crop(box).tobytes()


def highlighted() -> Image.Image:
    marker = Image.new("RGB", (1200, 1600), WHITE)
    ImageDraw.Draw(marker).rectangle((80, 300, 1100, 560), fill=YELLOW)
    return ImageChops.multiply(printed_page().convert("RGB"), marker)


def fringed() -> Image.Image:
    """As by a scanner whose colours are a pixel apart."""
    black = printed_page()
    return Image.merge("RGB", (black, ImageChops.offset(black, 1, 0), ImageChops.offset(black, -1, 0)))


def chart() -> Image.Image:
    """Lines of light colours that cross, beside and under black print."""
    page = printed_page().convert("RGB")
    draw = ImageDraw.Draw(page)
    draw.rectangle((100, 200, 1100, 900), fill=WHITE)
    for colour, shift in (((155, 187, 89), 0), ((255, 165, 0), 90)):
        points = [(x, 300 + (x * 7 + shift * 3) % 500) for x in range(130, 1100, 240)]
        draw.line(points, fill=colour, width=6)
    return page


@pytest.mark.parametrize(
    "page",
    [
        printed_page().convert("RGB"),
        as_jpeg(printed_page().convert("RGB")),
        beside_black(BLACK, YELLOW),
        beside_black((0, 0, 180), WHITE),
        highlighted(),
        chart(),
        fringed(),
        Image.merge("RGB", [Image.linear_gradient("L").rotate(turn).resize((800, 900)) for turn in (0, 90, 180)]),
        Image.new("RGB", (30, 800), YELLOW),
    ],
    ids=[
        "black",
        "black as JPEG",
        "on yellow",
        "blue",
        "highlighted",
        "chart",
        "fringed",
        "colours without print",
        "narrow",
    ],
)
def test_what_the_lightness_shows_stays_byte_by_byte(page: Image.Image) -> None:
    assert grey_of_colour(page).tobytes() == page.convert("L").tobytes()


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA", "CMYK"])
def test_pictures_of_all_kinds_of_colour_are_decoded_so(mode: str, tmp_path: Path) -> None:
    page = beside_black((255, 165, 0), WHITE).convert(mode)
    page.save(tmp_path / "page.tif")
    rasterise(str(tmp_path / "page.tif"), 0, str(tmp_path / "grey.tif"), 10**8, 1024)
    with Image.open(tmp_path / "grey.tif") as grey:
        assert print_lost(grey) < 0.2
