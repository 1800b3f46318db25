"""The objects of a PDF file: just enough of the syntax to follow references (ISO 32000-1, 7.2 and 7.3).

Input is untrusted. Nesting, lengths and the number of tokens are bounded; what is not understood is a `ValueError`.
"""

import re
from dataclasses import dataclass
from typing import Union

_TOKEN = re.compile(
    rb"[\0\t\n\f\r ]*(?:%[^\r\n]*[\0\t\n\f\r ]*)*"
    rb"(?:(?P<open><<|\[)|(?P<close>>>|\])|(?P<name>/[^\0\t\n\f\r ()<>\[\]{}/%]*)|(?P<string>\()"
    rb"|(?P<hex><[0-9A-Fa-f\s]*>)|(?P<reference>\d{1,10}[\0\t\n\f\r ]+\d{1,5}[\0\t\n\f\r ]+R(?![A-Za-z]))"
    rb"|(?P<number>[+-]?(?:\d{1,20}\.?\d{0,20}|\.\d{1,20}))|(?P<word>[A-Za-z]{1,20}))"
)
_STRING_PART = re.compile(rb"[^()\\]+|\\(?:[0-7]{1,3}|\r\n|.)|[()]", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_MAX_DEPTH = 20
_MAX_TOKENS = 200_000


@dataclass(frozen=True)
class Reference:
    """An indirect object's number."""

    number: int


PdfObject = Union[None, bool, float, str, bytes, Reference, list["PdfObject"], dict[str, "PdfObject"]]
"""Names are `str`; strings are `bytes`."""

Dictionary = dict[str, PdfObject]


def parse_object(data: bytes, position: int = 0) -> tuple[PdfObject, int]:
    """The object that begins at a position, and where it ends.

    Raises:
        ValueError: It is cut off, nested too deeply, or no object.
    """
    return _Parser(data, position).parse()


class _Parser:
    def __init__(self, data: bytes, position: int) -> None:
        self._data, self._position = data, position
        self._tokens = 0

    def parse(self) -> tuple[PdfObject, int]:
        """The object and the position after it."""
        return self._value(0), self._position

    def _next(self) -> tuple[str, bytes]:
        self._tokens += 1
        found = _TOKEN.match(self._data, self._position)
        if found is None or found.lastgroup is None or self._tokens > _MAX_TOKENS:
            raise ValueError("not a PDF object")
        self._position = found.end()
        return found.lastgroup, found[found.lastgroup]

    def _value(self, depth: int) -> PdfObject:
        kind, text = self._next()
        if kind == "open" and depth < _MAX_DEPTH:
            return self._dictionary(depth) if text == b"<<" else self._items(b"]", depth)
        if kind == "string":
            return self._string()
        return _single_token(kind, text)

    def _items(self, closing: bytes, depth: int) -> list[PdfObject]:
        items: list[PdfObject] = []
        while True:
            before = self._position
            kind, text = self._next()
            if kind == "close":
                if text != closing:
                    raise ValueError("the wrong bracket")
                return items
            self._position = before
            items.append(self._value(depth + 1))

    def _dictionary(self, depth: int) -> dict[str, PdfObject]:
        items = self._items(b">>", depth)
        keys, values = items[::2], items[1::2]
        return {key: value for key, value in zip(keys, values) if isinstance(key, str)}

    def _string(self) -> bytes:
        open_brackets, content = 1, bytearray()
        while True:
            part = _STRING_PART.match(self._data, self._position)
            if part is None:
                raise ValueError("a string without an end")
            self._position = part.end()
            open_brackets += {b"(": 1, b")": -1}.get(part[0], 0)
            if not open_brackets:
                return bytes(content)
            content += _unescaped(part[0]) if part[0].startswith(b"\\") else part[0]


def _single_token(kind: str, text: bytes) -> PdfObject:
    """The object that is one token."""
    match kind:
        case "name":
            return text[1:].decode("latin-1")
        case "reference":
            return Reference(int(text.split()[0]))
        case "number":
            return float(text)
        case "hex":
            digits = re.sub(rb"\s", b"", text[1:-1])
            return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
        case "word":
            return {b"true": True, b"false": False}.get(text)
    raise ValueError("a bracket too many")


def _unescaped(escape: bytes) -> bytes:
    """What a backslash and what follows it stand for (ISO 32000-1, 7.3.4.2)."""
    text = escape[1:]
    return bytes((int(text, 8) & 255,)) if text.isdigit() and text < b"8" else _ESCAPED.get(text, text)


def as_number(value: PdfObject) -> float:
    """A number; `ValueError` if it is none."""
    if isinstance(value, bool) or not isinstance(value, float):
        raise ValueError("not a number")
    return value


def as_bytes(value: PdfObject) -> bytes:
    """A string; `ValueError` if it is none."""
    if not isinstance(value, bytes):
        raise ValueError("not a string")
    return value


def as_list(value: PdfObject) -> list[PdfObject]:
    """An array; `ValueError` if it is none."""
    if not isinstance(value, list):
        raise ValueError("not an array")
    return value


def as_dictionary(value: PdfObject) -> Dictionary:
    """A dictionary; `ValueError` if it is none."""
    if not isinstance(value, dict):
        raise ValueError("not a dictionary")
    return value
