"""When a text layer is trusted, and the reason that is stored."""

import pytest

from distributed_ocr_pipeline.ocr.documents.text_layer import judge

ENGLISH = "The quick brown fox jumps over the lazy dog, and 12 others follow (see p. 7). " * 3


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH,
        "Contents\nIntroduction .................... 1\nMethods ......................... 12",
        "Invoice 2019-0044\n4 x 12.50 EUR = 50.00 EUR\nmailto:someone@example.org",
        "Ærøskøbing, Þórr, naïve façade, Straße, Ελληνικά, Русский текст",
        "日本語の文書です。文字はすべて正しく読めます。",
        "הטקסט הזה קריא לגמרי",
        "नमस्ते दुनिया यह एक पृष्ठ है",
    ],
)
def test_ordinary_writing_is_trusted(text: str) -> None:
    assert judge(text, image_cover=0.0).trusted, judge(text, 0.0).reason


@pytest.mark.parametrize(
    ("text", "cover", "reason"),
    [
        (" \n\f", 0.0, "no text layer"),
        ("Scanned by a machine", 0.98, "20 characters|18 characters|17 characters"),
        ("".join(map(chr, range(0xE000, 0xE060))), 0.0, "100% unmapped"),
        ("\ufffd\ufffd\ufffd" + ENGLISH[:50], 0.0, "unmapped"),
        ('"7+%-', 0.0, "20% letters"),
        ("t~}h^e{ q|u¬ick br¦o~wn{ f}ox^~ ju|m~ps^ o{v}er~ th~e^ |la~zy", 0.9, "garbage|characters"),
    ],
)
def test_what_cannot_be_read_is_not(text: str, cover: float, reason: str) -> None:
    verdict = judge(text, cover)
    assert not verdict.trusted
    assert any(part in verdict.reason for part in reason.split("|")), verdict.reason


def test_a_good_layer_over_a_scan_is_trusted() -> None:
    assert judge(ENGLISH, image_cover=1.0).trusted
