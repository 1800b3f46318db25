"""Text layers in scripts that run from right to left: their words are those of the text, in the order of reading."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import pikepdf
import pytest

from distributed_ocr_pipeline.ocr.documents.looks.ligatures import map_as_drawn, write_as_drawn
from distributed_ocr_pipeline.ocr.scripts import words_as_read
from distributed_ocr_pipeline.records import PageResult, Quality, TextSource
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


LIGATURES = (
    "اللجنة \ufefb تقول إ\ufefb قول السلام، وا\ufef7ول قبل ا\ufefb\ufef9ن",
    "وقال خلال 1998 إن الكلام (بلا ثمن) Oxford ثم قال ذلك",
)
"""Each ligature of lam and an alef is a letter."""
LETTERS_OF = {"\ufefb": "\u0644\u0627", "\ufef7": "\u0644\u0623", "\ufef9": "\u0644\u0625"}
FORMS_OF = {"\ufefb": "\ufedf\ufe8e", "\ufef7": "\ufedf\ufe84", "\ufef9": "\ufedf\ufe88"}


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


@pytest.fixture(name="joined")
def fixture_joined(tmp_path: Path) -> Path:
    """A page on which each ligature of lam and alef is a code that stands for both."""
    return joined_pdf(tmp_path / "joined.pdf", LETTERS_OF)


def joined_pdf(path: Path, meanings: Mapping[str, str]) -> Path:
    lines = [PlacedLine(text, 60, 80 + 20 * number) for number, text in enumerate(LIGATURES)]
    return placed_pdf(path, lines, meanings=meanings)


def texts_of(path: Path, process: Callable[..., Ledger]) -> tuple[list[str], list[str], PageResult]:
    """Lines of a page's text, those that its words make, and its row."""
    [(_, [page])] = process([path], text_layer="auto", words=True)
    lines = [line for line in page.text.splitlines() if line]
    return lines, [" ".join(words) for words in words_by_line(page)], page


def in_letters(text: str) -> str:
    return "".join(LETTERS_OF.get(letter, letter) for letter in text)


@pytest.mark.parametrize("meanings", [{}, LETTERS_OF, FORMS_OF], ids=["one letter", "two letters", "two forms"])
def test_lam_and_alef_of_one_code_are_not_turned_round(
    meanings: Mapping[str, str], tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    text, words, page = texts_of(joined_pdf(tmp_path / "a.pdf", meanings), process)
    assert text == words == [in_letters(line) for line in LIGATURES]
    assert page.quality is Quality.GOOD


def spanned(path: Path, text: str, drawn: str = "") -> Path:
    """The file with its first line in a span of `ActualText`, which is drawn by other commands if there are any."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        first, *rest = pdf.pages[0].Contents.read_bytes().splitlines()
        begin, _, end = first.rpartition(b"<")
        span = b"/Span << /ActualText %s >> BDC" % pikepdf.String(text).unparse()
        first = b"%s %s %s EMC ET" % (begin, span, drawn.encode() or b"<" + end.removesuffix(b" ET"))
        pdf.pages[0].Contents = pdf.make_stream(b"\n".join([first, *rest]))
        pdf.save(path)
    return path


@pytest.mark.parametrize("text", ["لا", "السلام عليكم", "كِتَابٌ"], ids=["ligature", "words", "vowel signs"])
def test_what_a_span_stands_for_is_not_turned_round(text: str, tmp_path: Path, process: Callable[..., Ledger]) -> None:
    lines = [PlacedLine(ARABIC[0], 60, 80 + 20 * number) for number in range(4)]
    found, words, _ = texts_of(spanned(placed_pdf(tmp_path / "a.pdf", lines), text), process)
    assert found == words == [text, *[ARABIC[0]] * 3]


def test_vowel_signs_at_places_of_their_own_split_no_word(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    lines = [PlacedLine(ARABIC[0], 60, 80 + 20 * number) for number in range(4)]
    path = placed_pdf(tmp_path / "a.pdf", lines)
    command = "<01> Tj EMC /Span << /ActualText <FEFF0633064E> >> BDC 10 0 Td <01> Tj -4 0 Td <02> Tj"
    found, _, _ = texts_of(spanned(path, "ك", command), process)
    assert found[0] == "سَك"


def test_text_of_forms_is_looked_at_too(joined: Path, process: Callable[..., Ledger]) -> None:
    with pikepdf.open(joined, allow_overwriting_input=True) as pdf:
        page = pdf.pages[0]
        form = pdf.make_stream(page.Contents.read_bytes(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
        form.BBox, form.Resources = page.mediabox, page.obj.Resources
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Fx0=pdf.make_indirect(form)))
        page.obj.Contents = pdf.make_stream(b"/Fx0 Do")
        pdf.save(joined)
    assert texts_of(joined, process)[0] == [in_letters(line) for line in LIGATURES]


@pytest.mark.parametrize("name", ["uni06440627", "uni0644_uni0627", "uni06440627.fina"])
def test_names_of_glyphs_are_looked_at_where_there_is_no_map(
    name: str, tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = placed_pdf(tmp_path / "a.pdf", [PlacedLine("\ufefbت", 60, 80 + 20 * number) for number in range(9)])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        font = pdf.pages[0].Resources.Font.F1
        del font.ToUnicode
        names = pikepdf.Array([1, pikepdf.Name("/uni062A"), pikepdf.Name(f"/{name}")])
        font.Encoding = pikepdf.Dictionary(Type=pikepdf.Name.Encoding, Differences=names)
        pdf.save(path)
    text, words, _ = texts_of(path, process)
    assert text == words == ["لات"] * 9


def test_where_it_cannot_be_found_out_the_page_is_doubtful(joined: Path, process: Callable[..., Ledger]) -> None:
    joined.write_bytes(joined.read_bytes().replace(b"startxref\n", b"startxref\n1"))
    text, _, page = texts_of(joined, process)
    assert text != [in_letters(line) for line in LIGATURES] and page.quality is Quality.DOUBTFUL
    assert "may be turned round" in page.note


def test_a_file_without_such_codes_is_not_copied(tmp_path: Path) -> None:
    for name, texts in (("arabic", ARABIC), ("hebrew", HEBREW), ("english", ENGLISH)):
        path = placed_pdf(tmp_path / f"{name}.pdf", [PlacedLine(text, 60, 80) for text in texts])
        assert not write_as_drawn(str(path), 1, str(tmp_path / "copy.pdf"))
    assert not (tmp_path / "copy.pdf").exists()


@pytest.mark.parametrize(
    ("entries", "drawn"),
    [
        ("bfchar <03> <06440627> <0041> <00660069> end", "bfchar <03> <06270644> <0041> <00660069> end"),
        ("bfrange <01> <03> <0627> end", "bfrange <01> <03> <0627> end"),
        ("bfrange <01> <02> <06440627> end", "bfrange <01> <02> [<06270644> <06280644>] end"),
        ("bfrange <01> <02> [<06440627> <0628>] end", "bfrange <01> <02> [<06270644> <0628>] end"),
        ("bfchar <01> <0644> <02> <D83DDE00> end", "bfchar <01> <0644> <02> <D83DDE00> end"),
        ("bfchar <01> <05E905C1> <02> <D8> end", "bfchar <01> <05C105E9> <02> <D8> end"),
        ("bfchar <01> <06330031003206B2> end", "bfchar <01> <06B2003100320633> end"),
    ],
    ids=["letters", "range of letters", "range", "array", "emoji", "sign", "digits"],
)
def test_letters_of_a_map_stand_as_they_are_drawn(entries: str, drawn: str) -> None:
    kind = entries.split()[0]
    assert map_as_drawn(f"1 begin{entries}{kind}".encode()) == f"1 begin{drawn}{kind}".encode()


def test_the_order_of_a_line_needs_no_page() -> None:
    assert words_as_read(["12", "גב", "אב"], leftward=True) == [("בא", 2), ("בג", 1), ("12", 0)]
    assert words_as_read(["25%", "גב", ".1998"], leftward=True) == [("1998.", 2), ("בג", 1), ("25%", 0)]
    assert words_as_read(["to", "גב", "12", "אב"], leftward=False) == [("to", 0), ("בא", 3), ("12", 2), ("בג", 1)]
    assert words_as_read(["to", "גב", "אב", "so"], leftward=False) == [("to", 0), ("בא", 2), ("בג", 1), ("so", 3)]
    assert words_as_read([], leftward=True) == []
