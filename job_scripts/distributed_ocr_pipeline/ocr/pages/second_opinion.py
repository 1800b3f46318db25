"""A second opinion: pages that Tesseract read doubtfully are read by the neural engine too, and the words merged.

The two fail differently. Tesseract loses cells, boxed notes and faint print without a trace, and is weak on type of
uneven ink; the neural engine finds nearly all print, and is weaker on accents and on books. Words of both that lie on
each other are one question with two answers; words that only one of them has are added where they stand.
"""

import time
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from distributed_ocr_pipeline.config import NEURAL_LANGUAGES, OCRConfig
from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.ocr.engines.rapidocr import recognition_of_lines
from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.pages.quality import quality_of
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.records import Quality, Word

_SAME_PLACE = 0.4  # of the smaller of two words' areas
_LEAST_ALONE = 60  # confidence of a word that only Tesseract read: print that the neural engine misses, and no babble
_SAME_ROW = 0.5  # of the height of the lower of two words
_NEAR = 4  # heights of a word, between it and the next of its line


@dataclass(frozen=True)
class Merged:
    """A page as both engines read it together."""

    recognition: Recognition
    from_second: int  # of its words


def with_second_opinions(
    pages: Sequence[PageInProgress], limit: TimeLimit, context: PageContext
) -> list[PageInProgress]:
    """The pages, those that are to have a second opinion with the merged words."""
    asked = [page for page in pages if _wants_opinion(page, context.config)]
    if context.second is None or not asked:
        return list(pages)
    begun = time.monotonic()
    outcomes = context.second.recognise([page.prepared for page in asked], {}, limit)
    seconds = (time.monotonic() - begun) / len(asked)
    done = {page.survey.number: _with_opinion(page.after(seconds), outcome) for page, outcome in zip(asked, outcomes)}
    return [done.get(page.survey.number, page) for page in pages]


def merged(first: Recognition, second: Recognition) -> Merged:
    """Both engines' words, the more credible where they read the same place, in our reading order."""
    lines: dict[int, list[Word]] = {}
    alone: list[Word] = []
    from_second = 0
    for ours, theirs in _same_places(first.words, second.words):
        if not theirs:
            alone += [word for word in ours if word.confidence >= _LEAST_ALONE]
            continue
        chosen = _more_credible(ours, theirs)
        from_second += len(chosen) if chosen is theirs else 0
        for word in chosen:
            lines.setdefault(word.line if chosen is theirs else theirs[0].line, []).append(word)
    rows = list(lines.values())
    _put_in(alone, rows)
    read = recognition_of_lines([sorted(row, key=lambda word: word.left) for row in rows])
    return Merged(replace(read, language=first.language), from_second)


def _wants_opinion(page: PageInProgress, config: OCRConfig) -> bool:
    read = page.outcome
    if not isinstance(read, Recognition):
        return False
    if not NEURAL_LANGUAGES.issuperset((read.language or config.languages).split("+")):
        return False
    return config.second_opinion == "always" or quality_of(read.text, read.confidence) is not Quality.GOOD


def _with_opinion(page: PageInProgress, second: Recognition | DocumentError) -> PageInProgress:
    """The page with the words of both engines; with those of the first alone if the second has none."""
    if isinstance(second, DocumentError):
        return page.after(0.0, f"second opinion failed ({second.error_class.value})")
    first = page.outcome
    if not isinstance(first, Recognition) or not second.words:
        return page.after(0.0, "second opinion: no text")
    both = merged(first, second)
    note = f"second opinion: {both.from_second} of {len(both.recognition.words)} words by rapidocr"
    return replace(page.after(0.0, note), outcome=both.recognition)


# ---- which words are one ---------------------------------------------------------------------------------------


def _same_places(ours: Sequence[Word], theirs: Sequence[Word]) -> Iterator[tuple[list[Word], list[Word]]]:
    """Words of both engines that lie on each other, directly or by way of others; each word once."""
    groups: list[int] = list(range(len(ours) + len(theirs)))

    def root(index: int) -> int:
        while groups[index] != index:
            groups[index] = groups[groups[index]]
            index = groups[index]
        return index

    for one, other in _overlaps(ours, theirs):
        groups[root(len(ours) + other)] = root(one)
    members: dict[int, tuple[list[Word], list[Word]]] = {}
    for index in range(len(groups)):
        side = int(index >= len(ours))
        word = theirs[index - len(ours)] if side else ours[index]
        members.setdefault(root(index), ([], []))[side].append(word)
    return iter(members.values())


def _overlaps(ours: Sequence[Word], theirs: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Indices of words that lie on each other."""
    by_top = sorted(range(len(theirs)), key=lambda index: theirs[index].top)
    tops = [theirs[index].top for index in by_top]
    highest = max((word.height for word in theirs), default=0)
    for number, word in enumerate(ours):
        for position in range(bisect_left(tops, word.top - highest), bisect_left(tops, word.top + word.height)):
            if _lie_on_each_other(word, theirs[by_top[position]]):
                yield number, by_top[position]


def _lie_on_each_other(one: Word, other: Word) -> bool:
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    smaller = min(one.width * one.height, other.width * other.height)
    return width > 0 and height > 0 and width * height >= _SAME_PLACE * smaller


# ---- which words are right -------------------------------------------------------------------------------------


def _more_credible(ours: list[Word], theirs: list[Word]) -> list[Word]:
    """One of two readings of a place. Where only accents differ Tesseract is right, and its words are better cut."""
    if not ours:
        return theirs
    if _without_accents(ours) == _without_accents(theirs):
        return [replace(word, confidence=max(word.confidence, _confidence(theirs))) for word in ours]
    return ours if _confidence(ours) > _confidence(theirs) else theirs


def _confidence(words: Sequence[Word]) -> float:
    """Mean over letters."""
    letters = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / letters


def _without_accents(words: Sequence[Word]) -> str:
    letters = unicodedata.normalize("NFD", "".join(word.text for word in words))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


# ---- where words stand -----------------------------------------------------------------------------------------


def _put_in(words: Sequence[Word], rows: list[list[Word]]) -> None:
    """Put words that only Tesseract read into the rows that they stand in, or into rows of their own."""
    own: dict[int, list[Word]] = {}
    for word in words:
        row = next((row for row in rows if _stands_in(word, row)), None)
        (own.setdefault(word.line, []) if row is None else row).append(word)
    rows += own.values()


def _stands_in(word: Word, row: Sequence[Word]) -> bool:
    """Whether a word stands in a row, close to the next word of it."""
    nearest = min(row, key=lambda other: _gap(word, other))
    shared = min(word.top + word.height, nearest.top + nearest.height) - max(word.top, nearest.top)
    lower = min(word.height, nearest.height)
    return shared >= _SAME_ROW * lower and _gap(word, nearest) <= _NEAR * lower


def _gap(one: Word, other: Word) -> int:
    """White between two words of a row; negative where they lie on each other."""
    return max(other.left - one.left - one.width, one.left - other.left - other.width)
