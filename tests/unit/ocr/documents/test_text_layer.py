"""When a text layer is trusted, and the reason that is stored."""

import pytest

from distributed_ocr_pipeline.ocr.documents.text_layer import judge

ENGLISH = "The quick brown fox jumps over the lazy dog, and 12 others follow (see p. 7). " * 3


RUSSIAN = (
    "Было добавлено ещё больше архитектур, в этот выпуск было впервые включено окружение, так как ограничения "
    "на экспорт были ослаблены, и лидером проекта был назначен новый человек."
)


def _shifted(text: str) -> str:
    """Every letter one off, as by a wrong table of the font."""
    return "".join(chr(ord(letter) - 1) if letter.isalpha() else letter for letter in text)


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
        "\uf0b7 Fuel\n\uf0b7 Rope 20 m\n\uf0b7 Iron",
        "Name: ______________\nCity: _________ Zip: ______\nBorn: __________",
        "姓名：　王明\n（一）电话：４８２１",
        "Tea ₹50\nRope ₹8\nOil ₹75\nTar ₹9",
        "\u200fשלום\u200e (12)\n\u202bעולם\u202c",
        "Key: aGVsbG8gd29ybGQsIHRoaXMgaXMgYSBrZXk=\nid getElementByIdAndName",
        '<table>\n<tr><td></td><td colspan="4"></td></tr>\n</table>',
        "∀x ∈ ℝ: x² ≥ 0 ∧ √x ≤ ∞",
        "❙❚❘ ❙ ❚❘ THE PENGUIN PRESS NEW YORK 2004 ❙❚❘ ❙",
        "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler. " * 2,
        "Хүн бүр төрж мэндлэхэд эрх чөлөөтэй, адилхан нэр төртэй, ижил эрхтэй байдаг. Оюун ухаан заяасан хүн. " * 2,
        f"{RUSSIAN} The release has a new installer, built for eleven architectures at once, and many new packages.",
        "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. " * 3,
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
        (_shifted(ENGLISH * 2), 0.0, "like no language"),
        ("aaaa aaaa aaa aaaaaa " * 20, 0.0, "one letter for all"),
        ("Ïðèâåò âñåì ëþäÿì ìèðà " * 10, 0.0, "more accents than letters"),
        ("Ргжбжф гтёп мяеап нжсб " * 10, 0.0, "vowels"),
        ("2:7 :3C4@FC >3DE7C HC@E7 E:3E 7G7CI D:;A\n5@F?E76 EH;57 478@C7 E:7 7G7?;?9 E;67", 0.0, "garbage"),
        (ENGLISH.replace(" ", ""), 0.9, "without blanks"),
        ("t~}h^e{ q|u¬ick br¦o~wn{ f}ox^~ ju|m~ps^ o{v}er~ th~e^ |la~zy", 0.9, "garbage|characters"),
    ],
)
def test_what_cannot_be_read_is_not(text: str, cover: float, reason: str) -> None:
    verdict = judge(text, cover)
    assert not verdict.trusted
    assert any(part in verdict.reason for part in reason.split("|")), verdict.reason


def test_a_good_layer_over_a_scan_is_trusted() -> None:
    assert judge(ENGLISH, image_cover=1.0).trusted
