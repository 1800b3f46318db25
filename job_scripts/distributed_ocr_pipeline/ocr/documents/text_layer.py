"""Whether a PDF page's own text can be trusted, and why (not).

Tokens are judged by rules like those of Taghva, Nartker, Condit and Borsack ("Automatic removal of garbage strings in
OCR text", 2001): case that changes inside a word, letters mixed with symbols, symbols alone.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from distributed_ocr_pipeline.ocr.documents.letters import fault_of_letters

_SCAN_COVER = 0.5  # share of the page under pictures from which it is taken for a scan
_FEW_CHARACTERS = 100  # a stamp or a page number on a scan, not its text
# Layers in eight scripts, with tables and leaders, keep to these limits, and layers that cannot be read do not:
# `pytest tests/unit/ocr/documents/test_text_layer.py`.
_MAX_UNMAPPED = 0.02  # share of the characters
_MIN_LETTERS = 0.4  # share of the characters
_MAX_GARBAGE = 0.3  # share of the characters
_RUN = re.compile(r"([\W_])\1{2,}")
_TAG = re.compile(r"</?[a-z][^<>\n]*>", re.IGNORECASE)
_BULLET = re.compile(r"[\ue000-\uf8ff](?<!\S.)(?!\S)")  # a private character by itself, as Word writes bullets
_CODED = re.compile(r"[A-Za-z0-9+/=_-]{16,}")  # base64, hexadecimal numbers, identifiers
_LETTERLESS = re.compile(r"(?=\S*[0-9+/=_])[A-Za-z0-9+/=_-]{16,}")  # likewise, where no word can be
_GLYPH = re.compile(r"(?:\(?cid[:_]?\d+\)?|[/.]?(?:g|gid|glyph|index)\d{1,5}|uni[0-9A-F]{4})+")
_LEAST_CODE = 16  # characters
_LEAST_JOINED, _JOINED_LETTERS = 24, 8  # characters of a word, and different ones; sequences of DNA have four
_JOINED = re.compile(r"[a-z]{%d,}" % _LEAST_JOINED)  # small letters: base64 has others among them
_MOST_JOINED = 0.5  # share of the characters
_MOST_GLYPHS = 0.5  # share of the tokens
_FIRST_TOKENS = 20
_TRUSTED_SYMBOLS = frozenset(".,;:!?'\"()[]/-–—‘’“”„«»…&%$€£§©®°+*=<>@#•·_|")
_DOUBTFUL_SYMBOLS = frozenset("{}\\~^`¬¦¨¯´¸")  # of ASCII and Latin-1: rare in writing, common where letters are wrong
_TRUSTED_CATEGORIES = ("Po", "Ps", "Pe", "Pi", "Pf", "Pd", "Pc", "Sc", "Sm", "So", "Cf")
_ODD_INSIDE = re.compile(r"[^\W_][@?;!\"#$%*][^\W_]")
_KNOWN = 10_000  # characters and tokens of which is remembered what they are: most come again on the next page
_ADDRESS = re.compile(r"://|www\.|^[^@]+@[^@]+\.[^@]+$")


@dataclass(frozen=True)
class Verdict:
    """Whether to use the text layer; `reason` is stored with the page. Not `sure`: some of its letters may be wrong."""

    trusted: bool
    reason: str
    sure: bool = True


def judge(text: str, image_cover: float) -> Verdict:
    """Judge a page's text layer. `image_cover`: share of the page under pictures, 0 to 1."""
    tokens = text.split()
    count = sum(map(len, tokens))
    if not count:
        return Verdict(False, "no text layer")
    if image_cover >= _SCAN_COVER and count < _FEW_CHARACTERS:
        return Verdict(False, f"text layer of {count} characters on a page {image_cover:.0%} under pictures")
    writing = _BULLET.sub("", _TAG.sub(" ", text))
    tokens = tokens if writing == text else writing.split()
    fault = (
        _fault_of_characters("".join(tokens))
        or _fault_of_tokens(tokens)
        or fault_of_letters(_without_codes(writing, tokens))
    )
    if fault:
        return Verdict(False, f"text layer with {fault}")
    garbage = garbage_score(writing)
    if garbage > _MAX_GARBAGE:
        return Verdict(False, f"text layer with garbage score {garbage:.2f}")
    return Verdict(True, f"text layer of {count} characters, garbage score {garbage:.2f}")


def without_map(verdict: Verdict, text: str, characters: int) -> Verdict:
    """The verdict on a layer of which so many characters have fonts that do not say which letters they are.

    They are missing in `text`, or are others there.
    """
    if not verdict.trusted or not characters:
        return verdict
    lost = f"{characters} characters in fonts without a map to letters"
    if characters > _MAX_UNMAPPED * max(characters, sum(map(len, text.split()))):
        return Verdict(False, f"text layer with {lost}")
    return Verdict(True, f"{verdict.reason}; {lost}, which are missing or wrong", sure=False)


def garbage_score(text: str) -> float:
    """Share of the characters that stand in tokens no writing produces, 0 to 1."""
    tokens = _RUN.sub(r"\1", text).split()  # leaders and rules are no garbage
    counts = Counter(tokens)
    odd = sum(len(token) * counts[token] for token in filter(_is_odd, counts))
    return odd / sum(map(len, tokens)) if tokens else 0.0


def _fault_of_characters(visible: str) -> str:
    """What is wrong with the characters one by one, blanks left out; "" if nothing."""
    unseen = {ord(one): None for one in set(visible) if unicodedata.category(one) == "Cf"}
    visible = visible.translate(unseen) if unseen else visible
    if not visible:
        return ""
    unmapped = _count(visible, _is_unmapped) / len(visible)
    if unmapped > _MAX_UNMAPPED:
        return f"{unmapped:.0%} unmapped characters"
    written = _RUN.sub("", visible)
    letters = 1.0 if not written else (len(written) - _count(written, _is_no_letter)) / len(written)
    return f"{letters:.0%} letters and digits" if letters < _MIN_LETTERS else ""


def _without_codes(text: str, tokens: Sequence[str]) -> str:
    """The text without those of its tokens that are base64 or identifiers, whose letters are those of no language."""
    if max(map(len, tokens), default=0) < _LEAST_CODE:  # most pages
        return text
    return " ".join(token for token in tokens if len(token) < _LEAST_CODE or not _LETTERLESS.fullmatch(token))


def _fault_of_tokens(tokens: Sequence[str]) -> str:
    """Names of glyphs instead of letters, as a font without a map leaves them, or lines without blanks; "" if few."""
    if max(map(len, tokens), default=0) >= _LEAST_JOINED and (joined := _joined(tokens)) > _MOST_JOINED:
        return f"{joined:.0%} in words without blanks between them"
    if not any(map(_GLYPH.fullmatch, tokens[:_FIRST_TOKENS])):  # nearly every page
        return ""
    names = sum(_GLYPH.fullmatch(token) is not None for token in tokens)
    return f"{names / len(tokens):.0%} names of glyphs" if names > _MOST_GLYPHS * len(tokens) else ""


def _joined(tokens: Sequence[str]) -> float:
    """Share of the characters that stand in words longer than those of any language, as of a line without blanks."""
    joined = sum(len(token) for token in tokens if _JOINED.search(token) and len(set(token.lower())) >= _JOINED_LETTERS)
    return joined / sum(map(len, tokens))


def _count(text: str, holds: Callable[[str], bool]) -> int:
    """Of how many characters something holds, which should be few; each different one is looked at once."""
    return sum(text.count(one) for one in set(text) if holds(one))


@lru_cache(maxsize=_KNOWN)
def _is_unmapped(character: str) -> bool:
    """Replacement character, private use, control or unassigned: a glyph without a known meaning."""
    return character == "\ufffd" or unicodedata.category(character) in ("Co", "Cc", "Cn", "Cs")


@lru_cache(maxsize=_KNOWN)
def _is_no_letter(character: str) -> bool:
    """Neither letter nor digit, nor what belongs to one or stands for something by itself."""
    return not (character.isalnum() or _is_mark(character) or _is_symbol(character))


@lru_cache(maxsize=_KNOWN)
def _is_mark(character: str) -> bool:
    """A vowel sign or accent that belongs to the letter before it."""
    return unicodedata.category(character)[0] == "M"


def _is_symbol(character: str) -> bool:
    """A sign that stands for something by itself: currency, formulas, ballot boxes, dingbats."""
    return not character.isascii() and unicodedata.category(character) in ("Sc", "Sm", "So")


@lru_cache(maxsize=_KNOWN)
def _is_trusted(character: str) -> bool:
    """Punctuation of any script, and signs that writing uses."""
    if character in _TRUSTED_SYMBOLS:
        return True
    return character not in _DOUBTFUL_SYMBOLS and unicodedata.category(character) in _TRUSTED_CATEGORIES


@lru_cache(maxsize=_KNOWN)
def _is_odd(token: str) -> bool:
    """Letters mixed with symbols, or case that changes inside a word, or symbols alone that are not punctuation."""
    if token[1:].islower() and token.isascii() and token.isalpha():  # most words, at a tenth of the time
        return False
    token = "".join(character for character in token if not _is_mark(character))  # vowel signs, accents
    core = token.strip("".join({character for character in token if _is_trusted(character)}))
    if not core:
        return len(token) > 3 and len(set(token)) > 2 and token.isascii()
    if _CODED.fullmatch(core) or _ADDRESS.search(core):
        return False
    symbols = sum(not character.isalnum() and not _is_trusted(character) for character in core)
    if symbols * 4 > len(core) or _ODD_INSIDE.search(core):
        return True
    letters = [character for character in core if character.isalpha()]
    turns = sum(first.islower() and second.isupper() for first, second in zip(letters, letters[1:]))
    inner = sum(not character.isalnum() for character in core if character.isascii())
    return (turns > 2 and turns * 5 > len(letters)) or (len(core) > 2 and inner * 2 > len(core))
