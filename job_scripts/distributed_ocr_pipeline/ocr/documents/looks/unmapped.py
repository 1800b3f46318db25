"""pikepdf: how many characters a page shows in fonts that do not say which letters they are.

A composite font whose codes are numbers of glyphs (Identity-H, Identity-V) has its letters in a `ToUnicode` map alone
(ISO 32000-2, 9.10.2). Without one, Poppler gives other letters; what the map leaves out is left out of the text; and
some programs map every glyph to the same letter, to a blank or to nothing. The glyphs of other fonts have names, of
which Poppler takes the numbers for codes of letters, also where a program has only counted its glyphs. Fonts are judged
by themselves, once each; only a page that has a doubtful one is looked at command by command.
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
_WIDTHS = re.compile(rb"(\d+)\s*(?:\[([^\]]*)\]|(\d+)\s+([\d.]+))")
# Of scripts that join and stack letters, several glyphs may be one letter, of which the first has it: Hebrew to the
# Indic scripts, Thai to Burmese, Khmer, Mongolian, and marks of any.
_JOINED = re.compile("[\u0300-\u036f\u0590-\u109f\u1780-\u18af\u200c\u200d\ufb1d-\ufdff\ufe70-\ufefc]")
_LONGEST_MAP = 100_000  # bytes; fonts that lack letters are small
_MOST_WIDTHS = 20_000  # bytes
_LONGEST = 1_000_000  # bytes of drawing commands; a page of print has some 20,000
_FIRST_GLYPH = 4  # those before stand for nothing: "not defined", null, return, and mostly the blank
_DECIMAL, _HEXADECIMAL = re.compile(r"/([A-Za-z._-]*)(\d{1,5})"), re.compile(r"/([A-Za-z])([0-9A-F]{2,4})")
_COUNTED = 10  # glyphs whose numbers follow each other without a gap: letters of a text have gaps
_ALPHABETS = (frozenset(range(48, 58)), frozenset(range(65, 91)), frozenset(range(97, 123)))  # codes of 0-9, A-Z, a-z
_SOME = 4  # glyphs; a font of fewer has bullets
_OPERATORS = "Tf Tj TJ ' \" q Q"


@dataclass
class _Font:
    """Codes of which it is known which letters they are; `doubtful` if others may be shown."""

    mapped: set[int] = field(default_factory=set)
    ranges: list[range] = field(default_factory=list)
    doubtful: bool = False
    bytes_of_code: int = 2

    def lacks(self, code: int) -> bool:
        """Whether it is not known which letter a code is."""
        return code not in self.mapped and not any(code in some for some in self.ranges)


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
            if isinstance(font, pikepdf.Dictionary):
                place = font.objgen
                if place == (0, 0) or place not in self._known:
                    self._known[place] = _judged(font)
                yield name, self._known[place]


def _judged(font: Any) -> _Font:
    if font.get("/Subtype") != "/Type0":
        return _Font(doubtful="/ToUnicode" not in font and _are_counted(_names(font)), bytes_of_code=1)
    if str(font.get("/Encoding")) not in _NUMBERED_GLYPHS:
        return _Font()
    descendant, cmap = font["/DescendantFonts"][0], font.get("/ToUnicode")
    if cmap is None or cmap in _NUMBERED_GLYPHS:  # of the collections of Adobe's, readers know the letters
        ordering = descendant.get("/CIDSystemInfo", pikepdf.Dictionary()).get("/Ordering", "Identity")
        return _Font(doubtful=str(ordering) == "Identity")
    data = cmap.read_bytes() if isinstance(cmap, pikepdf.Stream) else b""  # or the name of a map that readers know
    return _judged_by_map(data, descendant) if 0 < len(data) <= _LONGEST_MAP else _Font()


def _judged_by_map(cmap: bytes, descendant: Any) -> _Font:
    mapped = list(_entries(cmap))
    if len(mapped) >= _SOME and len({letters for _, letters in mapped}) == 1:
        return _Font(doubtful=True)  # all the same
    if any(_JOINED.search(letters) for _, letters in mapped):
        return _Font()
    wide, marks = _by_width(descendant)
    singles = {codes.start for codes, letters in mapped if _has_sense(letters)}
    found = _Font(singles | set(marks), [codes for codes, _ in mapped if len(codes) > 1])
    found.doubtful = any(map(found.lacks, wide))
    return found


def _names(font: Any) -> list[str]:
    encoding = font.get("/Encoding")
    names = encoding.get("/Differences", ()) if isinstance(encoding, pikepdf.Dictionary) else ()
    return [str(one) for one in names if isinstance(one, pikepdf.Name)]


def _are_counted(names: Sequence[str]) -> bool:
    """Whether names of glyphs are a prefix and a number that only counts them."""
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


def _by_width(descendant: Any) -> tuple[list[int], list[int]]:
    """The codes of which a font tells the width, in a part of a font those that are used; and those without width.

    The latter are accents of the letter before, which may have the whole of it.
    """
    widths = descendant.get("/W")
    data = widths.unparse(resolved=True) if isinstance(widths, pikepdf.Array) else b""
    wide, marks = list[int](), list[int]()
    for first, each, last, same in _WIDTHS.findall(data.strip()[1:-1] if len(data) <= _MOST_WIDTHS else b""):
        start, count = int(first), int(last) - int(first) + 1 if last else 0
        sizes = each.split() or [same] * min(count, _LONGEST_MAP)
        for code, size in enumerate(sizes, start):
            (wide if float(size) else marks).append(code)
    return [code for code in wide if code >= _FIRST_GLYPH], marks


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
    lacking = [code for code in shown if font.lacks(code) and (code >= _FIRST_GLYPH or font.bytes_of_code == 1)]
    if not (font.mapped or font.ranges) and len(lacking) < _SOME:
        return 0
    if len(lacking) == 1 and shown.most_common(1)[0][0] == lacking[0]:  # the blank
        return 0
    return sum(shown[code] for code in lacking)
