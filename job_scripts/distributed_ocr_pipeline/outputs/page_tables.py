"""Tables of a page, by the places of its words: rows of cells that stand in columns with white between them.

Rules are not known here, only words, so a table is what nothing but a table looks like. Lines keep their order: what is
taken for a table wrongly, or not found, has all of its text where it was.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from distributed_ocr_pipeline.outputs.structure import Box, Line, word_box
from distributed_ocr_pipeline.records import TextSource, Word

# Lengths are in heights of a line. Words of a line stand 0.3 to 0.5 apart, or 1 where it is spread to the margin.
_CELL_GAP = 1.0  # least white between cells of a row
_COLUMN_GAP = 0.5  # least white between columns, in all rows
_ROW_GAP = 4.0  # most white between two rows
_PROSE_WIDTH = 12.0  # of the cells of a column: the narrowest columns of newspapers have 19
_MOST_GROWTH = 1.5  # between the heights of neighbouring rows
_LEAST_ROWS = 3
_INK = 0.55  # of a font's height, which is 1.15 to 1.5 of its size; a capital is 0.7 of it
_FILLED = 0.5  # of a column's cells
_MOST_LINES_ABOVE = 2  # that look like rows and are none, such as a heading over several columns
_ITEM_MARK = re.compile(r"[^\w\s]?\w{0,4}[^\w\s]")

Span = tuple[int, int]
"""Left and right edge in pixels."""


@dataclass(frozen=True)
class PageTable:
    """Rows of cells, all of one length, and the lines that they are: from index `first` to before `end`."""

    first: int
    end: int
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class _Row:
    """Lines that stand side by side, divided into cells; `first` is the index of the first line."""

    first: int
    cells: tuple[Line, ...]

    @property
    def whole(self) -> Line:
        """All cells as one line."""
        return Line(tuple(word for cell in self.cells for word in cell.words))


def tables_of(lines: Sequence[Line], text_source: TextSource = TextSource.OCR) -> list[PageTable]:
    """The tables among the lines of a page, from top to bottom; each line of print is a row."""
    if text_source is TextSource.TEXT_LAYER:
        lines = [Line(tuple(map(_ink, line.words))) for line in lines]
    tables = []
    rows = [*_rows(lines), _Row(len(lines), ())]
    for first, end in _runs(rows):
        for start in range(first, min(first + _MOST_LINES_ABOVE, end - _LEAST_ROWS) + 1):
            if grid := _grid([row.cells for row in rows[start:end]]):
                tables.append(PageTable(rows[start].first, rows[end].first, grid))
                break
    return tables


def _ink(word: Word) -> Word:
    """A word of a text layer, whose box is as high as its font, with a box as high as its print."""
    height = round(_INK * word.height)
    return replace(word, top=word.top + (word.height - height) // 2, height=height)


def _rows(lines: Sequence[Line]) -> list[_Row]:
    """Lines as rows; text layers have each cell of a row as a line."""
    rows: list[_Row] = []
    for index, line in enumerate(lines):
        if rows and _beside(rows[-1].cells[-1].box, line.box):
            rows[-1] = _Row(rows[-1].first, (*rows[-1].cells, *_cells(line)))
        else:
            rows.append(_Row(index, _cells(line)))
    return rows


def _beside(box: Box, following: Box) -> bool:
    apart = following.left >= box.right or following.right <= box.left
    shared = min(box.bottom, following.bottom) - max(box.top, following.top)
    return apart and 2 * shared > min(box.height, following.height)


def _runs(rows: Sequence[_Row]) -> Iterator[tuple[int, int]]:
    """First and end of consecutive rows of several cells, no two of which are in one column."""
    first = 0
    columns: list[Span] | None = None
    for index, row in enumerate(rows):
        fits = columns and len(row.cells) > 1 and _follows(rows[index - 1].whole, row.whole)
        columns = _with_row(columns, row.cells) if columns and fits else None
        if columns is None:
            yield first, index
            first, columns = index, _with_row([], row.cells) if len(row.cells) > 1 else None


def _cells(line: Line) -> tuple[Line, ...]:
    """The words of a line, divided where there is much white; in either direction of reading."""
    cells = [[line.words[0]]]
    for previous, word in pairwise(line.words):
        first, second = word_box(previous), word_box(word)
        if max(second.left - first.right, first.left - second.right) >= _CELL_GAP * max(1, line.height):
            cells.append([word])
        else:
            cells[-1].append(word)
    return tuple(Line(tuple(words)) for words in cells)


def _follows(line: Line, following: Line) -> bool:
    """Whether a line stands below another, in letters of about the same size."""
    small, large = sorted((line.height, following.height))
    white = following.box.top - line.box.bottom
    return -small / 2 <= white <= _ROW_GAP * small and large <= _MOST_GROWTH * small


def _with_row(columns: Sequence[Span], cells: Sequence[Line]) -> list[Span] | None:
    """Columns that hold another row's cells too; None where a cell is in two of them, or two cells are in one."""
    white = round(_COLUMN_GAP * median(cell.height for cell in cells))
    joined: list[list[Span]] = []
    right = 0
    for span in sorted([*columns, *((cell.box.left, cell.box.right) for cell in cells)]):
        if joined and span[0] < right + white:
            joined[-1].append(span)
            right = max(right, span[1])
        else:
            joined.append([span])
            right = span[1]
    if any(len(spans) > 2 for spans in joined):
        return None
    return [(spans[0][0], max(right for _, right in spans)) for spans in joined]


def _grid(rows: Sequence[Sequence[Line]]) -> tuple[tuple[str, ...], ...]:
    """The texts of a table's cells, as they are read; empty if these rows are not certainly one."""
    places = _places(rows)
    if not all(row == sorted(set(row)) for row in places):
        return ()
    count = 1 + max(row[-1] for row in places)
    columns: list[list[Line]] = [[] for _ in range(count)]
    texts = [[""] * count for _ in rows]
    for text, row, found in zip(texts, rows, places):
        for cell, place in zip(row, found):
            columns[place].append(cell)
            text[place] = cell.text
    return tuple(map(tuple, texts)) if _is_certain(columns, len(rows)) else ()


def _places(rows: Sequence[Sequence[Line]]) -> list[list[int]]:
    """For each cell the number of its column, counted in the direction of reading."""
    columns: list[Span] = []
    for row in rows:
        columns = _with_row(columns, row) or columns
    lefts = [left for left, _ in columns]
    places = [[max(0, bisect_right(lefts, cell.box.left) - 1) for cell in row] for row in rows]
    if places[0][0] > places[0][-1]:  # from right to left
        return [[len(columns) - 1 - place for place in row] for row in places]
    return places


def _is_certain(columns: Sequence[Sequence[Line]], rows: int) -> bool:
    """Whether columns are those of a table: filled, and narrow but for one; two are so only beside numbers."""
    if any(len(cells) < _FILLED * rows for cells in columns):
        return False
    if sum(_is_wide(cells) for cells in columns) > 1:
        return False
    if len(columns) > 2:
        return True
    marks, values = columns if len(columns) == 2 else ((), ())
    return _is_numeric(values) and not all(_ITEM_MARK.fullmatch(cell.text) for cell in marks)


def _is_wide(cells: Sequence[Line]) -> bool:
    return median(cell.box.width / max(1, cell.height) for cell in cells) > _PROSE_WIDTH


def _is_numeric(cells: Sequence[Line]) -> bool:
    return 2 * sum(any(map(str.isdigit, cell.text)) for cell in cells) > len(cells)
