"""How many specks a scan has, from the first bytes of its JPEG: to read a page with many takes longer.

Dust, a bad scanner or a copy of a copy leave specks of a few pixels. The worker cleans such a page and, as the specks
may be the dots of print, reads it both ways unless it reads well without them (ocr/pages/again/ways.py). The size of a
JPEG does not tell: grain makes it large. In a JPEG a speck is a block with much of the high frequencies between blocks
without, while print fills blocks beside and below each other. So the Huffman codes of the first rows of blocks are
decoded (ITU-T T.81, baseline), and no pixel is made.

Input is untrusted, and this is Python throughout: what is read is bounded, and what is not understood is a
`ValueError`.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

JPEG_BYTES = 30_000
"""So many of an image's first bytes are enough: they are the margin of a clean scan, and some rows of a grainy one."""

SPECKLED = 90.0
"""From so many in a million pixels on a page is cleaned: those with 70 were not, those with 113 were."""

_STRONG = 80  # a frequency's amplitude in grey levels: grain of 60 levels makes 50, a speck 200, an edge more
_HIGH = 15  # of the frequencies in zigzag order, those from here on
_MOST_IN_A_ROW = 2  # blocks that a speck lies in
_LEAST_BLOCKS = 300
_MOST_TABLES = 32
_CODES = 1 << 16  # what 16 bits can be
_BLOCK_PIXELS = 64
_ALONE = (0xD8, 0x01)  # markers that nothing belongs to


@dataclass(frozen=True)
class _Component:
    """Of the picture's channels one; the first is brightness."""

    wide: int  # blocks in a unit
    high: int
    quantiser: Sequence[int]
    dc: Sequence[int]  # Huffman tables: length and value of the code that 16 bits begin with, as value * 32 + length
    ac: Sequence[int]


@dataclass(frozen=True)
class _Picture:
    """What the headers say."""

    width: int
    components: tuple[_Component, ...]
    restart: int  # units between two restarts; 0 if there are none
    content: int  # where the codes begin

    @property
    def units_wide(self) -> int:
        """Units of the picture beside each other."""
        return -(-self.width // (8 * self.components[0].wide))


def specks_per_megapixel(data: bytes) -> float | None:
    """Specks in a million pixels, by the first rows of a JPEG; None if these are too few.

    Args:
        data: The file's first bytes.

    Raises:
        ValueError: It is no baseline JPEG.
    """
    try:
        picture = _read_headers(data)
        rows = list(_rows(picture, data[picture.content :]))
    except (IndexError, KeyError, struct.error) as error:
        raise ValueError("not a baseline JPEG") from error
    blocks = sum(map(len, rows))
    if blocks < _LEAST_BLOCKS:
        return None
    return _count_specks(rows) * 1e6 / (blocks * _BLOCK_PIXELS)


def _count_specks(rows: Sequence[bytes]) -> int:
    """Strong blocks that have none of them above or below, and at most one beside them."""
    nothing = bytes(len(rows[0]))
    count = 0
    for above, row, below in zip([nothing, *rows], rows, [*rows[1:], nothing]):
        begin = row.find(1)
        while begin >= 0:
            end = row.find(0, begin)
            end = len(row) if end < 0 else end
            around = slice(max(0, begin - 1), end + 1)
            count += end - begin <= _MOST_IN_A_ROW and not any(above[around]) and not any(below[around])
            begin = row.find(1, end)
    return count


# ---- headers ---------------------------------------------------------------------------------------------------


@dataclass
class _Headers:
    """What comes before the scan, as it is read."""

    frame: bytes = b""
    restart: int = 0
    made: int = 0  # tables
    quantisers: dict[int, Sequence[int]] = field(default_factory=dict)
    tables: dict[int, Sequence[int]] = field(default_factory=dict)

    def add_tables(self, body: bytes) -> None:
        """Huffman tables, by class (0 for DC, 16 for AC) and number: each is work, and eight are enough."""
        for number, table in _huffman_tables(body):
            self.made += 1
            if self.made > _MOST_TABLES:
                raise ValueError("too many tables")
            self.tables[number] = table

    def components(self, scan: bytes) -> Iterator[_Component]:
        """Of the picture, in the order of the scan."""
        count = self.frame[5]
        for place in range(count):
            _, sampling, quantiser = self.frame[6 + 3 * place : 9 + 3 * place]
            wide, high = (sampling >> 4, sampling & 15) if count > 1 else (1, 1)
            if not (1 <= wide <= 4 and 1 <= high <= 4):
                raise ValueError("impossible sampling")
            dc, ac = divmod(scan[2 + 2 * place], 16)
            yield _Component(wide, high, self.quantisers[quantiser], self.tables[dc], self.tables[16 + ac])


def _read_headers(data: bytes) -> _Picture:
    """Everything up to the first scan."""
    headers = _Headers()
    for marker, body, after in _segments(data):
        match marker:
            case 0xDB:
                headers.quantisers |= _quantisers(body)
            case 0xC4:
                headers.add_tables(body)
            case 0xDD:
                (headers.restart,) = struct.unpack(">H", body)
            case 0xC0 | 0xC1:
                headers.frame = body
            case 0xDA:
                return _picture(headers, body, after)
    raise ValueError("no scan")


def _picture(headers: _Headers, scan: bytes, content: int) -> _Picture:
    bits, _, width, count = struct.unpack_from(">BHHB", headers.frame)
    if bits != 8 or not 1 <= count <= 4 or scan[0] != count or not width:
        raise ValueError("not 8 bits in one scan")
    return _Picture(width, tuple(headers.components(scan)), headers.restart, content)


def _segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Marker, content and end of each segment."""
    position = 0
    while data[position] == 0xFF:
        marker = data[position + 1]
        position += 2
        if marker not in _ALONE:
            (length,) = struct.unpack_from(">H", data, position)
            yield marker, data[position + 2 : position + length], position + max(2, length)
            position += max(2, length)
    raise ValueError("no marker")


def _quantisers(body: bytes) -> dict[int, Sequence[int]]:
    found: dict[int, Sequence[int]] = {}
    while body:
        wide, number = body[0] >> 4, body[0] & 15
        found[number] = struct.unpack_from(">64H" if wide else "64B", body, 1)
        body = body[129 if wide else 65 :]
    return found


def _huffman_tables(body: bytes) -> Iterator[tuple[int, Sequence[int]]]:
    while body:
        counts, values = body[1:17], body[17 : 17 + sum(body[1:17])]
        table: list[int] = []
        place = iter(values)
        for length, count in enumerate(counts, start=1):
            if len(table) + (count << (16 - length)) > _CODES:
                raise ValueError("more codes than there can be")
            for _ in range(count):
                table += [next(place, 0) * 32 + length] * (1 << (16 - length))
        yield body[0] & 31, table + [0] * (_CODES - len(table))
        body = body[17 + sum(counts) :]


# ---- codes -----------------------------------------------------------------------------------------------------


def _rows(picture: _Picture, content: bytes) -> Iterator[bytes]:
    """The rows of blocks of the first component that are there whole: a byte for each, 1 if it is strong."""
    first = picture.components[0]
    flags = _units(picture, content)
    while True:
        rows = [bytearray() for _ in range(first.high)]
        for _ in range(picture.units_wide):
            unit = next(flags, None)
            if unit is None:
                return
            for number, row in enumerate(rows):
                row += unit[number * first.wide : (number + 1) * first.wide]
        yield from map(bytes, rows)


def _units(picture: _Picture, content: bytes) -> Iterator[bytes]:
    """Of every unit, which blocks of the first component are strong; ends where the data end."""
    for piece in _pieces(content):
        codes = _Codes(piece)
        count = 0
        while not picture.restart or count < picture.restart:
            unit = bytearray()
            for place, component in enumerate(picture.components):
                for _ in range(component.wide * component.high):
                    strong = codes.next_block(component)
                    if not place:
                        unit.append(strong)
            if codes.at_end:
                return
            count += 1
            yield bytes(unit)


def _pieces(content: bytes) -> Iterator[bytes]:
    """The codes between restarts, without the zeros that are stuffed behind 255."""
    begin = position = 0
    while (position := content.find(b"\xff", position)) >= 0 and position + 1 < len(content):
        marker = content[position + 1]
        if marker:
            yield content[begin:position].replace(b"\xff\0", b"\xff")
            begin = position + 2
            if not 0xD0 <= marker <= 0xD7:
                return
        position += 2
    yield content[begin:].replace(b"\xff\0", b"\xff")


class _Codes:
    """Reads Huffman codes from bytes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._position = data, 0
        self._bits, self._count = 0, 0

    @property
    def at_end(self) -> bool:
        """Whether more was read than there is."""
        return self._position - self._count // 8 > len(self._data)

    def next_block(self, component: _Component) -> bool:
        """Pass a block; whether it has much of a high frequency."""
        self._skip(self._symbol(component.dc))
        strong, frequency, ac, quantiser = False, 1, component.ac, component.quantiser
        while frequency < 64:
            symbol = self._symbol(ac)
            size = symbol & 15
            if not size:
                if symbol != 0xF0:
                    break
                frequency += 16
                continue
            frequency += symbol >> 4
            self._skip(size)
            if frequency >= _HIGH and (1 << (size - 1)) * quantiser[min(frequency, 63)] >= _STRONG:
                strong = True
            frequency += 1
        return strong

    def _symbol(self, table: Sequence[int]) -> int:
        if self._count < 16:
            self._fill()
        found = table[self._bits >> (self._count - 16) & 0xFFFF]
        length = found & 31
        if not length:
            raise ValueError("no such code")
        self._count -= length
        return found >> 5

    def _skip(self, bits: int) -> None:
        if self._count < bits:
            self._fill()
        self._count -= bits

    def _fill(self) -> None:
        more = self._data[self._position : self._position + 8].ljust(8, b"\0")
        self._position += 8
        self._bits = (self._bits & ((1 << self._count) - 1)) << 64 | int.from_bytes(more, "big")
        self._count += 64
