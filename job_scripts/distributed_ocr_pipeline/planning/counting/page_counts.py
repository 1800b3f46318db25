"""Pages of a document from a few pieces of the file: PDFs by their page tree, TIFFs by their chain of directories."""

import struct
from dataclasses import dataclass

from distributed_ocr_pipeline.planning.counting.pdf_pages import USUAL_MEGAPIXELS, PdfPages, read_pdf_pages
from distributed_ocr_pipeline.planning.counting.ranges import RangeReader, TooMuch

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"BM", b"\0\0\0\x0cjP", b"\xff\x4f\xff\x51")
_BRANDED = (b"ftypavif", b"ftypavis", b"ftypheic", b"ftypheix", b"ftypmif1")  # AVIF, HEIC
_MAX_DIRECTORIES = 20_000


@dataclass(frozen=True)
class PageCount:
    """What a look into a document found."""

    pages: int
    text_share: float  # of the pages, that bring text of their own
    speckled: float = 0.0  # share of the others that have many specks, as far as that shows
    megapixels: float = USUAL_MEGAPIXELS  # of one of these others, drawn at 300 dpi


def count_pages(reader: RangeReader) -> PageCount | None:
    """Pages of a document, and how many bring text of their own; None if that cannot be told cheaply.

    The kind is told by the first bytes, as the worker does it: other pictures than TIFF have one page, and what is
    no picture has none, since the worker leaves it alone.
    """
    try:
        head = reader.read(0, 1024)
        if b"%PDF-" in head:
            found = read_pdf_pages(reader)
            return _of_pdf(found) if found else None
        if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            pages = _count_tiff_directories(reader, head)
            return PageCount(pages, 0.0) if pages else None
        return PageCount(int(head.startswith(_PICTURES) or head[4:12] in _BRANDED), 0.0)
    except (TooMuch, struct.error):
        return None


def _of_pdf(found: PdfPages) -> PageCount:
    return PageCount(found.count, found.text_share, found.speckled, max(USUAL_MEGAPIXELS, found.megapixels))


def _count_tiff_directories(reader: RangeReader, head: bytes) -> int:
    """Follow the chain of image file directories (TIFF 6.0, section 2; BigTIFF has wider fields)."""
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    number, offset, entry_bytes = ("Q", "Q", 20) if big else ("H", "I", 12)
    (directory,) = struct.unpack_from(order + offset, head, 8 if big else 4)
    seen: set[int] = set()
    while directory and directory not in seen and len(seen) < _MAX_DIRECTORIES:
        seen.add(directory)
        width = struct.calcsize(order + number)
        (entries,) = struct.unpack(order + number, reader.read(directory, width))
        after = directory + width + entry_bytes * entries
        (directory,) = struct.unpack(order + offset, reader.read(after, struct.calcsize(order + offset)))
    return len(seen)
