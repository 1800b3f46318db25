"""Words that are no text: what the engine makes of handwriting, stains, rules and drawings.

It hardly believes them, and they stand alone or among their like, on a page of which it believes little. A word of
print that it hardly believes stands beside words that it does believe, or on a page that was read well; or it is long,
as those of program text and formulas: the engine believes a word as far as its most doubtful letter. A row of dots that
leads to a number of a page comes as a long word too, of a few letters over and over.
"""

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.again.lines import Line, paragraphs_of, reading_of
from distributed_ocr_pipeline.records import Word

_BABBLE = 30  # confidence
_CONFIDENT = 60
_WELL_READ = 75  # mean of a page's words
_LONG = 8  # characters; of handwriting and stains, 4 of 100 words are as long, of program text half of those left out
_VARIED = 1 / 2  # share of the characters that are others; program text that is doubted has less in 4 words of 100
_MANY = 12  # others, however long the word is
_ROW = 12  # characters
_ALIKE = 1 / 3  # likewise; 83 of 98 that rows of dots and dashes became have less, 10 of 354 of doubted program text


def without_babble(read: Recognition) -> tuple[Recognition, int]:
    """The reading without words that are no text, and how many these are; none if no word would be left."""
    well_read = (read.confidence or 0) >= _WELL_READ
    paragraphs = paragraphs_of(read)
    if not paragraphs or all(word.confidence >= _BABBLE for word in read.words):
        return read, 0
    credible = [[_credible(line, well_read) for line in paragraph] for paragraph in paragraphs]
    kept = reading_of(credible, read.language)
    left_out = len(read.words) - len(kept.words)
    return (kept, left_out) if kept.words and left_out else (read, 0)


def _credible(line: Line, well_read: bool) -> Line:
    """The words of a line that are text, on a page that was read well or badly."""
    return [
        word
        for index, word in enumerate(line)
        if not _is_row(word) and (well_read or _is_print(word) or _has_company(line, index))
    ]


def _is_print(word: Word) -> bool:
    if word.confidence >= _BABBLE:
        return True
    others = _others(word)
    return len(word.text) >= _LONG and (others >= _MANY or others >= _VARIED * len(word.text))


def _is_row(word: Word) -> bool:
    """Whether a word is likelier a row of dots or dashes."""
    return word.confidence < _BABBLE and len(word.text) >= _ROW and _others(word) < _ALIKE * len(word.text)


def _others(word: Word) -> int:
    """How many characters of a word are not the same, in capitals or small."""
    return len(set(word.text.lower()))


def _has_company(line: Line, index: int) -> bool:
    """Whether the word before or behind one is confident."""
    neighbours = [*line[max(0, index - 1) : index], *line[index + 1 : index + 2]]
    return any(word.confidence >= _CONFIDENT for word in neighbours)
