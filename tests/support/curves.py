"""Print that is drawn as curves, as programs for drawing write it: the outlines of a font's letters, filled."""

from io import BytesIO
from typing import Any

from fontTools.pens.basePen import BasePen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

from examples.pages import font_bytes


class _Commands(BasePen):  # type: ignore[misc]  # fontTools has no types
    """Outlines as commands of a PDF; flattened, each curve is a straight line."""

    def __init__(self, glyphs: Any, flattened: bool) -> None:
        super().__init__(glyphs)
        self.commands: list[str] = []
        self._flattened = flattened

    def _moveTo(self, pt: tuple[float, float]) -> None:
        self.commands.append(f"{_pair(pt)} m")

    def _lineTo(self, pt: tuple[float, float]) -> None:
        self.commands.append(f"{_pair(pt)} l")

    def _curveToOne(self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]) -> None:
        self.commands.append(f"{_pair(pt3)} l" if self._flattened else " ".join(map(_pair, (pt1, pt2, pt3))) + " c")

    def _closePath(self) -> None:
        self.commands.append("h")


def print_as_curves(
    text: str, left: float, bottom: float, points: float, grey: float = 0.0, flattened: bool = False
) -> str:
    """Commands that draw a line of print."""
    font = TTFont(BytesIO(font_bytes()))
    glyphs, names = font.getGlyphSet(), font.getBestCmap()
    scale = points / font["head"].unitsPerEm
    pen = _Commands(glyphs, flattened)
    for character in text:
        glyph = glyphs[names[ord(character)]]
        glyph.draw(TransformPen(pen, (scale, 0, 0, scale, left, bottom)))
        left += glyph.width * scale
    return "\n".join(["q", f"{grey} g", *pen.commands, "f", "Q"])


def _pair(point: tuple[float, float]) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}"
