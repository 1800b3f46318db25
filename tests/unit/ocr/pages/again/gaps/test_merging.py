"""What was read in gaps is put where it stands."""

from dataclasses import replace
from pathlib import Path

import pytest

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.again.gaps.merging import merged
from distributed_ocr_pipeline.ocr.pages.again.gaps.pictures import COLUMNS, Gaps
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word
from tests.support.gaps import at, read_of

GAPS = Gaps(Raster(Path("gaps.tif"), 100, 100, None), left=10, top=20)


def before() -> Recognition:
    """Two paragraphs, of lines at 100 and 140, and at 200."""
    return Recognition("one two\nthree\n\nfour", (at("one", 100, 100, 1), at("two", 150, 100, 1),
                       at("three", 100, 140, 2), at("four", 100, 200, 3)))  # fmt: skip


def fill(*words: Word) -> str:
    filled = merged(before(), GAPS, read_of(words))
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


def test_lines_of_one_paragraph_stay_together_where_columns_are_read() -> None:
    words = [at("faint", 90, 155, 1), at("print", 90, 165, 2), at("more", 90, 400, 3)]
    found = Recognition("faint\nprint\n\nmore", tuple(words))
    filled = merged(before(), replace(GAPS, segmentation=COLUMNS), found)
    assert filled.text == "one two\nthree\n\nfaint\nprint\n\nfour\n\nmore"


def test_a_text_that_is_not_made_of_its_words_stays() -> None:
    own = Recognition("own  text", (at("own", 100, 100, 1), at("text", 150, 100, 1)))
    assert merged(own, GAPS, read_of([at("cell", 400, 100, 1)])) is own


def test_a_stack_of_numbers_gives_way_to_what_is_read_in_its_place() -> None:
    stack = Word("HWNAONH", 20, 90, 20, 140, 18.0, 4)
    words = (*before().words, stack)
    read = Recognition(f"{before().text}\n\nHWNAONH", words)
    number = at("12", 10, 80, 1)
    assert merged(read, GAPS, read_of([number])).text == "12 one two\nthree\n\nfour"
    assert merged(read, GAPS, read_of([at("cell", 400, 125, 1)])).text.endswith("HWNAONH")


def test_what_stands_around_a_stack_gives_way_only_to_what_is_read_in_its_place() -> None:
    around = Word("HWNAONH", 20, 290, 20, 140, 18.0, 4), Word("=", 20, 440, 20, 20, 80.0, 5)
    read = Recognition(f"{before().text}\n\nHWNAONH\n\n=", (*before().words, *around))
    assert merged(read, GAPS, read_of([at("17", 0, 420, 1)])).text.endswith("HWNAONH\n\n17")
    assert merged(read, GAPS, read_of([at("cell", 400, 125, 1)])).text.endswith("HWNAONH\n\n=")
    away = replace(read, words=(*read.words[:-1], replace(around[1], left=65)))
    assert merged(away, GAPS, read_of([at("17", 45, 420, 1)])) == away


def columns(rows: int = 8) -> Recognition:
    """Two columns of short lines, of which the right one has no more than every other."""
    left = [at("left", 20, 30 * row, row) for row in range(1, rows + 1)]
    right = [at("right", 300, 30 * row, rows + row) for row in range(1, rows + 1, 2)]
    blocks = ["\n".join(word.text for word in column) for column in (left, right)]
    return Recognition("\n\n".join(blocks), (*left, *right))


def test_what_is_found_in_columns_is_not_put_across_the_gutter() -> None:
    found = [at("found", 290, 30 * row - 20, row) for row in range(2, 9, 2)]
    text = merged(columns(), GAPS, read_of(found)).text
    assert text.startswith("left\n" * 7 + "left\n\n") and text.count("found") == 4
    assert "found" not in text.split("right")[0]


def test_what_is_found_at_the_foot_of_a_column_comes_behind_it() -> None:
    found = [at("foot", 290, 600, 1)]
    assert merged(columns(), GAPS, read_of(found)).text.endswith("right\n\nfoot")
    assert merged(columns(), GAPS, read_of([at("foot", 10, 600, 1)])).text.split("\n\n")[1] == "foot"
