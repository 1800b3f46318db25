"""The drawing commands of a page's invisible text.

Each line has one size and one base line, so that it is selected as one; each word is made as wide as its box.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from statistics import median

from distributed_ocr_pipeline.ocr.scripts import join_words
from distributed_ocr_pipeline.outputs.pdf import font
from distributed_ocr_pipeline.outputs.pdf.placement import Placement
from distributed_ocr_pipeline.outputs.structure import Box, Line, lines_of, word_box
from distributed_ocr_pipeline.records import Word

_MOST_CODES = 65_535
_UNKNOWN = "\ufffd"
_OUTLIER = 2.0  # times the median height of a line's words: no letter is so high (a rule that was read as one is)
_GAP = 0.1  # times a line's height, at least, before the next word: readers overlook a blank that takes no room
_STEEP = 2.5  # times the median height: a line so high runs up or down, its words do not stand side by side
_JOINERS = "\u200c\u200d"
_RIGHT_TO_LEFT = ("R", "AL")
_BLANK_CODE = font.BLANK.to_bytes(2, "big")


class Letters:
    """The letters of a document's text, each with the code that the font has for it.

    A letter is what a reader takes for one: a character with all that is combined with it.
    """

    def __init__(self) -> None:
        self._codes: dict[str, int] = {" ": font.BLANK, _UNKNOWN: font.BLANK + 1}

    def all(self) -> Sequence[str]:
        """In the order of their codes, which count from 1."""
        return tuple(self._codes)

    def encode(self, letters: Sequence[str]) -> bytes:
        """The codes of some letters, two bytes for each; a document of over 65,535 has one code for all others."""
        return b"".join(self._code(letter).to_bytes(2, "big") for letter in letters)

    def _code(self, letter: str) -> int:
        if letter not in self._codes and len(self._codes) >= _MOST_CODES:
            letter = _UNKNOWN
        return self._codes.setdefault(letter, len(self._codes) + 1)


def commands(words: Sequence[Word], placement: Placement, font_name: str, letters: Letters) -> bytes:
    """The content stream that writes these words, invisibly."""
    parts = [f"q {' '.join(_number(entry) for entry in placement.matrix)} cm BT 3 Tr".encode()]
    pen = _Pen(font_name)
    for line in lines_of(words):
        parts += _line_commands(line, placement, pen, letters)
    return b"\n".join([*parts, b"ET Q\n"])


class _Pen:
    """What the last commands have set: only what differs is said again."""

    def __init__(self, font_name: str) -> None:
        self._font_name = font_name
        self._place, self._size, self._stretch = (0, 0), 0, 100

    def set(self, place: tuple[int, int], size: int, stretch: int) -> bytes:
        """Commands that go to a place, in pixels, with a size in pixels and a horizontal stretch in percent."""
        command = f"{place[0] - self._place[0]} {place[1] - self._place[1]} Td"
        if size != self._size:
            command += f"/{self._font_name} {size} Tf"
        if stretch != self._stretch:
            command += f" {stretch} Tz"
        self._place, self._size, self._stretch = place, size, stretch
        return command.encode()


def _line_commands(line: Line, placement: Placement, pen: _Pen, letters: Letters) -> Iterator[bytes]:
    for (word, box), following in zip_longest(_boxes(line), line.words[1:]):
        printed = in_print_order(word.text)
        if not printed or word.width <= 0 or word.height <= 0:
            continue
        blank, width = b"", word.width
        if following is not None and _is_followed_by_blank(word, following):
            blank, width = _BLANK_CODE, _width_before(word, following, box)
        base, size, stretch = _fit(width, box, len(printed))
        yield pen.set(placement.start(word, base), size, stretch)
        yield b"<" + (letters.encode(printed) + blank).hex().encode() + b">Tj"


def _boxes(line: Line) -> Iterator[tuple[Word, Box]]:
    """Each word with the box that says how high it is: that of its line, unless it does not fit in."""
    usual = median(word.height for word in line.words)
    level = [word for word in line.words if word.height <= _OUTLIER * usual]
    common = Box.around([word_box(word) for word in level])
    is_steep = common.height > _STEEP * usual
    for word in line.words:
        yield word, word_box(word) if is_steep or word not in level else common


def _width_before(word: Word, following: Word, line: Box) -> float:
    """How wide a word is drawn: less than its box, at most by half, where that comes too close to the next word."""
    return max(word.width / 2, min(word.width, following.left - word.left - _GAP * line.height))


def _fit(width: float, line: Box, letters: int) -> tuple[float, int, int]:
    """Base line, size and stretch with which letters are together so wide, and as high as their line."""
    size = max(1, line.height)
    base = line.bottom + size * font.DESCENT / (font.ASCENT - font.DESCENT)
    natural = letters * size * font.LETTER_WIDTH / 1000
    return base, size, max(1, round(100 * width / natural))


def _is_followed_by_blank(word: Word, following: Word) -> bool:
    """Between words that stand from left to right; in other lines, distances alone tell words apart."""
    return following.left > word.left and " " in join_words((word.text, following.text))


def in_print_order(text: str) -> list[str]:
    """The letters of a word as they stand from left to right, as readers of PDFs expect them.

    Words of a script that runs to the left are turned around, and the numbers and foreign letters in them back (rule L2
    of Unicode's bidirectional algorithm, UAX 9, for one level of each).
    """
    letters = _letters("".join(text.split()))
    if not any(_runs_left(letter) for letter in letters):
        return letters
    ordered: list[str] = []
    run: list[str] = []
    for letter in reversed(letters):
        if unicodedata.bidirectional(letter[0]) in ("L", "EN", "AN"):
            run.insert(0, letter)
        else:
            ordered += [*run, letter]
            run = []
    return ordered + run


def _runs_left(letter: str) -> bool:
    return unicodedata.bidirectional(letter[0]) in _RIGHT_TO_LEFT


def _letters(text: str) -> list[str]:
    """Characters, each with the marks after it. What is no Unicode (half a surrogate pair) becomes U+FFFD."""
    letters: list[str] = []
    for character in text.encode("utf-8", "replace").decode("utf-8"):
        joined = bool(letters) and letters[-1][-1] in _JOINERS
        if letters and (joined or character in _JOINERS or unicodedata.category(character).startswith("M")):
            letters[-1] += character
        else:
            letters.append(character)
    return letters


def _number(value: float) -> str:
    """As PDF writes numbers: without an exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".") or "0"
