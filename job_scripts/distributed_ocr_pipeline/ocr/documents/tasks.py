"""What the sandbox that reads documents may be asked to do.

Each task loads its libraries when it is asked for: a sandbox that only looks into PDFs does without Pillow, one that
decodes pictures without pikepdf, and each takes longer to load than a page takes.
"""

# pylint: disable=import-outside-toplevel

from collections.abc import Sequence

from distributed_ocr_pipeline.ocr.documents.looks.found import FoundPictures, PagesSeen, PlainPdf
from distributed_ocr_pipeline.ocr.rasters.rasterised import Rasterised

__all__ = [
    "look_at_pages",
    "look_at_pictures",
    "look_into",
    "page_frames",
    "rasterise",
    "rasterise_scan",
    "unlock",
    "write_as_drawn",
]


def look_at_pictures(path: str, pages: Sequence[int], single: Sequence[int]) -> FoundPictures:
    """Pages with damaged pictures, and those of `single` that are bare scans (see `cut_pictures`, `bare_scans`)."""
    from distributed_ocr_pipeline.ocr.documents.looks.bare_scans import bare_scans
    from distributed_ocr_pipeline.ocr.documents.looks.cut_pictures import pages_with_cut_pictures

    return FoundPictures(bare_scans(path, single) if single else [], pages_with_cut_pictures(path, pages))


def look_at_pages(path: str, page_count: int, pages: Sequence[int]) -> PagesSeen | None:
    """What `pages` show (see `bare_text`)."""
    from distributed_ocr_pipeline.ocr.documents.looks.bare_text import pages_seen

    return pages_seen(path, page_count, pages)


def write_as_drawn(path: str, page_count: int, target: str) -> bool:
    """Write a copy of a PDF in which the letters of each code stand as they are drawn (see `ligatures`)."""
    from distributed_ocr_pipeline.ocr.documents.looks import ligatures

    return ligatures.write_as_drawn(path, page_count, target)


def unlock(path: str, passwords: Sequence[str], target: str) -> bool:
    """Write a copy of a PDF that needs no password; False if none of `passwords` opens it.

    AES with 256 bits takes a password as UTF-8; older encryptions take it as PDFDocEncoding, of which Latin-1 is nearly
    all (ISO 32000-2, 7.6.4).
    """
    import pikepdf

    forms = (password.encode(name, "ignore") for password in passwords for name in ("utf-8", "latin-1"))
    for password in dict.fromkeys(forms):
        try:
            with pikepdf.open(path, password=password) as pdf:
                pdf.save(target)
                return True
        except (pikepdf.PasswordError, pikepdf.PdfError):  # the second of an encryption that is unknown
            continue
    return False


def look_into(path: str, last: int) -> PlainPdf | None:
    """What a PDF and its pages up to `last` are, if it is plain (see `bare_text`)."""
    from distributed_ocr_pipeline.ocr.documents.looks.bare_text import plain_pdf

    return plain_pdf(path, last)


def page_frames(path: str) -> list[int]:
    """The frames of a picture that are its pages (see `decoding`)."""
    from distributed_ocr_pipeline.ocr.rasters import decoding

    return decoding.page_frames(path)


def rasterise(path: str, frame: int, target: str, max_pixels: int, memory_mb: int) -> Rasterised:
    """Write one frame (from 0) of a picture as grey TIFF to `target` (see `decoding`)."""
    from distributed_ocr_pipeline.ocr.rasters import decoding

    return decoding.rasterise(path, frame, target, max_pixels, memory_mb)


def rasterise_scan(path: str, stored: Sequence[int], turn: int, size: Sequence[int], target: str) -> None:
    """Write a picture extracted from a PDF as grey TIFF of another `size` (see `decoding`)."""
    from distributed_ocr_pipeline.ocr.rasters import decoding

    decoding.rasterise_scan(path, stored, turn, size, target)
