"""Print outside of all words is found, and what is read there is put where it stands."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr import Stop
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.documents.text_layer import Verdict
from distributed_ocr_pipeline.ocr.engines.recognition import Options, Outcome, Recognition
from distributed_ocr_pipeline.ocr.pages.again import gaps
from distributed_ocr_pipeline.ocr.pages.again.gaps import Gaps, gaps_of
from distributed_ocr_pipeline.ocr.pages.again.low_rows import without_rows
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.pages.reading import Reading
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word
from tests.support.documents import printed_page
from tests.support.sources import limit

READ = 90.0


def page(folder: Path) -> tuple[Image.Image, Raster]:
    picture = printed_page()  # lines from 100, every 42 pixels, 28 high
    return picture, Raster(folder / "page.tif", picture.width, picture.height, 220)


def words_above(bottom: int, confidence: float = READ) -> tuple[Word, ...]:
    """A word over each line of `printed_page` above a row of pixels."""
    tops = range(100, bottom, 42)
    return tuple(Word("line", 90, top - 4, 1100, 40, confidence, number) for number, top in enumerate(tops, 1))


def read_of(words: Sequence[Word]) -> Recognition:
    return Recognition("\n".join(word.text for word in words), tuple(words))


def find(picture: Image.Image, raster: Raster, words: Sequence[Word]) -> list[Gaps]:
    picture.save(raster.path, format="TIFF")
    return gaps_of(raster, read_of(words), raster.path.with_name("gaps"), strengthened=True)


def test_a_page_that_was_read_as_a_whole_has_no_gaps(tmp_path: Path) -> None:
    assert find(*page(tmp_path), words_above(1500)) == []


def test_lines_that_were_not_read_are_cut_out(tmp_path: Path) -> None:
    [found] = find(*page(tmp_path), words_above(1200))
    assert 1190 <= found.top <= 1240 and found.left <= 100 and found.segmentation == gaps.SPARSE_TEXT
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
    assert [one.segmentation for one in columns] == [gaps.BLOCK] * 2
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
    assert [one.segmentation for one in columns] == [gaps.BLOCK] * 3
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
    assert (numbers.segmentation, rest.segmentation) == (gaps.BLOCK, gaps.SPARSE_TEXT)
    with Image.open(numbers.raster.path) as cut, Image.open(tmp_path / "page.tif") as whole:
        assert cut.width < 60
        assert cut.tobytes().count(0) == whole.crop((0, 0, 110, whole.height)).tobytes().count(0) > 500


def test_numbers_that_were_read_as_one_word_are_read_again(tmp_path: Path) -> None:
    stack = Word("HWNAONH", 38, 100, 20, 1400, 18.0, 99)
    lines = moved(words_above(1500), 100)
    [numbers] = find(*with_numbers(tmp_path), [*lines, stack])
    assert numbers.segmentation == gaps.BLOCK
    assert find(*with_numbers(tmp_path), [*lines, replace(stack, confidence=95.0)]) == []
    assert find(*with_numbers(tmp_path), [*lines, replace(stack, width=900, left=0)]) == []


def test_a_stack_of_numbers_gives_way_to_what_is_read_in_its_place() -> None:
    stack = Word("HWNAONH", 20, 90, 20, 140, 18.0, 4)
    words = (*before().words, stack)
    read = Recognition(f"{before().text}\n\nHWNAONH", words)
    number = at("12", 10, 80, 1)
    assert gaps.merged(read, GAPS, read_of([number])).text == "12 one two\nthree\n\nfour"
    assert gaps.merged(read, GAPS, read_of([at("cell", 400, 125, 1)])).text.endswith("HWNAONH")


def test_what_stands_around_a_stack_of_numbers_is_read_again_with_it(tmp_path: Path) -> None:
    stack = Word("HWN", 38, 100, 20, 300, 18.0, 99)
    sign = Word("=", 44, 440, 16, 1000, 80.0, 98)
    lines = moved(words_above(1500), 100)
    [numbers] = find(*with_numbers(tmp_path), [*lines, stack, sign])
    assert (numbers.segmentation, numbers.raster.height > 1300) == (gaps.BLOCK, True)
    for sure in (replace(sign, confidence=95.0), replace(sign, line=1), replace(sign, width=60)):
        assert all(one.raster.height < 500 for one in find(*with_numbers(tmp_path), [*lines, stack, sure]))


def test_what_stands_around_a_stack_gives_way_only_to_what_is_read_in_its_place() -> None:
    around = Word("HWNAONH", 20, 290, 20, 140, 18.0, 4), Word("=", 20, 440, 20, 20, 80.0, 5)
    read = Recognition(f"{before().text}\n\nHWNAONH\n\n=", (*before().words, *around))
    assert gaps.merged(read, GAPS, read_of([at("17", 0, 420, 1)])).text.endswith("HWNAONH\n\n17")
    assert gaps.merged(read, GAPS, read_of([at("cell", 400, 125, 1)])).text.endswith("HWNAONH\n\n=")
    away = replace(read, words=(*read.words[:-1], replace(around[1], left=65)))
    assert gaps.merged(away, GAPS, read_of([at("17", 45, 420, 1)])) == away


@pytest.mark.parametrize("words", [(), words_above(1200, confidence=40.0)], ids=["nothing", "babble"])
def test_what_is_no_print_has_no_gaps(words: Sequence[Word], tmp_path: Path) -> None:
    assert find(*page(tmp_path), words) == []


def test_a_picture_of_a_few_cells_has_no_gaps(tmp_path: Path) -> None:
    raster = Raster(tmp_path / "page.tif", 30, 30, None)
    assert find(Image.new("L", (30, 30), 255), raster, words_above(150)) == []


def boxed(box: tuple[int, int, int, int] = (14, 4, 120, 46), thickness: int = 2) -> Image.Image:
    """A word of print in a tight box, and the same without: side by side."""
    picture = Image.new("L", (400, 60), 250)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=28)
    for left in (20, 220):
        draw.text((left, 8), "Exhibit", fill=0, font=font)
    draw.rectangle(box, outline=60, width=thickness)
    return picture


def test_a_word_in_a_tight_box_is_cut_out_without_its_box() -> None:
    picture = gaps.without_ruled_lines(boxed(), 250, print_height=22)
    assert picture.crop((0, 0, 200, 60)).tobytes() == picture.crop((200, 0, 400, 60)).tobytes()
    assert picture.crop((200, 0, 400, 60)).tobytes() == boxed().crop((200, 0, 400, 60)).tobytes()


def test_the_soft_edges_of_a_box_go_with_it() -> None:
    soft = boxed().filter(ImageFilter.GaussianBlur(0.5))
    top = (12, 0, 122, 9)
    assert min(gaps.without_ruled_lines(soft, 250, print_height=22).crop(top).tobytes()) >= 245
    assert min(soft.crop(top).tobytes()) < 100


@pytest.mark.parametrize("height", [0, 40], ids=["nothing believed", "large print"])
def test_what_is_no_longer_than_strokes_of_print_is_no_rule(height: int) -> None:
    side = gaps.without_ruled_lines(boxed(), 250, height).crop((12, 10, 18, 40))
    assert side.tobytes() == boxed().crop((12, 10, 18, 40)).tobytes()


def test_strokes_of_large_letters_are_no_rules_beside_one() -> None:
    picture = boxed()
    ImageDraw.Draw(picture).line((380, 0, 380, 59), fill=0, width=2)
    assert gaps.without_ruled_lines(picture, 250, print_height=22).getpixel((380, 30)) == 0


def test_bars_and_photographs_are_no_rules() -> None:
    picture = boxed((0, 0, 199, 59), thickness=10)
    assert gaps.without_ruled_lines(picture, 250, print_height=22).tobytes() == picture.tobytes()


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
    assert (found.segmentation, 270 < found.left < 330, found.raster.width < 100) == (gaps.BLOCK, True, True)
    assert found.top < 60 and found.top + found.raster.height > 820
    with Image.open(found.raster.path) as column:
        assert min(column.crop((0, 0, 8, column.height)).tobytes()) == 255


GAPS = Gaps(Raster(Path("gaps.tif"), 100, 100, None), left=10, top=20)


def at(text: str, left: int, top: int, line: int, confidence: float = READ) -> Word:
    return Word(text, left, top, 40, 20, confidence, line)


def before() -> Recognition:
    """Two paragraphs, of lines at 100 and 140, and at 200."""
    return Recognition("one two\nthree\n\nfour", (at("one", 100, 100, 1), at("two", 150, 100, 1),
                       at("three", 100, 140, 2), at("four", 100, 200, 3)))  # fmt: skip


def fill(*words: Word) -> str:
    filled = gaps.merged(before(), GAPS, read_of(words))
    lines: dict[int, list[str]] = {}
    for word in filled.words:
        lines.setdefault(word.line, []).append(word.text)
    assert [" ".join(line) for line in lines.values()] == [line for line in filled.text.split("\n") if line]
    assert list(lines) == list(range(1, len(lines) + 1))
    return filled.text


@pytest.mark.parametrize(
    ("word", "text"),
    [
        (at("1", 20, 80, 1), "1 one two\nthree\n\nfour"),
        (at("cell", 400, 125, 1), "one two\nthree cell\n\nfour"),
        (at("note", 90, 10, 1), "note\n\none two\nthree\n\nfour"),
        (at("note", 400, 155, 1), "one two\nthree\n\nnote\n\nfour"),
        (at("end", 90, 300, 1), "one two\nthree\n\nfour\n\nend"),
        (at("known", 90, 80, 1), "one two\nthree\n\nfour"),
        (at("~|x", 400, 120, 1), "one two\nthree\n\nfour"),
        (at("babble", 400, 120, 1, confidence=50.0), "one two\nthree\n\nfour"),
        (at("l", 400, 120, 1, confidence=70.0), "one two\nthree\n\nfour"),
    ],
    ids=["margin", "cell", "above", "between", "end", "read before", "strokes", "doubtful", "one letter"],
)
def test_words_are_put_where_they_stand(word: Word, text: str) -> None:
    assert fill(word) == text


def test_words_of_one_line_stay_together() -> None:
    assert fill(at("two", 440, 155, 1), at("more", 490, 155, 1), at("words", 440, 300, 2)).endswith("words")
    assert "two more" in fill(at("two", 440, 155, 1), at("more", 490, 155, 1))


def test_a_text_that_is_not_made_of_its_words_stays() -> None:
    own = Recognition("own  text", (at("own", 100, 100, 1), at("text", 150, 100, 1)))
    assert gaps.merged(own, GAPS, read_of([at("cell", 400, 100, 1)])) is own


# ---- faint print beside clear print --------------------------------------------------------------------------------


def half_faint(ink: int = 215, paper: int = 238, sigma: float = 0) -> Image.Image:
    """A page whose lines below 700 are hardly darker than their paper."""
    picture = printed_page()
    lower = picture.crop((0, 700, *picture.size)).point([ink + (paper - ink) * level // 255 for level in range(256)])
    page = picture.point([level * paper // 255 for level in range(256)])
    page.paste(lower, (0, 700))
    noise = Image.effect_noise(page.size, sigma)
    return ImageChops.add(page, noise, offset=-128) if sigma else page


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


def test_lines_of_one_paragraph_stay_together_where_columns_are_read() -> None:
    words = [at("faint", 90, 155, 1), at("print", 90, 165, 2), at("more", 90, 400, 3)]
    found = Recognition("faint\nprint\n\nmore", tuple(words))
    merged = gaps.merged(before(), replace(GAPS, segmentation=gaps.COLUMNS), found)
    assert merged.text == "one two\nthree\n\nfaint\nprint\n\nfour\n\nmore"


@pytest.mark.parametrize(
    ("confidence", "note"),
    [
        (90.0, "very faint words read beside the others: 1"),
        (20.0, "very faint marks beside the words, of which nothing was read"),
    ],
)
def test_a_page_says_what_became_of_its_faint_print(confidence: float, note: str, tmp_path: Path) -> None:
    engine = Engine(read_of([]), read_of([at("faint", 40, 40, 1, confidence)]))
    done = read(engine, tmp_path, Verdict(False, ""), half_faint())
    assert isinstance(done.outcome, Recognition) and done.outcome.text.endswith("faint") is (confidence > 70)
    assert done.notes == (note,)


class Engine:
    """Reads all but the last lines of a page, and those as sparse text."""

    def __init__(self, sparse: Outcome, columns: Outcome | None = None) -> None:
        self.options: list[Options] = []
        self._by_mode = {11: sparse, 3: columns}

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        del limit
        self.options.append(options)
        found = self._by_mode.get(int(options.get("psm", 0))) or read_of(words_above(690 if self._by_mode[3] else 1200))
        return [found for _ in rasters]

    def close(self) -> None:
        pass


def read(
    engine: Engine, folder: Path, verdict: Verdict, seen: Image.Image | None = None, **options: str | int
) -> PageInProgress:
    picture, raster = page(folder)
    (seen or picture).save(raster.path, format="TIFF")
    config = OCRConfig(tesseract_config=options) if options else OCRConfig()
    drawn = PageInProgress(PageSurvey(1, verdict=verdict), raster, PageAnalysis(blank=False), raster, raster)
    [done] = Reading(folder, limit(), PageContext(config, engine, folder, None, Stop())).read([drawn])
    return done


def test_a_page_has_the_words_of_its_gaps_and_says_so(tmp_path: Path) -> None:
    done = read(Engine(read_of([at("rest", 40, 40, 1)])), tmp_path, Verdict(False, ""))
    assert isinstance(done.outcome, Recognition) and done.outcome.text.endswith("line\n\nrest")
    assert done.notes[0] == "words read outside of the layout: 1"


def test_a_page_of_which_lines_that_look_like_print_were_not_read_is_doubtful(tmp_path: Path) -> None:
    done = read(Engine(read_of([])), tmp_path, Verdict(False, ""))
    assert done.doubtful and done.notes[0].startswith("lines that look like print, of which nothing was read: ")


def test_a_page_of_which_much_stood_outside_of_the_layout_is_doubtful(tmp_path: Path) -> None:
    rest = [at("rest", 40, 40 * number, number) for number in range(1, 8)]
    assert read(Engine(read_of(rest)), tmp_path, Verdict(False, "")).doubtful


def test_gaps_that_cannot_be_read_change_nothing(tmp_path: Path) -> None:
    done = read(Engine(DocumentError(ErrorClass.TIMEOUT, "Too long.")), tmp_path, Verdict(False, ""))
    assert done.outcome == read_of(words_above(1200)) and not any("outside" in note for note in done.notes)


@pytest.mark.parametrize(("trusted", "options"), [(True, {}), (False, {"psm": 6})])
def test_there_are_no_gaps_beside_a_text_layer_or_a_layout_of_the_users_choice(
    trusted: bool, options: dict[str, str | int], tmp_path: Path
) -> None:
    engine = Engine(read_of([at("rest", 40, 40, 1)]))
    done = read(engine, tmp_path, Verdict(trusted, ""), None, **options)
    assert done.outcome == read_of(words_above(1200)) and len(engine.options) == 1
