"""Text layers whose letters run down the page, placed one by one as browsers do; of a vertical font, Poppler knows it.

Poppler takes each letter for a word, and reads row by row across the columns, or the columns from left to right.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from distributed_ocr_pipeline.ocr.documents.poppler import LayerWord
from distributed_ocr_pipeline.ocr.scripts import is_unspaced

_LEAST = 12  # letters; a column of a table may have as many numerals below each other, but of fewer scripts
_MOSTLY = 0.8  # of the words
_FARTHEST = 2.0  # times a letter's height, from letter to letter
_APART = 3.0  # likewise; so far below begins another part of the page


def may_be_vertical(text: str) -> bool:
    """Whether most words of a text are single letters of a script without blanks."""
    return not text.isascii() and _are_single(text.split())


def vertical_text(text: str, words: Sequence[LayerWord]) -> str:
    """A page's text, column by column from the right; `text` as it is if its letters do not run downwards."""
    columns = _columns(words) if may_be_vertical(text) else None
    return text if columns is None else "\n".join(column.text for column in columns)


def as_read(words: Sequence[LayerWord]) -> Sequence[LayerWord]:
    """A page's words; each column is one if its letters run downwards."""
    return _columns(words) or words


def _are_single(words: Sequence[str]) -> bool:
    single = sum(len(word) == 1 and is_unspaced(word) for word in words)
    return single >= max(_LEAST, _MOSTLY * len(words))


def _columns(words: Sequence[LayerWord]) -> list[LayerWord] | None:
    """Each column as one word, in the order of reading; None if the letters do not run downwards."""
    if not _are_single([word.text for word in words]):
        return None
    height = median(word.height for word in words)
    columns = [column for part in _parts(words, _APART * height) for column in _in_columns(part, height / 2)]
    steps = [lower.top - upper.top for column in columns for upper, lower in pairwise(column)]
    across = [abs(_middle(one[0]) - _middle(other[0])) for one, other in pairwise(columns)]
    if not steps or not median(steps) < min(_FARTHEST * height, median(across or [_FARTHEST * height])):
        return None
    return [_joined(column, number) for number, column in enumerate(columns, 1)]


def _parts(words: Sequence[LayerWord], gap: float) -> list[list[LayerWord]]:
    """The words of parts of the page, with so much paper in between over its whole width, from the top."""
    parts: list[list[LayerWord]] = []
    bottom = 0.0
    for word in sorted(words, key=lambda word: word.top):
        if not parts or word.top - bottom > gap:
            parts.append([])
        parts[-1].append(word)
        bottom = max(bottom, word.top + word.height)
    return parts


def _in_columns(words: Sequence[LayerWord], reach: float) -> list[list[LayerWord]]:
    """Words below each other, from the right; each column from the top."""
    columns: list[list[LayerWord]] = []
    for word in sorted(words, key=_middle, reverse=True):
        if not columns or _middle(columns[-1][0]) - _middle(word) > reach:
            columns.append([])
        columns[-1].append(word)
    return [sorted(column, key=lambda word: word.top) for column in columns]


def _middle(word: LayerWord) -> float:
    return word.left + word.width / 2


def _joined(column: Sequence[LayerWord], number: int) -> LayerWord:
    left, top = min(word.left for word in column), column[0].top
    right, bottom = max(word.left + word.width for word in column), max(word.top + word.height for word in column)
    text = "".join(word.text for word in column)
    return replace(column[0], text=text, left=left, top=top, width=right - left, height=bottom - top, line=number)
