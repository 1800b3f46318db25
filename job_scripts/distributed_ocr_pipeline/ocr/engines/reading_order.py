"""The order of a page's blocks of text.

The engine follows columns well, but may put a heading that stands under several columns between them. Whatever stands
above a block, in the same part of the page's width, is read before it; otherwise the engine's order is kept. This is
the first rule of Breuel's topological order ("High performance document layout analysis", 2003).
"""

from collections.abc import Sequence
from dataclasses import dataclass

_SHARED_WIDTH = 0.5  # of the narrower of two blocks
_TOLERANCE = 0.25  # of the lower block's height, by which boxes may overlap


@dataclass(frozen=True)
class Block:
    """A block's box in pixels."""

    left: int
    top: int
    right: int
    bottom: int


def reading_order(blocks: Sequence[Block]) -> list[int]:
    """Indices of the blocks as they are to be read."""
    above = [{other for other in range(len(blocks)) if _above(blocks[other], block)} for block in blocks]
    waiting = list(range(len(blocks)))
    order: list[int] = []
    while waiting:
        chosen = next((index for index in waiting if not above[index].intersection(waiting)), waiting[0])
        waiting.remove(chosen)
        order.append(chosen)
    return order


def _above(upper: Block, lower: Block) -> bool:
    if upper.bottom > lower.top + _TOLERANCE * min(lower.bottom - lower.top, upper.bottom - upper.top):
        return False
    shared = min(upper.right, lower.right) - max(upper.left, lower.left)
    return shared > _SHARED_WIDTH * min(upper.right - upper.left, lower.right - lower.left)
