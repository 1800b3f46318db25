"""Which pages are read by a second engine, and what becomes of two readings."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr import Stop
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.engines.recognition import Options, Outcome, Recognition
from distributed_ocr_pipeline.ocr.pages.again.two_readings import merged
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.pages.second_opinion import with_second_opinions
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word
from tests.support.sources import limit

HEIGHT, LETTER = 20, 12


def read(*lines: Sequence[tuple[str, int, float]], top: int = 0) -> Recognition:
    """Words (text, left, confidence) of lines that stand below each other."""
    words = [
        Word(text, left, top + 30 * number, LETTER * len(text), HEIGHT, confidence, number + 1)
        for number, line in enumerate(lines)
        for text, left, confidence in line
    ]
    return Recognition("\n".join(" ".join(text for text, _, _ in line) for line in lines), tuple(words))


def test_the_more_credible_word_is_taken() -> None:
    first = read([("Tota1", 0, 60), ("amount", 100, 96), ("19.5O", 300, 40)])
    second = read([("Total", 0, 97), ("arnount", 100, 80), ("19.50", 300, 99)])
    both = merged(first, second)
    assert both.recognition.text == "Total amount 19.50"
    assert both.from_second == 2


def test_accents_are_tesseracts_where_the_letters_are_the_same() -> None:
    first = read([("été", 0, 71), ("déçu", 100, 60), ("naître", 200, 60)])
    second = read([("ete", 0, 99), ("décu", 100, 99), ("naitrc", 200, 99)])
    both = merged(first, second)
    assert both.recognition.text == "été déçu naîtrc"
    assert [word.confidence for word in both.recognition.words] == [99, 99, 99]
    assert both.from_second == 1


def test_what_tesseract_did_not_see_is_added_where_it_stands() -> None:
    first = read([("First", 0, 90)], [], [("last", 0, 90)])
    second = read([("First", 0, 99), ("price", 400, 99)], [("second", 0, 99)], [("last", 0, 99)])
    assert merged(first, second).recognition.text == "First price\n\nsecond\n\nlast"


def test_what_only_tesseract_saw_stays_if_it_is_credible() -> None:
    first = read([("One", 0, 90), ("two", 60, 90), ("~|", 300, 12)], [("three", 0, 88)], [("''.", 0, 20)])
    second = read([("One", 0, 99)])
    both = merged(first, second)
    assert both.recognition.text == "One two\nthree"
    assert both.from_second == 0


@pytest.mark.parametrize(
    ("ours", "theirs", "text"),
    [
        (["to", "gether"], ["together"], "to gether"),  # blanks that the neural engine left out
        (["854,", "660.70"], ["854,660.70"], "854,660.70"),  # a number that Tesseract cut
        (["aneighbour"], ["a", "neighbour"], "a neighbour"),
    ],
)
def test_where_letters_agree_blanks_are_the_more_credible(ours: list[str], theirs: list[str], text: str) -> None:
    def placed(words: list[str]) -> list[tuple[str, int, float]]:
        return [(word, LETTER * len("".join(words[:number])), 99.0) for number, word in enumerate(words)]

    first = read([(word, left, 88.0) for word, left, _ in placed(ours)])
    assert merged(first, read(placed(theirs))).recognition.text == text
    surer = read([(word, left, 99.5) for word, left, _ in placed(ours)])
    assert merged(surer, read(placed(theirs))).recognition.text == " ".join(ours)


def test_a_name_that_tesseract_cut_and_hardly_believes_is_whole() -> None:
    first = read([("kda.", 0, 46), ("prepare", 80, 46)])
    assert merged(first, read([("kda.prepare", 0, 98)])).recognition.text == "kda.prepare"


def test_words_that_are_cut_otherwise_are_one_question() -> None:
    """A box of babble over lines of words is one word of it."""
    babble = Recognition("Oo", (Word("Oo", 0, 0, 400, 80, 30.0, 1),))
    lines = read([("line", 0, 99), ("one", 90, 99)], [("line", 0, 99), ("two", 90, 99)])
    assert merged(babble, lines).recognition.text == "line one\nline two"


@pytest.mark.parametrize(("ours", "theirs"), [("Łódź", "Lodz"), ("yağıyor", "yagiyor"), ("søster", "soster")])
def test_letters_with_a_stroke_are_tesseracts_too(ours: str, theirs: str) -> None:
    assert merged(read([(ours, 0, 60)]), read([(theirs, 0, 99)])).recognition.text == ours
    both = merged(read([(ours, 0, 60)]), read([(f"{theirs[:-1]}q", 0, 99)]))
    assert both.recognition.text == f"{ours[:-1]}q"


def test_a_letter_that_both_place_a_little_otherwise_comes_once() -> None:
    left = Word("7", 629, 100, 10, 14, 94.0, 1)
    for moved in (Word("7", 638, 90, 1, 37, 99.0, 1), Word("7", 637, 92, 8, 30, 99.0, 1)):
        both = merged(Recognition("7", (left,)), Recognition("7", (moved,)))
        assert both.recognition.text == "7"
    apart = Word("7", 700, 92, 8, 30, 99.0, 1)
    assert merged(Recognition("7", (left,)), Recognition("7", (apart,))).recognition.text == "7 7"


def test_a_page_that_was_read_well_keeps_its_order() -> None:
    """Two lists side by side: the neural engine's lines are read across both."""
    left, right = ["pears", "plums", "figs"], ["north", "south", "east"]
    rows = [Word(text, 0, 30 * row, 60, 20, 95.0, row + 1) for row, text in enumerate(left)]
    rows += [Word(text, 300, 30 * row, 60, 20, 95.0, row + 4) for row, text in enumerate(right)]
    first = Recognition("pears\nplums\nfigs\n\nnorth\nsouth\neast", tuple(rows))
    second = read(*([(one, 0, 99.0), (other, 300, 99.0)] for one, other in zip(left, right)))
    assert merged(first, second).recognition.text == first.text
    lost = Recognition("pears\nfigs\n\nnorth\neast", tuple(word for word in rows if word.text[1] != "l"))
    lost = Recognition(lost.text, tuple(word for word in lost.words if word.text != "south"))
    assert merged(lost, second).recognition.text == first.text


def test_a_word_that_the_neural_engine_lost_within_another_stays() -> None:
    first = read([("Total", 0, 91), ("1,234.56", 70, 91)])
    second = Recognition("Total", (Word("Total", 0, 0, 170, 20, 99.0, 1),))
    assert merged(first, second).recognition.text == "Total 1,234.56"


def test_a_letter_for_which_the_neural_engine_has_another_was_not_lost() -> None:
    assert merged(read([("Oo", 0, 90)]), read([("0", 0, 99)])).recognition.text == "0"


def test_what_the_neural_engine_hardly_believes_is_not_added() -> None:
    second = read([("Sure", 0, 99), ("c", 300, 4)])
    assert merged(read([("Sure", 0, 95)]), second).recognition.text == "Sure"


def test_each_word_is_there_once() -> None:
    lines = [[(f"w{row}x{column}", 100 * column, 90.0) for column in range(7)] for row in range(30)]
    both = merged(read(*lines), read(*lines, top=3))
    assert sorted(word.text for word in both.recognition.words) == sorted(text for line in lines for text, _, _ in line)


# ---- pages -----------------------------------------------------------------------------------------------------


@dataclass
class Second:
    """An engine that remembers what it was given."""

    outcome: Outcome
    given: list[str] = field(default_factory=list)

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        del options, limit
        self.given += [raster.path.name for raster in rasters]
        return [self.outcome for _ in rasters]

    def close(self) -> None:
        pass


def page(number: int, outcome: Outcome | None) -> PageInProgress:
    drawn = Raster(Path(f"drawn-{number}"), 1000, 1000, 300)
    prepared = replace(drawn, path=Path(f"prepared-{number}"))
    return PageInProgress(PageSurvey(number), drawn, PageAnalysis(blank=False), drawn, prepared, outcome=outcome)


def opinions(
    pages: Sequence[PageInProgress], outcome: Outcome, wanted: str = "doubtful", languages: str = "eng"
) -> tuple[list[PageInProgress], list[str]]:
    """The pages with opinions, and of which the second engine was asked."""
    config = OCRConfig.model_validate({"second_opinion": wanted, "languages": languages})
    second = Second(outcome)
    context = PageContext(config, second, Path("scratch"), None, Stop(), second if wanted != "none" else None)
    return with_second_opinions(pages, limit(), context), second.given


GOOD, POOR = read([("Sure", 0, 95), ("words", 100, 95)]), read([("5ure", 0, 60), ("w0rds", 100, 60)])
SECOND = read([("Sure", 0, 99), ("words", 100, 99)])


def test_doubtful_pages_are_read_by_both_and_the_note_says_who_read_what() -> None:
    pages = [page(1, GOOD), page(2, POOR), page(3, Recognition("", ()))]
    done, asked = opinions(pages, SECOND)
    assert asked == ["prepared-2", "prepared-3"]
    assert done[0] is pages[0]
    for one in done[1:]:
        assert isinstance(one.outcome, Recognition) and one.outcome.text == "Sure words"
        assert one.notes == ("second opinion: 2 of 2 words by rapidocr",)


def test_a_page_that_is_doubtful_whatever_its_confidence_is_read_by_both() -> None:
    torn = page(3, GOOD)
    pages = [
        page(1, GOOD),
        replace(page(2, GOOD), doubtful=True),
        replace(torn, raster=replace(torn.raster, fault="f")),
    ]
    assert opinions(pages, SECOND)[1] == ["prepared-2", "prepared-3"]


@pytest.mark.parametrize(("wanted", "numbers"), [("none", []), ("doubtful", [2]), ("always", [1, 2])])
def test_the_option_says_which_pages(wanted: str, numbers: list[int]) -> None:
    _, asked = opinions([page(1, GOOD), page(2, POOR)], SECOND, wanted)
    assert asked == [f"prepared-{number}" for number in numbers]


def test_pages_that_failed_or_are_in_scripts_that_it_does_not_know_are_left_alone() -> None:
    pages = [
        page(1, DocumentError(ErrorClass.TIMEOUT, "Too long.")),
        page(2, replace(POOR, language="rus")),
        page(3, replace(POOR, language="eng+deu")),
    ]
    done, asked = opinions(pages, SECOND, "always", "auto")
    assert asked == ["prepared-3"]
    assert done[:2] == pages[:2]
    assert isinstance(done[2].outcome, Recognition) and done[2].outcome.language == "eng+deu"


@pytest.mark.parametrize(
    ("outcome", "note"),
    [
        (DocumentError(ErrorClass.OUT_OF_MEMORY, "No memory."), "second opinion failed (out_of_memory)"),
        (Recognition("", ()), "second opinion: no text"),
    ],
)
def test_a_page_keeps_its_first_reading_if_the_second_engine_has_none(outcome: Outcome, note: str) -> None:
    [done], _ = opinions([page(1, POOR)], outcome)
    assert (done.outcome, done.notes) == (POOR, (note,))
