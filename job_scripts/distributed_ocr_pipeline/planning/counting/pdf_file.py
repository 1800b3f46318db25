"""The objects of a PDF file, found through its cross-references (ISO 32000-1, 7.5), from pieces of the file.

Input is untrusted: what is read and what is parsed is bounded, and what is not understood is one of `FAULTS`.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from distributed_ocr_pipeline.planning.counting.pdf_encryption import StreamCipher, open_without_password
from distributed_ocr_pipeline.planning.counting.pdf_objects import (
    Dictionary,
    PdfObject,
    Reference,
    as_dictionary,
    as_list,
    as_number,
    parse_object,
)
from distributed_ocr_pipeline.planning.counting.ranges import RangeReader, TooMuch

_TAILS = (2 * 1024, 64 * 1024, 512 * 1024)  # bytes searched for `startxref`: what carries files appends to them
_OBJECT_BYTES = 16 * 1024  # an object that is followed is read so far; page trees have wide nodes
_STREAM_BYTES = 1024 * 1024  # of a compressed cross-reference or object stream
_INFLATED_BYTES = 4 * 1024 * 1024
_PARSED_BYTES = 8 * 1024 * 1024  # of all objects of a file, which may lie in each other
_MAX_SECTIONS = 32  # of cross-references: one for every time the file was saved
_START = re.compile(rb"startxref\s+(\d{1,12})")
_HEADER = re.compile(rb"\s*(\d{1,10})\s+\d{1,5}\s+obj")
_SUBSECTION = re.compile(rb"\s*(\d{1,10})\s+(\d{1,10})[ \r]*\n?")
_STREAM = re.compile(rb"\s*stream\r?\n")

FAULTS = (ValueError, KeyError, IndexError, TypeError, OverflowError, RecursionError, TooMuch, zlib.error)
"""What a damaged file, or one that leads too far, can raise."""


@dataclass(frozen=True)
class _Table:
    """A run of entries of 20 bytes."""

    first: int
    count: int
    offset: int


class _Objects:
    """Objects by their offsets; what is parsed of a file is bounded."""

    def __init__(self, reader: RangeReader) -> None:
        self._reader = reader
        self._parsed = 0  # bytes

    def at(self, offset: int) -> tuple[PdfObject, int]:
        """The object at an offset, and the offset after it."""
        for length in (1024, _OBJECT_BYTES, 32 * _OBJECT_BYTES):
            piece = self._reader.read(offset, length)
            header = _HEADER.match(piece)
            if header is None:
                raise ValueError("no object")
            try:
                value, end = self.parse(piece, header.end())
                return value, offset + end
            except ValueError:
                if length >= 32 * _OBJECT_BYTES or len(piece) < length:
                    raise
        raise ValueError("no object")

    def parse(self, data: bytes, position: int) -> tuple[PdfObject, int]:
        """The object at a position of some bytes, and where it ends."""
        end = len(data)  # if it cannot be parsed
        try:
            value, end = parse_object(data, position)
            return value, end
        finally:
            self._parsed += end - position
            if self._parsed > _PARSED_BYTES:
                raise TooMuch("too much to parse")

    def stream_begin(self, offset: int) -> int:
        """Where a stream begins that comes after the dictionary that ends at an offset."""
        begin = _STREAM.match(self._reader.read(offset, 32))
        if begin is None:
            raise ValueError("no stream")
        return offset + begin.end()


class PdfFile:
    """Cross-references and the objects behind them; raises one of `FAULTS` where a file is not understood."""

    def __init__(self, reader: RangeReader) -> None:
        self._reader = reader
        self._tables: list[_Table] = []
        self._entries: dict[int, tuple[int, int, int]] = {}  # of cross-reference streams: type, two fields
        self._streams: dict[int, tuple[bytes, dict[int, int]]] = {}
        self._known: dict[int, PdfObject] = {}
        self._objects = _Objects(reader)
        self._cipher: StreamCipher | None = None

    def trailer(self) -> Dictionary:
        """Of the newest section; all of them are read, and an encrypted file is opened."""
        trailer = self._read_sections(_start(self._reader))
        if "Encrypt" in trailer:
            identity = as_list(self.resolve(trailer.get("ID", [])))
            self._cipher = open_without_password(self.dictionary(trailer["Encrypt"]), identity)
        return trailer

    @property
    def objects(self) -> int:
        """How many there may be, by the cross-references."""
        return max(chain((table.first + table.count for table in self._tables), (key + 1 for key in self._entries)))

    def dictionary(self, value: PdfObject) -> Dictionary:
        """What a value refers to, which must be a dictionary."""
        return as_dictionary(self.resolve(value))

    def resolve(self, value: PdfObject) -> PdfObject:
        """A value, or the object that it refers to."""
        for _ in range(8):
            if not isinstance(value, Reference):
                return value
            if value.number not in self._known:
                self._known[value.number] = self._object(value.number)
            value = self._known[value.number]
        raise ValueError("references in a circle")

    def stream_start(self, value: PdfObject, length: int) -> tuple[Dictionary, bytes]:
        """A stream's dictionary and its first bytes, as they are stored."""
        if not isinstance(value, Reference):
            raise ValueError("no stream")
        kind, offset, _ = self._locate(value.number)
        if kind != 1:
            raise ValueError("a stream in an object stream")
        found, end = self._objects.at(offset)
        begin = self._objects.stream_begin(end)
        return as_dictionary(found), self._decrypted(self._reader.read(begin, length), value.number)

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
            pending += [int(as_number(trailer[name])) for name in ("XRefStm", "Prev") if name in trailer]
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
        trailer, _ = self._objects.parse(piece, piece.index(b"trailer") + len(b"trailer"))
        return as_dictionary(trailer)

    def _read_stream(self, offset: int) -> Dictionary:
        dictionary, content = self._stream_at(offset)
        widths = [int(as_number(width)) for width in as_list(dictionary["W"])]
        size = sum(widths)
        if len(widths) != 3 or not 1 <= size <= 20 or min(widths) < 0:
            raise ValueError("impossible widths")
        index = [int(as_number(value)) for value in as_list(dictionary.get("Index") or [0.0, dictionary["Size"]])]
        numbers = chain.from_iterable(range(first, first + count) for first, count in zip(index[::2], index[1::2]))
        for number, start in zip(numbers, range(0, len(content) - size + 1, size)):
            self._entries.setdefault(number, _entry(content[start : start + size], widths))
        return dictionary

    # ---- objects ----

    def _object(self, number: int) -> PdfObject:
        kind, first, second = self._locate(number)
        if kind == 1:
            return self._objects.at(first)[0]
        if kind != 2:
            return None
        content, offsets = self._object_stream(first)
        return self._objects.parse(content, offsets[number] if number in offsets else list(offsets.values())[second])[0]

    def _locate(self, number: int) -> tuple[int, int, int]:
        for table in self._tables:
            if table.first <= number < table.first + table.count:
                entry = self._reader.read(table.offset + 20 * (number - table.first), 20)
                return (1 if entry[17:18] == b"n" else 0), int(entry[:10]), 0
        return self._entries[number]

    def _stream_at(self, offset: int, number: int | None = None) -> tuple[Dictionary, bytes]:
        """A stream's dictionary and content; without a number it is not encrypted."""
        value, end = self._objects.at(offset)
        dictionary = as_dictionary(value)
        length = int(as_number(self.resolve(dictionary["Length"])))
        if not 0 < length <= _STREAM_BYTES:
            raise ValueError("no stream")
        content = self._reader.read(self._objects.stream_begin(end), length)
        return dictionary, _decoded(content if number is None else self._decrypted(content, number), dictionary)

    def _decrypted(self, content: bytes, number: int) -> bytes:
        return self._cipher.decrypt(content, number) if self._cipher else content

    def _object_stream(self, number: int) -> tuple[bytes, dict[int, int]]:
        if number not in self._streams:
            kind, offset, _ = self._locate(number)
            if kind != 1:
                raise ValueError("an object stream in an object stream")
            dictionary, content = self._stream_at(offset, number)
            first = int(as_number(dictionary["First"]))
            numbers = [int(text) for text in content[:first].split()]
            self._streams[number] = content, {key: first + at for key, at in zip(numbers[::2], numbers[1::2])}
        return self._streams[number]


def _start(reader: RangeReader) -> int:
    """Where the newest cross-references are, by what the end of the file says."""
    for length in _TAILS:
        if found := _START.findall(reader.read(reader.size - length, length)):
            return int(found[-1])
    raise ValueError("no startxref")


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
    if not isinstance(settings, dict) or as_number(settings.get("Predictor", 1.0)) == 1:
        return inflated
    return b"".join(_unfiltered_rows(inflated, int(as_number(settings.get("Columns", 1.0)))))


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
