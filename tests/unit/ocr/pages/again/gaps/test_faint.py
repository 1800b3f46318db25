"""Print hardly darker than its paper, beside clear print, is found and made dark."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from distributed_ocr_pipeline.ocr.pages.again.gaps.pictures import Gaps, gaps_of
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word
from tests.support.documents import printed_page
from tests.support.gaps import half_faint, read_of, words_above


def find_faint(picture: Image.Image, folder: Path, words: Sequence[Word]) -> list[Gaps]:
    raster = Raster(folder / "page.tif", picture.width, picture.height, 220)
    picture.save(raster.path, format="TIFF")
    found = gaps_of(raster, read_of(words), folder / "gaps", strengthened=False)
    return [gap for gap in found if gap.faint]


@pytest.mark.parametrize("sigma", [0, 3])
def test_faint_print_below_clear_print_is_cut_out_and_made_dark(sigma: float, tmp_path: Path) -> None:
    [found] = find_faint(half_faint(sigma=sigma), tmp_path, words_above(690))
    assert 650 <= found.top <= 740 and found.left <= 100 and found.faint
    with Image.open(found.raster.path) as strong:
        assert strong.size == (found.raster.width, found.raster.height)
        counts = strong.histogram()
    assert sum(counts[:128]) > 0.5 * printed_page().crop((0, 700, 1200, 1600)).histogram()[0]
    assert sum(counts[250:]) > 0.6 * sum(counts)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (printed_page(), words_above(1500)),
        (printed_page(), words_above(690)),
        (half_faint(238, 238, 6), words_above(690)),
        (
            ImageChops.subtract(
                half_faint(238, 238),
                Image.radial_gradient("L").resize((1200, 1600)).point([level // 9 for level in range(256)]),
            ),
            words_above(690),
        ),
        (half_faint(), words_above(690, confidence=40.0)),
        (Image.new("L", (60, 900), 200), words_above(690)),
    ],
    ids=["all read", "clear print left", "grain", "falloff of light", "no print", "narrow"],
)
def test_without_faint_print_nothing_is_read_again(picture: Image.Image, words: Sequence[Word], tmp_path: Path) -> None:
    assert not find_faint(picture, tmp_path, words)


@pytest.mark.parametrize("ink", [190, 205, 220])
@pytest.mark.parametrize("bottom", [1500, 760])
def test_print_of_middle_grey_below_black_print_is_cut_out_and_made_dark(ink: int, bottom: int, tmp_path: Path) -> None:
    picture = half_faint(ink, 250, sigma=4)
    picture.paste(250, (0, bottom, *picture.size))
    [found] = find_faint(picture, tmp_path, words_above(690))
    assert 650 <= found.top <= 740 and found.left <= 100 and found.faint
    with Image.open(found.raster.path) as strong:
        dark = sum(strong.histogram()[:128])
    assert dark > 0.5 * printed_page().crop((0, 700, 1200, bottom)).histogram()[0]


def with_grey(draw_on: Callable[[ImageDraw.ImageDraw], None]) -> Image.Image:
    """A page of black print down to 690, on white paper, and something grey below."""
    picture = printed_page()
    picture.paste(255, (0, 690, *picture.size))
    draw_on(ImageDraw.Draw(picture))
    return picture


def grey_rules(draw: ImageDraw.ImageDraw) -> None:
    for place in range(100, 1100, 90):
        draw.line((place, 750, place, 1500), fill=200, width=3)
        draw.line((100, 650 + place, 1000, 650 + place), fill=200, width=3)


def shaded_rows(draw: ImageDraw.ImageDraw) -> None:
    for top in range(750, 1500, 120):
        draw.rectangle((100, top, 1100, top + 60), fill=215)


def large_watermark(draw: ImageDraw.ImageDraw) -> None:
    draw.text((100, 800), "DRAFT", fill=210, font=ImageFont.load_default(360))


@pytest.mark.parametrize("draw_on", [grey_rules, shaded_rows, large_watermark])
def test_grey_that_is_no_print_is_not_read_again(
    draw_on: Callable[[ImageDraw.ImageDraw], None], tmp_path: Path
) -> None:
    assert not find_faint(with_grey(draw_on), tmp_path, words_above(690))
