"""How far a text is from the truth."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from benchmarks.corpus import TrueDocument


@dataclass(frozen=True)
class Score:
    """Errors of characters and words over one or more pages, and what they are counted against."""

    pages: int = 0
    character_errors: int = 0
    characters: int = 0
    word_errors: int = 0
    words: int = 0

    @property
    def cer(self) -> float:
        """Character errors per character of the truth; where that is empty, 0 if nothing was read and 1 otherwise."""
        return _rate(self.character_errors, self.characters)

    @property
    def wer(self) -> float:
        """Word errors per word of the truth, likewise."""
        return _rate(self.word_errors, self.words)

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.pages + other.pages,
            self.character_errors + other.character_errors,
            self.characters + other.characters,
            self.word_errors + other.word_errors,
            self.words + other.words,
        )


def score(text: str, truth: str) -> Score:
    """Compare one page's text to the truth; any run of white space counts as one space."""
    got, wanted = text.split(), truth.split()
    characters = " ".join(wanted)
    return Score(
        pages=1,
        character_errors=Levenshtein.distance(" ".join(got), characters),
        characters=len(characters),
        word_errors=Levenshtein.distance(got, wanted),
        words=len(wanted),
    )


def total(scores: Iterable[Score]) -> Score:
    """All pages as if they were one."""
    return sum(scores, Score())


def scores_by_kind(documents: Sequence[TrueDocument], texts: Mapping[str, Sequence[str]]) -> dict[str, Score]:
    """Compare all pages to the truth, by kind of page.

    `texts` has the pages of each document (by file name); a page that is missing counts as empty.
    """
    found: dict[str, list[Score]] = defaultdict(list)
    for document in documents:
        got = texts[document.path.name]
        for number, page in enumerate(document.pages):
            found[page.kind].append(score(got[number] if number < len(got) else "", page.text))
    return {kind: total(scores) for kind, scores in found.items()}


def _rate(errors: int, length: int) -> float:
    return errors / length if length else float(errors > 0)
