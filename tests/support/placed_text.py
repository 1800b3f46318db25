"""Born-digital pages whose lines stand at known places, in any script."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fpdf.bidi import BidiParagraph

from tests.support.documents import pdf_bytes

_WIDTH, _HEIGHT = 595, 842  # points
_ADVANCE = 500  # thousandths of the size, of each letter
_CMAP = """/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Any def /CMapType 2 def
1 begincodespacerange <00> <FF> endcodespacerange
{mappings}
endcmap CMapName currentdict /CMap defineresource pop end end"""


@dataclass(frozen=True)
class PlacedLine:
    """A line: its letters as they are read, where it begins (from the left, or the right if it runs leftwards), and its
    baseline from the page's top; points.
    """

    text: str
    start: float
    baseline: float
    size: float = 12


def placed_pdf(path: Path, *pages: Iterable[PlacedLine], meanings: Mapping[str, str] | None = None) -> Path:
    """A PDF in which each letter is a code of one font, and says what it stands for; the file has at most 255.

    `meanings` has the text that letters stand for, where it is not the letter itself, as of a ligature.
    """
    shown = [[_as_drawn(line) for line in lines] for lines in pages]
    letters = sorted({letter for lines in shown for line in lines for letter in line.text})
    codes = {letter: code for code, letter in enumerate(letters, start=1)}
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(shown)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(shown)} >>",
        "<< /Type /Font /Subtype /TrueType /BaseFont /Letters /ToUnicode 4 0 R "
        f"/FirstChar 0 /LastChar 255 /Widths [{f'{_ADVANCE} ' * 256}] >>",
        _stream(_CMAP.format(mappings="\n".join(_mappings(codes, meanings or {})))),
    ]
    for number, lines in enumerate(shown):
        box = f"/MediaBox [0 0 {_WIDTH} {_HEIGHT}] /Resources << /Font << /F1 3 0 R >> >>"
        objects += [
            f"<< /Type /Page /Parent 2 0 R {box} /Contents {6 + 2 * number} 0 R >>",
            _stream("\n".join(_command(line, codes) for line in lines)),
        ]
    path.write_bytes(pdf_bytes(objects))
    return path


def _as_drawn(line: PlacedLine) -> PlacedLine:
    """The line with its letters from left to right, by the bidirectional algorithm, and its place from the left."""
    paragraph = BidiParagraph(text=line.text)
    drawn = "".join(character.character for character in paragraph.get_reordered_characters())
    width = len(drawn) * _ADVANCE / 1000 * line.size
    start = _WIDTH - line.start - width if paragraph.base_direction.name == "RTL" else line.start
    return PlacedLine(drawn, start, line.baseline, line.size)


def _mappings(codes: Mapping[str, int], meanings: Mapping[str, str]) -> Iterator[str]:
    for letter, code in codes.items():
        text = meanings.get(letter, letter)
        yield f"1 beginbfchar <{code:02X}> <{text.encode('utf-16-be').hex().upper()}> endbfchar"


def _command(line: PlacedLine, codes: dict[str, int]) -> str:
    shown = "".join(f"{codes[letter]:02X}" for letter in line.text)
    return f"BT /F1 {line.size} Tf 1 0 0 1 {line.start} {_HEIGHT - line.baseline} Tm <{shown}> Tj ET"


def _stream(content: str) -> str:
    return f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"
