"""What a drawn page is like: blank, light on dark, text height, skew, shadows, specks."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps

from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis, analyse
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from tests.support.documents import printed_page, repeating_page, with_specks


def _analysed(page: Image.Image, folder: Path) -> PageAnalysis:
    page.save(folder / "page.tif", format="TIFF")
    return analyse(Raster(folder / "page.tif", page.width, page.height, 200))


def test_an_upright_page_needs_nothing(tmp_path: Path) -> None:
    seen = _analysed(printed_page(), tmp_path)
    assert (seen.blank, seen.dark, seen.mixed, seen.sideways, seen.skew) == (False, False, False, False, 0.0)


@pytest.mark.parametrize("degrees", [-11, -5, -1.5, 1.5, 3, 8])
@pytest.mark.parametrize("quarter", [0, 90])
def test_skew_is_measured_also_of_pages_on_their_side(degrees: float, quarter: int, tmp_path: Path) -> None:
    page = printed_page().rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255).rotate(quarter, expand=True)
    seen = _analysed(page, tmp_path)
    assert seen.sideways == (quarter == 90)
    assert seen.skew == pytest.approx(-degrees, abs=0.3)


@pytest.mark.parametrize(("quarter", "sideways"), [(0, False), (90, True), (180, False), (270, True)])
@pytest.mark.parametrize("font_pixels", [18, 30])
def test_lines_that_begin_alike_are_not_taken_for_lines_of_the_other_direction(
    font_pixels: int, quarter: int, sideways: bool, tmp_path: Path
) -> None:
    seen = _analysed(repeating_page(font_pixels).rotate(quarter, expand=True), tmp_path)
    assert seen.sideways == sideways
    assert seen.text_height_median is not None and seen.text_height_median >= 0.5 * font_pixels


@pytest.mark.parametrize("font_pixels", [12, 16, 20, 28, 40])
def test_text_height_follows_the_size_of_the_font(font_pixels: int, tmp_path: Path) -> None:
    seen = _analysed(printed_page(font_pixels), tmp_path)
    assert seen.text_height_median is not None
    assert 0.5 <= seen.text_height_median / font_pixels <= 0.75


@pytest.mark.parametrize("paper", [255, 235, 30])
def test_a_page_of_nothing_but_paper_is_blank(paper: int, tmp_path: Path) -> None:
    page = Image.new("L", (1200, 1600), paper)
    for left in range(100, 1100, 100):
        page.putpixel((left, left), abs(paper - 120))  # dust
    assert _analysed(page, tmp_path).blank


@pytest.mark.parametrize("levels", [10, 20, 40])
def test_paper_in_a_falloff_of_light_is_blank_and_print_on_it_is_not(levels: int, tmp_path: Path) -> None:
    shade = Image.radial_gradient("L").point([levels * level // 255 for level in range(256)])
    page = printed_page()
    shade = shade.resize(page.size)
    assert _analysed(ImageChops.subtract(Image.new("L", page.size, 250), shade), tmp_path).blank
    for ink in (0, 215, 230):
        print_on_it = page.point([ink + (250 - ink) * level // 255 for level in range(256)])
        assert not _analysed(ImageChops.subtract(print_on_it, shade), tmp_path).blank


def test_a_lone_page_number_is_not_blank(tmp_path: Path) -> None:
    page = Image.new("L", (1654, 2339), 255)
    ImageDraw.Draw(page).text((800, 2200), "7", fill=60, font=ImageFont.load_default(28))
    assert not _analysed(page, tmp_path).blank


def test_faint_text_is_not_blank(tmp_path: Path) -> None:
    assert not _analysed(printed_page().point(lambda level: 215 + level * 40 // 255), tmp_path).blank


@pytest.mark.parametrize("quarter", [0, 90])
def test_very_faint_print_is_measured_like_black_print(quarter: int, tmp_path: Path) -> None:
    page = printed_page().rotate(3, Image.Resampling.BICUBIC, fillcolor=255).rotate(quarter, expand=True)
    black, faint = _analysed(page, tmp_path), _analysed(page.point([235 + v * 20 // 255 for v in range(256)]), tmp_path)
    assert (black.faint, faint.faint, faint.blank) == (False, True, False)
    assert faint.sideways == black.sideways
    assert faint.skew == pytest.approx(black.skew, abs=0.3)
    assert faint.text_height_median == pytest.approx(black.text_height_median, abs=3)


def test_a_page_of_light_text_is_dark(tmp_path: Path) -> None:
    seen = _analysed(ImageOps.invert(printed_page()), tmp_path)
    assert (seen.dark, seen.mixed) == (True, False)


@pytest.mark.parametrize("box", [(0, 40, 1200, 90), (500, 800, 700, 860), (0, 600, 1200, 1600)])
def test_a_dark_part_is_noticed(box: tuple[int, int, int, int], tmp_path: Path) -> None:
    page = printed_page()
    ImageDraw.Draw(page).rectangle(box, fill=50)
    seen = _analysed(page, tmp_path)
    assert (seen.dark, seen.mixed) == (False, True)


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (40, 40), (70, 70)])
def test_odd_sizes_are_no_trouble(size: tuple[int, int], tmp_path: Path) -> None:
    page = Image.effect_noise(size, 200)
    _analysed(page, tmp_path)


def test_a_dark_page_is_measured_like_its_negative(tmp_path: Path) -> None:
    page = printed_page().rotate(4, Image.Resampling.BICUBIC, fillcolor=255)
    light, dark = _analysed(page, tmp_path), _analysed(ImageOps.invert(page), tmp_path)
    assert (light.dark, dark.dark) == (False, True)
    assert (dark.text_height_median, dark.text_height_quartile, dark.skew) == (
        light.text_height_median,
        light.text_height_quartile,
        light.skew,
    )
    assert light.text_height_median is not None and light.skew


def _shadow(size: tuple[int, int], darkest: int, reach: float) -> Image.Image:
    """White, darkening from the right edge over a share of the width."""
    width = 100
    levels = [255 - round((255 - darkest) * max(0.0, 1 - x / (reach * width))) for x in range(width)]
    row = Image.new("L", (width, 1))
    row.putdata(levels[::-1])
    return row.resize(size, Image.Resampling.BICUBIC)


@pytest.mark.parametrize(("darkest", "reach"), [(60, 1.0), (160, 1.0), (100, 0.4)])
def test_paper_that_darkens_is_in_a_shadow(darkest: int, reach: float, tmp_path: Path) -> None:
    page = printed_page()
    assert _analysed(ImageChops.multiply(page, _shadow(page.size, darkest, reach)), tmp_path).shaded


@pytest.mark.parametrize("faint", [False, True])
def test_even_paper_and_a_slight_falloff_are_not(faint: bool, tmp_path: Path) -> None:
    page = printed_page().point([90 + level * 110 // 255 for level in range(256)]) if faint else printed_page()
    assert not _analysed(ImageChops.multiply(page, _shadow(page.size, 225, 1.0)), tmp_path).shaded


def test_neither_is_a_page_with_a_picture_nor_a_dark_page(tmp_path: Path) -> None:
    page = printed_page()
    page.paste(Image.linear_gradient("L").resize((600, 700)).point([level // 2 for level in range(256)]), (300, 400))
    assert not _analysed(page, tmp_path).shaded
    assert not _analysed(ImageOps.invert(printed_page()), tmp_path).shaded


@pytest.mark.parametrize(("share", "speckled"), [(0, False), (0.00005, False), (0.002, True), (0.01, True)])
@pytest.mark.parametrize("dark", [False, True])
def test_specks_are_told_from_print(share: float, speckled: bool, dark: bool, tmp_path: Path) -> None:
    page = with_specks(printed_page(), share)
    assert _analysed(ImageOps.invert(page) if dark else page, tmp_path).speckled == speckled


def test_rules_are_counted_in_widths_of_the_page(tmp_path: Path) -> None:
    page = printed_page()
    assert _analysed(page, tmp_path).rules < 0.5
    draw = ImageDraw.Draw(page)
    for top in (40, 70, 1540):
        draw.line((0, top, page.width, top), fill=0, width=2)
    draw.line((0, 1570, page.width // 2, 1570), fill=0, width=2)
    assert _analysed(page, tmp_path).rules == pytest.approx(3.5, abs=0.5)
