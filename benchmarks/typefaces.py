"""How right the text is in other typefaces than the one that the corpus is printed in: in any that are given.

    python -m benchmarks.typefaces /usr/share/fonts/truetype/dejavu/*.ttf

For each, three pages in black and white at 11 and at 9 points, and three at 10 points from a scanner of middling
quality, read by ours and by plain Tesseract on pages that Poppler draws at 300 dpi.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.accuracy import read
from benchmarks.contestants import HandMade, Ours
from benchmarks.corpus import TrueDocument, TruePage
from examples.pages import Layout, draw_text, noisy, prose, text_of
from examples.pdf import Pdf

_PAGES = 3
_JPEG_QUALITY = 60


@dataclass(frozen=True)
class Print(Layout):
    """A layout in a font of the machine."""

    face: Path = Path()

    def typeface(self) -> Path:
        """That font's file."""
        return self.face


@dataclass(frozen=True)
class _Kind:
    name: str
    points: float
    sentences: int
    grey: bool = False


_KINDS = (_Kind("11 points", 11, 18), _Kind("9 points", 9, 26), _Kind("10 points, grey", 10, 22, grey=True))


def documents(faces: Sequence[Path], folder: Path) -> Iterator[TrueDocument]:
    """A PDF for each typeface, all kinds of pages in it."""
    for number, face in enumerate(faces):
        pdf, truths = Pdf(), []
        for kind in _KINDS:
            layout = Print(points=kind.points, face=face)
            for seed in range(_PAGES):
                paragraphs = prose(seed + 10 * number, kind.sentences)
                image = draw_text(paragraphs, layout)
                image = noisy(image, seed, grain=16, specks=0) if kind.grey else image
                pdf.add_scan(image, layout, _JPEG_QUALITY if kind.grey else None)
                truths.append(TruePage(kind.name, text_of(paragraphs)))
        path = folder / f"{number:03d}.pdf"
        path.write_bytes(pdf.bytes())
        yield TrueDocument(path, "typefaces", tuple(truths))


def main() -> None:
    """Print the errors by kind of page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.typefaces", description=__doc__.splitlines()[0])
    parser.add_argument("fonts", nargs="+", type=Path, help="TrueType or OpenType files")
    faces = parser.parse_args().fonts
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wanted = list(documents(faces, folder))
        ours = read(Ours("ours", {}), wanted, folder / "ours")
        plain = read(HandMade(), wanted, folder / "plain")
    print(f"{'':18}{'characters':>12}{'errors, ours':>14}{'errors, plain':>15}")
    for kind in _KINDS:
        errors = ours[kind.name].character_errors, plain[kind.name].character_errors
        print(f"{kind.name:18}{ours[kind.name].characters:>12}{errors[0]:>14}{errors[1]:>15}")


if __name__ == "__main__":
    main()
