"""Characters in fonts that do not say which letters they are are counted, and their pages are not believed."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageDraw, ImageFont

from distributed_ocr_pipeline.ocr.documents.looks.bare_text import pages_seen
from distributed_ocr_pipeline.records import Quality, TextSource
from tests.support.documents import Ledger, typed_pdf

WORDS = "the office filed the final figures as it had to"  # fi, ffi, ff and the blank are glyphs as letters are
GLYPHS = {letter: number for number, letter in enumerate(sorted(set(WORDS)), start=10)}


def _map_to(letters: dict[str, str]) -> bytes:
    """A `ToUnicode` map from glyphs to what each letter is said to be; letters without an entry are left out."""
    entries = [f"<{GLYPHS[one]:04X}> <{said.encode('utf-16-be').hex()}>" for one, said in letters.items()]
    return f"{len(entries)} beginbfchar {' '.join(entries)} endbfchar".encode()


def _in_glyphs(
    path: Path, cmap: bytes | None, words: str = WORDS, ordering: str = "Identity", width: int = 500
) -> Path:
    """A page that shows words by the numbers of a font's glyphs."""
    with pikepdf.open(typed_pdf(path, ["Heading"]), allow_overwriting_input=True) as pdf:
        system = Dictionary(Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String(ordering), Supplement=0)
        widths = Array([10, Array([width] * len(GLYPHS))])
        descendant = Dictionary(Type=Name.Font, Subtype=Name.CIDFontType2, CIDSystemInfo=system, W=widths)
        font = Dictionary(Type=Name.Font, Subtype=Name.Type0, Encoding=Name("/Identity-H"))
        font.DescendantFonts = Array([pdf.make_indirect(descendant)])
        if cmap is not None:
            font.ToUnicode = pdf.make_stream(cmap)
        pdf.pages[0].obj.Resources.Font.F2 = pdf.make_indirect(font)
        codes = "".join(f"{GLYPHS[letter]:04X}" for letter in words)
        pdf.pages[0].contents_add(pdf.make_stream(f"q BT /F2 12 Tf 72 500 Td [<{codes}>] TJ ET Q".encode()))
        pdf.save(path)
    return path


def _unmapped(path: Path) -> int:
    seen = pages_seen(str(path), 1, [1])
    assert seen is not None
    return seen.unmapped_on(1)


SAME = {letter: letter for letter in GLYPHS}


@pytest.mark.parametrize(
    ("cmap", "lacking"),
    [
        (None, len(WORDS)),
        (_map_to(SAME), 0),
        (b"1 beginbfrange <0000> <FFFF> <0000> endbfrange", 0),
        (_map_to(dict.fromkeys(GLYPHS, "a")), len(WORDS)),
        (_map_to(dict.fromkeys(GLYPHS, "\0")), len(WORDS)),
        (_map_to(SAME | {"u": "\ufffd"}), WORDS.count("u")),
        (_map_to({one: one for one in GLYPHS if one not in "fi"}), WORDS.count("f") + WORDS.count("i")),
        (_map_to({one: one for one in GLYPHS if one != " "}), 0),
        (b"no map", len(WORDS)),
    ],
    ids=["none", "whole", "range", "one letter", "no letter", "one unknown", "two left out", "blank", "damaged"],
)
def test_what_has_no_letter_is_counted(cmap: bytes | None, lacking: int, tmp_path: Path) -> None:
    assert _unmapped(_in_glyphs(tmp_path / "a.pdf", cmap)) == lacking


def test_a_few_bullets_and_known_collections_need_no_map(tmp_path: Path) -> None:
    assert _unmapped(_in_glyphs(tmp_path / "a.pdf", None, words="eth" * 5)) == 0
    assert _unmapped(_in_glyphs(tmp_path / "b.pdf", None, ordering="Japan1")) == 0


@pytest.mark.parametrize(
    ("said", "width"), [("\u17c1", 500), ("\u0301", 500), ("e", 0)], ids=["Khmer", "accent", "mark"]
)
def test_further_glyphs_of_a_letter_need_no_entry(said: str, width: int, tmp_path: Path) -> None:
    """The first glyph of several that make a letter has it."""
    cmap = _map_to({"e": said, "h": "h"})
    assert _unmapped(_in_glyphs(tmp_path / "a.pdf", cmap, width=width)) == 0
    assert _unmapped(_in_glyphs(tmp_path / "b.pdf", _map_to({"e": "e", "h": "h"}))) > 0


def _drawings(pdf: pikepdf.Pdf, letters: Sequence[str], name: str) -> Dictionary:
    """A Type 3 font of pictures of letters, with codes from 33 on and names that hold those numbers."""
    print_, procedures, names = ImageFont.load_default(48), Dictionary(), list[Name]()
    for code, letter in enumerate(letters, start=33):
        picture = Image.new("1", (40, 64), 1)
        ImageDraw.Draw(picture).text((2, 0), letter, font=print_, fill=0)
        draw = b"40 0 0 0 40 64 d1 q 40 0 0 64 0 0 cm BI /W 40 /H 64 /IM true /BPC 1 ID " + picture.tobytes() + b" EI Q"
        names.append(Name(f"/{name % code}"))
        procedures[names[-1]] = pdf.make_stream(draw)
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.Type3,
        FontBBox=Array([0, 0, 40, 64]),
        FontMatrix=Array([0.02, 0, 0, 0.02, 0, 0]),
        FirstChar=33,
        LastChar=32 + len(letters),
        Widths=Array([30] * len(letters)),
        CharProcs=procedures,
        Encoding=Dictionary(Type=Name.Encoding, Differences=Array([33, *names])),
        Resources=Dictionary(),
    )


def _in_drawings(path: Path, lines: Sequence[str], name: str, own: Sequence[str] = ("Heading",)) -> Path:
    """A page of lines in a Type 3 font, below a text of its own."""
    letters = sorted(set("".join(lines)) - {" "})
    with pikepdf.open(typed_pdf(path, [") Tj /F1 9 Tf 0 -12 Td (".join(own)]), allow_overwriting_input=True) as pdf:
        pdf.pages[0].obj.Resources.Font.F2 = pdf.make_indirect(_drawings(pdf, letters, name))
        for number, line in enumerate(lines):
            codes = "> -500 <".join("".join(f"{33 + letters.index(one):02X}" for one in word) for word in line.split())
            shown = f"BT /F2 14 Tf 72 {200 - 24 * number} Td [<{codes}>] TJ ET"
            pdf.pages[0].contents_add(pdf.make_stream(shown.encode()))
        pdf.save(path)
    return path


LINES = ("The harbour master wrote", "that every ship must be", "counted twice before the", "evening tide returned")
OWN = LINES * 8


@pytest.mark.parametrize(("name", "lacking"), [("g%d", True), ("G%02X", True), ("uni%04d", True), ("letter%dx", False)])
def test_drawings_whose_names_only_count_them_have_no_letters(name: str, lacking: bool, tmp_path: Path) -> None:
    count = sum(map(len, "".join(LINES).split()))
    assert _unmapped(_in_drawings(tmp_path / "a.pdf", LINES, name)) == count * lacking


def test_drawings_of_an_alphabet_or_with_gaps_have_letters(tmp_path: Path) -> None:
    path = _in_drawings(tmp_path / "a.pdf", ["0123456789"], "a%d")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        encoding = pdf.pages[0].obj.Resources.Font.F2.Encoding
        encoding.Differences = Array([33, *(Name(f"/a{code}") for code in range(48, 58))])
        pdf.save(path)
    assert _unmapped(path) == 0
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        encoding = pdf.pages[0].obj.Resources.Font.F2.Encoding
        encoding.Differences = Array([33, *(Name(f"/a{code}") for code in range(32, 62, 3))])
        pdf.save(path)
    assert _unmapped(path) == 0


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
def test_a_page_with_such_letters_is_read_by_ocr(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = _in_drawings(tmp_path / "a.pdf", LINES, "G%02X", OWN)
    [(_, [page])] = process([path], text_layer="auto")
    assert page.text_source is TextSource.OCR and "fonts without a map" in page.note
    assert {"harbour", "every", "twice", "evening"} <= set(page.text.split())


def test_a_page_with_a_few_such_letters_keeps_its_text_and_is_doubtful(
    tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = _in_drawings(tmp_path / "a.pdf", ["abcdefghijk"], "g%d", OWN)
    [(_, [page])] = process([path], text_layer="auto")
    assert page.quality is Quality.DOUBTFUL and "11 characters in fonts without a map" in page.note
    assert OWN[0] in page.text


def test_a_damaged_font_is_no_fault_of_the_look(tmp_path: Path) -> None:
    path = _in_glyphs(tmp_path / "a.pdf", None)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        del pdf.pages[0].obj.Resources.Font.F2.DescendantFonts
        pdf.save(path)
    assert _unmapped(path) == 0
