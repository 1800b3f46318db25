"""Whether the letters of a text are those of a language, or another font's: shifted by one, mixed up, all the same.

Letters are counted and compared with how often languages use them. The table is the mean of English, German, French,
Spanish, Italian, Polish and Finnish, in thousandths (of Wikipedia's "Letter frequency", accents taken off). Vowels and
consonants alternate in every language, which is what Sukhotin's algorithm finds vowels by; mixed-up letters do not.
Cyrillic and Greek are judged by their vowels alone. Pages of little text, and other scripts, are not judged.
`python -m benchmarks.layers` shows what the limits do.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

_FREQUENCIES = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (94, 14, 32, 41, 120, 11, 17, 21, 82, 9, 18, 47, 30, 73, 69, 24, 4, 62, 69, 68, 40, 16, 15, 2, 15, 16),
    )
)
_LENGTH = math.sqrt(sum(share**2 for share in _FREQUENCIES.values()))
_VOWELS = {"LATIN": frozenset("aeiouy"), "CYRILLIC": frozenset("аеёиоуыэюяіїєѣәөүұ"), "GREEK": frozenset("αεηιουω")}
_WORD = re.compile(r"[^\W\d_]{4,}")  # shorter ones may be abbreviations and signs of formulas
_ASCII_WORD = re.compile(r"[a-z]{4,}")  # the same where a text has no other letters, in half the time
_MIN_LETTERS = 120
_LEAST_LIKENESS = 0.64  # cosine; most languages have 0.75 and more, Hawaiian 0.58 to 0.66, shifted English 0.6
_DOUBTFUL_LIKENESS = 0.75  # ... from which vowels decide
# Share of neighbours. Vietnamese has 0.55, all others in Latin letters 0.61 to 0.89, mixed-up English 0.52. Of Debian's
# translations into twelve languages of the other two scripts, 3 in 1,000 pieces of 18 words have less at most.
_LEAST_ALTERNATION = {"LATIN": 0.53, "CYRILLIC": 0.58, "GREEK": 0.6}
_CLEAR_ALTERNATION = 0.7  # ... that no letters but those of a language have
_LEAST_VOWELS = 0.25  # share of letters; languages have a third and more
_MOST_ACCENTED = 0.5  # share of Latin letters; Vietnamese has a third, Cyrillic taken for Latin nearly all
_KNOWN = 10_000  # letters of which is remembered what they are
_MOST_OF_ONE = 0.5  # share of the letters that are the same one; e has 0.17 in German


def fault_of_letters(text: str) -> str:
    """What no language does with its letters, as words for a reason; "" if nothing, or if there is little text."""
    text = text.lower()
    words = (_ASCII_WORD if text.isascii() else _WORD).findall(text)
    letters = Counter("".join(words))
    if letters.total() < _MIN_LETTERS:
        return ""
    if max(letters.values()) > _MOST_OF_ONE * letters.total():
        return "one letter for all"
    script = _grouped(letters, _script).most_common(1)[0][0]
    own = Counter({letter: count for letter, count in letters.items() if _script(letter) == script})
    if own.total() < _MIN_LETTERS or script not in _VOWELS:
        return ""
    if len(own) < len(letters):  # of two scripts, the words of the one judged
        words = [word for word in words if own.keys() >= set(word)] or words
    return _fault_of_latin(own, words) if script == "LATIN" else _fault_of_order(own, words, script)


def _fault_of_order(letters: Counter[str], words: Sequence[str], script: str) -> str:
    vowels = _share(_grouped(letters, _base), _VOWELS[script])
    if vowels < _LEAST_VOWELS:
        return f"{vowels:.0%} vowels"
    alternation = _alternation(words, _VOWELS[script])
    return f"letters in no language's order ({alternation:.2f})" if alternation < _LEAST_ALTERNATION[script] else ""


def _fault_of_latin(letters: Counter[str], words: Sequence[str]) -> str:
    plain = sum(count for letter, count in letters.items() if letter.isascii())
    if plain < (1 - _MOST_ACCENTED) * letters.total():
        return "more accents than letters"
    bases = _grouped(letters, _base)
    likeness = _likeness(bases)
    if likeness >= _DOUBTFUL_LIKENESS:
        return ""
    alternation = _alternation(words, _VOWELS["LATIN"])
    few_vowels = _share(bases, _VOWELS["LATIN"]) < _LEAST_VOWELS or alternation < _LEAST_ALTERNATION["LATIN"]
    if few_vowels or (likeness < _LEAST_LIKENESS and alternation < _CLEAR_ALTERNATION):
        return f"letters like no language's ({likeness:.2f})"
    return ""


def _alternation(words: Sequence[str], vowels: frozenset[str]) -> float:
    """Share of the neighbours within words of which one is a vowel and one is none, 0 to 1."""
    is_vowel = {letter: _base(letter) in vowels for letter in set("".join(words))}
    neighbours = [is_vowel[one] != is_vowel[next_] for word in words for one, next_ in zip(word, word[1:])]
    return sum(neighbours) / max(1, len(neighbours))


def _grouped(letters: Counter[str], kind: Callable[[str], str]) -> Counter[str]:
    """How many letters there are of each kind."""
    counts: Counter[str] = Counter()
    for letter, count in letters.items():
        counts[kind(letter)] += count
    return counts


def _share(letters: Counter[str], some: frozenset[str]) -> float:
    return sum(count for letter, count in letters.items() if letter in some) / letters.total()


def _likeness(counts: Counter[str]) -> float:
    """Cosine between the counts and the table, 0 to 1."""
    common = sum(counts[letter] * share for letter, share in _FREQUENCIES.items())
    length = math.sqrt(sum(counts[letter] ** 2 for letter in _FREQUENCIES))
    return common / (length * _LENGTH) if length else 0.0


@lru_cache(maxsize=_KNOWN)
def _script(letter: str) -> str:
    """The first word of its Unicode name: LATIN, CYRILLIC, GREEK, CJK ..."""
    return unicodedata.name(letter, "").partition(" ")[0]


@lru_cache(maxsize=_KNOWN)
def _base(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0]
