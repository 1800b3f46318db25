"""The whole files that the mutants are made of: small examples, and tiny documents of every kind made on the spot."""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

_EXAMPLES = Path(__file__).parents[2] / "examples" / "documents"
_EXAMPLE_NAMES = (
    "blank.pdf",
    "born-digital.pdf",
    "encrypted.pdf",
    "fax.tif",
    "invoice.webp",
    "mixed.pdf",
    "receipt.jp2",
    "scan-clean.pdf",
    "scan-skewed.pdf",
    "slide-white-on-dark.png",
    "table.bmp",
)
_TINY_PDF, _TINY_PICTURE = 15, 4  # how much oftener than one of the examples, which cost much more, each is taken
_MADE_AT = datetime(2025, 1, 1, tzinfo=timezone.utc)
_LINES = ("Dear Sir or Madam,", "please find enclosed our invoice", "number 4711 over 12.50 euros.")


@dataclass(frozen=True)
class Base:
    """A whole file; `suffix` is also its kind: pdf, or one of a picture."""

    name: str
    suffix: str
    content: bytes
    weight: int


@lru_cache
def bases() -> tuple[Base, ...]:
    """All whole files, always the same with the same versions of Pillow and fpdf2."""
    examples = [_EXAMPLES / name for name in _EXAMPLE_NAMES]
    return (
        *(Base(path.stem, path.suffix[1:], path.read_bytes(), weight=1) for path in examples),
        *(Base(name, "pdf", make(), _TINY_PDF) for name, make in _TINY_PDFS.items()),
        *(_tiny_picture(name, suffix, options) for name, suffix, options in _TINY_PICTURES),
    )


def _typed(pages: int) -> bytes:
    pdf = FPDF(unit="pt", format=(220, 120))
    pdf.set_creation_date(_MADE_AT)
    pdf.set_auto_page_break(False)
    pdf.set_compression(False)  # so that changes reach what is drawn
    pdf.set_font("Helvetica", size=12)
    for page in range(1, pages + 1):
        pdf.add_page()
        for line in (*_LINES, f"Page {page}"):
            pdf.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def _scanned(pages: int, mode: str) -> bytes:
    buffer = BytesIO()
    first, *others = [_picture(mode)] * pages
    dates = {"creationDate": _MADE_AT.timetuple(), "modDate": _MADE_AT.timetuple()}
    first.save(buffer, "PDF", save_all=True, append_images=others, resolution=150, **dates)
    return buffer.getvalue()


def _nested() -> bytes:
    """Pages whose content, forms, patterns and soft masks refer to one another."""
    resources = "/Resources << /XObject << /X 6 0 R >> /Font << /F 5 0 R >> /Pattern << /P 8 0 R >> >>"
    form = f"/Type /XObject /Subtype /Form /BBox [0 0 220 120] {resources}"
    tile = "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9"
    return _pdf(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R 10 0 R] /Count 3 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 220 120] /Contents [4 0 R 4 0 R] {resources} >>",
        _stream("q /X Do Q BT /F 12 Tf 1 0 0 1 20 80 Tm (A form, a pattern and some text) Tj ET"),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        _stream("/Pattern cs /P scn 0 0 220 60 re f /Y Do", form.replace("/X 6", "/Y 7")),
        _stream("BT /F 12 Tf 20 40 Td (in a form) Tj ET", form.replace("/X 6 0 R", "")),
        _stream("0 0 4 4 re f", f"{tile} /Resources << >>"),
        f"<< /Type /Page /Parent 10 0 R /Rotate 90 /CropBox [10 10 200 100] /Contents 4 0 R {resources} >>",
        "<< /Type /Pages /Parent 2 0 R /Kids [9 0 R 9 0 R] /Count 2 /MediaBox [0 0 220 120] >>",
    )


def _compressed() -> bytes:
    """A PDF whose objects lie in an object stream, found by a cross-reference stream."""
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 220 120] /Contents 5 0 R"
        " /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
    ]
    heads = " ".join(f"{number} {sum(len(part) + 1 for part in parts[: number - 1])}" for number in (1, 2, 3)) + "\n"
    objects = zlib.compress((heads + "\n".join(parts)).encode())
    text = zlib.compress(b"BT /F 12 Tf 20 80 Td (An object stream holds the page) Tj ET")
    flate = "/Filter /FlateDecode"
    body, offsets = b"%PDF-1.5\n", {}
    for number, head, data in ((4, f"/Type /ObjStm /N 3 /First {len(heads)} {flate}", objects), (5, flate, text)):
        offsets[number] = len(body)
        body += _object(number, _stream_bytes(data, head))
    entries = [(0, 0, 255), (2, 4, 0), (2, 4, 1), (2, 4, 2), (1, offsets[4], 0), (1, offsets[5], 0), (1, len(body), 0)]
    table = b"".join(bytes([kind]) + where.to_bytes(2, "big") + bytes([index]) for kind, where, index in entries)
    head = f"/Type /XRef /Size 7 /W [1 2 1] /Root 1 0 R {flate}"
    return body + _object(6, _stream_bytes(zlib.compress(table), head)) + f"startxref\n{len(body)}\n%%EOF\n".encode()


def _pdf(*contents: str | bytes) -> bytes:
    """A PDF file of these objects, numbered from 1; the first is the catalog."""
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(contents, start=1):
        offsets.append(len(body))
        body += _object(number, content)
    entries = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(offsets) + 1
    table = f"xref\n0 {size}\n0000000000 65535 f \n{entries}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return body + table.encode() + f"startxref\n{len(body)}\n%%EOF\n".encode()


def _object(number: int, content: str | bytes) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return b"%d 0 obj\n%b\nendobj\n" % (number, content)


def _stream(data: str, head: str = "") -> bytes:
    return _stream_bytes(data.encode(), head)


def _stream_bytes(data: bytes, head: str) -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(data), head.encode(), data)


_TINY_PDFS: dict[str, Callable[[], bytes]] = {
    "typed": lambda: _typed(1),
    "typed-long": lambda: _typed(5),
    "scan-grey": lambda: _scanned(1, "L"),
    "scan-fax": lambda: _scanned(2, "1"),
    "nested": _nested,
    "compressed": _compressed,
}

_TINY_PICTURES: Iterable[tuple[str, str, dict[str, Any]]] = (
    ("grey", "png", {"mode": "L", "dpi": (150, 150)}),
    ("palette", "png", {"mode": "P", "transparency": 3}),
    ("deep", "png", {"mode": "I;16"}),
    ("clear", "png", {"mode": "RGBA"}),
    ("plain", "jpg", {"mode": "L", "dpi": (150, 150)}),
    ("progressive", "jpg", {"mode": "RGB", "progressive": True}),
    ("cmyk", "jpg", {"mode": "CMYK"}),
    ("frames", "tif", {"mode": "L", "frames": 3, "compression": "tiff_lzw"}),
    ("fax4", "tif", {"mode": "1", "frames": 2, "compression": "group4"}),
    ("float", "tif", {"mode": "F"}),
    ("lossy", "webp", {"mode": "RGB"}),
    ("moving", "webp", {"mode": "RGB", "frames": 3}),
    ("bitmap", "bmp", {"mode": "L"}),
    ("wavelet", "jp2", {"mode": "L"}),
    ("photo", "avif", {"mode": "RGB"}),
    ("animation", "gif", {"mode": "P"}),
)


def _tiny_picture(name: str, suffix: str, options: dict[str, Any]) -> Base:
    """One of the table: its mode, number of frames, and whatever else its encoder understands."""
    mode, frames, encoding = options["mode"], options.get("frames", 1), {**options}
    del encoding["mode"]
    buffer = BytesIO()
    first, *others = [_picture(mode)] * frames
    save = {"save_all": True, "append_images": others} if encoding.pop("frames", 1) > 1 else {}
    first.save(buffer, Image.registered_extensions()[f".{suffix}"], **save, **encoding)
    return Base(name, suffix, buffer.getvalue(), _TINY_PICTURE)


def _picture(mode: str) -> Image.Image:
    """A few lines of black print on white."""
    picture = Image.new("L", (330, 90), 255)
    ImageDraw.Draw(picture).multiline_text((10, 5), "\n".join(_LINES), fill=0, font=ImageFont.load_default(20))
    if mode == "I;16":
        return picture.convert("I").point(lambda level: level * 200).convert("I;16")
    return picture.convert(mode)
