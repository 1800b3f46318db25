"""Paragraphs and lines of a page, from its words and its text."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from distributed_ocr_pipeline.ocr.scripts import join_words
from distributed_ocr_pipeline.records import PageResult, Word

_MOST_GAP = 0.7  # of a line's height, to the next line of the same paragraph
_MOST_GROWTH = 1.3  # between the heights of neighbouring lines of a paragraph


@dataclass(frozen=True)
class SourceDocument:
    """What an output says of its document."""

    key: str
    source_uri: str
    page_count: int
    engine: str = ""
    engine_version: str = ""


@dataclass(frozen=True)
class Box:
    """Pixels of the page as it was read, from its top left."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, boxes: "Sequence[Box]") -> "Box":
        """The smallest box that holds all of these, of which there is at least one."""
        return cls(
            min(box.left for box in boxes),
            min(box.top for box in boxes),
            max(box.right for box in boxes),
            max(box.bottom for box in boxes),
        )

    @property
    def width(self) -> int:
        """Pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels."""
        return self.bottom - self.top


@dataclass(frozen=True)
class Line:
    """Words that stand side by side."""

    words: tuple[Word, ...]

    @property
    def box(self) -> Box:
        """Around all words."""
        return Box.around([word_box(word) for word in self.words])

    @property
    def text(self) -> str:
        """With blanks between words, except in scripts that have none."""
        return join_words(word.text for word in self.words)

    @property
    def height(self) -> float:
        """Of a typical word of it that has a letter, in pixels."""
        heights = [word.height for word in self.words if any(char.isalnum() for char in word.text)]
        return median(heights or [word.height for word in self.words])


@dataclass(frozen=True)
class Paragraph:
    """Lines that follow each other."""

    lines: tuple[Line, ...]

    @property
    def box(self) -> Box:
        """Around all lines."""
        return Box.around([line.box for line in self.lines])


def word_box(word: Word) -> Box:
    """A word's box by its edges."""
    return Box(word.left, word.top, word.left + word.width, word.top + word.height)


def lines_of(words: Sequence[Word]) -> list[Line]:
    """The lines of a page's words, in reading order."""
    return [Line(tuple(line)) for _, line in groupby(words, key=lambda word: word.line)]


def paragraphs_of(page: PageResult) -> list[Paragraph]:
    """The paragraphs of a page whose words are known: those of its text, or, where it has other lines, by distances."""
    lines = lines_of(page.words)
    sizes = _sizes_in_text(page.text, lines)
    if sizes is None:
        return [Paragraph(tuple(group)) for group in _split(lines, _continues)]
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    return [Paragraph(tuple(lines[start : start + size])) for start, size in zip(starts, sizes)]


def _sizes_in_text(text: str, lines: Sequence[Line]) -> list[int] | None:
    """How many lines each paragraph of the text has; None if its lines are not these."""
    paragraphs = [paragraph.split("\n") for paragraph in re.split(r"\n{2,}", text.strip("\n"))]
    printed = [_bare(line) for paragraph in paragraphs for line in paragraph]
    return [len(part) for part in paragraphs] if printed == [_bare(line.text) for line in lines] else None


def _bare(text: str) -> str:
    return "".join(text.split())


def _split(lines: Sequence[Line], belong: Callable[[Line, Line], bool]) -> list[list[Line]]:
    groups: list[list[Line]] = []
    for line in lines:
        if groups and belong(groups[-1][-1], line):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _continues(line: Line, following: Line) -> bool:
    """Whether a line stands below another, close to it, and in letters of about the same size."""
    first, second = line.box, following.box
    small, large = sorted((max(1, first.height), max(1, second.height)))
    overlaps = min(first.right, second.right) > max(first.left, second.left)
    gap = second.top - first.bottom
    return overlaps and -small / 2 <= gap <= _MOST_GAP * small and large <= _MOST_GROWTH * small
