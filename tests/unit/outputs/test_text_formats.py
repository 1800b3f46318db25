"""The formats that are text: what other programs read in them is what the page holds."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.outputs.formats import TextWriter
from distributed_ocr_pipeline.records import FormatName, PageResult, PageStatus, TextSource, Word
from tests.support.formats import alto_faults, hocr_faults
from tests.support.outputs import LINES, SIZE, SOURCE, drawn_page, page_of

_, WORDS = drawn_page()
BLANK = PageResult(2, PageStatus.BLANK)
HOSTILE = '<b>&"\x00\ud800]]>\u202e'
ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
XHTML = "{http://www.w3.org/1999/xhtml}"


def written(name: FormatName, *pages: PageResult) -> str:
    stream = io.StringIO()
    writer = TextWriter(name, replace(SOURCE, page_count=len(pages)), stream)
    for page in pages:
        writer.add(page)
    writer.finish()
    return stream.getvalue()


def word(text: str, line: int, *, height: int = 20, top: int | None = None, left: int = 100) -> Word:
    return Word(text, left, 40 * line if top is None else top, 20 * len(text), height, 90.0, line)


def lines(*texts: str, height: int = 20) -> list[Word]:
    return [word(text, number, height=height) for number, text in enumerate(texts, start=1)]


def test_text_has_a_form_feed_after_each_page() -> None:
    assert written("text", page_of(WORDS), BLANK) == "\n".join(LINES) + "\n\f\f"


def test_a_form_feed_in_a_page_does_not_end_it() -> None:
    assert written("text", page_of((), text="a\fb")) == "a b\n\f"


def test_jsonl_has_an_object_for_each_page() -> None:
    first, second = map(json.loads, written("jsonl", page_of(WORDS), BLANK).splitlines())
    assert (first["page_number"], first["page_count"], first["source_uri"]) == (1, 2, SOURCE.source_uri)
    assert first["words"][3] == vars(WORDS[3]) and first["text_source"] == "ocr"
    assert (second["status"], second["words"], second["error_message"]) == ("blank", None, None)


def test_tsv_has_the_rows_that_tesseract_writes() -> None:
    head, *rows = (line.split("\t") for line in written("tsv", page_of(WORDS), BLANK).splitlines())
    assert head[:2] == ["level", "page_num"] and {len(row) for row in rows} == {12}
    assert [row[0] for row in rows if row[0] != "5"] == ["1", "2", "3", "4", "4", "4", "1"]
    found = [(row[11], *map(int, row[6:10])) for row in rows if row[0] == "5"]
    assert found == [(one.text, one.left, one.top, one.width, one.height) for one in WORDS]


def test_a_tab_in_a_word_makes_no_column_of_tsv() -> None:
    assert written("tsv", page_of([word("a\tb\nc", 1)])).endswith("\ta b c\n")


def test_hocr_is_xml_with_a_box_for_each_word() -> None:
    root = ElementTree.fromstring(written("hocr", page_of(WORDS), replace(BLANK, width_px=9, height_px=8)))
    pages = [element for element in root.iter() if element.get("class") == "ocr_page"]
    assert [page.get("title", "").split("; ")[1:3] for page in pages] == [
        [f"bbox 0 0 {SIZE[0]} {SIZE[1]}", "ppageno 0"],
        ["bbox 0 0 9 8", "ppageno 1"],
    ]
    words = [element for element in root.iter(f"{XHTML}span") if element.get("class") == "ocrx_word"]
    first = WORDS[0]
    box = (first.left, first.top, first.left + first.width, first.top + first.height)
    assert [element.text for element in words] == " ".join(LINES).split()
    assert words[0].get("title") == f"bbox {' '.join(map(str, box))}; x_wconf 95"
    identities = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(identities) == len(set(identities)) > len(WORDS)


def test_alto_has_pages_blocks_lines_and_strings() -> None:
    root = ElementTree.fromstring(written("alto", page_of(WORDS), BLANK))
    assert root.tag == f"{ALTO}alto" and [child.tag for child in root] == [f"{ALTO}Description", f"{ALTO}Layout"]
    assert [page.get("PHYSICAL_IMG_NR") for page in root.iter(f"{ALTO}Page")] == ["1", "2"]
    [block] = root.iter(f"{ALTO}TextBlock")
    assert [child.tag for child in block] == [f"{ALTO}TextLine"] * len(LINES)
    kinds = [child.tag.removeprefix(ALTO) for child in block[0]]
    assert kinds == ["String", "SP", "String", "SP", "String", "SP", "String"]
    strings = list(root.iter(f"{ALTO}String"))
    assert [string.get("CONTENT") for string in strings] == " ".join(LINES).split()
    assert (strings[0].get("HPOS"), strings[0].get("WC")) == (str(WORDS[0].left), "0.95")


@pytest.mark.parametrize(
    "words", [WORDS, [word("漢", 1), word("字", 1, left=130)], [word(HOSTILE, 1)], [word("x", 1, left=0)], ()]
)
def test_alto_and_hocr_are_as_they_are_specified(words: Sequence[Word]) -> None:
    pages = page_of(words), replace(page_of(words), page_number=2), replace(BLANK, page_number=3)
    assert not alto_faults(written("alto", *pages))
    assert not hocr_faults(written("hocr", *pages))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('SCHEMAVERSION="4.4"', 'VERSION="4.4"'),
        ('ID="line_1_1_2"', 'ID="line_1_1_1"'),
        (">pixel<", ">px<"),
        ('WC="0.95"', 'WC="95"'),
        ("TextLine", "Line"),
        (' PHYSICAL_IMG_NR="1"', ""),
    ],
)
def test_what_is_no_alto_is_found(right: str, wrong: str) -> None:
    text = written("alto", page_of(WORDS))
    assert right in text and alto_faults(text.replace(right, wrong))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('class="ocr_line"', 'class="ocr_par"'),
        ('id="line_1_1_2"', 'id="line_1_1_1"'),
        ("x_wconf 95", "x_wconf 950"),
        ("ppageno 0", "page 0"),
        ("ocr_line ocrx_word", "ocrx_word"),
        (f"bbox 0 0 {SIZE[0]}", "bbox 0 0 200"),
    ],
)
def test_what_is_no_hocr_is_found(right: str, wrong: str) -> None:
    text = written("hocr", page_of(WORDS))
    assert right in text and hocr_faults(text.replace(right, wrong))


def test_alto_has_no_blank_between_characters_of_chinese() -> None:
    chinese = [word("漢", 1), word("字", 1, left=130)]
    [line] = ElementTree.fromstring(written("alto", page_of(chinese, text="漢字"))).iter(f"{ALTO}TextLine")
    assert [child.tag for child in line] == [f"{ALTO}String"] * 2


@pytest.mark.parametrize("name", ["hocr", "alto"])
def test_any_text_and_any_key_make_xml(name: FormatName) -> None:
    stream = io.StringIO()
    writer = TextWriter(name, replace(SOURCE, key=HOSTILE, source_uri=f"s3://b/{HOSTILE}", engine=HOSTILE), stream)
    writer.add(page_of([word(HOSTILE, 1)]))
    writer.finish()
    root = ElementTree.fromstring(stream.getvalue().encode())
    said = [element.text or element.get("CONTENT") for element in root.iter()]
    assert said.count('<b>&"\ufffd\ufffd]]>\u202e') >= 2


def test_paragraphs_are_those_of_the_text() -> None:
    tsv = written("tsv", page_of(lines("One", "two", "three"), text="One\n\ntwo\nthree"))
    assert [row.split("\t")[2:5] for row in tsv.splitlines() if row[0] == "4"] == [
        ["1", "1", "1"],
        ["2", "1", "1"],
        ["2", "1", "2"],
    ]


def test_where_the_text_has_other_lines_distances_make_the_paragraphs() -> None:
    words = [word("One", 1, top=0), word("two", 2, top=25), word("three", 3, top=90)]
    tsv = written("tsv", page_of(words, text="One two three"))
    assert [row.split("\t")[2] for row in tsv.splitlines() if row[0] == "4"] == ["1", "1", "2"]


def test_a_heading_close_to_its_text_is_a_paragraph_of_its_own() -> None:
    words = [word("Head", 1, height=30, top=0), word("two", 2, top=35), word("three", 3, top=60)]
    tsv = written("tsv", page_of(words, text="Head two three"))
    assert [row.split("\t")[2] for row in tsv.splitlines() if row[0] == "4"] == ["1", "2", "2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a line\nand another\n\nmore", ["a line and another", "more"]),
        ("the be-\nginning", ["the beginning"]),
        ("Jean-\nPaul, 1-\n2", ["Jean-Paul, 1- 2"]),
        ("漢\n字", ["漢字"]),
        ("• one\ntwo\n• three", ["- one two\n- three"]),
        ("1. one\n2) two\nmore", ["1. one\n2. two more"]),
        ("see also\n2. of it", ["see also 2. of it"]),
        ("# a *b* <i> [c](d) `e`", [r"\# a \*b\* \<i\> \[c\](d) \`e\`"]),
        ("2024. A year", [r"2024\. A year"]),
        ("<!-- page 9 -->", [r"\<!-- page 9 --\>"]),
    ],
)
def test_markdown_of_text_alone(text: str, expected: Sequence[str]) -> None:
    page = page_of((), text=text, text_source=TextSource.TEXT_LAYER)
    assert written("markdown", page) == "\n\n".join(["<!-- page 1 -->", *expected]) + "\n\n"


def test_lines_side_by_side_are_no_paragraph() -> None:
    words = [word("left", 1, top=0), word("right", 2, top=22, left=600)]
    tsv = written("tsv", page_of(words, text="left right"))
    assert [row.split("\t")[2] for row in tsv.splitlines() if row[0] == "4"] == ["1", "2"]


def test_many_large_lines_are_no_heading() -> None:
    large = [word("Large", number, height=44, top=60 * number) for number in range(1, 5)]
    small = [word("text", number, top=300 + 60 * number) for number in range(5, 15)]
    page = page_of([*large, *small], text="\n".join(["Large"] * 4) + "\n\n" + "\n".join(["text"] * 10))
    assert "Large Large Large Large" in written("markdown", page) and "#" not in written("markdown", page)


def test_markdown_has_headings_by_the_size_of_their_letters() -> None:
    words = [
        word("Title", 1, height=44, top=0),
        word("Chapter", 2, height=30, top=100),
        word("Section", 3, height=25, top=200),
        *(word("text", number, top=200 + 60 * number) for number in range(4, 9)),
        word("12", 9, height=44, top=900),
    ]
    text = "Title\n\nChapter\n\nSection\n\n" + "\n\n".join(["text"] * 5) + "\n\n12"
    parts = written("markdown", page_of(words, text=text)).split("\n\n")
    assert parts[1:5] == ["# Title", "## Chapter", "### Section", "text"] and parts[8:10] == ["text", "12"]


def test_pages_of_markdown_begin_with_a_comment() -> None:
    assert written("markdown", BLANK, replace(BLANK, page_number=3)) == "<!-- page 2 -->\n\n<!-- page 3 -->\n\n"


@pytest.mark.parametrize("name", ["hocr", "alto", "tsv"])
def test_a_format_with_boxes_says_which_option_stores_them(name: FormatName) -> None:
    with pytest.raises(BadInput, match=f"{name} needs to know where words stand; on page 1 .*--words"):
        written(name, page_of((), text="some"))
