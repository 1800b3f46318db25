"""Whether print stands in columns, which must not be read across.

Of columns of prose, long lines stand beside each other. Of columns of short lines, such as poems and indexes, a gutter
goes through the page with letters on both sides. Tables and receipts have such gaps too, but amounts on one side of
them; in prose, gaps do not lie above each other.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from distributed_ocr_pipeline.ocr.engines.reading_order import Block
from distributed_ocr_pipeline.ocr.engines.recognition import box_around
from distributed_ocr_pipeline.ocr.pages.again.lines import Line, lines_of
from distributed_ocr_pipeline.records import Word

_BELIEVED = 50  # confidence; of babble, some words stand beside others
_LONG = 4  # words of a line
_MANY_LINES = 0.5  # of the long ones
_BESIDE = 0.5  # of the height of the lower of two lines
_GUTTER = 1.0  # height of a word; blanks are half as wide
_MANY_ROWS = 0.4  # with the gutter in one place; of pages that are not in columns, 0.36 at most
_LEAST_ROWS = 4
_STEP = 4  # pixels
_OPEN_ROWS = 40  # that a line may belong to; no page has more columns, the lines of each at heights of their own


def has_columns(words: Sequence[Word]) -> bool:
    """Whether words stand in columns, as far as they are believed."""
    return are_columns(lines_of(word for word in words if word.confidence >= _BELIEVED))


def are_columns(lines: Sequence[Line]) -> bool:
    """Whether many long lines stand beside each other, or many rows have a gutter between letters in one place."""
    return _are_side_by_side(lines) or _has_gutter(_rows(lines))


def _are_side_by_side(lines: Sequence[Line]) -> bool:
    boxes = [box_around(line) for line in lines if len(line) >= _LONG]
    beside = [one for one in boxes if any(_are_apart(one, other) and _are_level(one, other) for other in boxes)]
    return len(beside) > _MANY_LINES * len(boxes)


def _rows(lines: Sequence[Line]) -> list[Line]:
    """Lines at the same height together, each from left to right."""
    rows: list[Line] = []
    for line in sorted(lines, key=lambda line: box_around(line).top):
        box = box_around(line)
        row = next((row for row in rows[-_OPEN_ROWS:] if _are_level(box, box_around(row))), None)
        if row is None:
            rows.append(list(line))
        else:
            row.extend(line)
    return [sorted(row, key=lambda word: word.left) for row in rows]


def _has_gutter(rows: Sequence[Line]) -> bool:
    """Whether many rows with letters have a gap in one place."""
    lettered = [row for row in rows if any(map(_is_lettered, row))]
    places = Counter(place for row in lettered for place in _gutters(row))
    return max(places.values(), default=0) >= max(_LEAST_ROWS, _MANY_ROWS * len(lettered))


def _gutters(row: Line) -> Iterator[int]:
    """The places (steps of pixels) of the wide gaps in a row that have letters on both sides."""
    lettered = [number for number, word in enumerate(row) if _is_lettered(word)]
    right = 0
    for number, word in enumerate(row):
        if lettered[0] < number <= lettered[-1] and word.left - right >= _GUTTER * word.height:
            yield from range(right // _STEP + 1, word.left // _STEP + 1)
        right = max(right, word.left + word.width)


def _is_lettered(word: Word) -> bool:
    return sum(map(str.isalpha, word.text)) > 1


def _are_level(one: Block, other: Block) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared >= _BESIDE * min(one.bottom - one.top, other.bottom - other.top)


def _are_apart(one: Block, other: Block) -> bool:
    return one.right <= other.left or other.right <= one.left
