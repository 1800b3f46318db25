"""Whether a page draws letters as curves, which no text layer knows of.

A letter drawn so is one path or several, of Bézier curves (operators c, v and y: ISO 32000-2, 8.5.2) or, where a
program has flattened them, of straight lines. What tells letters from charts, maps and rules is that many different
shapes stand on one line. Where a page places them is left aside: within a line, it changes nothing from bottom to top.
Other programs fill a rectangle for each run of dark pixels; only letters take so many.
"""

import re
from collections.abc import Iterable, Iterator

_QUICK = (b" c", b" v", b" y", b" l")  # nearly all pages are told by counting these
_RECTANGLE = b" re"
_MANY_RECTANGLES = 2000  # a line of print; a table has some hundred
_LEAST_SEGMENTS = 100  # a word or two
_SUBPATH = re.compile(rb"\sm\s")
_END = re.compile(rb"\s(?:h|[fFbBsSnW]\*?|q|Q)(?=\s|$)")
_NUMBER = re.compile(rb"-?\d*\.?\d+")
_MOST = 5000  # shapes of a page; a page of print has 3,000
_LONGEST = 4000  # bytes of a letter's commands
_LETTERS, _KINDS = 8, 5  # on one line: so many shapes, of so many numbers of segments
_LEVEL = 0.15  # of the height of a shape; round letters reach a little below the line

_Shape = tuple[float, float, int]  # bottom, height, numbers in its commands


def draws_letters(commands: Iterable[bytes]) -> bool:
    """Whether commands draw what may be a line of letters."""
    return any(map(_draw_letters, commands))


def _draw_letters(commands: bytes) -> bool:
    if commands.count(_RECTANGLE) >= _MANY_RECTANGLES:
        return True
    return _segments(commands) >= _LEAST_SEGMENTS and _has_line(sorted(_shapes(commands)))


def _segments(commands: bytes) -> int:
    """At least as many as the curves and lines that these commands draw."""
    return sum(map(commands.count, _QUICK))


def _shapes(commands: bytes) -> Iterator[_Shape]:
    """The shapes of more than one segment."""
    for path in _SUBPATH.split(commands, _MOST)[1:]:
        path = path[:_LONGEST]
        end = _END.search(path)
        numbers = _NUMBER.findall(path[: end.start()] if end else path)
        heights = [float(number) for number in numbers[1::2]]
        if len(heights) > 1 and max(heights) > min(heights):
            yield min(heights), max(heights) - min(heights), len(numbers)


def _has_line(shapes: list[_Shape]) -> bool:
    """Whether many different ones of these shapes, the lowest first, stand on one line."""
    first = 0
    for last, (bottom, height, _) in enumerate(shapes):
        while bottom - shapes[first][0] > _LEVEL * height:
            first += 1
        if last - first + 1 >= _LETTERS and len({kind for *_, kind in shapes[first : last + 1]}) >= _KINDS:
            return True
    return False
