"""A page's words as lines and paragraphs, and what an output says of its document."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from distributed_ocr_pipeline.ocr.scripts import join_words
from distributed_ocr_pipeline.records import Word


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
