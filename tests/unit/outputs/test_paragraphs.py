"""Paragraphs of born-digital pages, as Poppler gives their words: by white, size, lists and beginnings of lines."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.outputs import markdown, text
from distributed_ocr_pipeline.records import FormatName, PageChunk, PageResult
from distributed_ocr_pipeline.tables.writer import ShardInfo, ShardTables
from tests.support.documents import Ledger
from tests.support.outputs import SOURCE
from tests.support.placed_text import PlacedLine, placed_pdf

LINES = (
    "The committee met on Tuesday and decided to go",
    "on with the repair of the old bridge before the",
    "winter comes and the river rises once again so",
    "nobody has to walk to the other one in the town.",
    "A report will be written by the engineer and it",
    "will be read to all at the meeting in October.",
)
LEFT, TOP, PITCH = 70.0, 90.0, 14.0

Read = Callable[[Sequence[PlacedLine]], PageResult]


@pytest.fixture(name="read")
def fixture_read(tmp_path: Path, process: Callable[..., Ledger]) -> Read:
    """The result of a page with such lines."""

    def read(lines: Sequence[PlacedLine]) -> PageResult:
        [(_, [page])] = process([placed_pdf(tmp_path / "a.pdf", lines)], text_layer="only", words=True)
        return page

    return read


def below(texts: Sequence[str], *, starts: Sequence[float] = (), whites: Sequence[float] = ()) -> list[PlacedLine]:
    """Lines below each other; `starts` are added to their beginnings, `whites` to what is above them, in points."""
    lines, baseline = [], TOP
    for number, line in enumerate(texts):
        baseline += PITCH + (whites[number] if whites else 0)
        lines.append(PlacedLine(line, LEFT + (starts[number] if starts else 0), baseline))
    return lines


def parts(page: PageResult) -> list[str]:
    return [part for part in markdown.page(SOURCE, page).split("\n\n")[1:] if part]


def joined(*ranges: range) -> list[str]:
    return [" ".join(LINES[number] for number in numbers) for numbers in ranges]


def test_lines_that_follow_each_other_are_one_paragraph(read: Read) -> None:
    assert parts(read(below(LINES))) == joined(range(6))


@pytest.mark.parametrize("white", [4.0, 8.0, 14.0])
def test_white_divides_paragraphs(white: float, read: Read) -> None:
    page = read(below(LINES, whites=[0, 0, 0, 0, white, 0]))
    assert parts(page) == joined(range(4), range(4, 6))
    assert text.page(SOURCE, page) == "\n".join([*LINES[:4], "", *LINES[4:]]) + "\n\f"


def test_a_line_that_begins_further_in_begins_a_paragraph(read: Read) -> None:
    assert parts(read(below(LINES, starts=[15, 0, 0, 0, 15, 0]))) == joined(range(4), range(4, 6))
    assert parts(read(below(LINES, starts=[0, 0, 0, 0, 15, 0]))) == joined(range(4), range(4, 6))


def test_a_line_that_begins_further_out_begins_a_paragraph(read: Read) -> None:
    assert parts(read(below(LINES, starts=[0, 15, 15, 15, 0, 15]))) == joined(range(4), range(4, 6))


def test_lines_that_begin_anywhere_are_left_together(read: Read) -> None:
    assert parts(read(below(LINES, starts=[0, 15, 30, 45, 10, 25]))) == joined(range(6))


def test_the_size_of_letters_makes_headings(read: Read) -> None:
    head = [PlacedLine("The old bridge", LEFT, TOP - 36, 20), PlacedLine("Its repair", LEFT, TOP - 9, 15)]
    assert parts(read([*head, *below(LINES)])) == ["## The old bridge", "### Its repair", *joined(range(6))]


def test_a_list_is_apart_from_what_stands_around_it(read: Read) -> None:
    items = ["- go on with it before the winter comes and so", "on until it is done;", "- write a report."]
    page = read(below([*LINES[:2], *items, *LINES[4:]], starts=[0, 0, 12, 20, 12, 0, 0]))
    listed = "- go on with it before the winter comes and so on until it is done;\n- write a report."
    assert parts(page) == [*joined(range(2)), listed, *joined(range(4, 6))]


def test_a_bullet_far_before_its_text_belongs_to_it(read: Read) -> None:
    page = read([PlacedLine("•", LEFT - 40, TOP + PITCH), *below(LINES)])
    assert page.text.splitlines()[0] == "•" and not page.text.splitlines()[1].startswith("•")
    assert parts(page) == [f"- {part}" for part in joined(range(6))]
    assert text.page(SOURCE, page).split() == page.text.split()
    assert parts(read([PlacedLine("•", LEFT - 40, TOP - 60), *below(LINES)])) == ["•", *joined(range(6))]


def test_a_number_at_which_a_line_was_broken_begins_no_list(read: Read) -> None:
    broken = ["The committee met and decided on the pages up to", "12. The other pages are left for the next meeting."]
    assert parts(read(below([*broken, *LINES[:3]]))) == [" ".join([*broken, *LINES[:3]])]
    listed = ["The committee has decided:", "1. to go on with the repair;", "2. to write a report."]
    assert parts(read(below(listed))) == [listed[0], "\n".join(listed[1:])]


def test_columns_are_not_mixed(read: Read) -> None:
    right = [replace(line, start=LEFT + 310, text=line.text[:30]) for line in below(LINES[3:])]
    left = [replace(line, text=line.text[:30]) for line in below(LINES[:3])]
    shown = [" ".join(line.text.strip() for line in column) for column in (left, right)]
    assert parts(read([*left, *right])) == shown


def test_paragraphs_of_scripts_from_right_to_left_begin_at_the_right(read: Read) -> None:
    hebrew = (
        "הוועדה התכנסה ביום שלישי והחליטה להמשיך בתיקון",
        "הגשר הישן לפני תחילת החורף כדי שאיש לא יצטרך",
        "ללכת אל הגשר האחר בעיר הרחוקה מן הנהר הגדול.",
        "המהנדס יכתוב דוח והוא יוקרא בישיבה הבאה של כל",
        "החברים בחודש אוקטובר.",
    )
    page = read(below(hebrew, starts=[15, 0, 0, 15, 0]))
    assert parts(page) == [" ".join(hebrew[:3]), " ".join(hebrew[3:])]
    assert [part.count("\n") for part in text.page(SOURCE, page).strip("\n\f").split("\n\n")] == [2, 1]


def test_a_word_that_is_divided_at_the_end_of_a_line_is_whole_in_both(read: Read) -> None:
    divided = ["The committee met on Tuesday and decided to re-", "pair the old bridge before the winter comes and"]
    page = read(below([*divided, *LINES[2:]], whites=[0, 0, 0, 0, 8, 0]))
    assert parts(page)[0].startswith("The committee met on Tuesday and decided to repair the old bridge")
    first, second = text.page(SOURCE, page).strip("\n\f").split("\n\n")
    assert "decided to repair the old" in " ".join(first.split()) and second == "\n".join(LINES[4:])


def test_text_that_is_not_that_of_the_words_stays_as_it_is(read: Read) -> None:
    page = read(below(LINES, whites=[0, 0, 0, 0, 8, 0]))
    for other in ("Something else\n" + "\n".join(LINES), "\n".join([*LINES, "and more"])):
        assert text.page(SOURCE, replace(page, text=other)) == f"{other}\n\f"
    assert text.page(SOURCE, replace(page, words=())) == f"{page.text}\n\f"


def test_a_page_without_lines_has_no_paragraphs(read: Read) -> None:
    page = read(below(LINES))
    assert parts(replace(page, words=(), text="")) == []


@pytest.mark.parametrize(("outputs", "kept"), [(["markdown"], 6), (["text", "jsonl"], 6), (["jsonl"], 0), ([], 0)])
def test_words_are_at_hand_for_files_that_show_paragraphs_and_not_in_the_table(
    outputs: list[FormatName], kept: int, tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = placed_pdf(tmp_path / "a.pdf", below(LINES))
    [(result, pages)] = process([path], text_layer="only", outputs=outputs)
    assert len({word.line for word in pages[0].words}) == kept
    options = parse_options({"input_prefix": "s3://bucket/", "outputs": outputs})
    info = ShardInfo("r1", "s00000", "", "pytesseract", "5", "fingerprint")
    folders = {"pages": tmp_path / "pages", "documents": tmp_path / "documents"}
    with ShardTables(info, options, scratch=tmp_path / "scratch", **folders) as tables:
        tables.add_pages(PageChunk(result.document, "application/pdf", 1, tuple(pages)))
        tables.add_document(result)
    [row] = pq.read_table(tmp_path / "pages" / "s00000.parquet").to_pylist()
    assert row["words"] is None and row["text"] == "\n".join(LINES)
