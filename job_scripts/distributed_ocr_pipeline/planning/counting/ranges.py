"""Pieces of a remote file, with a limit on how much is asked for: the file decides where its readers go."""

from collections.abc import Callable

BLOCK_BYTES = 32 * 1024
MAX_BLOCKS = 64
MAX_REQUESTS = 24

Fetch = Callable[[int, int], bytes]
"""Bytes of the file from an offset on: `fetch(offset, length)`."""


class TooMuch(Exception):
    """The file leads its reader further than the limits allow."""


class RangeReader:
    """Reads a file block by block and keeps the blocks.

    Args:
        fetch: Gets a piece of the file.
        size: Of the file, in bytes.
    """

    def __init__(self, fetch: Fetch, size: int) -> None:
        self.size = size
        self._fetch = fetch
        self._blocks: dict[int, bytes] = {}
        self._requests = 0

    def read(self, offset: int, length: int) -> bytes:
        """Bytes from an offset on, fewer at the end of the file.

        Raises:
            TooMuch: More requests or bytes than a page count is worth.
        """
        offset, end = max(0, offset), min(self.size, offset + length)
        if offset >= end:
            return b""
        first, last = offset // BLOCK_BYTES, (end - 1) // BLOCK_BYTES
        if last - first >= MAX_BLOCKS:
            raise TooMuch(f"{length} bytes at once")
        self._load(first, last)
        together = b"".join(self._blocks[number] for number in range(first, last + 1))
        return together[offset - first * BLOCK_BYTES : end - first * BLOCK_BYTES]

    def _load(self, first: int, last: int) -> None:
        missing = [number for number in range(first, last + 1) if number not in self._blocks]
        if not missing:
            return
        self._requests += 1
        if self._requests > MAX_REQUESTS or len(self._blocks) + missing[-1] - missing[0] + 1 > MAX_BLOCKS:
            raise TooMuch("too many pieces of the file")
        begin = missing[0] * BLOCK_BYTES
        piece = self._fetch(begin, min(self.size, (missing[-1] + 1) * BLOCK_BYTES) - begin)
        for number in range(missing[0], missing[-1] + 1):
            self._blocks[number] = piece[number * BLOCK_BYTES - begin :][:BLOCK_BYTES]
