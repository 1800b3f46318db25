"""Words that are no text."""

import pytest

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.again.babble import without_babble
from distributed_ocr_pipeline.ocr.pages.again.lines import paragraphs_of, reading_of
from distributed_ocr_pipeline.records import Word


def word(text: str, confidence: float, line: int) -> Word:
    return Word(text, 10, 20 * line, 30, 12, confidence, line)


def read(*lines: list[tuple[str, float]]) -> Recognition:
    """A paragraph for each line."""
    words = tuple(word(text, confidence, number) for number, line in enumerate(lines, 1) for text, confidence in line)
    return Recognition("\n\n".join(" ".join(text for text, _ in line) for line in lines), words, "eng")


PRINT = [("Dear", 95.0), ("Sir", 91.0)]


def test_words_that_no_one_believes_and_that_stand_among_their_like_are_left_out() -> None:
    kept, left_out = without_babble(read(PRINT, [("|~", 12.0), ("ae", 28.0)], PRINT))
    assert (kept.text, left_out) == ("Dear Sir\n\nDear Sir", 2)
    assert [word.line for word in kept.words] == [1, 1, 2, 2]
    assert kept.language == "eng"


def test_a_doubtful_word_beside_a_confident_one_stays() -> None:
    kept, left_out = without_babble(read([("Mr", 92.0), ("Prszybylski", 9.0), ("~", 11.0), ("of", 40.0)]))
    assert (kept.text, left_out) == ("Mr Prszybylski of", 1)


def test_a_long_word_is_print_however_doubtful_one_of_its_letters() -> None:
    before = read([("par(mfro", 4.0)], [("par(mfr", 4.0)], PRINT)
    assert without_babble(before)[0].text == "par(mfro\n\nDear Sir"


LEADERS = "......cccecececeseseeecececseesee"
CODE = "https://cran.example.org/web/packages/nanotime/index.html"


def test_a_row_of_dots_is_no_word_however_long_it_is_and_whatever_stands_beside_it() -> None:
    badly_read = read([("Chapter", 91.0), (LEADERS, 0.0), ("12", 60.0)], [("KRKRKEKKEKEK", 3.0), (CODE, 2.0)])
    assert without_babble(badly_read)[0].text == f"Chapter 12\n\n{CODE}"
    well_read = read(*[PRINT] * 8, [("Chapter", 91.0), (LEADERS, 0.0), ("qty", 21.0)])
    kept, left_out = without_babble(well_read)
    assert (kept.text.splitlines()[-1], left_out) == ("Chapter qty", 1)


@pytest.mark.parametrize("text", ["Mississippi", "1000000000", "addressees"])
def test_a_word_of_few_letters_is_no_row_of_dots(text: str) -> None:
    before = read(*[PRINT] * 8, [(text, 9.0)])
    assert without_babble(before) == (before, 0)


@pytest.mark.parametrize("confidence", [30.0, 59.0])
def test_words_that_are_believed_a_little_stay(confidence: float) -> None:
    before = read([("word", confidence)], PRINT)
    assert without_babble(before) == (before, 0)


def test_a_page_of_nothing_but_babble_keeps_it() -> None:
    before = read([("~", 8.0)], [("|", 3.0)])
    assert without_babble(before) == (before, 0)


def test_a_text_that_is_not_made_of_its_words_is_left_alone() -> None:
    before = Recognition("spaced   out", (word("spaced", 5.0, 1), word("out", 5.0, 1)))
    assert without_babble(before) == (before, 0)


def test_a_reading_is_the_same_after_it_was_taken_apart() -> None:
    before = Recognition("a b\nc\n\nd", tuple(word(text, 90.0, line) for text, line in zip("abcd", (1, 1, 2, 3))))
    assert reading_of(paragraphs_of(before) or [], "") == before


def test_a_reading_with_fewer_lines_of_words_than_of_text_cannot_be_taken_apart() -> None:
    assert paragraphs_of(Recognition("a\nb", (word("a", 90.0, 1),))) is None
    assert paragraphs_of(Recognition("", ())) == []


def test_on_a_page_that_was_read_well_every_word_stays() -> None:
    before = read(*[PRINT] * 8, [("qty", 21.0)], [("2", 14.0), ("m", 28.0)])
    assert without_babble(before) == (before, 0)
