"""A reading as paragraphs of lines of words, so that words can be taken out and put in, and text and words agree."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition, shared_height, shared_width
from distributed_ocr_pipeline.ocr.scripts import join_words
from distributed_ocr_pipeline.records import Word

_BESIDE = 0.5  # of the lower of two words: so much of their height is shared by words of one line

Line = list[Word]
Paragraph = list[Line]


def lines_of(words: Iterable[Word]) -> list[Line]:
    """Words in the lines in which they were read."""
    lines: dict[int, Line] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    return list(lines.values())


def paragraphs_of(read: Recognition) -> list[Paragraph] | None:
    """The paragraphs of a reading; None if its text is not made of its words (the engine's own, as of Korean)."""
    lines = iter(lines_of(read.words))
    try:
        found = [[next(lines) for _ in block.split("\n")] for block in read.text.split("\n\n")] if read.words else []
    except StopIteration:
        return None
    return found if _text(found) == read.text else None


def reading_of(paragraphs: Sequence[Paragraph], language: str) -> Recognition:
    """The reading that paragraphs make; lines and paragraphs without a word are left out."""
    kept = [lines for lines in ([line for line in paragraph if line] for paragraph in paragraphs) if lines]
    every_line = [line for paragraph in kept for line in paragraph]
    words = tuple(replace(word, line=number) for number, line in enumerate(every_line, 1) for word in line)
    return Recognition(_text(kept), words, language)


def insert(paragraphs: list[Paragraph], lines: Paragraph, across: bool = True) -> None:
    """Put lines into those beside which they stand, the others before the first paragraph that is below the first.

    Where a page is not to be read `across`, lines beside each other are in different columns unless they are close.
    """
    apart = [line for line in lines if not _put_beside(paragraphs, line, across)]
    if not apart:
        return
    paragraphs.insert(_place(paragraphs, apart[0], across), apart)


def _place(paragraphs: Sequence[Paragraph], line: Line, across: bool) -> int:
    """Where a line begins: before what is below it, first in its part of the width; in columns, behind that part."""
    below = [number for number, paragraph in enumerate(paragraphs) if _is_below(paragraph, line)]
    in_column = [number for number, paragraph in enumerate(paragraphs) if _is_in_column(paragraph, line)]
    under = [number for number in below if number in in_column]
    if across or under:
        return min(under or below, default=len(paragraphs))
    return max(in_column, default=len(paragraphs) - 1) + 1


def _put_beside(paragraphs: Sequence[Paragraph], line: Line, across: bool) -> bool:
    """Put a line's words into the line beside which they stand, if there is one."""
    beside = [other for paragraph in paragraphs for other in paragraph if _is_beside(other, line)]
    if not across:
        beside = [other for other in beside if _distance(other, line) <= line[0].height]
    if beside:
        nearest = min(beside, key=lambda other: _distance(other, line))
        nearest.extend(line)
        nearest.sort(key=lambda word: word.left)
    return bool(beside)


def _is_beside(one: Line, two: Line) -> bool:
    """Whether two lines stand side by side, so that neither has words over the other's."""
    left, right = _nearest_words(one, two)
    apart = all(shared_width(word, other) <= 0 for word in one for other in two)
    return apart and shared_height(left, right) >= _BESIDE * min(left.height, right.height)


def _distance(one: Line, two: Line) -> int:
    """Pixels between the nearest words of two lines that stand side by side."""
    return -shared_width(*_nearest_words(one, two))


def _nearest_words(one: Line, two: Line) -> tuple[Word, Word]:
    return max(((word, other) for word in one for other in two), key=lambda pair: shared_width(*pair))


def _is_below(paragraph: Paragraph, line: Line) -> bool:
    return min(word.top for one in paragraph for word in one) > line[0].top + line[0].height / 2


def _is_in_column(paragraph: Paragraph, line: Line) -> bool:
    """Whether a paragraph stands in the same part of the page's width as a line."""
    words = [word for one in paragraph for word in one]
    left, right = min(word.left for word in words), max(word.left + word.width for word in words)
    return line[0].left < right and left < line[-1].left + line[-1].width


def _text(paragraphs: Sequence[Paragraph]) -> str:
    return "\n\n".join(
        "\n".join(join_words(word.text for word in line) for line in paragraph) for paragraph in paragraphs
    )
