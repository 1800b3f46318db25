"""Columns of numbers, each below the other, of which the engine made tall words, and letters and signs around them."""

from collections.abc import Sequence

from distributed_ocr_pipeline.ocr.engines.recognition import shared_width
from distributed_ocr_pipeline.ocr.pages.again.lines import lines_of
from distributed_ocr_pipeline.records import Word

CONFIDENT = 70
"""Of a word; drawings, rules and photographs are read with less."""

CERTAIN = 90
"""Of a word with one letter or digit."""


def misread_columns(words: Sequence[Word]) -> frozenset[Word]:
    """Words that were made of a column of numbers, each below the other: stacks, and the lines of what is around them.

    Such a column comes as a few stacks and as letters and signs beside, above and below them.
    """
    stacks = [word for word in words if _is_stack(word)]
    if not stacks:
        return frozenset()
    around = (word for line in lines_of(words) if all(_is_of_column(one, stacks) for one in line) for word in line)
    return frozenset([*stacks, *around])


def _is_stack(word: Word) -> bool:
    """Whether what was read as a word is likelier a column of numbers, each below the other."""
    return word.confidence < CONFIDENT and len(word.text) > 2 and word.height > 2 * word.width


def _is_of_column(word: Word, stacks: Sequence[Word]) -> bool:
    """Whether a word that is not certain stands in the column of a stack, or so close to it as a digit to the next."""
    if word.confidence >= CERTAIN:
        return False
    return any(word.width <= 2 * stack.width and shared_width(word, stack) > -stack.width for stack in stacks)
