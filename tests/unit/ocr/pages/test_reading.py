"""Decisions about a page that need no engine: order of blocks, orientation, resolution."""

import pytest

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.ocr.engines.reading_order import Block, reading_order
from distributed_ocr_pipeline.ocr.engines.recognition import Recognition, parse
from distributed_ocr_pipeline.ocr.pages import orientation, resolution
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis
from distributed_ocr_pipeline.records import Word


def _read(confidence: float, words: int = 20, upright: bool = True) -> Recognition:
    width, height = (80, 20) if upright else (20, 80)
    return Recognition("text", tuple(Word("words", 0, 0, width, height, confidence, 1) for _ in range(words)))


@pytest.mark.parametrize("confidence", [66, 80, 96])
def test_a_page_that_reads_well_is_left_alone(confidence: float) -> None:
    assert not orientation.other_ways(_read(confidence))


def test_a_page_that_reads_badly_is_tried_upside_down_first() -> None:
    assert orientation.other_ways(_read(40)) == ((180,), (90, 270))
    assert orientation.other_ways(Recognition("", ())) == ((180,), (90, 270))


def test_a_page_on_its_side_is_tried_the_two_ways_it_can_lie() -> None:
    assert orientation.other_ways(_read(96, upright=False)) == ((90, 270),)


@pytest.mark.parametrize(
    ("other", "current", "better"),
    [
        (_read(95), _read(40), True),
        (_read(95), _read(0, words=0), True),
        (_read(60), _read(40), False),  # noise both ways
        (_read(95, words=3), _read(60, words=40), False),
        (_read(95), _read(90), False),
        (_read(95), _read(95, upright=False), True),
    ],
)
def test_another_way_must_be_clearly_better(other: Recognition, current: Recognition, better: bool) -> None:
    assert orientation.is_better(other, current) is better


def test_columns_are_read_before_a_heading_that_stands_under_them() -> None:
    left, heading, right, footer = (
        Block(0, 0, 100, 500),
        Block(0, 520, 300, 560),
        Block(200, 0, 300, 500),
        Block(0, 600, 40, 620),
    )
    assert reading_order([left, heading, right, footer]) == [0, 2, 1, 3]


def test_the_order_of_the_engine_is_kept_where_nothing_stands_above() -> None:
    columns = [Block(0, 0, 100, 500), Block(120, 300, 220, 800), Block(240, 0, 340, 500), Block(0, 510, 100, 900)]
    assert reading_order(columns) == [0, 1, 2, 3]
    assert not reading_order([])


def test_blocks_out_of_order_change_text_words_and_lines() -> None:
    rows = ["1\t1\t0\t0\t0\t0\t0\t0\t100\t100\t-1\t"]
    for block, top, text in ((1, 50, "below"), (2, 10, "above")):
        rows.append(f"5\t1\t{block}\t1\t1\t1\t10\t{top}\t60\t20\t90\t{text}")
    read = parse("\n".join(rows), None)
    assert read.text == "above\n\nbelow"
    assert [(word.text, word.line) for word in read.words] == [("above", 1), ("below", 2)]


@pytest.mark.parametrize(
    ("small", "usual", "dpi"),
    [(None, None, 220), (13, 16, 220), (10, 16, 300), (12, 12, 300), (8, 8, 412), (5, 5, 600)],
)
@pytest.mark.parametrize("scan_dpi", [None, 300, 600])
def test_small_print_is_drawn_finer(small: int | None, usual: int | None, dpi: int, scan_dpi: int | None) -> None:
    analysis = PageAnalysis(blank=False, text_height_quartile=small, text_height_median=usual)
    assert resolution.finer_dpi(analysis, 220, scan_dpi, OCRConfig()) == dpi


@pytest.mark.parametrize(("small", "usual", "dpi"), [(13, 16, 150), (10, 16, 150), (12, 12, 188), (5, 5, 450)])
def test_a_coarse_scan_is_drawn_finer_only_as_its_print_asks(small: int, usual: int, dpi: int) -> None:
    analysis = PageAnalysis(blank=False, text_height_quartile=small, text_height_median=usual)
    assert resolution.finer_dpi(analysis, 150, 150, OCRConfig()) == dpi


@pytest.mark.parametrize(
    ("scan_dpi", "wants_images", "dpi"),
    [(None, False, 220), (300, False, 220), (200, False, 200), (72, False, 100), (200, True, 300)],
)
def test_a_scan_is_not_drawn_finer_than_it_is(scan_dpi: int | None, wants_images: bool, dpi: int) -> None:
    assert resolution.first_dpi(scan_dpi, OCRConfig(), wants_images) == dpi


def test_the_engines_own_text_is_kept_where_its_spaces_are_wanted() -> None:
    rows = "1\t1\t0\t0\t0\t0\t0\t0\t100\t100\t-1\t\n5\t1\t1\t1\t1\t1\t10\t10\t60\t20\t90\tword"
    assert parse(rows, "  word   gap\n").text == "word   gap"
    assert parse(rows, None).text == "word"


@pytest.mark.parametrize(
    ("usual", "most", "scale"),
    [(6, 9.0, 15 / 6), (3, 9.0, 3.0), (6, 1.0, 1.0), (6, 1.5, 1.5), (6, 0.9, 1.0), (14, 9.0, 1.0), (34, 1.0, 0.5)],
)
def test_pictures_are_scaled_to_the_height_the_engine_needs(usual: int, most: float, scale: float) -> None:
    analysis = PageAnalysis(blank=False, text_height_quartile=usual, text_height_median=usual)
    assert resolution.reading_scale(analysis, most) == pytest.approx(scale)
