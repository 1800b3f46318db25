"""What the sandbox that reads documents may be asked to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from distributed_ocr_pipeline.ocr.rasters.decoding import page_frames, rasterise, rasterise_scan

__all__ = ["find_bare_scans", "find_bare_text", "look_into", "page_frames", "rasterise", "rasterise_scan", "unlock"]


@dataclass(frozen=True)
class FoundScan:
    """A page that is a bare scan, and the degrees clockwise by which it is turned."""

    page: int
    turn: int


@dataclass(frozen=True)
class PlainPdf:
    """A PDF that every reader sees alike: its pages, the sizes of the first ones, and which of them show no picture."""

    pages: int
    sizes: list[tuple[float, float]]  # in points, as displayed
    bare_text: list[int]  # numbers from 1


def find_bare_scans(path: str, pages: Sequence[int]) -> list[FoundScan]:
    """Those of `pages` (numbers from 1) that are bare scans (see `bare_scans`)."""
    # pylint: disable-next=import-outside-toplevel  # loading pikepdf takes longer than a page; only scans need it
    from distributed_ocr_pipeline.ocr.documents.bare_scans import bare_scans

    return [FoundScan(page, turn) for page, turn in bare_scans(path, pages)]


def find_bare_text(path: str, page_count: int, pages: Sequence[int]) -> list[int]:
    """Those of `pages` (numbers from 1) that certainly show no picture (see `bare_text`)."""
    # pylint: disable-next=import-outside-toplevel  # as above
    from distributed_ocr_pipeline.ocr.documents.bare_text import bare_text

    return bare_text(path, page_count, pages)


def unlock(path: str, passwords: Sequence[str], target: str) -> bool:
    """Write a copy of a PDF that needs no password; False if none of `passwords` opens it.

    AES with 256 bits takes a password as UTF-8; older encryptions take it as PDFDocEncoding, of which Latin-1 is nearly
    all (ISO 32000-2, 7.6.4).
    """
    import pikepdf  # pylint: disable=import-outside-toplevel  # as above

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
    """What a PDF and its pages up to `last` are, if it is plain (see `bare_text.plain_sizes`)."""
    # pylint: disable-next=import-outside-toplevel  # as above
    from distributed_ocr_pipeline.ocr.documents.bare_text import plain_sizes

    found = plain_sizes(path, last)
    return PlainPdf(*found) if found else None
