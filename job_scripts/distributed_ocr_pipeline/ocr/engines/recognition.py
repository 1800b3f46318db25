"""What an engine read on a page, and how that is made from Tesseract's TSV.

TSV is Tesseract's table of boxes: a row for each page, block, paragraph, line and word (levels 1 to 5).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.engines.reading_order import Block, reading_order
from distributed_ocr_pipeline.ocr.scripts import join_words, plain_letters
from distributed_ocr_pipeline.records import Word

_PAGE_LEVEL, _WORD_LEVEL = "1", "5"
_TSV_COLUMNS = 12


@dataclass(frozen=True)
class Recognition:
    """What the engine read on one page; boxes in pixels of the image it was given."""

    text: str
    words: tuple[Word, ...]
    language: str = ""  # of the models that read it; empty where they are those that the options name

    @cached_property
    def confidence(self) -> float | None:
        """Mean over words, 0-100; None if there is no word."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else None


Options = Mapping[str, str | int | float | bool]
"""Settings of the engine, as in `tesseract_config`."""

Outcome = Recognition | DocumentError


class PlacedWord(NamedTuple):
    """A word as Tesseract places it: the numbers of its block, paragraph and line, its box and confidence."""

    block: int
    paragraph: tuple[int, ...]
    line: tuple[int, ...]
    left: int
    top: int
    width: int
    height: int
    confidence: float
    text: str


def parse(tsv: str, text: str | None) -> Recognition:
    """What the engine read on one page, from its TSV and its own text, if it is to be used as it is.

    Raises `DocumentError` if the TSV makes no sense.
    """
    try:
        [words] = pages_of_tsv(tsv)
    except (ValueError, IndexError) as error:
        raise DocumentError(ErrorClass.ENGINE_CRASH, "The engine's answer makes no sense.") from error
    return recognition_of(words, text)


def pages_of_tsv(tsv: str) -> Iterator[list[PlacedWord]]:
    """The words of each page. Raises `ValueError` or `IndexError` where a row is not one of TSV."""
    rows = [row.split("\t", _TSV_COLUMNS - 1) for row in tsv.split("\n")]
    starts = [number for number, row in enumerate(rows) if row[0] == _PAGE_LEVEL]
    for start, end in zip(starts, [*starts[1:], len(rows)]):
        yield [_placed_word(row) for row in rows[start:end] if row[0] == _WORD_LEVEL and row[-1].strip()]


def _placed_word(row: Sequence[str]) -> PlacedWord:
    """One row of TSV: level, page, block, paragraph, line, word, left, top, width, height, confidence, text."""
    block, paragraph, line, _, left, top, width, height = (int(cell) for cell in row[2:10])
    return PlacedWord(
        block,
        (block, paragraph),
        (block, paragraph, line),
        left,
        top,
        width,
        height,
        float(row[10]),
        plain_letters(row[11].strip()),
    )


def recognition_of(placed: list[PlacedWord], text: str | None) -> Recognition:
    """Text and words of one page, blocks in reading order; in the engine's order where its own text is given."""
    if text is not None:
        return Recognition(plain_letters(text.strip()), _numbered(placed))
    by_block: dict[int, list[PlacedWord]] = {}
    for word in placed:
        by_block.setdefault(word.block, []).append(word)
    blocks = list(by_block.values())
    order = reading_order([box_around(block) for block in blocks])
    ordered = [word for index in order for word in blocks[index]]
    return Recognition(_joined(ordered), _numbered(ordered))


def box_around(words: Sequence[PlacedWord | Word]) -> Block:
    """The smallest box around words, of which there is one at least."""
    return Block(
        left=min(word.left for word in words),
        top=min(word.top for word in words),
        right=max(word.left + word.width for word in words),
        bottom=max(word.top + word.height for word in words),
    )


def shared_width(one: Word, other: Word) -> int:
    """Pixels that two words have in common across the page; negative if there is white between them."""
    return min(one.left + one.width, other.left + other.width) - max(one.left, other.left)


def shared_height(one: Word, other: Word) -> int:
    """Pixels that two words have in common down the page; negative if there is white between them."""
    return min(one.top + one.height, other.top + other.height) - max(one.top, other.top)


def lie_on_each_other(one: Word, other: Word, share: float) -> bool:
    """Whether two words have a share of the smaller one's area in common."""
    width, height = shared_width(one, other), shared_height(one, other)
    smaller = min(one.width * one.height, other.width * other.height)
    return width > 0 and height > 0 and width * height >= share * smaller


def _joined(words: Sequence[PlacedWord]) -> str:
    """Text as Tesseract writes it: a line for each line, an empty line between paragraphs."""
    paragraphs: dict[tuple[int, ...], dict[tuple[int, ...], list[str]]] = {}
    for word in words:
        paragraphs.setdefault(word.paragraph, {}).setdefault(word.line, []).append(word.text)
    return "\n\n".join("\n".join(join_words(line) for line in lines.values()) for lines in paragraphs.values())


def _numbered(words: Sequence[PlacedWord]) -> tuple[Word, ...]:
    """Words with their lines counted through the page."""
    lines: dict[tuple[int, ...], int] = {}
    return tuple(
        Word(
            word.text,
            word.left,
            word.top,
            word.width,
            word.height,
            word.confidence,
            lines.setdefault(word.line, len(lines) + 1),
        )
        for word in words
    )
