"""From Tesseract's TSV to text and words."""

import pytest

from distributed_ocr_pipeline.ocr.engines.recognition import parse


def test_blocks_out_of_order_change_text_words_and_lines() -> None:
    rows = ["1\t1\t0\t0\t0\t0\t0\t0\t100\t100\t-1\t"]
    for block, top, text in ((1, 50, "below"), (2, 10, "above")):
        rows.append(f"5\t1\t{block}\t1\t1\t1\t10\t{top}\t60\t20\t90\t{text}")
    read = parse("\n".join(rows), None)
    assert read.text == "above\n\nbelow"
    assert [(word.text, word.line) for word in read.words] == [("above", 1), ("below", 2)]


def test_the_engines_own_text_is_kept_where_its_spaces_are_wanted() -> None:
    rows = "1\t1\t0\t0\t0\t0\t0\t0\t100\t100\t-1\t\n5\t1\t1\t1\t1\t1\t10\t10\t60\t20\t90\tword"
    assert parse(rows, "  word   gap\n").text == "word   gap"
    assert parse(rows, None).text == "word"


def _read(*words: str) -> str:
    rows = [f"5\t1\t1\t1\t1\t{number}\t{number * 60}\t10\t50\t20\t90\t{word}" for number, word in enumerate(words)]
    return parse("\n".join(["1\t1\t0\t0\t0\t0\t0\t0\t100\t100\t-1\t", *rows]), None).text


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("码头", "管理", "员", "，", "2024", "年"), "码头管理员， 2024 年"),
        (("とても", "よい"), "とてもよい"),
        (("ประ", "เทศ", "ไทย"), "ประเทศไทย"),
        (("កម្ពុជា", "ខ្មែរ"), "កម្ពុជាខ្មែរ"),
        (("항구", "책임자는"), "항구 책임자는"),
        (("two", "words"), "two words"),
    ],
)
def test_blanks_stand_where_the_script_has_them(words: tuple[str, ...], line: str) -> None:
    assert _read(*words) == line


def test_letters_are_composed_and_ligatures_are_letters() -> None:
    assert _read("e\u0301", "o\ufb03ce", "\ufefb", "x\u00b2") == "é office \u0644\u0627 x²"


def test_letters_that_stand_for_ligatures_in_words_of_small_letters_are_these() -> None:
    """As some writers store text in Calibri."""
    wrong = (
        "informa\u019fon",
        "\u019fme",
        "le\u01a9er",
        "a\u014cer",
        "A\u014cer",
        "le\u014c.",
        "ge\u01abng",
        "pla\u019eorm",
    )
    assert _read(*wrong) == "information time letter after After left. getting platform"
    right = "T\u014cKY\u014c \u014csaka \u019f \u01a9 x\u019fY wa\u019ezi"
    assert _read(right) == right
