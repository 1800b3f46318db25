"""pikepdf: which pages of a PDF certainly show no picture, and how large pages are, so that no program need be started.

A page is bare text if nothing that it names can hold a picture, and its commands draw none in line. Whatever is not
plain (a form, a pattern, a note, a font of drawings, a file that had to be repaired) is left to Poppler. It reads files
from strangers, so it runs in a sandbox.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pikepdf

_INLINE_PICTURE = re.compile(rb"BI(?=[\0\t\n\f\r ()<>\[\]{}/%]|\Z)")  # also where it is part of a text
_DEEPEST = 50  # nodes of a page tree above a page
_LARGEST = 14_400  # points, as the standard's annex of limits says
_MAY_HOLD_PICTURES = ("/XObject", "/Pattern")


def bare_text(path: str, page_count: int, pages: Sequence[int]) -> list[int]:
    """Those of `pages` (numbers from 1) that show no picture; none if the file has not `page_count` pages as well."""
    with pikepdf.open(path) as pdf:
        if pdf.is_encrypted or len(pdf.pages) != page_count or pdf.Root.Pages.get("/Count") != page_count:
            return []
        found = [number for number in pages if _shows_no_picture(pdf.pages[number - 1].obj)]
        return [] if pdf.get_warnings() else found


def plain_sizes(path: str, last: int) -> tuple[int, list[tuple[float, float]], list[int]] | None:
    """Of a plain file: its number of pages; of its pages up to `last`, their sizes in points as displayed, and which of
    them show no picture. None if Poppler might see anything otherwise.
    """
    with pikepdf.open(path) as pdf:
        count = len(pdf.pages)
        if pdf.is_encrypted or not count or pdf.Root.Pages.get("/Count") != count or "/XFA" in _form(pdf):
            return None
        pages = [pdf.pages[index].obj for index in range(min(count, last))]
        sizes = [size for size in map(_plain_size, pages) if size]
        bare = [number for number, page in enumerate(pages, 1) if _shows_no_picture(page)]
        return None if pdf.get_warnings() or len(sizes) < len(pages) else (count, sizes, bare)


def _form(pdf: pikepdf.Pdf) -> Any:
    return pdf.Root.get("/AcroForm", pikepdf.Dictionary())


def _plain_size(page: Any) -> tuple[float, float] | None:
    """Width and height of a page of which nothing is cut off and whose unit is the point."""
    box, shown = _inherited(page, "/MediaBox"), _inherited(page, "/CropBox")
    turn = _inherited(page, "/Rotate") or 0
    if not _is_box(box) or "/UserUnit" in page or not isinstance(turn, int) or turn % 90:
        return None
    left, bottom, right, top = map(float, box)
    if (shown is not None and shown != box) or not (0 < right - left < _LARGEST and 0 < top - bottom < _LARGEST):
        return None
    return (top - bottom, right - left) if turn % 180 else (right - left, top - bottom)


def _is_box(box: Any) -> bool:
    return isinstance(box, pikepdf.Array) and len(box) == 4 and all(isinstance(side, (int, Decimal)) for side in box)


def _inherited(page: Any, key: str) -> Any:
    """What a page has of its own, or of the nodes of the tree above it."""
    for _ in range(_DEEPEST):
        if not isinstance(page, pikepdf.Dictionary) or key in page:
            break
        page = page.get("/Parent")
    return page.get(key) if isinstance(page, pikepdf.Dictionary) else None


def _shows_no_picture(page: Any) -> bool:
    resources = page.get("/Resources")
    if not isinstance(resources, pikepdf.Dictionary) or any(len(resources.get(key, ())) for key in _MAY_HOLD_PICTURES):
        return False
    return (
        all(_is_of_letters(font) for font in resources.get("/Font", pikepdf.Dictionary()).values())
        and all(_is_of_scalars(state) for state in resources.get("/ExtGState", pikepdf.Dictionary()).values())
        and all(map(_is_link, page.get("/Annots", ())))
        and not any(map(_INLINE_PICTURE.search, _commands(page)))
    )


def _is_of_letters(font: Any) -> bool:
    """Letters of a Type 3 font are drawings, and may be pictures."""
    return isinstance(font, pikepdf.Dictionary) and font.get("/Subtype") in (
        "/Type1",
        "/MMType1",
        "/TrueType",
        "/Type0",
    )


def _is_of_scalars(state: Any) -> bool:
    """A soft mask, which may hold pictures, is no scalar."""
    return isinstance(state, pikepdf.Dictionary) and not any(
        isinstance(value, (pikepdf.Dictionary, pikepdf.Array, pikepdf.Stream)) for value in state.values()
    )


def _is_link(note: Any) -> bool:
    return isinstance(note, pikepdf.Dictionary) and note.get("/Subtype") == "/Link" and "/AP" not in note


def _commands(page: Any) -> tuple[bytes, bytes]:
    """Drawing commands, with and without space between the parts in which they are stored: readers differ."""
    contents = page.get("/Contents", pikepdf.Array())
    parts = [part.read_bytes() for part in (contents if isinstance(contents, pikepdf.Array) else [contents])]
    return b"\n".join(parts), b"".join(parts)
