"""Scripts that write without blanks between words, and letters in their usual form.

Tesseract takes each character of Chinese, or each syllable of Thai, for a word. Which scripts have no blanks is what
UAX 14 (line breaking) says of them: ideographs and kana (class ID), and Thai, Lao, Khmer and Burmese (class SA).
"""

import re
import unicodedata
from collections.abc import Iterable

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u2e80-\u2fdf\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # ideographs, kana, their marks
    "\uff00-\uff65\uffe0-\uffe6"  # full width forms
    "\U00020000-\U0003ffff"
)
_SPURIOUS = re.compile(f"(?<=[{_UNSPACED}]) (?=[{_UNSPACED}])")
_COMPATIBILITY = re.compile("[\ufb00-\ufb06\ufb1d-\ufdff\ufe70-\ufefc]+")  # ligatures of Latin; Hebrew, Arabic forms


def join_words(words: Iterable[str]) -> str:
    """A line of its words: with blanks, except between characters of scripts that have none."""
    return _SPURIOUS.sub("", " ".join(words))


def plain_letters(text: str) -> str:
    """Text in Unicode's composed form (NFC), with ligatures and presentation forms as the letters they stand for."""
    if text.isascii():  # most words
        return text
    composed = unicodedata.normalize("NFC", text)
    return _COMPATIBILITY.sub(lambda match: unicodedata.normalize("NFKC", match.group()), composed)
