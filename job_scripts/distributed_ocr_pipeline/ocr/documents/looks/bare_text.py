"""pikepdf: which pages of a PDF certainly show no picture, what else they show that matters, and how large they are.

A page is bare text if nothing that it names can hold a picture, and its commands draw none in line. Whatever is not
plain (a form, a pattern, a note, a font of drawings, a file that had to be repaired) is left to Poppler.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pikepdf

from distributed_ocr_pipeline.ocr.documents.looks.content import Content, content_of, inherited
from distributed_ocr_pipeline.ocr.documents.looks.curves import draws_letters
from distributed_ocr_pipeline.ocr.documents.looks.found import FoundUnmapped, PagesSeen, PlainPdf
from distributed_ocr_pipeline.ocr.documents.looks.unmapped import Fonts

_INLINE_PICTURE = re.compile(rb"BI(?=[\0\t\n\f\r ()<>\[\]{}/%]|\Z)")  # also where it is part of a text
_LARGEST = 14_400  # points, as the standard's annex of limits says
_MAY_HOLD_PICTURES = ("/XObject", "/Pattern")


def pages_seen(path: str, page_count: int, pages: Sequence[int]) -> PagesSeen | None:
    """What `pages` (numbers from 1) show; None if the file has not `page_count` pages as well."""
    with pikepdf.open(path) as pdf:
        if len(pdf.pages) != page_count:
            return None
        found = _seen(pdf, pages)
        plain = not pdf.is_encrypted and pdf.Root.Pages.get("/Count") == page_count and not pdf.get_warnings()
        return found if plain else replace(found, bare=[])


def plain_pdf(path: str, last: int) -> PlainPdf | None:
    """A plain file, and its pages up to `last`. None if Poppler might see anything otherwise."""
    with pikepdf.open(path) as pdf:
        count = len(pdf.pages)
        if pdf.is_encrypted or not count or pdf.Root.Pages.get("/Count") != count or "/XFA" in _form(pdf):
            return None
        pages = [pdf.pages[index].obj for index in range(min(count, last))]
        sizes = [size for size in map(_plain_size, pages) if size]
        if len(sizes) < len(pages):
            return None
        found = _seen(pdf, range(1, len(pages) + 1))
        return None if pdf.get_warnings() else PlainPdf(count, sizes, found)


def _seen(pdf: pikepdf.Pdf, pages: Sequence[int]) -> PagesSeen:
    found, fonts = PagesSeen([], []), Fonts()
    for number in pages:
        page = pdf.pages[number - 1].obj
        try:
            content = content_of(page)
        except pikepdf.PdfError:
            found.curved.append(number)
            continue
        if _shows_no_picture(page, content):
            found.bare.append(number)
        if draws_letters(content.commands):
            found.curved.append(number)
        if unmapped := _unmapped(fonts, pdf, content):
            found.unmapped.append(FoundUnmapped(number, unmapped))
    return found


def _unmapped(fonts: Fonts, pdf: pikepdf.Pdf, content: Content) -> int:
    try:
        return fonts.unmapped(pdf, content)
    except (pikepdf.PdfError, KeyError, IndexError, TypeError, ValueError, AttributeError):  # of a damaged font
        return 0


def _form(pdf: pikepdf.Pdf) -> Any:
    return pdf.Root.get("/AcroForm", pikepdf.Dictionary())


def _plain_size(page: Any) -> tuple[float, float] | None:
    """Width and height of a page of which nothing is cut off and whose unit is the point."""
    box, shown = inherited(page, "/MediaBox"), inherited(page, "/CropBox")
    turn = inherited(page, "/Rotate") or 0
    if not _is_box(box) or "/UserUnit" in page or not isinstance(turn, int) or turn % 90:
        return None
    left, bottom, right, top = map(float, box)
    if (shown is not None and shown != box) or not (0 < right - left < _LARGEST and 0 < top - bottom < _LARGEST):
        return None
    return (top - bottom, right - left) if turn % 180 else (right - left, top - bottom)


def _is_box(box: Any) -> bool:
    return isinstance(box, pikepdf.Array) and len(box) == 4 and all(isinstance(side, (int, Decimal)) for side in box)


def _shows_no_picture(page: Any, content: Content) -> bool:
    resources = page.get("/Resources")
    if not isinstance(resources, pikepdf.Dictionary) or any(len(resources.get(key, ())) for key in _MAY_HOLD_PICTURES):
        return False
    return (
        all(_is_of_letters(font) for font in resources.get("/Font", pikepdf.Dictionary()).values())
        and all(_is_of_scalars(state) for state in resources.get("/ExtGState", pikepdf.Dictionary()).values())
        and all(map(_is_link, page.get("/Annots", ())))
        and not any(map(_INLINE_PICTURE.search, _commands(content)))
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


def _commands(content: Content) -> tuple[bytes, bytes]:
    """Drawing commands, with and without space between the parts in which they are stored: readers differ."""
    return b"\n".join(content.parts), b"".join(content.parts)
