"""Grey levels of a histogram."""

from collections.abc import Sequence


def level_at(counts: Sequence[int], share: float) -> int:
    """The grey level up to which a share (0 to 1) of a histogram lies."""
    wanted, seen = sum(counts) * share, 0
    for level, count in enumerate(counts):
        seen += count
        if seen >= wanted:
            return level
    return 255


def median_level(counts: Sequence[int]) -> int:
    """The grey level in the middle of a histogram: of a page, that of its paper."""
    return level_at(counts, 0.5)
