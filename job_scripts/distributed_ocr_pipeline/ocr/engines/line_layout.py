"""Blocks and lines of a page on which pieces of lines were found in no order.

Text in columns is read one column after the other, all else row by row: a receipt's prices stand beside what was
bought. The rule is that of the XY cut (Nagy and Seth, "Hierarchical representation of optically scanned documents",
1984), with one condition: a strip of white from top to bottom divides columns only if there is prose on both sides of
it. It need not reach over the whole page, but as far down as the most pieces; what stands above and below is divided by
itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from distributed_ocr_pipeline.ocr.engines.reading_order import Block

_LEAST_LINES = 3  # of a column
_LEAST_WIDTH = 8  # of a column's lines, in heights of a line; the cells of a table are narrower
_FILLED = 0.25  # of the width on its side, by the line in the middle; four columns may be there; cells end anywhere
_GUTTER = 0.15  # least white between columns, in heights of a line; the boxes are a little larger than the print
_SAME_ROW = 0.5  # of the height of the lower piece, by which two pieces of a row overlap
_PARAGRAPH_GAP = 1.0  # white between the lines of two blocks, in heights of a line; within one it is 0.2 to 0.8


@dataclass(frozen=True)
class _Cut:
    """Where a strip of white divides pieces, and which: those from `first` to before `last`, by height."""

    x: int
    first: int
    last: int

    @property
    def pieces(self) -> int:
        """How many are divided."""
        return self.last - self.first


def blocks_of_lines(pieces: Sequence[Block]) -> list[list[list[int]]]:
    """Indices of pieces: the blocks as they are read, their lines, and the pieces of each from left to right."""
    order = sorted(range(len(pieces)), key=lambda index: pieces[index].top + pieces[index].bottom)
    return [block for area in _areas(pieces, order) for block in _blocks(pieces, _rows(pieces, area))]


def _areas(pieces: Sequence[Block], order: Sequence[int]) -> list[list[int]]:
    """Areas without columns, as they are read, of pieces that are sorted by height."""
    cut = _best_cut(pieces, order)
    if cut is None:
        return [list(order)] if order else []
    divided = order[cut.first : cut.last]
    left = [index for index in divided if pieces[index].right <= cut.x]
    right = [index for index in divided if pieces[index].right > cut.x]
    parts = (order[: cut.first], left, right, order[cut.last :])
    return [area for part in parts for area in _areas(pieces, part)]


def _best_cut(pieces: Sequence[Block], order: Sequence[int]) -> _Cut | None:
    """The cut that divides the most pieces."""
    if len(order) < 2 * _LEAST_LINES:
        return None
    best: _Cut | None = None
    for x in sorted({pieces[index].right for index in order}):
        for cut in _runs(pieces, order, x):
            if (best is None or cut.pieces > best.pieces) and _divides_columns(pieces, order, cut):
                best = cut
    return best


def _runs(pieces: Sequence[Block], order: Sequence[int], x: int) -> list[_Cut]:
    """Runs of pieces, by height, of which none reaches over the place."""
    runs: list[_Cut] = []
    first = 0
    for position, index in enumerate([*order, None]):
        if index is not None and not pieces[index].left < x < pieces[index].right:
            continue
        if position - first >= 2 * _LEAST_LINES:
            runs.append(_Cut(x, first, position))
        first = position + 1
    return runs


def _divides_columns(pieces: Sequence[Block], order: Sequence[int], cut: _Cut) -> bool:
    divided = [pieces[index] for index in order[cut.first : cut.last]]
    left = [piece for piece in divided if piece.right <= cut.x]
    right = [piece for piece in divided if piece.right > cut.x]
    if not (_is_column(left) and _is_column(right)):
        return False
    height = median(piece.bottom - piece.top for piece in divided)
    white = min(piece.left for piece in right) - max(piece.right for piece in left)
    return white >= _GUTTER * height


def _is_column(pieces: Sequence[Block]) -> bool:
    """Whether pieces are lines of prose, one below the other."""
    if len(pieces) < _LEAST_LINES:
        return False
    width = median(piece.right - piece.left for piece in pieces)
    whole = max(piece.right for piece in pieces) - min(piece.left for piece in pieces)
    height = median(piece.bottom - piece.top for piece in pieces)
    return width >= _LEAST_WIDTH * height and width >= _FILLED * whole


def _rows(pieces: Sequence[Block], area: Sequence[int]) -> list[list[int]]:
    """Pieces that stand beside each other, from left to right; rows from top to bottom."""
    rows: list[list[int]] = []
    for index in area:
        row = next((row for row in reversed(rows[-3:]) if _beside(pieces[index], [pieces[one] for one in row])), None)
        if row is None:
            rows.append([index])
        else:
            row.append(index)
    return [sorted(row, key=lambda index: pieces[index].left) for row in rows]


def _beside(piece: Block, row: Sequence[Block]) -> bool:
    """Whether a piece belongs to a row: at the height of the nearest of it, and over none of it."""
    nearest = min(row, key=lambda other: max(other.left - piece.right, piece.left - other.right))
    shared = min(piece.bottom, nearest.bottom) - max(piece.top, nearest.top)
    if shared < _SAME_ROW * min(piece.bottom - piece.top, nearest.bottom - nearest.top):
        return False
    width = min(piece.right - piece.left, nearest.right - nearest.left)
    return all(min(piece.right, other.right) - max(piece.left, other.left) < 0.5 * width for other in row)


def _blocks(pieces: Sequence[Block], rows: Sequence[list[int]]) -> list[list[list[int]]]:
    """Rows that stand close to each other."""
    blocks: list[list[list[int]]] = []
    for row in rows:
        if blocks and _close(pieces, blocks[-1][-1], row):
            blocks[-1].append(row)
        else:
            blocks.append([row])
    return blocks


def _close(pieces: Sequence[Block], upper: Sequence[int], lower: Sequence[int]) -> bool:
    heights = [pieces[index].bottom - pieces[index].top for index in (*upper, *lower)]
    white = min(pieces[index].top for index in lower) - max(pieces[index].bottom for index in upper)
    return white < _PARAGRAPH_GAP * median(heights)
