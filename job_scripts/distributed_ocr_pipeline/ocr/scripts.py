"""Scripts that write without blanks between words or from right to left, and letters in their usual form.

Tesseract takes each character of Chinese, or each syllable of Thai, for a word. Which scripts have no blanks is what
UAX 14 (line breaking) says of them: ideographs and kana (class ID), and Thai, Lao, Khmer and Burmese (class SA).
Poppler gives the words of a line as they stand from left to right, also those of Arabic and Hebrew.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u2e80-\u2fdf\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # ideographs, kana, their marks
    "\uff00-\uff65\uffe0-\uffe6"  # full width forms
    "\U00020000-\U0003ffff"
)
_SPURIOUS = re.compile(f"(?<=[{_UNSPACED}]) (?=[{_UNSPACED}])")
_ALL_UNSPACED = re.compile(f"[{_UNSPACED}]+")
_COMPATIBILITY = re.compile("[\ufb00-\ufb06\ufb1d-\ufdff\ufe70-\ufefc]+")  # ligatures of Latin; Hebrew, Arabic forms
# Some writers give the ligatures of Calibri the letters whose numbers their glyphs have. They are looked for within
# words of small letters alone, where no language has these.
_LETTERS_OF_LIGATURES = {"\u019f": "ti", "\u01a9": "tt", "\u01ab": "tti", "\u014c": "ft", "\u019e": "tf"}
_WRONG_LIGATURE = re.compile(
    "(?<=[a-z])[\u019f\u01a9](?![A-Z])|\\b\u019f(?=[a-z])|(?<=[A-Za-z])\u014c(?=[a-z])|(?<=[a-z])\u014c\\b"
    "|(?<=[a-z])\u01ab(?=[a-z])|(?<=[a-z])\u019e(?=[oi])"
)
_LEFTWARDS = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")

_KINDS = {"L": "L", "R": "R", "AL": "R", "EN": "N", "AN": "N", "ET": "S"}  # by Unicode's bidirectional class
_SIGNS_OF_NUMBER = re.compile("(?<=N)S+|S+(?=N)")
_LEFTWARD_SPAN = re.compile("R(?:[^L]*R)?")
_RIGHTWARD_SPAN = re.compile("[LN](?:[^R]*[LN])?")

_Letter = tuple[str, int]
"""A letter, or a blank between words, and the number of its word."""


def join_words(words: Iterable[str]) -> str:
    """A line of its words: with blanks, except between characters of scripts that have none."""
    return _SPURIOUS.sub("", " ".join(words))


def is_unspaced(word: str) -> bool:
    """Whether all characters of a word are of scripts without blanks."""
    return _ALL_UNSPACED.fullmatch(word) is not None


def plain_letters(text: str) -> str:
    """Text in Unicode's composed form (NFC), with ligatures and presentation forms as the letters they stand for."""
    if text.isascii():  # most words
        return text
    composed = unicodedata.normalize("NFC", text)
    if any(letter in composed for letter in _LETTERS_OF_LIGATURES):
        composed = _WRONG_LIGATURE.sub(lambda match: _LETTERS_OF_LIGATURES[match.group()], composed)
    return _COMPATIBILITY.sub(lambda match: unicodedata.normalize("NFKC", match.group()), composed)


def has_leftward_letters(text: str) -> bool:
    """Whether there are letters of scripts that run from right to left."""
    return not text.isascii() and bool(_LEFTWARDS.search(text))


def is_leftward(text: str) -> bool:
    """Whether most letters are of scripts that run from right to left; the order of letters is of no account."""
    counts: Counter[str] = Counter()
    for letter, count in Counter(text).items():
        counts[_KINDS.get(unicodedata.bidirectional(letter), "")] += count
    return counts["R"] > counts["L"]


def words_as_read(words: Sequence[str], *, leftward: bool) -> list[tuple[str, int]]:
    """The words of a line in the order of reading, each with its number.

    The inverse of the bidirectional algorithm (UAX 9), as far as there is one: what runs the other way than the line, a
    Latin name or a number among Hebrew for instance, reaches from its first letter to its last.

    Args:
        words: As they stand from left to right, letter by letter.
        leftward: Whether the line is one of a script that runs from right to left.
    """
    found: dict[int, list[str]] = {}
    for letter, number in _as_read(words, leftward):
        if letter != " ":
            found.setdefault(number, []).append(letter)
    return [("".join(letters), number) for number, letters in found.items()]


def line_as_read(words: Sequence[str], *, leftward: bool) -> str:
    """The line that such words are. A bracket beside words of the other direction may be at the end of another word."""
    return "".join(letter for letter, _ in _as_read(words, leftward))


def _as_read(words: Sequence[str], leftward: bool) -> Iterator[_Letter]:
    line = [(letter, number) for number, word in enumerate(words) for letter in f"{word} "][:-1]
    return _read_leftward(line) if leftward else _read_rightward(line)


def _read_rightward(line: Sequence[_Letter]) -> Iterator[_Letter]:
    end = 0
    for span in _LEFTWARD_SPAN.finditer(_kinds(line)):
        yield from line[end : span.start()]
        yield from _read_leftward(line[span.start() : span.end()])
        end = span.end()
    yield from line[end:]


def _read_leftward(line: Sequence[_Letter]) -> Iterator[_Letter]:
    start = len(line)
    for span in reversed(list(_RIGHTWARD_SPAN.finditer(_kinds(line)))):
        yield from reversed(line[span.end() : start])
        yield from line[span.start() : span.end()]
        start = span.start()
    yield from reversed(line[:start])


def _kinds(line: Sequence[_Letter]) -> str:
    """A letter for each: L and R for what has a direction, N for numbers and their signs, O for others."""
    kinds = "".join(_KINDS.get(unicodedata.bidirectional(letter), "O") for letter, _ in line)
    return _SIGNS_OF_NUMBER.sub(lambda signs: "N" * len(signs.group()), kinds)
