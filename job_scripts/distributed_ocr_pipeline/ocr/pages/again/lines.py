"""A reading as paragraphs of lines of words, so that words can be taken out and put in, and text and words agree."""

from collections.abc import Sequence
from dataclasses import replace

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.scripts import join_words
from distributed_ocr_pipeline.records import Word

Line = list[Word]
Paragraph = list[Line]


def paragraphs_of(read: Recognition) -> list[Paragraph] | None:
    """The paragraphs of a reading; None if its text is not made of its words (the engine's own, as of Korean)."""
    by_number: dict[int, Line] = {}
    for word in read.words:
        by_number.setdefault(word.line, []).append(word)
    lines = iter(by_number.values())
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


def _text(paragraphs: Sequence[Paragraph]) -> str:
    return "\n\n".join(
        "\n".join(join_words(word.text for word in line) for line in paragraph) for paragraph in paragraphs
    )
