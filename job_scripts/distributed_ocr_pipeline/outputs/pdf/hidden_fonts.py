"""Fonts of text that nobody sees (ISO 19005-2, 6.2.11): they need not be in the file; what is there must conform."""

import io
from collections.abc import Mapping

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import ImageFont

from distributed_ocr_pipeline.outputs.pdf.limits import unfit

_STANDARD = frozenset(
    "/Courier /Courier-Bold /Courier-Oblique /Courier-BoldOblique /Helvetica /Helvetica-Bold /Helvetica-Oblique "
    "/Helvetica-BoldOblique /Times-Roman /Times-Bold /Times-Italic /Times-BoldItalic /Symbol /ZapfDingbats".split()
)
_SIMPLE = ("/Type1", "/MMType1", "/TrueType")
_PROGRAMS = ("/FontFile", "/FontFile2", "/FontFile3")
_LATIN = ("/WinAnsiEncoding", "/MacRomanEncoding")
_SYMBOLIC = 4  # a flag of fonts
_CMAPS = {  # the character collection of each, and the supplement of it (Adobe's cmap-resources)
    "/90ms-RKSJ": ("Japan1", 2),
    "/90msp-RKSJ": ("Japan1", 2),
    "/UniJIS-UCS2": ("Japan1", 4),
    "/GBK-EUC": ("GB1", 2),
    "/UniGB-UCS2": ("GB1", 4),
    "/ETen-B5": ("CNS1", 0),
    "/UniCNS-UCS2": ("CNS1", 3),
    "/KSCms-UHC": ("Korea1", 1),
    "/UniKS-UCS2": ("Korea1", 1),
}


def check_hidden_fonts(texts: Mapping[str, set[bytes]], fonts: pikepdf.Object, where: str) -> None:
    """Raise `BadInput` unless the fonts in which a page or form writes, each with its strings, conform."""
    for name, written in texts.items():
        font = fonts.get(name) if name else None
        if not isinstance(font, Dictionary) or not _conforms(font, written):
            kind = font.get(Name.Subtype) if isinstance(font, Dictionary) else "that is missing"
            raise unfit(f"{where} hidden text in a font {kind} that cannot be judged")


def _conforms(font: pikepdf.Object, texts: set[bytes]) -> bool:
    if font.get(Name.Type) != Name.Font or not isinstance(font.get(Name.BaseFont), Name):
        return False
    kind = str(font.get(Name.Subtype))
    if kind == "/Type0":
        return _composite_conforms(font, texts)
    return kind in _SIMPLE and _has_widths(font) and _is_encoded(font) and _without_program(font)


def _has_widths(font: pikepdf.Object) -> bool:
    widths, first, last = font.get(Name.Widths), font.get(Name.FirstChar), font.get(Name.LastChar)
    if widths is None and font.Subtype == Name.Type1 and str(font.BaseFont) in _STANDARD:
        return True
    if not isinstance(first, int) or not isinstance(last, int) or not isinstance(widths, Array):
        return False
    return isinstance(font.get(Name.FontDescriptor), Dictionary) and len(widths) == last - first + 1


def _is_encoded(font: pikepdf.Object) -> bool:
    """TrueType: as 6.2.11.6 wants it."""
    encoding = font.get(Name.Encoding)
    if font.Subtype != Name.TrueType:
        return True
    if int(font.FontDescriptor.get(Name.Flags, 0)) & _SYMBOLIC:
        return encoding is None
    if isinstance(encoding, Dictionary):
        return Name.Differences not in encoding and str(encoding.get(Name.BaseEncoding)) in _LATIN
    return str(encoding) in _LATIN


def _without_program(font: pikepdf.Object) -> bool:
    """Take out the drawings of letters that nobody sees; readers must know from elsewhere what the codes stand for."""
    descriptor = font.get(Name.FontDescriptor, Dictionary())
    programs = [key for key in _PROGRAMS if key in descriptor]
    if programs and Name.ToUnicode not in font and Name.Encoding not in font:
        return False
    for key in (*programs, "/CharSet"):
        if key in descriptor:
            del descriptor[key]
    return True


def _composite_conforms(font: pikepdf.Object, texts: set[bytes]) -> bool:
    inner = font.DescendantFonts[0]
    descriptor, system = inner.get(Name.FontDescriptor), inner.get(Name.CIDSystemInfo)
    if not isinstance(descriptor, Dictionary) or not isinstance(system, Dictionary):
        return False
    if inner.get(Name.Type) != Name.Font:
        return False
    if not any(key in descriptor for key in _PROGRAMS):
        collection, supplement = _CMAPS.get(str(font.get(Name.Encoding))[:-2], ("", 0))
        return str(system.Ordering) == collection and int(system.Supplement) >= supplement
    if Name.CIDSet in descriptor:
        del descriptor.CIDSet  # it may be left out, and would have to be complete (6.2.11.4.2)
    is_plain = inner.get(Name.Subtype) == Name.CIDFontType2 and font.get(Name.Encoding) == Name("/Identity-H")
    return is_plain and _opens(descriptor.get(Name.FontFile2)) and _has_glyphs(inner.get(Name.CIDToGIDMap), texts)


def _opens(program: pikepdf.Object | None) -> bool:
    try:
        return isinstance(program, Stream) and bool(ImageFont.truetype(io.BytesIO(program.read_bytes()), size=9))
    except OSError:
        return False


def _has_glyphs(glyphs: pikepdf.Object | None, texts: set[bytes]) -> bool:
    """Whether no code stands for .notdef, glyph 0 (6.2.11.8)."""
    codes = {text[at : at + 2] for text in texts for at in range(0, len(text), 2)}
    if glyphs == Name.Identity:
        return b"\0\0" not in codes
    if not isinstance(glyphs, Stream):
        return False
    table = glyphs.read_bytes()
    places = [2 * int.from_bytes(code, "big") for code in codes]
    return all(table[place : place + 2] not in (b"", b"\0\0") for place in places)
