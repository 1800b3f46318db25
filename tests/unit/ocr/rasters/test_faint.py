"""Print hardly darker than its paper is told from paper that is not quite even, and made dark."""

from io import BytesIO
from random import Random

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps, ImageStat

from distributed_ocr_pipeline.ocr.rasters.faint import has_faint_print, strengthened
from tests.support.documents import printed_page


def on_levels(page: Image.Image, ink: int, paper: int) -> Image.Image:
    return page.point([round(ink + (paper - ink) * level / 255) for level in range(256)])


def with_grain(page: Image.Image, sigma: float) -> Image.Image:
    """With noise of a bell curve of a standard deviation."""
    source, side = Random(1), 331
    tile = Image.new("L", (side, side))
    tile.putdata([round(source.gauss(128, sigma)) for _ in range(side * side)])
    grain = Image.new("L", page.size)
    for left in range(0, page.width, side):
        for top in range(0, page.height, side):
            grain.paste(tile, (left, top))
    return ImageChops.add(page, grain, offset=-128)


def in_falloff(page: Image.Image, levels: int) -> Image.Image:
    """As by a lens: darker towards the corners."""
    shade = Image.radial_gradient("L").resize(page.size).point([round(levels * level / 255) for level in range(256)])
    return ImageChops.subtract(page, shade)


def as_jpeg(page: Image.Image, quality: int) -> Image.Image:
    content = BytesIO()
    page.save(content, format="JPEG", quality=quality)
    return Image.open(content).convert("L")


def empty(paper: int = 240) -> Image.Image:
    return Image.new("L", (1200, 1600), paper)


@pytest.mark.parametrize(("ink", "paper"), [(235, 255), (245, 255), (180, 200), (50, 30)])
@pytest.mark.parametrize("sigma", [0, 1, 4])
def test_faint_print_is_found_also_in_grain(ink: int, paper: int, sigma: int) -> None:
    page = with_grain(on_levels(printed_page(), ink, paper), sigma)
    if abs(ink - paper) * 2 > 5 * sigma:
        assert has_faint_print(page)


def test_a_single_line_of_faint_print_is_found() -> None:
    page = Image.new("L", (1654, 2339), 255)
    ImageDraw.Draw(page).text((300, 1200), "A single line", fill=235, font=ImageFont.load_default(34))
    assert has_faint_print(page)


def test_faint_print_is_found_in_a_falloff_of_light_and_after_jpeg() -> None:
    assert has_faint_print(as_jpeg(in_falloff(on_levels(printed_page(), 230, 250), 12), 40))


@pytest.mark.parametrize("sigma", [0, 1, 4, 8])
@pytest.mark.parametrize("quality", [None, 10, 30, 75])
@pytest.mark.parametrize("falloff", [0, 12])
def test_empty_paper_has_none(sigma: int, quality: int | None, falloff: int) -> None:
    page = with_grain(in_falloff(empty(), falloff), sigma)
    assert not has_faint_print(page if quality is None else as_jpeg(page, quality))


@pytest.mark.parametrize("blur", [1, 2, 3])
def test_neither_has_paper_of_coarse_grain(blur: int) -> None:
    assert not has_faint_print(with_grain(empty(), 5 * blur).filter(ImageFilter.GaussianBlur(blur)))


def test_dust_is_no_faint_print() -> None:
    page, source = empty(), Random(1)
    for _ in range(100):
        page.putpixel((source.randrange(1200), source.randrange(1600)), 100)
    assert not has_faint_print(page)


def test_a_picture_of_a_few_cells_has_none() -> None:
    assert not has_faint_print(Image.new("L", (60, 900), 200))


@pytest.mark.parametrize("dark", [False, True])
def test_print_becomes_dark_and_paper_white(dark: bool) -> None:
    page = in_falloff(on_levels(printed_page(), 225, 250), 12)
    strong = strengthened(ImageOps.invert(page) if dark else page)
    levels = strong.histogram()
    assert sum(levels[250:]) > 0.6 * sum(levels)
    printed = printed_page().histogram()
    assert sum(levels[:160]) > 0.8 * sum(printed[:160])


@pytest.mark.parametrize("sigma", [4, 11.5])
def test_grain_is_no_print_when_it_is_strengthened(sigma: float) -> None:
    levels = strengthened(with_grain(empty(), sigma)).histogram()
    assert sum(levels[:128]) < 0.001 * sum(levels)


def test_faint_print_in_coarse_grain_becomes_dark_and_the_grain_does_not() -> None:
    page = with_grain(on_levels(printed_page(), 190, 230), 11.5)
    strong, ink = strengthened(page), printed_page().point([255 * (level < 128) for level in range(256)])
    assert ImageStat.Stat(strong, ink).mean[0] < 90
    paper = ImageOps.invert(ink.filter(ImageFilter.MaxFilter(7)))
    specks = strong.histogram(paper)
    assert sum(specks[:200]) < 0.002 * sum(specks)
