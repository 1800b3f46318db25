"""Addresses of documents as people read them."""

from urllib.parse import unquote

from distributed_ocr_pipeline.wording import printable

FILE = "file://"
"""What the addresses of documents of this machine begin with."""


def readable(address: str) -> str:
    """An address without the escapes of a `file://` URI; what is not printable, or turns lines around, is escaped."""
    if address.startswith(FILE):
        address = unquote(address.removeprefix(FILE), errors="backslashreplace")
    return printable(address)


def common_folder(first: str, last: str) -> str:
    """The longest folder, with its slash, of all addresses between two in alphabetical order; may be empty."""
    length = next((at for at, (one, other) in enumerate(zip(first, last)) if one != other), min(len(first), len(last)))
    return first[: first.rfind("/", 0, length) + 1]


def below(folder: str, address: str) -> str:
    """The readable rest of an address in a folder."""
    return readable(address)[len(readable(folder)) :] if address.startswith(folder) else readable(address)
