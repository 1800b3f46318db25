"""Tables in Markdown: rows and columns of words are one, and nothing else is."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from distributed_ocr_pipeline.outputs import markdown
from distributed_ocr_pipeline.outputs.page_tables import tables_of
from distributed_ocr_pipeline.outputs.structure import lines_of
from distributed_ocr_pipeline.records import TextSource, Word
from examples.pages import prose
from tests.support.outputs import SOURCE, page_of

ROWS = (
    ("Layer", "Wet", "Dry"),
    ("Upper", "412", "371"),
    ("Middle", "398", "372"),
    ("Lower", "405", "389"),
)
TABLE = (
    "| Layer | Wet | Dry |\n| --- | --- | --- |\n| Upper | 412 | 371 |\n| Middle | 398 | 372 |\n| Lower | 405 | 389 |"
)
HEIGHT = 20
LETTER = 14


def line_words(text: str, left: int, line: int, top: int) -> list[Word]:
    """The words of a piece of print, a third of a height apart."""
    words = []
    for part in text.split():
        words.append(Word(part, left, top, LETTER * len(part), HEIGHT, 90.0, line))
        left += LETTER * len(part) + 7
    return words


def laid_out(rows: Sequence[Sequence[str]], lefts: Sequence[int], first: int = 1) -> list[Word]:
    """Rows of cells, each with its left edges, one line each."""
    return [
        word
        for line, row in enumerate(rows, start=first)
        for left, cell in zip(lefts, row)
        for word in line_words(cell, left, line, 40 * line)
    ]


def markdown_of(words: Sequence[Word]) -> str:
    return markdown.page(SOURCE, page_of(words))


def is_found(words: Sequence[Word]) -> bool:
    return bool(tables_of(lines_of(words)))


def test_rows_of_words_in_columns_are_a_table() -> None:
    assert markdown_of(laid_out(ROWS, (100, 300, 500))) == f"<!-- page 1 -->\n\n{TABLE}\n\n"


def test_what_stands_above_and_below_a_table_stays_there() -> None:
    above = line_words("Samples of the upper field in the spring", 100, 1, 40)
    below = line_words("All of them were taken by hand", 100, 6, 240)
    words = [*above, *laid_out(ROWS, (100, 300, 500), first=2), *below]
    parts = markdown_of(words).strip().split("\n\n")
    assert parts[1:] == ["Samples of the upper field in the spring", TABLE, "All of them were taken by hand"]


def test_a_table_whose_rows_are_paragraphs_is_one() -> None:
    page = page_of(laid_out(ROWS, (100, 300, 500)), text="\n\n".join(map(" ".join, ROWS)))
    assert TABLE in markdown.page(SOURCE, page)


def test_a_text_layer_has_a_line_for_each_cell_and_boxes_as_high_as_its_font() -> None:
    words = laid_out([cells for row in ROWS for cells in ([row[0]], [" ".join(row[1:])])], (0,))
    for word, (row, column) in zip(words, ((row, column) for row in range(4) for column in range(3))):
        object.__setattr__(word, "top", 40 * row)
        object.__setattr__(word, "left", (100, 300, 353)[column])
    page = page_of(words, text_source=TextSource.TEXT_LAYER)
    assert TABLE in markdown.page(SOURCE, page)
    assert TABLE not in markdown.page(SOURCE, replace(page, text_source=TextSource.OCR))  # 11 pixels are a blank there


def test_cells_may_be_empty_and_hold_several_words_and_markup() -> None:
    rows = [("Name", "Town", "Since"), ("Anna Berger", "", "1987"), ("a|b *c*", "Cork", "2003"), ("J", "Ham", "12")]
    assert "| Anna Berger |  | 1987 |\n| a\\|b \\*c\\* | Cork | 2003 |" in markdown_of(laid_out(rows, (100, 400, 600)))


def test_a_table_that_is_read_from_right_to_left_has_its_first_column_first() -> None:
    rows = [("سعر", "10", "20"), ("وزن", "30", "40"), ("طول", "50", "60")]
    assert "| سعر | 10 | 20 |\n" in markdown_of(laid_out(rows, (700, 400, 100)))


def test_a_heading_over_several_columns_is_no_row() -> None:
    for cells, lefts in ((("Weight in grams of", "x"), (300, 900)), (("Layers", "Weight"), (100, 400))):
        over = laid_out([cells], lefts)
        assert f"\n\n{TABLE}\n\n" in markdown_of([*over, *laid_out(ROWS, (100, 300, 500), first=2)])


def test_one_column_may_be_wide_and_two_may_not() -> None:
    wide = "some words that fill the width of a column"
    assert is_found(laid_out([(wide, "1", "2")] * 3, (100, 800, 900)))
    assert not is_found(laid_out([(wide, wide, "2")] * 3, (100, 800, 1500)))


@pytest.mark.parametrize("gap", [25, 60, 200])
def test_prose_in_two_columns_that_was_read_as_one_is_no_table(gap: int) -> None:
    left, right = (" ".join(prose(seed, 12)).split() for seed in (1, 2))
    words = []
    for line in range(1, 12):
        for start, column in ((100, left), (100 + 45 * LETTER + gap, right)):
            text = ""
            while column and len(f"{text} {column[0]}") <= 45:
                text = f"{text} {column.pop(0)}".strip()
            words += line_words(text, start, line, 30 * line)
    assert len(lines_of(words)) == 11 and not is_found(words)


@pytest.mark.parametrize("seed", range(20))
def test_prose_that_is_spread_to_its_margins_is_no_table(seed: int) -> None:
    chance, words = Random(seed), []
    for line, text in enumerate(prose(seed, 30), start=1):
        left = 100
        for part in text.split():
            words.append(Word(part, left, 30 * line, LETTER * len(part), HEIGHT, 90.0, line))
            left += LETTER * len(part) + chance.randrange(8, 28)
    assert not is_found(words)


@pytest.mark.parametrize(
    "rows",
    [
        ROWS[:2],  # too few
        [("1.", "Flour"), ("2.", "Butter"), ("3.", "Salt")],
        [("•", "Flour 500"), ("•", "Butter 2"), ("•", "Salt 1")],
        [("Anna", "Cork"), ("Jonas", "Bergen"), ("Mary", "Oslo")],  # two names side by side
        [("12", "The parcel was handed to a neighbour"), ("13", "and lay there"), ("14", "for two days or three or")],
        [("The parcel was handed to", "a"), ("neighbour because nobody", "b"), ("answered the door of it", "c")],
        [("a", "b", ""), ("a", "", "c"), ("a", "b", ""), ("a", "b", ""), ("a", "b", "")],
    ],
)
def test_lists_names_and_notes_beside_prose_are_no_tables(rows: Sequence[Sequence[str]]) -> None:
    assert not is_found(laid_out(rows, (100, 500, 900)))


def test_rows_far_apart_or_of_other_sizes_are_no_table() -> None:
    words = laid_out(ROWS, (100, 300, 500))
    assert not is_found([replace(word, top=3 * word.top) for word in words])
    assert not is_found([replace(word, height=16 + 16 * (word.line % 2)) for word in words])


def test_any_boxes_make_some_markdown_with_all_words() -> None:
    for seed in range(200):
        chance = Random(seed)
        words = []
        for number in range(30):
            left, top, width, height = (chance.randrange(60) for _ in range(4))
            words.append(Word(f"w{number}", left, top, width, height, 90.0, 1 + number // 3))
        found = markdown_of(words)
        assert all(found.replace("|", " ").split().count(word.text) == 1 for word in words)
