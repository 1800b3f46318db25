"""Pages with words at known places, and what Poppler finds in the PDFs made of them."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, ImageDraw, ImageFont

from distributed_ocr_pipeline.outputs.pdf.searchable import SearchablePdf
from distributed_ocr_pipeline.outputs.structure import SourceDocument
from distributed_ocr_pipeline.records import PageResult, PageStatus, TextSource, Word

DPI = 200
SIZE = (1100, 800)  # pixels; 396 x 288 points
LINES = ("The quick brown fox", "jumps over it, again", "and (again) naps.")
SOURCE = SourceDocument("folder/a.pdf", "s3://bucket/folder/a.pdf", 1, "pytesseract", "tesseract 5")
_XHTML = "{http://www.w3.org/1999/xhtml}"

Boxes = list[tuple[str, tuple[float, ...]]]
"""Words, each with left, top, right and bottom in points of the page as a viewer shows it."""


def drawn_page(lines: Sequence[str] = LINES, size: tuple[int, int] = SIZE) -> tuple[Image.Image, tuple[Word, ...]]:
    """A page with lines of text, and the box of ink of each word."""
    image, words = Image.new("L", size, 255), []
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(44)
    for number, line in enumerate(lines, start=1):
        left, top = 120.0, 40 + 100 * number
        for text in line.split():
            box = [round(edge) for edge in draw.textbbox((left, top), text, font=font)]
            draw.text((left, top), text, font=font, fill=0)
            words.append(Word(text, box[0], box[1], box[2] - box[0], box[3] - box[1], 95.0, number))
            left += draw.textlength(text + " ", font=font)
    return image, tuple(words)


def page_of(words: Sequence[Word], size: tuple[int, int] = SIZE, **changes: object) -> PageResult:
    """A page that was read, a paragraph of lines."""
    lines: dict[int, list[str]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word.text)
    values: dict[str, object] = {
        "page_number": 1,
        "status": PageStatus.SUCCEEDED,
        "text": "\n".join(map(" ".join, lines.values())),
        "text_source": TextSource.OCR,
        "word_count": len(words),
        "words": tuple(words),
        "dpi": DPI,
        "width_px": size[0],
        "height_px": size[1],
    }
    return PageResult(**values | changes)  # type: ignore[arg-type]


def searchable(original: Path, target: Path, *pages: PageResult, media_type: str = "application/pdf") -> Path:
    """The searchable PDF of a document."""
    with SearchablePdf(original, media_type, len(pages), target) as writer:
        for page in pages:
            writer.add(page)
        writer.finish()
    return target


def poppler_text(pdf: Path) -> str:
    """The text that `pdftotext` finds; it has nothing to complain of."""
    found = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, check=True)
    assert found.stderr == b""
    return found.stdout.decode()


def poppler_words(pdf: Path) -> Boxes:
    """The words that `pdftotext` finds on the first page, with their boxes."""
    found = subprocess.run(["pdftotext", "-l", "1", "-bbox", str(pdf), "-"], capture_output=True, check=True)
    words = ElementTree.fromstring(found.stdout).iter(f"{_XHTML}word")
    edges = ("xMin", "yMin", "xMax", "yMax")
    return [(word.text or "", tuple(float(word.attrib[edge]) for edge in edges)) for word in words]


def rendered(pdf: Path) -> bytes:
    """The pixels of all pages; Poppler has nothing to complain of."""
    found = subprocess.run(["pdftoppm", "-r", "72", str(pdf)], capture_output=True, check=True)
    assert found.stderr == b""
    return found.stdout
