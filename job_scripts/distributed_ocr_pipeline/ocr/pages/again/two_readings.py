"""Two readings of a page as one: Tesseract's, and the neural engine's.

Words of both that lie on each other are one question with two answers, of which the more credible is taken; words that
only one of them has are added where they stand.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from distributed_ocr_pipeline.ocr.engines.rapidocr import recognition_of_lines
from distributed_ocr_pipeline.ocr.engines.recognition import Recognition, box_around, shared_height
from distributed_ocr_pipeline.ocr.pages.again.lines import Line, Paragraph, insert, paragraphs_of, reading_of
from distributed_ocr_pipeline.ocr.pages.again.same_places import in_one_row, same_places
from distributed_ocr_pipeline.ocr.pages.quality import quality_of
from distributed_ocr_pipeline.records import Quality, Word

_LEAST_ALONE = 80  # confidence of a word that only Tesseract read; below, two of three are babble of pictures and rims
_LEAST_NEW = 25  # of one that only the neural engine read; of pen strokes and rims of pictures it makes letters with 5
_PARTIAL = 0.6  # of Tesseract's letters: where the neural engine has fewer, it has lost a word whose place it covers
_LEAST_LOST = 3  # letters; of `01` or `Oo` with a `0` for an answer, nothing was lost
_MUCH_SURER = 15  # confidence; where it leaves out a blank, Tesseract is as sure of its words as the neural engine
_NEAR = 4  # heights of a word, between it and the next of its line
_UNMARKED = str.maketrans("łŁøØđĐıħĦŧŦ", "lLoOdDihHtT")  # whole letters in Unicode, accent and all


@dataclass(frozen=True)
class Merged:
    """A page as both engines read it together."""

    recognition: Recognition
    from_second: int  # of its words


@dataclass(frozen=True)
class _Answer:
    """What both engines have in one place (either may have nothing), and the words that are kept of it."""

    ours: list[Word]
    theirs: list[Word]
    words: list[Word]
    from_second: bool


def merged(first: Recognition, second: Recognition) -> Merged:
    """Both engines' words, the more credible where they read the same place.

    They come in the order of a first reading that reads well, else in ours of the second's lines.
    """
    answers = [_answer(ours, theirs) for ours, theirs in same_places(first.words, second.words)]
    answers = [answer for answer in answers if answer.words]
    paragraphs = paragraphs_of(first) if quality_of(first.text, first.confidence) is Quality.GOOD else None
    read = _in_order_of_second(answers) if paragraphs is None else _in_order_of_first(answers, paragraphs)
    from_second = sum(len(answer.words) for answer in answers if answer.from_second)
    return Merged(replace(read, language=first.language), from_second)


# ---- which words are right -------------------------------------------------------------------------------------


def _answer(ours: list[Word], theirs: list[Word]) -> _Answer:
    if not theirs:
        return _Answer(ours, theirs, [word for word in ours if word.confidence >= _LEAST_ALONE], False)
    if not ours:
        return _Answer(ours, theirs, [word for word in theirs if word.confidence >= _LEAST_NEW], True)
    if _plain(_letters(ours)) == _plain(_letters(theirs)):
        return _agreed(ours, theirs)
    chosen = ours if _confidence(ours) > _confidence(theirs) or _is_part(theirs, ours) else theirs
    return _Answer(ours, theirs, chosen if chosen is ours else _with_accents_of(ours, theirs), chosen is theirs)


def _agreed(ours: list[Word], theirs: list[Word]) -> _Answer:
    """Where the letters are the same, their accents are Tesseract's, and their blanks as well, but for two faults."""
    cut = theirs if _is_better_cut(theirs, ours) else ours
    confidence = _confidence(theirs)
    sure = [replace(word, confidence=max(word.confidence, confidence)) for word in cut]
    return _Answer(ours, theirs, _spelt(sure, _letters(ours)), False)


def _is_better_cut(theirs: Sequence[Word], ours: Sequence[Word]) -> bool:
    """Whether the neural engine is surer, and has a blank that Tesseract has not, or a number whole that it has cut.

    Else it must be much surer, as where Tesseract cuts a name in program text or an address: the neural engine leaves
    out blanks.
    """
    surer = _confidence(theirs) - _confidence(ours)
    if len(_letters(theirs)) != len(_letters(ours)) or surer <= 0:
        return False
    return surer > _MUCH_SURER or len(theirs) > len(ours) or not any(map(str.isalpha, _letters(ours)))


def _is_part(theirs: Sequence[Word], ours: Sequence[Word]) -> bool:
    """Whether the neural engine has lost some of what Tesseract read and may be believed to have read."""
    of_ours, of_theirs = len(_letters(ours)), len(_letters(theirs))
    fewer = of_theirs < _PARTIAL * of_ours and of_ours - of_theirs >= _LEAST_LOST
    return fewer and all(word.confidence >= _LEAST_ALONE for word in ours)


def _with_accents_of(ours: Sequence[Word], theirs: list[Word]) -> list[Word]:
    """The neural engine's words with Tesseract's accents on the letters that both read."""
    letters, others = list(_letters(theirs)), _letters(ours)
    matcher = SequenceMatcher(None, [_plain(one) for one in others], [_plain(one) for one in letters], autojunk=False)
    for block in matcher.get_matching_blocks():
        letters[block.b : block.b + block.size] = others[block.a : block.a + block.size]
    return _spelt(theirs, "".join(letters))


def _spelt(words: Sequence[Word], letters: str) -> list[Word]:
    """Words with as many other letters."""
    spelt, begun = [], 0
    for word in words:
        spelt.append(replace(word, text=letters[begun : begun + len(word.text)]))
        begun += len(word.text)
    return spelt


def _letters(words: Sequence[Word]) -> str:
    return "".join(word.text for word in words)


def _confidence(words: Sequence[Word]) -> float:
    """Mean over letters."""
    return sum(word.confidence * len(word.text) for word in words) / len(_letters(words))


def _plain(text: str) -> str:
    """Text without accents."""
    apart = unicodedata.normalize("NFD", text.translate(_UNMARKED))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


# ---- where words stand -----------------------------------------------------------------------------------------


def _in_order_of_first(answers: Sequence[_Answer], paragraphs: Sequence[Paragraph]) -> Recognition:
    """The lines of the first reading with the words that are kept, and what only the second has where it stands."""
    lines: dict[int, Line] = {}
    loose: dict[int, Line] = {}
    for answer in answers:
        for word in answer.words:
            anchor = _nearest(word, answer.ours)
            if anchor is None:
                loose.setdefault(word.line, []).append(word)
            else:
                lines.setdefault(anchor.line, []).append(word)
    kept = [[_in_order(lines[line[0].line]) for line in among if line[0].line in lines] for among in paragraphs]
    kept = [among for among in kept if among]
    rows = [line for among in kept for line in among]
    pieces = [piece for line in loose.values() for piece in _pieces(line)]
    apart = [piece for piece in pieces if not _put_in(piece, rows)]
    for line in sorted(apart, key=lambda line: line[0].top):
        if not _put_between(line, kept):
            insert(kept, [line])
    return reading_of(kept, "")


def _in_order_of_second(answers: Sequence[_Answer]) -> Recognition:
    """The lines of the second reading with the words that are kept, and what only the first has where it stands."""
    lines: dict[int, Line] = {}
    loose: dict[int, Line] = {}
    for answer in answers:
        for word in answer.words:
            anchor = word if answer.from_second else _nearest(word, answer.theirs)
            rows = loose if anchor is None else lines
            rows.setdefault((anchor or word).line, []).append(word)
    kept = list(lines.values())
    apart = [line for line in loose.values() if not _put_in(line, kept)]
    return recognition_of_lines([sorted(line, key=lambda word: word.left) for line in [*kept, *apart]])


def _pieces(line: Line) -> list[Line]:
    """A line cut where its words are far from each other: those of two columns, for instance."""
    pieces: list[Line] = []
    for word in sorted(line, key=lambda word: word.left):
        if pieces and _gap(pieces[-1][-1], word) <= _NEAR * min(pieces[-1][-1].height, word.height):
            pieces[-1].append(word)
        else:
            pieces.append([word])
    return pieces


def _in_order(line: Line) -> Line:
    """A line from left to right; one that runs downwards as it is."""
    around = box_around(line)
    level = around.right - around.left > around.bottom - around.top
    return sorted(line, key=lambda word: word.left) if level else line


def _nearest(word: Word, others: Sequence[Word]) -> Word | None:
    """The first of the words with the most height in common with one; None if there are none."""
    return max(others, key=lambda other: shared_height(word, other), default=None)


def _put_in(line: Line, rows: Sequence[Line]) -> bool:
    """Put the words of a line that stand in rows into these; whether none is left."""
    for word in list(line):
        row = next((row for row in rows if _stands_in(word, row)), None)
        if row is not None:
            line.remove(word)
            row.append(word)
            row.sort(key=lambda word: word.left)
    return not line


def _put_between(line: Line, paragraphs: Sequence[Paragraph]) -> bool:
    """Put a line between those of the paragraph in which it stands, if there is one."""
    box = box_around(line)
    middle = (box.top + box.bottom) / 2
    for paragraph in paragraphs:
        around = box_around([word for one in paragraph for word in one])
        if around.top < middle < around.bottom and box.left < around.right and around.left < box.right:
            place = (number for number, one in enumerate(paragraph) if box_around(one).top > middle)
            paragraph.insert(next(place, len(paragraph)), line)
            return True
    return False


def _stands_in(word: Word, row: Sequence[Word]) -> bool:
    """Whether a word stands in a row, close to the next word of it."""
    nearest = min(row, key=lambda other: _gap(word, other))
    return in_one_row(word, nearest) and _gap(word, nearest) <= _NEAR * min(word.height, nearest.height)


def _gap(one: Word, other: Word) -> int:
    """White between two words of a row; negative where they lie on each other."""
    return max(other.left - one.left - one.width, one.left - other.left - other.width)
