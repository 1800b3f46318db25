"""In which order pieces of lines are read that were found in no order."""

from random import Random

from distributed_ocr_pipeline.ocr.engines.line_layout import blocks_of_lines
from distributed_ocr_pipeline.ocr.engines.reading_order import Block

HEIGHT, STEP = 20, 30


def piece(left: int, top: int, width: int) -> Block:
    return Block(left, top, left + width, top + HEIGHT)


def column(left: int, top: int, lines: int, width: int = 400) -> list[Block]:
    """Lines of prose, the last one short."""
    widths = [width] * (lines - 1) + [width // 3]
    return [piece(left, top + number * STEP, one) for number, one in enumerate(widths)]


def lines_of(pieces: list[Block]) -> list[list[Block]]:
    """The pieces of each line as they are read, given in no order."""
    Random(7).shuffle(pieces)
    return [[pieces[index] for index in line] for block in blocks_of_lines(pieces) for line in block]


def test_columns_are_read_one_after_the_other_below_their_heading() -> None:
    heading, left, right = piece(100, 0, 700), column(0, 60, 8), column(450, 62, 8)
    footer = piece(0, 60 + 9 * STEP, 850)
    assert lines_of([heading, *left, *right, footer]) == [[one] for one in (heading, *left, *right, footer)]


def test_three_columns_of_different_length_are_read_from_left_to_right() -> None:
    columns = [*column(0, 0, 12), *column(430, 0, 4), *column(860, 5, 9)]
    assert lines_of(list(columns)) == [[one] for one in columns]


def test_a_receipt_is_read_row_by_row() -> None:
    rows = [[piece(0, number * STEP, 260), piece(500, number * STEP + 2, 60)] for number in range(9)]
    assert lines_of([one for row in rows for one in row]) == rows


def test_a_table_of_short_cells_is_read_row_by_row() -> None:
    rows = [[piece(left, number * STEP, 120) for left in (0, 300, 600, 900)] for number in range(6)]
    assert lines_of([one for row in rows for one in row]) == rows


def test_a_large_gap_divides_blocks() -> None:
    upper, lower = column(0, 0, 3), column(0, 3 * STEP + 2 * HEIGHT, 3)
    assert [len(block) for block in blocks_of_lines([*upper, *lower])] == [3, 3]


def test_a_page_without_print_has_no_blocks() -> None:
    assert blocks_of_lines([]) == []
