"""Small documents made on the spot: pictures, scans, born-digital pages."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import pikepdf
import pillow_heif
from PIL import Image, ImageDraw, ImageFont

from distributed_ocr_pipeline.records import Document, DocumentResult, PageResult

SCAN_WIDTH, SCAN_HEIGHT = 900, 600  # pixels; at 300 dpi, 216 x 144 points
Ledger = list[tuple[DocumentResult, list[PageResult]]]

_WORDS = "Pages of some document, drawn for a glance at what is on them and how it stands".split()


def document_id_of(source_uri: str) -> str:
    """What `planning/todo.py` makes a document's id of, in Python."""
    return hashlib.sha256(source_uri.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def format_documents(documents: Iterable[Document]) -> str:
    """The content of documents.jsonl, as the planner writes it."""
    return "".join(json.dumps(asdict(document)) + "\n" for document in documents)


def document(path: Path) -> Document:
    """The planner's record of a file."""
    size = path.stat().st_size if path.is_file() else 0
    return Document(
        document_id=path.name.replace(".", "-"), source_uri=str(path), key=path.name, etag="", size_bytes=size
    )


def page_picture(text: str = "A page of a document", size: tuple[int, int] = (900, 300), ink: int = 0) -> Image.Image:
    """A grey picture with one line of text, 40 pixels high."""
    picture = Image.new("L", size, 255)
    ImageDraw.Draw(picture).text((40, 100), text, fill=ink, font=ImageFont.load_default(40))
    return picture


def saved(picture: Image.Image, path: Path, *others: Image.Image, **encoding: Any) -> Path:
    """The picture in a file of the kind that its name says, HEIC included, which Pillow cannot write.

    A HEIC may hold `others` beside it.
    """
    if path.suffix == ".heic":
        photos = pillow_heif.from_pillow(picture.convert("RGB"))
        for other in others:
            photos.add_from_pillow(other.convert("RGB"))
        photos.save(path, **encoding)
    else:
        picture.save(path, **encoding)
    return path


def scanned_pdf(path: Path, pages: int, texts: Mapping[int, str] | None = None) -> Path:
    """A PDF whose pages are pictures."""
    first, *others = [page_picture((texts or {}).get(page, f"Page {page}")) for page in range(1, pages + 1)]
    first.save(path, format="PDF", save_all=True, append_images=others, resolution=300)
    return path


def stamped_pdf(path: Path, pages: int) -> Path:
    """Scans with a box drawn over each: what Poppler must draw."""
    with pikepdf.open(scanned_pdf(path, pages), allow_overwriting_input=True) as pdf:
        for page in pdf.pages:
            page.contents_add(b"2 2 9 9 re S")
        pdf.save(path)
    return path


def tiff(path: Path, pages: int) -> Path:
    """A TIFF of several pages."""
    first, *others = [page_picture(f"Page {page}") for page in range(1, pages + 1)]
    first.save(path, format="TIFF", save_all=True, append_images=others, dpi=(300, 300))
    return path


def typed_pdf(path: Path, lines: Iterable[str]) -> Path:
    """A born-digital PDF: a page for each line of text."""
    lines = list(lines)
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(lines)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(lines)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, line in enumerate(lines):
        stream = f"BT /F1 24 Tf 72 700 Td ({line}) Tj ET"
        resources = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] {resources} /Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    path.write_bytes(pdf_bytes(objects))
    return path


def attach(path: Path, files: Mapping[str, bytes]) -> Path:
    """A PDF with files attached to it."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for name, content in files.items():
            pdf.attachments[name] = content
        pdf.save(path)
    return path


def pdf_bytes(objects: Iterable[str]) -> bytes:
    """A PDF file of these objects, numbered from 1; the first is the catalog."""
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    entries = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    table = f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n{entries}"
    trailer = f"trailer\n<< /Size {len(offsets) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + table.encode() + trailer.encode()


def replaced(path: Path, old: str, new: str) -> Path:
    """Change a file; a PDF's table of offsets need not be right."""
    content = path.read_bytes()
    assert old.encode() in content
    path.write_bytes(content.replace(old.encode(), new.encode()))
    return path


def scan_pdf(path: Path, mode: str = "L") -> Path:
    """A page that is a JPEG, or black and white (CCITT)."""
    picture = page_picture("A page that was scanned", (SCAN_WIDTH, SCAN_HEIGHT)).convert(mode)
    picture.save(path, format="PDF", resolution=300)
    return path


@contextmanager
def changing_scan(path: Path) -> Iterator[tuple[pikepdf.Page, pikepdf.Object]]:
    """The page and its picture, to be changed."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        page = pdf.pages[0]
        [picture] = page.resources["/XObject"].values()
        yield page, picture
        pdf.save(path)


def printed_page(font_pixels: int = 28, size: tuple[int, int] = (1200, 1600)) -> Image.Image:
    """A grey page full of lines of text."""
    page = Image.new("L", size, 255)
    for top in range(100, size[1] - 100, round(font_pixels * 1.5)):
        text = " ".join(_WORDS[(top * step) % len(_WORDS)] for step in range(1, 40))[: round(1800 / font_pixels)]
        ImageDraw.Draw(page).text((100, top), text, fill=0, font=ImageFont.load_default(font_pixels))
    return page


def repeating_page(font_pixels: int, size: tuple[int, int] = (1000, 1294)) -> Image.Image:
    """A grey page of the same four lines again and again: their letters stand in columns."""
    page = Image.new("L", size, 255)
    for number, top in enumerate(range(60, size[1] - 60, round(font_pixels * 1.6))):
        text = " ".join([*_WORDS[4 * (number % 4) :], *_WORDS])[: round(1500 / font_pixels)]
        ImageDraw.Draw(page).text((60, top), text, fill=0, font=ImageFont.load_default(font_pixels))
    return page


def with_specks(page: Image.Image, share: float) -> Image.Image:
    """The page, strewn with dark pixels, the same at every call."""
    chance = Random(1)
    for _ in range(round(share * page.width * page.height)):
        page.putpixel((chance.randrange(page.width), chance.randrange(page.height)), chance.choice((0, 100)))
    return page


def with_dotted_print(page: Image.Image, text: str, place: tuple[int, int], kept: float) -> Image.Image:
    """The page with a line whose strokes are dots: a share of their pixels, the same at every call."""
    chance, mask = Random(1), Image.new("L", page.size)
    ImageDraw.Draw(mask).text(place, text, fill=255, font=ImageFont.load_default(30))
    left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
    for x, y in ((x, y) for y in range(top, bottom) for x in range(left, right)):
        if mask.getpixel((x, y)) == 255 and chance.random() < kept:
            page.putpixel((x, y), 0)
    return page


def drawing_on_scan(path: Path, commands: str) -> Path:
    """The scan with more commands after its own; `{name}` is its picture's name."""
    with changing_scan(path) as (page, _):
        name = next(iter(page.resources["/XObject"].keys()))
        page.contents_add(commands.replace("{name}", str(name)).encode())
    return path
