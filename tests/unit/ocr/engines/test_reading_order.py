"""The order of a page's blocks."""

from distributed_ocr_pipeline.ocr.engines.reading_order import Block, reading_order


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
