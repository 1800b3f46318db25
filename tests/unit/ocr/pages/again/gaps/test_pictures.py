"""Print outside of all words is found and cut out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from distributed_ocr_pipeline.ocr.pages.again.gaps.pictures import BLOCK, SPARSE_TEXT, Gaps, gaps_of
from distributed_ocr_pipeline.ocr.pages.again.grounds.low_rows import without_rows
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word
from tests.support.documents import printed_page
from tests.support.gaps import READ, page, read_of, words_above


def find(picture: Image.Image, raster: Raster, words: Sequence[Word]) -> list[Gaps]:
    picture.save(raster.path, format="TIFF")
    return gaps_of(raster, read_of(words), raster.path.with_name("gaps"), strengthened=True)


def test_a_page_that_was_read_as_a_whole_has_no_gaps(tmp_path: Path) -> None:
    assert find(*page(tmp_path), words_above(1500)) == []


def test_lines_that_were_not_read_are_cut_out(tmp_path: Path) -> None:
    [found] = find(*page(tmp_path), words_above(1200))
    assert 1190 <= found.top <= 1240 and found.left <= 100 and found.segmentation == SPARSE_TEXT
    with Image.open(found.raster.path) as picture, Image.open(tmp_path / "page.tif") as whole:
        assert picture.size == (found.raster.width, found.raster.height)
        box = (found.left, found.top, found.left + picture.width, found.top + picture.height)
        assert picture.tobytes().count(0) == whole.crop(box).tobytes().count(0) > 500  # no letter is cut


def test_rules_and_photographs_are_no_print(tmp_path: Path) -> None:
    picture, raster = page(tmp_path)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((20, 20, 1180, 1580), outline=0, width=3)
    draw.rectangle((300, 1300, 700, 1560), fill=60)
    draw.rectangle((0, 1204, 1200, 1299), fill=255)
    draw.rectangle((24, 1300, 299, 1576), fill=255)
    draw.rectangle((701, 1300, 1176, 1576), fill=255)
    assert find(picture, raster, words_above(1200)) == []


def with_numbers(folder: Path) -> tuple[Image.Image, Raster]:
    """A page with a digit left of each line, two cells high or a bit more, and a rule between both."""
    picture, raster = page(folder)
    wider = Image.new("L", (picture.width + 100, picture.height), 255)
    wider.paste(picture, (100, 0))
    draw, font = ImageDraw.Draw(wider), ImageFont.load_default(size=22)
    draw.line((130, 0, 130, wider.height), fill=0, width=3)
    for number, top in enumerate(range(100, 1500, 42)):
        draw.text((40 + number % 3, top + number % 5), str(number % 9 + 1), fill=0, font=font)
    return wider, Raster(raster.path, wider.width, wider.height, 220)


def with_shaded_rows(folder: Path, fill: int) -> tuple[Image.Image, Raster]:
    """A table that was not read but for its first column, every other row on grey."""
    picture, raster = page(folder)
    picture.paste(255, (0, 300, *picture.size))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=28)
    for number, top in enumerate(range(320, 1500, 56)):
        draw.rectangle((80, top, 1120, top + 55), fill=255 if number % 2 else fill)
        for left in (100, 500, 900):
            draw.text((left, top + 14), str(number % 9 + 1), fill=0, font=font)
    return picture, raster


@pytest.mark.parametrize("fill", [190, 225])
def test_digits_on_shaded_rows_are_cut_out_on_paper(fill: int, tmp_path: Path) -> None:
    picture, raster = with_shaded_rows(tmp_path, fill)
    read = [*words_above(300), *(Word("1", 96, top + 10, 30, 36, READ, 9 + top) for top in range(320, 1500, 56))]
    columns = find(picture, raster, read)
    assert [one.segmentation for one in columns] == [BLOCK] * 2
    printed, dark = sum(picture.crop((400, 300, *picture.size)).histogram()[:128]), 0
    for column in columns:
        with Image.open(column.raster.path) as cut:
            dark += sum(cut.histogram()[:128])
            assert sum(cut.histogram()[250:]) > 0.8 * cut.width * cut.height
    assert dark > 0.85 * printed


def with_bars(folder: Path, fill: int, height: int) -> tuple[Image.Image, Raster]:
    """A page whose lines below 300 pixels are white, each on a dark bar of its own, with paper in between."""
    picture, raster = page(folder)
    picture.paste(255, (0, 300, *picture.size))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=min(24, round(0.66 * height)))
    for top in range(330, 1460, max(height + 40, 3 * height)):
        draw.rectangle((80, top, 1120, top + height - 1), fill=fill)
        for left in (100, 420, 740):
            draw.text((left, top + height / 2), "Department", fill=255, font=font, anchor="lm")
    return picture, raster


@pytest.mark.parametrize("fill", [0, 60, 110, 150])
@pytest.mark.parametrize("height", [26, 32, 45, 120])
def test_light_print_on_dark_bars_is_cut_out_dark_on_paper(fill: int, height: int, tmp_path: Path) -> None:
    picture, raster = with_bars(tmp_path, fill, height)
    parts = find(picture, raster, words_above(300))
    cut = Image.new("L", picture.size, 255)
    for part in parts:
        with Image.open(part.raster.path) as piece:
            cut.paste(piece, (part.left, part.top))
    printed = picture.crop((90, 330, 1110, 330 + height)).point([255 * (level > fill + 60) for level in range(256)])
    lines = printed.getbbox()
    found = cut.crop((90, 330, 1110, 330 + height)).point([255 * (level < 200) for level in range(256)])
    both = ImageChops.darker(printed, found).histogram()[255]
    assert both > 0.9 * printed.histogram()[255] and both > 0.75 * found.crop(lines).histogram()[255]


@pytest.mark.parametrize("fill", [0, 60, 110])
def test_bars_whose_print_was_read_and_bars_without_print_are_no_gaps(fill: int, tmp_path: Path) -> None:
    picture, raster = with_bars(tmp_path, fill, 45)
    read = [
        Word("Department", left, top, 160, 45, READ, top) for top in range(330, 1460, 135) for left in (100, 420, 740)
    ]
    assert find(picture, raster, [*words_above(300), *read]) == []
    picture.paste(255, (0, 300, *picture.size))
    picture.paste(fill, (80, 400, 1120, 445))
    assert find(picture, raster, words_above(300)) == []


def test_print_on_a_light_page_on_a_dark_table_is_found(tmp_path: Path) -> None:
    picture, raster = page(tmp_path)
    table = Image.new("L", (2000, 2400), 40)
    table.paste(picture, (400, 400))
    read = [replace(word, left=word.left + 400, top=word.top + 400) for word in words_above(1000)]
    [found] = find(table, raster, read)
    assert 1390 <= found.top <= 1440 and 480 <= found.left <= 510


def test_a_black_page_has_no_dark_areas(tmp_path: Path) -> None:
    picture, raster = page(tmp_path)
    assert find(Image.new("L", picture.size), raster, words_above(300)) == []


def with_low_rows(folder: Path, fill: int, height: int) -> tuple[Image.Image, Raster]:
    """A table of digits, every other of its low rows on grey."""
    picture, raster = page(folder)
    picture.paste(255, (0, 300, *picture.size))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=round(0.72 * height))
    for number, top in enumerate(range(323, 1500, height)):
        draw.rectangle((80, top, 1120, top + height - 1), fill=255 if number % 2 else fill)
        for left in (400, 700, 1000):
            draw.text((left, top + height // 14), str(number % 8 + 2), fill=0, font=font)
    return picture, raster


@pytest.mark.parametrize("fill", [185, 215, 240])
@pytest.mark.parametrize("height", [29, 33, 37])
def test_digits_on_low_shaded_rows_are_cut_out_on_paper(fill: int, height: int, tmp_path: Path) -> None:
    picture, raster = with_low_rows(tmp_path, fill, height)
    columns = find(picture, raster, words_above(300))
    assert [one.segmentation for one in columns] == [BLOCK] * 3
    dark = 0
    for column in columns:
        with Image.open(column.raster.path) as cut:
            dark += sum(cut.histogram()[:128])
            assert sum(cut.histogram()[250:]) > 0.8 * cut.width * cut.height
    assert dark > 0.8 * sum(picture.crop((80, 300, *picture.size)).histogram()[:128])


def test_a_shadow_and_a_large_area_are_no_low_rows(tmp_path: Path) -> None:
    picture, raster = page(tmp_path)
    shadow = Image.linear_gradient("L").resize(picture.size).point([level // 3 for level in range(256)])
    with_area = printed_page()
    with_area.paste(220, (0, 600, 1200, 1200))
    for changed in (ImageChops.subtract(picture, shadow), with_area, picture):
        changed.save(raster.path)
        assert without_rows(raster) is raster


@pytest.mark.parametrize("height", [20, 24, 29, 37])
def test_paper_is_made_even_without_low_rows(height: int, tmp_path: Path) -> None:
    picture, raster = with_low_rows(tmp_path, 215, height)
    picture.save(raster.path)
    with Image.open(without_rows(raster).path) as flat:
        left, before = flat.histogram(), picture.histogram()
    assert sum(left[:240]) - sum(left[:150]) < 0.2 * (sum(before[:240]) - sum(before[:150]))
    assert sum(left[:150]) > 0.95 * sum(before[:150])


def moved(words: Sequence[Word], pixels: int) -> list[Word]:
    return [replace(word, left=word.left + pixels) for word in words]


def test_every_number_of_a_line_is_cut_out_alone_and_read_as_a_block(tmp_path: Path) -> None:
    [numbers, rest] = find(*with_numbers(tmp_path), moved(words_above(1200), 100))
    assert (numbers.segmentation, rest.segmentation) == (BLOCK, SPARSE_TEXT)
    with Image.open(numbers.raster.path) as cut, Image.open(tmp_path / "page.tif") as whole:
        assert cut.width < 60
        assert cut.tobytes().count(0) == whole.crop((0, 0, 110, whole.height)).tobytes().count(0) > 500


def test_numbers_that_were_read_as_one_word_are_read_again(tmp_path: Path) -> None:
    stack = Word("HWNAONH", 38, 100, 20, 1400, 18.0, 99)
    lines = moved(words_above(1500), 100)
    [numbers] = find(*with_numbers(tmp_path), [*lines, stack])
    assert numbers.segmentation == BLOCK
    assert find(*with_numbers(tmp_path), [*lines, replace(stack, confidence=95.0)]) == []
    assert find(*with_numbers(tmp_path), [*lines, replace(stack, width=900, left=0)]) == []


def test_what_stands_around_a_stack_of_numbers_is_read_again_with_it(tmp_path: Path) -> None:
    stack = Word("HWN", 38, 100, 20, 300, 18.0, 99)
    sign = Word("=", 44, 440, 16, 1000, 80.0, 98)
    lines = moved(words_above(1500), 100)
    [numbers] = find(*with_numbers(tmp_path), [*lines, stack, sign])
    assert (numbers.segmentation, numbers.raster.height > 1300) == (BLOCK, True)
    for sure in (replace(sign, confidence=95.0), replace(sign, line=1), replace(sign, width=60)):
        assert all(one.raster.height < 500 for one in find(*with_numbers(tmp_path), [*lines, stack, sure]))


@pytest.mark.parametrize("words", [(), words_above(1200, confidence=40.0)], ids=["nothing", "babble"])
def test_what_is_no_print_has_no_gaps(words: Sequence[Word], tmp_path: Path) -> None:
    assert find(*page(tmp_path), words) == []


def test_a_picture_of_a_few_cells_has_no_gaps(tmp_path: Path) -> None:
    raster = Raster(tmp_path / "page.tif", 30, 30, None)
    assert find(Image.new("L", (30, 30), 255), raster, words_above(150)) == []


def test_a_column_of_digits_in_a_ruled_table_is_cut_out_alone(tmp_path: Path) -> None:
    """The words in the other columns cut the rules in pieces, which are no print either."""
    picture, words = Image.new("L", (800, 900), 255), list[Word]()
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=24)
    for row in range(16):
        top = 40 + 50 * row
        draw.line((20, top, 780, top), fill=0, width=3)
        draw.text((40, top + 12), "measured", fill=0, font=font)
        draw.text((330, top + 12), str(row % 9 + 1), fill=0, font=font)
        words.append(Word("measured", 38, top + 6, 120, 44, READ, row + 1))
    for left in (20, 270, 400, 780):
        draw.line((left, 40, left, 840), fill=0, width=3)
    draw.line((20, 840, 780, 840), fill=0, width=3)
    [found] = find(picture, Raster(tmp_path / "page.tif", 800, 900, None), words)
    assert (found.segmentation, 270 < found.left < 330, found.raster.width < 100) == (BLOCK, True, True)
    assert found.top < 60 and found.top + found.raster.height > 820
    with Image.open(found.raster.path) as column:
        assert min(column.crop((0, 0, 8, column.height)).tobytes()) == 255
