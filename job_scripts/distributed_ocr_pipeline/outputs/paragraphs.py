"""The paragraphs of a page: those of its text where an engine found them, else those that its lines show.

A text layer says where words stand and no more. A paragraph of it ends where there is more white than between its
lines, where the size of the letters changes, where a list begins or ends, and where the next line begins further in or
further out than its neighbours, if all lines begin in one of two places.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from distributed_ocr_pipeline.ocr.scripts import is_leftward
from distributed_ocr_pipeline.outputs.structure import Line, Paragraph, lines_of
from distributed_ocr_pipeline.records import PageResult, TextSource

# Lengths are in heights of a line.
_MOST_GAP = 0.7  # to the next line of the same paragraph, where nothing is known of the others
_MOST_GROWTH = 1.3  # between neighbouring lines of a paragraph
_LAYER_GROWTH = 1.12  # the same of a text layer, where a line is as high as its font
_MORE_WHITE = 0.2  # than between the lines of a paragraph, before the next one
_SAME_PLACE = 0.35  # of two lines' beginnings
_INDENT = (0.6, 6.0)  # least and most of it
_SAME_LINE = 0.5  # by which lines that stand side by side overlap

BULLET = re.compile(r"^[•‣▪●○◦·*\u2013\u2014-]\s+(?=\S)")
NUMBER = re.compile(r"^(\d{1,3})[.)]\s+(?=\S)")
_LONE_MARK = re.compile(r"^(?:[•‣▪●○◦·*\u2013\u2014-]|\d{1,3}[.)])$")
_MAY_PRECEDE_NUMBER = re.compile(r"[.:;!?…)\]\"'”’»]$")
_HYPHENS = "-\u00ad\u2010"
_DIRECTION_MARKS = re.compile("[\u202a-\u202e]")  # Poppler marks what runs from right to left


def paragraphs_of(page: PageResult) -> list[Paragraph]:
    """The paragraphs of a page whose words are known."""
    lines = lines_of(page.words)
    if page.text_source is TextSource.TEXT_LAYER:
        groups = _groups([_Placed(line) for line in _with_marks(lines)])
        return [Paragraph(tuple(line.line for line in group)) for group in groups]
    sizes = _sizes_in_text(page.text, lines)
    if sizes is None:
        return [Paragraph(tuple(group)) for group in _split(lines, _continues)]
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    return [Paragraph(tuple(lines[start : start + size])) for start, size in zip(starts, sizes)]


def _sizes_in_text(text: str, lines: Sequence[Line]) -> list[int] | None:
    """How many lines each paragraph of the text has; None if its lines are not these."""
    paragraphs = [paragraph.split("\n") for paragraph in re.split(r"\n{2,}", text.strip("\n"))]
    printed = [_bare(line) for paragraph in paragraphs for line in paragraph]
    return [len(part) for part in paragraphs] if printed == [_bare(line.text) for line in lines] else None


def _bare(text: str) -> str:
    return "".join(text.split())


def _split(lines: Sequence[Line], belong: Callable[[Line, Line], bool]) -> list[list[Line]]:
    groups: list[list[Line]] = []
    for line in lines:
        if groups and belong(groups[-1][-1], line):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _continues(line: Line, following: Line) -> bool:
    """Whether a line stands below another, close to it, and in letters of about the same size."""
    first, second = line.box, following.box
    small, large = sorted((max(1, first.height), max(1, second.height)))
    overlaps = min(first.right, second.right) > max(first.left, second.left)
    gap = second.top - first.bottom
    return overlaps and -small / 2 <= gap <= _MOST_GAP * small and large <= _MOST_GROWTH * small


@dataclass(frozen=True)
class _Placed:
    """A line of a text layer, and what is asked of it."""

    line: Line

    @cached_property
    def text(self) -> str:
        """Its words."""
        return self.line.text

    @cached_property
    def height(self) -> float:
        """Of its font."""
        return max(1.0, self.line.height)

    @cached_property
    def base(self) -> float:
        """Lower edge of most of its words."""
        return median(word.top + word.height for word in self.line.words)

    @cached_property
    def start(self) -> int:
        """Where it begins, from the side on which lines of its script begin."""
        return -self.line.box.right if is_leftward(self.text) else self.line.box.left

    def is_item(self, before: "_Placed | None") -> bool:
        """Whether it begins an item of a list; a number may also be one at which a line was broken."""
        if BULLET.match(self.text):
            return True
        return bool(NUMBER.match(self.text)) and (before is None or bool(_MAY_PRECEDE_NUMBER.search(before.text)))


def _with_marks(lines: Sequence[Line]) -> list[Line]:
    """Lines, of which a bullet or number that stands by itself is one with the line beside it."""
    joined: list[Line] = []
    for line in lines:
        if joined and _LONE_MARK.match(joined[-1].text) and _is_beside(joined[-1], line):
            joined[-1] = Line(joined[-1].words + line.words)
        else:
            joined.append(line)
    return joined


def _is_beside(mark: Line, line: Line) -> bool:
    shared = min(mark.box.bottom, line.box.bottom) - max(mark.box.top, line.box.top)
    white = max(line.box.left - mark.box.right, mark.box.left - line.box.right)
    return shared >= _SAME_LINE * mark.box.height and 0 <= white <= _INDENT[1] * mark.height


def _groups(lines: Sequence[_Placed]) -> Iterator[Sequence[_Placed]]:
    """Lines by paragraph."""
    if not lines:
        return
    usual = _usual_pitch(lines)
    for close in _cut(lines, lambda line, following: _is_close(line, following, usual)):
        for listed in _lists(close):
            yield from _by_indent(listed)


def _cut(lines: Sequence[_Placed], belong: Callable[[_Placed, _Placed], bool]) -> Iterator[Sequence[_Placed]]:
    starts = [number for number, pair in enumerate(pairwise(lines), 1) if not belong(*pair)]
    for start, end in pairwise([0, *starts, len(lines)]):
        yield lines[start:end]


def _usual_pitch(lines: Sequence[_Placed]) -> float:
    """From a line to the next one of its paragraph; that of a quarter of the pairs is smaller, since they may also be
    the last of one paragraph and the first of the next.
    """
    pitches = sorted(
        (following.base - line.base) / line.height
        for line, following in pairwise(lines)
        if _is_alike(line, following) and _is_below(line, following)
    )
    return pitches[len(pitches) // 4] if pitches else 1.0


def _is_alike(line: _Placed, following: _Placed) -> bool:
    small, large = sorted((line.height, following.height))
    return large <= _LAYER_GROWTH * small


def _is_below(line: _Placed, following: _Placed) -> bool:
    first, second = line.line.box, following.line.box
    overlaps = min(first.right, second.right) > max(first.left, second.left)
    return overlaps and following.base - line.base > _SAME_LINE * line.height


def _is_close(line: _Placed, following: _Placed, usual: float) -> bool:
    if not _is_alike(line, following) or not _is_below(line, following):
        return False
    return following.base - line.base <= (usual + _MORE_WHITE) * line.height


def _lists(lines: Sequence[_Placed]) -> Iterator[Sequence[_Placed]]:
    """Lists apart from what stands before and after them: an item's further lines begin further in than it."""
    items = [line.is_item(before) for before, line in zip((None, *lines), lines)]
    start: int | None = None  # of the list's items
    begun = 0
    for number, (line, is_item) in enumerate(zip(lines, items)):
        ends = start is not None and not is_item and line.start - start <= _SAME_PLACE * line.height
        if ends or (start is None and is_item):
            if number > begun:
                yield lines[begun:number]
            begun, start = number, None if ends else line.start
    yield lines[begun:]


def _by_indent(lines: Sequence[_Placed]) -> Iterator[Sequence[_Placed]]:
    """Lines that are divided by their beginnings, where these are in two places; the rarer one begins paragraphs."""
    if lines[0].is_item(None) or not (begins := _beginning(lines)):
        yield lines
        return
    yield from _cut(lines, lambda _, following: not begins(following))


def _beginning(lines: Sequence[_Placed]) -> Callable[[_Placed], bool] | None:
    """Whether a line begins a paragraph, by where it begins; None where that does not tell."""
    height = lines[0].height
    outer = min(line.start for line in lines)
    inside = [line.start - outer for line in lines if line.start - outer > _SAME_PLACE * height]
    if not inside or max(inside) - min(inside) > _SAME_PLACE * height:
        return None
    if not _INDENT[0] * height <= median(inside) <= _INDENT[1] * height or len(lines) < 3:
        return None
    if 2 * len(inside) < len(lines) or lines[0].start - outer > _SAME_PLACE * height:
        return lambda line: line.start - outer > _SAME_PLACE * height
    return lambda line: line.start - outer <= _SAME_PLACE * height


def text_in_paragraphs(page: PageResult) -> str:
    """A page's text. Between the paragraphs of a text layer whose words are known there are empty lines, as an engine
    has them; where its lines are not those of the words, it is left as it is.
    """
    if page.text_source is not TextSource.TEXT_LAYER or not page.words:
        return page.text
    paragraphs = [
        [_bare(part.text) for line in paragraph.lines for part in lines_of(line.words)]
        for paragraph in paragraphs_of(page)
    ]
    lines = [line for paragraph in paragraphs for line in paragraph]
    begins = {sum(map(len, paragraphs[:number])) for number in range(len(paragraphs))}
    shown: list[str] = []
    at = 0
    for text in page.text.split("\n"):
        end = _end_of(text, lines, at)
        if end is None:
            return page.text
        if end > at and at in begins and shown and shown[-1]:
            shown.append("")
        shown.append(text)
        at = end
    return "\n".join(shown)


def _end_of(text: str, lines: Sequence[str], at: int) -> int | None:
    """Before which line a line of text ends that begins with line `at`; None if it is not made of them.

    Poppler joins lines where a word is divided, and leaves out the hyphen.
    """
    rest = _bare(_DIRECTION_MARKS.sub("", text))
    while rest:
        if at == len(lines):
            return None
        found = next((one for one in (lines[at], lines[at].rstrip(_HYPHENS)) if one and rest.startswith(one)), None)
        if found is None:
            return None
        rest, at = rest[len(found) :], at + 1
    return at
