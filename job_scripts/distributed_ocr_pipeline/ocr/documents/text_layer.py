"""Whether a PDF page's own text can be trusted, and why (not).

Tokens are judged by rules like those of Taghva, Nartker, Condit and Borsack ("Automatic removal of garbage strings in
OCR text", 2001): case that changes inside a word, letters mixed with symbols, symbols alone.
"""

import re
import unicodedata
from dataclasses import dataclass

_SCAN_COVER = 0.5  # share of the page under pictures from which it is taken for a scan
_FEW_CHARACTERS = 100  # a stamp or a page number on a scan, not its text
# Layers in eight scripts, with tables and leaders, keep to these limits, and layers that cannot be read do not:
# `pytest tests/unit/ocr/documents/test_text_layer.py`.
_MAX_UNMAPPED = 0.02  # share of the characters
_MIN_LETTERS = 0.4  # share of the characters
_MAX_GARBAGE = 0.3  # share of the characters
_RUN = re.compile(r"(\W)\1{2,}")
_TRUSTED_SYMBOLS = frozenset(".,;:!?'\"()[]/-–—‘’“”„«»…&%$€£§©®°+*=<>@#•·_|")


@dataclass(frozen=True)
class Verdict:
    """Whether to use the text layer; `reason` is stored with the page."""

    trusted: bool
    reason: str


def judge(text: str, image_cover: float) -> Verdict:
    """Judge a page's text layer. `image_cover`: share of the page under pictures, 0 to 1."""
    characters = [character for character in text if not character.isspace()]
    if not characters:
        return Verdict(False, "no text layer")
    if image_cover >= _SCAN_COVER and len(characters) < _FEW_CHARACTERS:
        return Verdict(False, f"text layer of {len(characters)} characters on a page {image_cover:.0%} under pictures")
    unmapped = sum(map(_is_unmapped, characters)) / len(characters)
    if unmapped > _MAX_UNMAPPED:
        return Verdict(False, f"text layer with {unmapped:.0%} unmapped characters")
    written = _RUN.sub("", "".join(characters))
    letters = sum(character.isalnum() or _is_mark(character) for character in written) / max(1, len(written))
    if letters < _MIN_LETTERS:
        return Verdict(False, f"text layer with {letters:.0%} letters and digits")
    garbage = garbage_score(text)
    if garbage > _MAX_GARBAGE:
        return Verdict(False, f"text layer with garbage score {garbage:.2f}")
    return Verdict(True, f"text layer of {len(characters)} characters, garbage score {garbage:.2f}")


def garbage_score(text: str) -> float:
    """Share of the characters that stand in tokens no writing produces, 0 to 1."""
    tokens = _RUN.sub(r"\1", text).split()  # leaders and rules are no garbage
    total = sum(map(len, tokens))
    return sum(len(token) for token in tokens if _is_odd(token)) / total if total else 0.0


def _is_unmapped(character: str) -> bool:
    """Replacement character, private use, control or unassigned: a glyph without a known meaning."""
    return character == "\ufffd" or unicodedata.category(character) in ("Co", "Cc", "Cn", "Cs")


def _is_mark(character: str) -> bool:
    """A vowel sign or accent that belongs to the letter before it."""
    return unicodedata.category(character)[0] == "M"


def _is_odd(token: str) -> bool:
    """Letters mixed with symbols, or case that changes inside a word, or symbols alone that are not punctuation."""
    core = token.strip("".join(_TRUSTED_SYMBOLS))
    if not core:
        return len(token) > 3 and len(set(token)) > 2
    letters = [character for character in core if character.isalpha()]
    core = "".join(character for character in core if not _is_mark(character))  # vowel signs, accents
    symbols = sum(not character.isalnum() and character not in _TRUSTED_SYMBOLS for character in core)
    if symbols * 4 > len(core):
        return True
    turns = sum(first.islower() and second.isupper() for first, second in zip(letters, letters[1:]))
    inner = sum(not character.isalnum() for character in core)
    return turns > 2 or (len(core) > 2 and inner * 2 > len(core))
