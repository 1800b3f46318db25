"""pikepdf: how many characters a page shows in fonts that do not say which letters they are.

A composite font whose codes are numbers of glyphs (Identity-H, Identity-V) has its letters in a `ToUnicode` map alone
(ISO 32000-2, 9.10.2). Without one, Poppler gives other letters; what the map leaves out is left out of the text; and
some programs map every glyph to the same letter, to a blank or to nothing. The drawings of a Type 3 font have names, of
which Poppler takes the numbers for codes of letters, also where a program has only counted its drawings. Fonts are
judged by themselves, once each; only a page that has a doubtful one is looked at command by command.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from distributed_ocr_pipeline.ocr.documents.looks.content import Content

_NUMBERED_GLYPHS = ("/Identity-H", "/Identity-V")
_SECTION = re.compile(rb"beginbf(char|range)(.*?)endbf", re.DOTALL)
_CHAR = re.compile(rb"<\s*([0-9A-Fa-f]+)\s*>\s*<([0-9A-Fa-f\s]*)>")
_RANGE = re.compile(rb"<\s*([0-9A-Fa-f]+)\s*>\s*<\s*([0-9A-Fa-f]+)\s*>\s*(?:<([0-9A-Fa-f\s]*)>|\[([^\]]*)\])")
_HEX = re.compile(rb"<([0-9A-Fa-f\s]*)>")
_WIDTHS = re.compile(rb"(\d+)\s*(?:\[([^\]]*)\]|(\d+)\s+[\d.]+)")
_LONGEST_MAP = 100_000  # bytes; fonts that lack letters are small
_MOST_WIDTHS = 20_000  # bytes
_LONGEST = 1_000_000  # bytes of drawing commands; a page of print has some 20,000
_FIRST_GLYPH = 4  # those before stand for nothing: "not defined", null, return, and mostly the blank
_DECIMAL, _HEXADECIMAL = re.compile(r"/([A-Za-z._-]*)(\d{1,5})"), re.compile(r"/([A-Za-z])([0-9A-F]{2,4})")
_COUNTED = 10  # drawings whose numbers follow each other without a gap: letters of a text have gaps
_ALPHABETS = (frozenset(range(48, 58)), frozenset(range(65, 91)), frozenset(range(97, 123)))  # codes of 0-9, A-Z, a-z
_SOME = 4  # glyphs; a font of fewer has bullets
_BLANK = 1 / 12  # share of a font's characters, from which the one code without a letter is the blank
_OPERATORS = "Tf Tj TJ ' \" q Q"


@dataclass
class _Font:
    """Codes of which it is known which letters they are, as ranges; `doubtful` if others may be shown."""

    mapped: list[range] = field(default_factory=list)
    doubtful: bool = False
    bytes_of_code: int = 2

    def lacks(self, code: int) -> bool:
        return not any(code in some for some in self.mapped)


class Fonts:
    """The fonts of one file, each judged once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], _Font] = {}

    def unmapped(self, pdf: pikepdf.Pdf, content: Content) -> int:
        """How many characters of a page have no letters. Raises `pikepdf.PdfError` if its commands cannot be read."""
        count = 0
        for commands, resources in content.scopes:
            doubtful = {name: font for name, font in self._named(resources) if font.doubtful}
            if doubtful and len(commands) <= _LONGEST:
                shown = _shown(pdf, commands, doubtful)
                count += sum(_lacking(font, shown[name]) for name, font in doubtful.items())
        return count

    def _named(self, resources: Any) -> Iterator[tuple[str, _Font]]:
        named = resources.get("/Font") if isinstance(resources, pikepdf.Dictionary) else None
        if not isinstance(named, pikepdf.Dictionary):
            return
        for name, font in named.items():
            if isinstance(font, pikepdf.Dictionary) and font.get("/Subtype") in ("/Type0", "/Type3"):
                place = font.objgen
                if place == (0, 0) or place not in self._known:
                    self._known[place] = _judged(font)
                yield name, self._known[place]


def _judged(font: Any) -> _Font:
    if font["/Subtype"] == "/Type3":
        names = font.get("/Encoding", pikepdf.Dictionary()).get("/Differences", ())
        doubtful = "/ToUnicode" not in font and _are_counted([str(one) for one in names if isinstance(one, pikepdf.Name)])
        return _Font(doubtful=doubtful, bytes_of_code=1)
    if str(font.get("/Encoding")) not in _NUMBERED_GLYPHS:
        return _Font()
    descendant = font["/DescendantFonts"][0]
    if "/ToUnicode" not in font:  # of the collections of Adobe's, readers know the letters
        ordering = descendant.get("/CIDSystemInfo", pikepdf.Dictionary()).get("/Ordering", "Identity")
        return _Font(doubtful=str(ordering) == "Identity")
    cmap = font["/ToUnicode"]
    if not isinstance(cmap, pikepdf.Stream):  # the name of a map that readers know
        return _Font()
    data = cmap.read_bytes()
    if len(data) > _LONGEST_MAP:
        return _Font()
    mapped = list(_entries(data))
    if len(mapped) >= _SOME and len({letters for _, letters in mapped}) == 1:
        return _Font(doubtful=True)  # all the same
    found = _Font([codes for codes, letters in mapped if len(codes) > 1 or _has_sense(letters)])
    found.doubtful = any(map(found.lacks, _codes_with_widths(descendant)))
    return found


def _are_counted(names: Sequence[str]) -> bool:
    """Whether names of drawings are a prefix and a number that only counts them."""
    for pattern, base in ((_DECIMAL, 10), (_HEXADECIMAL, 16)):
        parts = [found.groups() for found in map(pattern.fullmatch, names) if found]
        if len(parts) == len(names) >= _COUNTED and len({prefix for prefix, _ in parts}) == 1:
            numbers = {int(number, base) for _, number in parts}
            gapless = len(numbers) == max(numbers) - min(numbers) + 1
            return gapless and not any(numbers <= codes for codes in _ALPHABETS)
    return False


def _entries(cmap: bytes) -> Iterator[tuple[range, str]]:
    """Codes and the letters of their first one; of the others of a range, the last letter counts on."""
    for kind, entries in _SECTION.findall(cmap):
        if kind == b"char":
            for code, letters in _CHAR.findall(entries):
                yield range(int(code, 16), int(code, 16) + 1), _letters(letters)
            continue
        for first, last, letters, single in _RANGE.findall(entries):
            codes = range(int(first, 16), int(last, 16) + 1)
            if single:
                yield from ((codes[:1], _letters(one)) for one, codes in _each(codes, _HEX.findall(single)))
            else:
                yield codes, _letters(letters)


def _each(codes: range, letters: list[bytes]) -> Iterator[tuple[bytes, range]]:
    for number, one in enumerate(letters[: len(codes)]):
        yield one, codes[number:]


def _letters(string: bytes) -> str:
    try:
        return bytes.fromhex(string.decode()).decode("utf-16-be")
    except ValueError:
        return ""


def _has_sense(letters: str) -> bool:
    return any(letter >= " " and letter != "\ufffd" for letter in letters)


def _codes_with_widths(descendant: Any) -> list[int]:
    """The codes of which a font tells the width: in a part of a font, those that are used."""
    widths = descendant.get("/W")
    data = widths.unparse(resolved=True) if isinstance(widths, pikepdf.Array) else b""
    codes = list[int]()
    if len(data) > _MOST_WIDTHS:
        return codes
    for first, each, last in _WIDTHS.findall(data.strip()[1:-1]):
        end = int(last) + 1 if last else int(first) + len(each.split())
        codes += range(int(first), min(end, int(first) + _LONGEST_MAP))
    return [code for code in codes if code >= _FIRST_GLYPH]


def _shown(pdf: pikepdf.Pdf, commands: bytes, fonts: dict[str, _Font]) -> dict[str, Counter[int]]:
    """How often each code of some fonts is shown."""
    shown = {name: Counter[int]() for name in fonts}
    font, saved = "", list[str]()
    for instruction in pikepdf.parse_content_stream(pdf.make_stream(commands), _OPERATORS):
        operator, operands = str(instruction.operator), instruction.operands
        if operator == "q":
            saved.append(font)
        elif operator == "Q":
            font = saved.pop() if saved else font
        elif operator == "Tf":
            font = str(operands[0])
        elif font in shown and len(operands):
            strings = operands[0] if operator == "TJ" else [operands[-1]]
            for string in strings:
                if isinstance(string, pikepdf.String):
                    codes = bytes(string)
                    one_byte = fonts[font].bytes_of_code == 1
                    shown[font].update(codes if one_byte else (a << 8 | b for a, b in zip(codes[::2], codes[1::2])))
    return shown


def _lacking(font: _Font, shown: Counter[int]) -> int:
    lacking = {code: count for code, count in shown.items() if font.lacks(code) and (not font.mapped or code)}
    count = sum(lacking.values())
    if not font.mapped:
        return count if len(lacking) >= _SOME else 0
    is_blank = len(lacking) == 1 and count > _BLANK * shown.total()
    return 0 if is_blank else count
