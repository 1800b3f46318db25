"""What PDF/A-2b wants of all objects of a file, wherever they are (ISO 19005-2; the numbers below are its clauses)."""

from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String

from distributed_ocr_pipeline.errors import BadInput

_LONGEST_NAME, _LONGEST_STRING, _LARGEST_INTEGER = 127, 32_767, 2**31 - 1  # bytes, bytes (6.1.13)
_NOT_NEEDED = ("/Metadata", "/PieceInfo", "/Thumb")  # would have to conform, too; no page shows them
_ELSEWHERE = ("/F", "/FFilter", "/FDecodeParms")  # of a stream that is in another file (6.1.7.1)
_CONTAINERS = (Array, Dictionary, Stream)


def unfit(why: str) -> BadInput:
    """What is said of a document that cannot be PDF/A."""
    return BadInput(f"No PDF/A is made of the document, as {why}.", "Its searchable PDF can be made.")


def clean_objects(pdf: pikepdf.Pdf) -> None:
    """Take out what no page shows, and store anew what is stored as LZW, which 6.1.7.2 forbids.

    Raises:
        BadInput: An object is over a limit, in another file, or an attachment.
    """
    for part in _parts(pdf.trailer):
        if not isinstance(part, Array):
            _clean(part)
        for value in _own(part):
            _check_size(value, "it has")


def _parts(start: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """All arrays, dictionaries and streams that can be reached, each once."""
    seen, waiting = set(), [start]
    while waiting:
        part = waiting.pop()
        if part.objgen in seen:
            continue
        if part.is_indirect:
            seen.add(part.objgen)
        yield part
        waiting += [value for value in _own(part) if isinstance(value, _CONTAINERS)]


def _own(part: pikepdf.Object) -> list[Any]:
    """What a part holds, and the names of that."""
    if isinstance(part, Array):
        return list(part)
    return [value for pair in part.items() for value in pair]


def _clean(part: pikepdf.Object) -> None:
    for key in _NOT_NEEDED:
        if key in part:
            del part[key]
    if "/EF" in part:
        raise unfit("it has attachments")
    if isinstance(part, Stream):
        _clean_stream(part)


def filters_of(stream: pikepdf.Object) -> list[str]:
    """The names of the filters of a stream, in their order."""
    filters = stream.get(Name.Filter, Array())
    return [str(one) for one in (filters if isinstance(filters, Array) else [filters])]


def _clean_stream(stream: pikepdf.Stream) -> None:
    if any(key in stream for key in _ELSEWHERE):
        raise unfit("it has data in another file")
    filters = filters_of(stream)
    if "/Crypt" in filters:
        raise unfit("it has encrypted data")
    if "/LZWDecode" in filters:
        stream.write(stream.read_bytes(pikepdf.StreamDecodeLevel.generalized))


def require_within_limits(value: Any, where: str) -> None:
    """Raise `BadInput` for an operand that is too large to be portable (6.1.13)."""
    parts = _parts(value) if isinstance(value, _CONTAINERS) else []
    for one in (value, *(held for part in parts for held in _own(part))):
        _check_size(one, where)


def _check_size(value: Any, where: str) -> None:
    if isinstance(value, str | bytes | Name) and len(_in_bytes(value)) - 1 > _LONGEST_NAME:
        raise unfit(f"{where} a name of more than {_LONGEST_NAME} bytes")
    if isinstance(value, String) and len(bytes(value)) > _LONGEST_STRING:
        raise unfit(f"{where} a string of more than {_LONGEST_STRING:,} bytes")
    if isinstance(value, int) and not -_LARGEST_INTEGER - 1 <= value <= _LARGEST_INTEGER:
        raise unfit(f"{where} the number {value}")


def _in_bytes(name: str | bytes | pikepdf.Name) -> bytes:
    """A key, which pikepdf has as bytes where it is no UTF-8, or a name."""
    return name.encode("utf-8", "surrogateescape") if isinstance(name, str) else bytes(name)
