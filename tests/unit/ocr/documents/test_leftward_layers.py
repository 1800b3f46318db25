"""Text layers in scripts that run from right to left: their words are those of the text, in the order of reading."""

import shutil
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import pytest

from distributed_ocr_pipeline.ocr.scripts import words_as_read
from distributed_ocr_pipeline.records import PageResult, TextSource
from tests.support.documents import Ledger
from tests.support.placed_text import PlacedLine, placed_pdf

ARABIC = (
    "اجتمعت اللجنة يوم الثلاثاء وقررت مواصلة إصلاح الجسر",
    "القديم قبل بداية الشتاء، وبلغت التكلفة 1250 دينارا.",
    "صدر التقرير عن Oxford University Press في عام 1998",
    "والعدد ٢٥ من مجلة Nature ثم انتهى الاجتماع.",
)
HEBREW = (
    "הוועדה התכנסה ביום שלישי והחליטה להמשיך בתיקון",
    "הגשר הישן לפני תחילת החורף, בעלות של 1250 שקלים.",
    "הדוח פורסם על ידי Oxford University Press בשנת 1998.",
)
ENGLISH = (
    "The committee met on Tuesday and decided to go on with",
    "the old bridge; the minutes say הגשר הישן and nothing else",
    "and cost 1250 dinars, in words ألف ومئتان before the winter.",
)


def read_page(path: Path, texts: Sequence[str], process: Callable[..., Ledger]) -> PageResult:
    lines = [PlacedLine(text, 60, 80 + 20 * number) for number, text in enumerate(texts)]
    [(_, [page])] = process([placed_pdf(path, lines)], text_layer="only", words=True)
    assert page.text_source is TextSource.TEXT_LAYER
    return page


def words_by_line(page: PageResult) -> list[list[str]]:
    return [[word.text for word in words] for _, words in groupby(page.words, key=lambda word: word.line)]


@pytest.mark.parametrize("texts", [ARABIC, HEBREW, ENGLISH], ids=["arabic", "hebrew", "english"])
def test_words_are_those_of_the_text_in_the_order_of_reading(
    texts: Sequence[str], tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    page = read_page(tmp_path / "a.pdf", texts, process)
    assert [line for line in page.text.splitlines() if line] == list(texts)
    assert words_by_line(page) == [text.split() for text in texts]


def test_text_is_popplers_where_there_are_no_words(
    tmp_path: Path, install_program: Callable[[str, str], Path], process: Callable[..., Ledger]
) -> None:
    real = shutil.which("pdftotext")
    failing = f"import os, sys\nif '-tsv' in sys.argv: sys.exit(99)\nos.execv({real!r}, ['pdftotext', *sys.argv[1:]])"
    install_program("pdftotext", failing)
    path = placed_pdf(tmp_path / "a.pdf", [PlacedLine(HEBREW[0], 60, 80)])
    [(_, [page])] = process([path], text_layer="only")
    assert page.text_source is TextSource.TEXT_LAYER
    assert HEBREW[0] in page.text and page.text != HEBREW[0]  # it has marks of direction


def test_boxes_stay_with_their_words(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    page = read_page(tmp_path / "a.pdf", ["הגשר 1998 ישן Press כן", *HEBREW], process)
    first, number, *_, last = page.words[:5]
    assert [word.text for word in page.words[:5]] == ["הגשר", "1998", "ישן", "Press", "כן"]
    assert last.left < number.left < first.left and first.left + first.width == pytest.approx(595 - 60, abs=2)


def test_a_bracket_closes_where_it_was_opened(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    text = "and cost 1250 dinars (in words: ألف ومئتان) before the winter."
    assert text in read_page(tmp_path / "a.pdf", [*ENGLISH, text], process).text.splitlines()


def test_a_ligature_of_two_letters_is_read_as_they_are(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    written = ["\ufee3\ufeb4\ufe8e\ufefb\ufe95 ثلاثة", *ARABIC]  # the last but one of these forms is of two letters
    page = read_page(tmp_path / "a.pdf", written, process)
    assert words_by_line(page)[0] == ["مسالات", "ثلاثة"]


def test_the_order_of_a_line_needs_no_page() -> None:
    assert words_as_read(["12", "גב", "אב"], leftward=True) == [("בא", 2), ("בג", 1), ("12", 0)]
    assert words_as_read(["25%", "גב", ".1998"], leftward=True) == [("1998.", 2), ("בג", 1), ("25%", 0)]
    assert words_as_read(["to", "גב", "12", "אב"], leftward=False) == [("to", 0), ("בא", 3), ("12", 2), ("בג", 1)]
    assert words_as_read(["to", "גב", "אב", "so"], leftward=False) == [("to", 0), ("בא", 2), ("בג", 1), ("so", 3)]
    assert words_as_read([], leftward=True) == []
