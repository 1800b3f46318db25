"""Which way up a page is."""

import pytest

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages import orientation
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
        (_read(60, words=80), _read(45), True),  # blurred, but there is much more of it
        (_read(60, words=80), _read(55, words=40), False),
        (_read(95, words=3), _read(60, words=40), False),
        (_read(95), _read(90), False),
        (_read(95), _read(95, upright=False), True),
        (_read(90, words=18), _read(95, upright=False), True),  # a receipt of which a column was dropped
        (_read(90, words=12), _read(95, upright=False), False),
    ],
)
def test_another_way_must_be_clearly_better(other: Recognition, current: Recognition, better: bool) -> None:
    assert orientation.is_better(other, current) is better
