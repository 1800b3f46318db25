"""Which way up a page is, judged by what was read: upside down it gives words the engine does not believe in.

The kinds `turned …°`, `skewed …°` and `phototest …` of `make accuracy` tell whether the limits hold: a page that is
left as it lies has an error rate of 0.8.
"""

from collections.abc import Sequence

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.records import Word

_POOR_CONFIDENCE = 65  # mean over words; upright print is read with over 90, print upside down with some 40
_DOUBT = 40  # confidence of noise; only what is above it counts
_CLEARLY_BETTER = 1.5  # times the credit
_FAR_BETTER = 5  # likewise
_NEXT_TO_NOTHING = 1000  # credit; two blurred pages have 1500 and 1900 upside down
_AS_GOOD = 0.75  # likewise; the engine drops a column of receipts that are upright, and reads it in those that are not
_LONG_WORD = 3  # letters; shorter ones are as high as wide
_SIDEWAYS = ((90, 270), (180,))
_LEVEL = ((180,), (90, 270))


def other_ways(recognition: Recognition) -> Sequence[Sequence[int]]:
    """Further clockwise turns to try, in rounds, likeliest first; none for a page that was read well.

    Tesseract reads lines that run upwards or downwards, but knows only one of the two ways.
    """
    if _lies_on_its_side(recognition.words):
        return _SIDEWAYS if is_poor(recognition) else _SIDEWAYS[:1]
    return _LEVEL if is_poor(recognition) else ()


def is_poor(recognition: Recognition) -> bool:
    """Whether nothing, or nothing credible, was read."""
    return recognition.confidence is None or recognition.confidence < _POOR_CONFIDENCE


def is_better(other: Recognition, current: Recognition) -> bool:
    """Whether a turned page reads clearly better, or as well while it no longer lies on its side.

    Badly as it may read: blurred print is read so both upright and on its side, but upright there is much more of it.
    """
    if _lies_on_its_side(current.words) and not _lies_on_its_side(other.words):
        return credit(other) >= _AS_GOOD * credit(current)
    if is_poor(other):
        return credit(other) > _FAR_BETTER * max(credit(current), _NEXT_TO_NOTHING)
    return credit(other) > _CLEARLY_BETTER * credit(current)


def credit(recognition: Recognition) -> float:
    """Letters read, weighted by how far they are believed; of two readings of a page, the one with more is better."""
    return sum(len(word.text) * max(0.0, word.confidence - _DOUBT) for word in recognition.words)


def _lies_on_its_side(words: Sequence[Word]) -> bool:
    """Whether most longer words are higher than wide."""
    long_words = [word for word in words if len(word.text) >= _LONG_WORD]
    return sum(word.height > word.width for word in long_words) * 2 > len(long_words)
