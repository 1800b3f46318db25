"""Which words of two readings of a page are one: what lies on each other is one question with two answers."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from distributed_ocr_pipeline.ocr.engines.recognition import lie_on_each_other, shared_height, shared_width
from distributed_ocr_pipeline.records import Word

_SAME_PLACE = 0.4  # of the smaller of two words' areas
_SAME_ROW = 0.5  # of the height of the lower of two words
_SHIFTED = 0.5  # of the same, between the middles of words: the neural engine places letters by steps of its network


def same_places(ours: Sequence[Word], theirs: Sequence[Word]) -> list[tuple[list[Word], list[Word]]]:
    """Words of both readings that lie on each other, directly or by way of others; each word once.

    Of what then has no other, words that touch, or whose middles are near each other, are one as well: a letter that
    stands alone is so narrow that a few pixels decide.
    """
    groups = _Groups(len(ours) + len(theirs))
    for one, other in _pairs(ours, theirs, partial(lie_on_each_other, share=_SAME_PLACE)):
        groups.unite(one, len(ours) + other)
    alone = groups.alone()
    for one, other in _pairs(ours, theirs, _touch):
        if {one, len(ours) + other} <= alone:
            groups.unite(one, len(ours) + other)
    return [
        (
            [ours[index] for index in members if index < len(ours)],
            [theirs[index - len(ours)] for index in members if index >= len(ours)],
        )
        for members in groups.members()
    ]


def in_one_row(one: Word, other: Word) -> bool:
    """Whether two words stand at the same height."""
    return shared_height(one, other) >= _SAME_ROW * min(one.height, other.height)


class _Groups:
    """Numbers from 0 in groups, each in one of its own at first."""

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def unite(self, one: int, other: int) -> None:
        """Make one group of the groups of two numbers."""
        self._parents[self._root(other)] = self._root(one)

    def members(self) -> list[list[int]]:
        """The groups, by the first number of each."""
        found: dict[int, list[int]] = {}
        for number in range(len(self._parents)):
            found.setdefault(self._root(number), []).append(number)
        return list(found.values())

    def alone(self) -> set[int]:
        """The numbers that are a group of their own."""
        return {group[0] for group in self.members() if len(group) == 1}

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number


def _pairs(
    ours: Sequence[Word], theirs: Sequence[Word], are_one: Callable[[Word, Word], bool]
) -> Iterator[tuple[int, int]]:
    """Indices of words that share some height and are one."""
    by_top = sorted(range(len(theirs)), key=lambda index: theirs[index].top)
    tops = [theirs[index].top for index in by_top]
    highest = max((word.height for word in theirs), default=0)
    for number, word in enumerate(ours):
        for position in range(bisect_left(tops, word.top - highest), bisect_left(tops, word.top + word.height)):
            if are_one(word, theirs[by_top[position]]):
                yield number, by_top[position]


def _touch(one: Word, other: Word) -> bool:
    middles = abs(one.left + one.width / 2 - other.left - other.width / 2)
    near = shared_width(one, other) > 0 or middles < _SHIFTED * min(one.height, other.height)
    return near and in_one_row(one, other)
