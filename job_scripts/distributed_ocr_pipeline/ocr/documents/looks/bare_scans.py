"""pikepdf: which pages of a PDF are one scanned picture from edge to edge, and nothing else.

Such a picture can be extracted from the file and made smaller with care, instead of being drawn. Whatever is not plain
(a stamp, a frame, a mask, a shape to clip to, a file that had to be repaired) is left to Poppler.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from distributed_ocr_pipeline.ocr.documents.looks.found import FoundScan

_EDGE = 1.0  # points by which a picture may miss the edge of its page
_LONGEST = 200_000  # bytes of drawing commands; to parse more takes longer than to draw the page
_DRAWS_NOTHING = frozenset("w J j M d ri i BT ET Tc Tw Tz TL Tf Ts Td TD Tm T* BMC EMC MP".split())
_SHOWS_TEXT = frozenset(("Tj", "TJ", "'", '"'))
_INVISIBLE = 3  # the text rendering mode of hidden text layers
_NOT_PLAIN = ("/SMask", "/SMaskInData", "/Mask", "/ImageMask", "/Decode", "/OC")


@dataclass
class _State:
    """Where the next thing is placed, and how text is shown."""

    matrix: pikepdf.Matrix = field(default_factory=pikepdf.Matrix)
    text_mode: int = 0


class _NotBare(Exception):
    """The page draws something else, or something that may be."""


def bare_scans(path: str, pages: Sequence[int]) -> list[FoundScan]:
    """Those of `pages` (numbers from 1) that are bare scans."""
    with pikepdf.open(path) as pdf:
        found = list(_bare(pdf, pages))
        return [] if pdf.get_warnings() else found


def _bare(pdf: pikepdf.Pdf, pages: Sequence[int]) -> Iterator[FoundScan]:
    for number in pages:
        page = pdf.pages[number - 1]
        try:
            name, matrix = _placed_picture(page)
        except _NotBare:
            continue
        if _is_plain(page, name) and _fills(matrix, _shown_box(page)):
            yield FoundScan(number, page.rotation % 360)


def _placed_picture(page: pikepdf.Page) -> tuple[str, pikepdf.Matrix]:
    """Name and matrix of the one thing that a page's commands draw."""
    state, saved, placed = _State(), [], []
    if _length(page) > _LONGEST:
        raise _NotBare
    for instruction in pikepdf.parse_content_stream(page):
        operands, name = instruction.operands, str(instruction.operator)
        if name == "q":
            saved.append(_State(state.matrix, state.text_mode))
        elif name == "Q" and saved:
            state = saved.pop()
        elif name == "cm":
            state.matrix = pikepdf.Matrix(*map(float, operands)) @ state.matrix
        elif name == "Tr":
            state.text_mode = int(operands[0])
        elif name == "Do":
            placed.append((str(operands[0]), state.matrix))
        elif not _draws_nothing(name, operands, state):
            raise _NotBare
    if len(placed) != 1:
        raise _NotBare
    return placed[0]


def _draws_nothing(name: str, operands: Any, state: _State) -> bool:
    if name in _SHOWS_TEXT:
        return state.text_mode == _INVISIBLE
    return name in _DRAWS_NOTHING or (name == "BDC" and operands[0] != "/OC")  # /OC: shown or not, as a reader chooses


def _length(page: pikepdf.Page) -> int:
    contents = page.obj.get("/Contents", pikepdf.Array())
    parts = contents if isinstance(contents, pikepdf.Array) else [contents]
    return sum(len(part.read_bytes()) for part in parts)


def _is_plain(page: pikepdf.Page, name: str) -> bool:
    """Whether nothing lies over the page, and the picture is shown as it is stored."""
    picture = page.resources["/XObject"][name]
    annotated = "/Annots" in page.obj and len(page.obj["/Annots"]) > 0
    if annotated or "/UserUnit" in page.obj or picture["/Subtype"] != "/Image":
        return False
    return not any(key in picture for key in _NOT_PLAIN)


def _shown_box(page: pikepdf.Page) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of what is shown of the page, in points."""
    media, crop = _sorted_box(page.mediabox), _sorted_box(page.cropbox)
    return max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])


def _sorted_box(box: pikepdf.Array) -> tuple[float, float, float, float]:
    left, bottom, right, top = (float(side) for side in box)
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)


def _fills(matrix: pikepdf.Matrix, box: tuple[float, float, float, float]) -> bool:
    """Whether the picture stands upright and its edges are the page's."""
    if matrix.b or matrix.c or matrix.a <= 0 or matrix.d <= 0:
        return False
    edges = (matrix.e, matrix.f, matrix.e + matrix.a, matrix.f + matrix.d)
    return all(abs(edge - side) <= _EDGE for edge, side in zip(edges, box))
