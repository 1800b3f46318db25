"""Grey levels of a histogram."""

from collections.abc import Sequence

DARK = 110
"""Of paper: a page whose paper is darker has light print."""


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


def ink_level(counts: Sequence[int]) -> int:
    """The darkest grey level that is no ink, by one threshold for all of a histogram, as the engine has.

    It parts the levels into two with the greatest variance between them (Otsu, "A threshold selection method from
    gray-level histograms", 1979).
    """
    total, moment = sum(counts), sum(level * count for level, count in enumerate(counts))
    below, moment_below, best, chosen = 0, 0, -1.0, 0
    for level, count in enumerate(counts[:-1]):
        below, moment_below = below + count, moment_below + level * count
        if 0 < below < total:
            between = (moment * below - moment_below * total) ** 2 / (below * (total - below))
            best, chosen = (between, level + 1) if between > best else (best, chosen)
    return chosen
