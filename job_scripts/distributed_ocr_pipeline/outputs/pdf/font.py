"""The font of the invisible text: a Type 0 font whose glyphs are empty, with a code for each letter that is used.

Its program, glyphless.ttf, is made by scripts/glyphless_font.py: an empty glyph for letters, and one for the blank.
"""

from collections.abc import Iterator, Sequence
from importlib.resources import files

import pikepdf
from pikepdf import Array, Dictionary, Name

NAME = "GlyphlessOCR"
LETTER_WIDTH, BLANK_WIDTH, ASCENT, DESCENT = 500, 250, 800, -200
"""Thousandths of the font's size, as in glyphless.ttf."""

BLANK = 1
"""The code of the blank; the other letters are counted from 2."""

_LETTER_GLYPH, _BLANK_GLYPH = 1, 2  # numbers in glyphless.ttf
_ITEMS_OF_CMAP = 100  # at most, of one `beginbfchar` (Adobe Technical Note 5014)
_FLAGS = 4  # symbolic


def add_font(pdf: pikepdf.Pdf, letters: Sequence[str], font: pikepdf.Object) -> None:
    """Make `font`, an indirect dictionary, the font whose codes from 1 stand for these letters."""
    program = pdf.make_stream(files(__package__).joinpath("glyphless.ttf").read_bytes())
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name(f"/{NAME}"),
        Flags=_FLAGS,
        FontBBox=Array([0, DESCENT, LETTER_WIDTH, ASCENT]),
        ItalicAngle=0,
        Ascent=ASCENT,
        Descent=DESCENT,
        CapHeight=ASCENT,
        StemV=80,
        FontFile2=program,
    )
    glyphs = [0, _BLANK_GLYPH, *[_LETTER_GLYPH] * (len(letters) - 1)]
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name(f"/{NAME}"),
        CIDSystemInfo=Dictionary(Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=LETTER_WIDTH,
        W=Array([BLANK, Array([BLANK_WIDTH])]),
        CIDToGIDMap=pdf.make_stream(b"".join(glyph.to_bytes(2, "big") for glyph in glyphs)),
    )
    font.Type, font.Subtype, font.BaseFont = Name.Font, Name.Type0, Name(f"/{NAME}")
    font.Encoding = Name("/Identity-H")
    font.DescendantFonts = Array([pdf.make_indirect(descendant)])
    font.ToUnicode = pdf.make_stream(_to_unicode(letters))


def _to_unicode(letters: Sequence[str]) -> bytes:
    """The CMap that says what each code stands for (ISO 32000-2, 9.10.3)."""
    return "\n".join(
        [
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
            "1 begincodespacerange <0000> <FFFF> endcodespacerange",
            *_items(letters),
            "endcmap CMapName currentdict /CMap defineresource pop end end",
        ]
    ).encode("ascii")


def _items(letters: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(letters), _ITEMS_OF_CMAP):
        some = letters[start : start + _ITEMS_OF_CMAP]
        yield f"{len(some)} beginbfchar"
        for code, letter in enumerate(some, start=start + 1):
            yield f"<{code:04X}> <{letter.encode('utf-16-be').hex().upper()}>"
        yield "endbfchar"
