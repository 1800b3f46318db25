"""Letters that run down the page, placed one by one, are read column by column from the right."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from distributed_ocr_pipeline.ocr.documents.poppler import LayerWord
from distributed_ocr_pipeline.ocr.documents.vertical import as_read, may_be_vertical
from tests.support.documents import Ledger
from tests.support.placed_text import PlacedLine, placed_pdf

COLUMNS = ["吾輩は猫である名前はまだ無いどこで", "生れたかとんと見当がつかぬ", "何でも薄暗い所で泣いていた事だけ"]


def downwards(columns: Sequence[str], right: float, top: float, pitch: float, gap: float) -> Iterator[PlacedLine]:
    """A line for each letter."""
    for number, column in enumerate(columns):
        for row, letter in enumerate(column):
            yield PlacedLine(letter, right - gap * number, top + pitch * row)


@pytest.mark.parametrize(("pitch", "gap"), [(12, 24), (13, 20), (14, 40)])
def test_columns_are_read_from_the_right(
    pitch: float, gap: float, tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = placed_pdf(tmp_path / "a.pdf", downwards(COLUMNS, 480, 100, pitch, gap))
    [(_, [page])] = process([path], text_layer="only", words=True)
    assert page.text == "\n".join(COLUMNS)
    assert [(word.text, word.line) for word in page.words] == list(zip(COLUMNS, (1, 2, 3)))
    assert all(word.height > 8 * word.width for word in page.words)


def test_the_upper_part_of_a_page_is_read_first(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    lower = [column[::-1] for column in COLUMNS]
    parts = [*downwards(COLUMNS, 480, 100, 13, 20), *downwards(lower, 480, 450, 13, 20)]
    [(_, [page])] = process([placed_pdf(tmp_path / "a.pdf", parts)], text_layer="only")
    assert page.text == "\n".join([*COLUMNS, *lower])


def test_spaced_letters_of_rows_and_of_a_grid_stay_as_they_are() -> None:
    def placed(across: float, down: float) -> list[LayerWord]:
        places = [(x, y) for y in range(5) for x in range(5)]
        return [LayerWord("猫", 100 + across * x, 100 + down * y, 12, 12, y + 1) for x, y in places]

    assert as_read(rows := placed(18, 30)) is rows
    assert as_read(grid := placed(24, 24)) is grid
    assert len(as_read(placed(24, 14))) == 5


def test_text_in_words_and_few_letters_are_no_columns() -> None:
    assert not may_be_vertical("a b c d e f g h i j k l m n o p")
    assert not may_be_vertical("吾 輩 は 猫")
    assert not may_be_vertical("吾輩は猫である 名前はまだ無い\n" * 20)
