"""What was read in the gaps of a page, put into its reading where it stands."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.again.columns import are_columns
from distributed_ocr_pipeline.ocr.pages.again.gaps.pictures import COLUMNS, Gaps
from distributed_ocr_pipeline.ocr.pages.again.gaps.stacks import CERTAIN, CONFIDENT, misread_columns
from distributed_ocr_pipeline.ocr.pages.again.lines import Line, Paragraph, insert, paragraphs_of, reading_of
from distributed_ocr_pipeline.records import Word


def merged(read: Recognition, gaps: Gaps, found: Recognition) -> Recognition:
    """The reading with the words that were found in its gaps, each line where it stands; itself if there are none."""
    paragraphs = paragraphs_of(read)
    misread = misread_columns(read.words)
    lines = _credible_lines(gaps, found, [word for word in read.words if word not in misread])
    if paragraphs is None or not lines:
        return read
    paragraphs = _without_misread(paragraphs, misread, lines)
    across = not are_columns([*(line for paragraph in paragraphs for line in paragraph), *lines])
    for together in _paragraphs(lines, found) if gaps.segmentation == COLUMNS else [[line] for line in lines]:
        insert(paragraphs, together, across)
    return reading_of(paragraphs, read.language)


def _credible_lines(gaps: Gaps, found: Recognition, known: Sequence[Word]) -> list[Line]:
    """Lines of the words that are print, from top to bottom, in pixels of the page."""
    lines: dict[int, Line] = {}
    for word in found.words:
        moved = replace(word, left=word.left + gaps.left, top=word.top + gaps.top)
        if _is_print(word) and not any(_covers(other, moved) for other in known):
            lines.setdefault(word.line, []).append(moved)
    return sorted(lines.values(), key=lambda line: line[0].top)


def _paragraphs(lines: Sequence[Line], found: Recognition) -> list[Paragraph]:
    """The lines that are kept, in the paragraphs and the order in which they were found."""
    blocks = enumerate(found.text.split("\n\n"))
    block_of = dict(enumerate((number for number, block in blocks for _ in block.split("\n")), 1))
    in_order = sorted(lines, key=lambda line: line[0].line)
    return [list(together) for _, together in groupby(in_order, key=lambda line: block_of[line[0].line])]


def _is_print(word: Word) -> bool:
    letters = sum(map(str.isalnum, word.text))
    return word.confidence >= (CONFIDENT if letters > 1 else CERTAIN) and letters * 2 >= len(word.text)


def _covers(word: Word, other: Word) -> bool:
    """Whether the middle of another word lies in one."""
    x, y = other.left + other.width / 2, other.top + other.height / 2
    return word.left <= x <= word.left + word.width and word.top <= y <= word.top + word.height


def _without_misread(
    paragraphs: Sequence[Paragraph], misread: frozenset[Word], lines: Sequence[Line]
) -> list[Paragraph]:
    """The paragraphs without the misread words in whose places words were found."""
    found = [word for line in lines for word in line]

    def stays(word: Word) -> bool:
        return word not in misread or not any(_covers(word, other) for other in found)

    kept = [[[word for word in line if stays(word)] for line in paragraph] for paragraph in paragraphs]
    return [[line for line in paragraph if line] for paragraph in kept if any(paragraph)]
