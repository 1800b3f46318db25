"""Words that are no text: what the engine makes of handwriting, stains, rules and drawings.

It hardly believes them, and they stand alone or among their like, on a page of which it believes little. A word of
print that it hardly believes stands beside words that it does believe, or on a page that was read well; or it is long,
as those of program text and formulas: the engine believes a word as far as its most doubtful letter.
"""

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.again.lines import Line, paragraphs_of, reading_of
from distributed_ocr_pipeline.records import Word

_BABBLE = 30  # confidence
_CONFIDENT = 60
_WELL_READ = 75  # mean of a page's words
_LONG = 8  # characters; of handwriting and stains, 4 of 100 words are as long, of program text half of those left out


def without_babble(read: Recognition) -> tuple[Recognition, int]:
    """The reading without words that are no text, and how many these are; none if no word would be left."""
    if (read.confidence or 0) >= _WELL_READ:
        return read, 0
    paragraphs = paragraphs_of(read)
    if not paragraphs or all(word.confidence >= _BABBLE for word in read.words):
        return read, 0
    kept = reading_of([[_credible(line) for line in paragraph] for paragraph in paragraphs], read.language)
    return (kept, len(read.words) - len(kept.words)) if kept.words else (read, 0)


def _credible(line: Line) -> Line:
    return [word for index, word in enumerate(line) if _is_print(word) or _has_company(line, index)]


def _is_print(word: Word) -> bool:
    return word.confidence >= _BABBLE or len(word.text) >= _LONG


def _has_company(line: Line, index: int) -> bool:
    """Whether the word before or behind one is confident."""
    neighbours = [*line[max(0, index - 1) : index], *line[index + 1 : index + 2]]
    return any(word.confidence >= _CONFIDENT for word in neighbours)
