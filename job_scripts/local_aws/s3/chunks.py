"""Bodies in chunks, as Arrow's client sends them (S3 API reference, "Signature calculations … in multiple chunks").

Each chunk is `<size in hex>[;chunk-signature=…]`, a line end, its bytes, and a line end. An empty chunk is the last;
trailers may follow it. Signatures and trailing checksums are not looked at.
"""

from typing import IO

from werkzeug.exceptions import ClientDisconnected

_LONGEST_LINE = 1024


def copy_chunks(body: IO[bytes], target: IO[bytes]) -> None:
    """Write what the chunks of a body hold.

    Raises:
        ClientDisconnected: The body is not made of chunks, or breaks off.
    """
    while size := _read_size(body):
        content = body.read(size)
        if len(content) < size or body.read(2) != b"\r\n":
            raise ClientDisconnected()
        target.write(content)
    while body.readline(_LONGEST_LINE).strip():
        pass  # a trailer


def _read_size(body: IO[bytes]) -> int:
    line = body.readline(_LONGEST_LINE)
    try:
        size = int(line.partition(b";")[0], 16)
    except ValueError:
        raise ClientDisconnected() from None
    if size < 0 or not line.endswith(b"\r\n"):
        raise ClientDisconnected()
    return size
