"""How many pages a PDF has, and how many of them bring text of their own, from a few pieces of the file.

The planner holds credentials for the bucket, so it must not hand untrusted files to a parser in C; the sandbox that
the worker has for those has no network, so it would need the whole file. This reader is Python throughout, reads only
the cross-reference table, the root and some branches of the page tree (ISO 32000-1, 7.5 and 7.7.3), and every step is
bounded. What it does not understand it leaves to the estimate from bytes; the worker counts for itself in any case.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from distributed_ocr_pipeline.planning.counting.pdf_objects import PdfObject, Reference, parse_object
from distributed_ocr_pipeline.planning.counting.ranges import RangeReader, TooMuch

_TAIL_BYTES = 2048
_OBJECT_BYTES = 16 * 1024  # an object that is followed is read so far; page trees have wide nodes
_STREAM_BYTES = 1024 * 1024  # of a compressed cross-reference or object stream
_INFLATED_BYTES = 4 * 1024 * 1024
_MAX_SECTIONS = 32  # of cross-references: one for every time the file was saved
_MAX_TREE_DEPTH = 24
_LOOKED_AT = 5  # pages, evenly spread over the document: documents of scans may begin with a cover of text
_BYTES_PER_PAGE = 8  # a page cannot take less, since its parent names it
_START = re.compile(rb"startxref\s+(\d{1,12})")
_HEADER = re.compile(rb"\s*(\d{1,10})\s+\d{1,5}\s+obj")
_SUBSECTION = re.compile(rb"\s*(\d{1,10})\s+(\d{1,10})[ \r]*\n?")

_FAULTS = (ValueError, KeyError, IndexError, TypeError, OverflowError, RecursionError, TooMuch, zlib.error)
"""What a damaged file, or one that leads too far, can raise."""

Dictionary = dict[str, PdfObject]


@dataclass(frozen=True)
class PdfPages:
    """What the page tree says."""

    count: int
    text_share: float  # of some pages, those that have a font: without one there is no text


def read_pdf_pages(reader: RangeReader) -> PdfPages | None:
    """Pages of a PDF; None if its structure is damaged, encrypted or too winding."""
    try:
        return _find_pages(_File(reader), reader.size)
    except _FAULTS:
        return None


@dataclass(frozen=True)
class _Table:
    """A run of entries of 20 bytes."""

    first: int
    count: int
    offset: int


class _File:
    """Cross-references and the objects behind them."""

    def __init__(self, reader: RangeReader) -> None:
        self._reader = reader
        self._tables: list[_Table] = []
        self._entries: dict[int, tuple[int, int, int]] = {}  # of cross-reference streams: type, two fields
        self._streams: dict[int, tuple[bytes, dict[int, int]]] = {}

    def trailer(self) -> Dictionary:
        """Of the newest section; all of them are read."""
        start = _START.findall(self._reader.read(self._reader.size - _TAIL_BYTES, _TAIL_BYTES))
        return self._read_sections(int(start[-1]))

    # ---- cross-references ----

    def _read_sections(self, offset: int) -> Dictionary:
        """Read the chain of sections, the newest first; returns the newest trailer."""
        newest: Dictionary = {}
        seen: set[int] = set()
        pending = [offset]
        while pending and len(seen) < _MAX_SECTIONS:
            offset = pending.pop(0)
            if offset in seen:
                continue
            seen.add(offset)
            trailer = self._read_section(offset)
            newest = newest or trailer
            pending += [int(_number(trailer[name])) for name in ("XRefStm", "Prev") if name in trailer]
        return newest

    def _read_section(self, offset: int) -> Dictionary:
        head = self._reader.read(offset, 64)
        plain = head.lstrip()
        return (
            self._read_table(offset + len(head) - len(plain) + 4)
            if plain.startswith(b"xref")
            else self._read_stream(offset)
        )

    def _read_table(self, offset: int) -> Dictionary:
        for _ in range(10_000):
            piece = self._reader.read(offset, 64)
            found = _SUBSECTION.match(piece)
            if found is None:
                break
            self._tables.append(_Table(int(found[1]), int(found[2]), offset + found.end()))
            offset += found.end() + 20 * int(found[2])
        piece = self._reader.read(offset, _OBJECT_BYTES)
        trailer, _ = parse_object(piece, piece.index(b"trailer") + len(b"trailer"))
        return _as_dictionary(trailer)

    def _read_stream(self, offset: int) -> Dictionary:
        dictionary, content = self._stream_at(offset)
        widths = [int(_number(width)) for width in _as_list(dictionary["W"])]
        size = sum(widths)
        if len(widths) != 3 or not 1 <= size <= 20 or min(widths) < 0:
            raise ValueError("impossible widths")
        index = [int(_number(value)) for value in _as_list(dictionary.get("Index") or [0.0, dictionary["Size"]])]
        numbers = chain.from_iterable(range(first, first + count) for first, count in zip(index[::2], index[1::2]))
        for number, start in zip(numbers, range(0, len(content) - size + 1, size)):
            self._entries.setdefault(number, _entry(content[start : start + size], widths))
        return dictionary

    # ---- objects ----

    def dictionary(self, value: PdfObject) -> Dictionary:
        """What a value refers to, which must be a dictionary."""
        return _as_dictionary(self.resolve(value))

    def resolve(self, value: PdfObject) -> PdfObject:
        """A value, or the object that it refers to."""
        for _ in range(8):
            if not isinstance(value, Reference):
                return value
            value = self._object(value.number)
        raise ValueError("references in a circle")

    def _object(self, number: int) -> PdfObject:
        kind, first, second = self._locate(number)
        if kind == 1:
            return self._object_at(first)[0]
        if kind != 2:
            return None
        content, offsets = self._object_stream(first)
        return parse_object(content, offsets[number])[0] if number in offsets else _by_index(content, offsets, second)

    def _locate(self, number: int) -> tuple[int, int, int]:
        for table in self._tables:
            if table.first <= number < table.first + table.count:
                entry = self._reader.read(table.offset + 20 * (number - table.first), 20)
                return (1 if entry[17:18] == b"n" else 0), int(entry[:10]), 0
        return self._entries[number]

    def _object_at(self, offset: int) -> tuple[PdfObject, int]:
        """The object at an offset, and the offset after it."""
        for length in (1024, _OBJECT_BYTES, 32 * _OBJECT_BYTES):
            piece = self._reader.read(offset, length)
            header = _HEADER.match(piece)
            if header is None:
                raise ValueError("no object")
            try:
                value, end = parse_object(piece, header.end())
                return value, offset + end
            except ValueError:
                if length >= 32 * _OBJECT_BYTES or len(piece) < length:
                    raise
        raise ValueError("no object")

    def _stream_at(self, offset: int) -> tuple[Dictionary, bytes]:
        value, end = self._object_at(offset)
        dictionary = _as_dictionary(value)
        length = int(_number(self.resolve(dictionary["Length"])))
        begin = re.match(rb"\s*stream\r?\n", self._reader.read(end, 32))
        if begin is None or not 0 < length <= _STREAM_BYTES:
            raise ValueError("no stream")
        return dictionary, _decoded(self._reader.read(end + begin.end(), length), dictionary)

    def _object_stream(self, number: int) -> tuple[bytes, dict[int, int]]:
        if number not in self._streams:
            kind, offset, _ = self._locate(number)
            if kind != 1:
                raise ValueError("an object stream in an object stream")
            dictionary, content = self._stream_at(offset)
            first = int(_number(dictionary["First"]))
            numbers = [int(text) for text in content[:first].split()]
            self._streams[number] = content, {key: first + at for key, at in zip(numbers[::2], numbers[1::2])}
        return self._streams[number]


def _find_pages(file: _File, size: int) -> PdfPages:
    """Follow the trailer to the page tree."""
    tree = file.dictionary(file.dictionary(file.trailer()["Root"])["Pages"])
    count = int(_number(file.resolve(tree["Count"])))
    if not 1 <= count <= size / _BYTES_PER_PAGE:
        raise ValueError("an impossible number of pages")
    return PdfPages(count, _text_share(file, tree, count))


def _text_share(file: _File, tree: Dictionary, count: int) -> float:
    looks = min(count, _LOOKED_AT)
    aside = (
        1 / count if count > 2 * looks else 0.0
    )  # where fronts are text and backs are scans, even steps see one kind
    found = [_has_fonts(file, tree, 0.5 / looks)]
    try:
        for look in range(1, looks):
            found.append(_has_fonts(file, tree, (look + 0.5) / looks + look % 2 * aside))
    except _FAULTS:  # what was seen so far has to do
        pass
    return sum(found) / len(found)


def _has_fonts(file: _File, node: Dictionary, place: float) -> bool:
    """Whether the page at a place has a font; 0 is the begin of the tree, 1 its end, if all branches are equal."""
    resources: PdfObject = None
    for _ in range(_MAX_TREE_DEPTH):
        resources = node.get("Resources", resources)
        kids = file.resolve(node.get("Kids"))
        if not isinstance(kids, list) or not kids:
            break
        branch = int(place * len(kids))
        place = place * len(kids) - branch
        node = file.dictionary(kids[branch])
    found = file.resolve(resources)
    return isinstance(found, dict) and bool(file.resolve(found.get("Font")))


def _by_index(content: bytes, offsets: dict[int, int], index: int) -> PdfObject:
    return parse_object(content, list(offsets.values())[index])[0]


def _entry(row: bytes, widths: list[int]) -> tuple[int, int, int]:
    first, second = widths[0], widths[0] + widths[1]
    kind = int.from_bytes(row[:first], "big") if first else 1
    return kind, int.from_bytes(row[first:second], "big"), int.from_bytes(row[second:], "big")


def _decoded(content: bytes, dictionary: Dictionary) -> bytes:
    """A stream's content: as it is, or inflated and with PNG's row filter undone."""
    filters = dictionary.get("Filter")
    if filters is None:
        return content
    if filters not in ("FlateDecode", ["FlateDecode"]):
        raise ValueError("an unknown filter")
    inflated = zlib.decompressobj().decompress(content, _INFLATED_BYTES)
    parameters = dictionary.get("DecodeParms")
    settings = parameters[0] if isinstance(parameters, list) and parameters else parameters
    if not isinstance(settings, dict) or _number(settings.get("Predictor", 1.0)) == 1:
        return inflated
    return b"".join(_unfiltered_rows(inflated, int(_number(settings.get("Columns", 1.0)))))


def _unfiltered_rows(data: bytes, columns: int) -> Iterator[bytes]:
    """Undo PNG's filters None and Up, the two that cross-reference streams use (PNG specification, section 9)."""
    if not 1 <= columns <= 1024:
        raise ValueError("impossible rows")
    above = bytes(columns)
    for start in range(0, len(data) - columns, columns + 1):
        row = data[start + 1 : start + 1 + columns]
        if data[start] == 2:
            row = bytes((one + other) & 255 for one, other in zip(row, above))
        elif data[start] != 0:
            raise ValueError("an unknown row filter")
        yield row
        above = row


def _number(value: PdfObject) -> float:
    if isinstance(value, bool) or not isinstance(value, float):
        raise ValueError("not a number")
    return value


def _as_list(value: PdfObject) -> list[PdfObject]:
    if not isinstance(value, list):
        raise ValueError("not an array")
    return value


def _as_dictionary(value: PdfObject) -> Dictionary:
    if not isinstance(value, dict):
        raise ValueError("not a dictionary")
    return value
