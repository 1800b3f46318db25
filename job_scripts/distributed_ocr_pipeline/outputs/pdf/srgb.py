"""What the numbers of sRGB look like, as an ICC profile of version 2, which every version of PDF and of PDF/A takes.

Pillow makes profiles of version 4 alone. Layout: ICC.1:2001-04; curve: IEC 61966-2-1.
"""

import struct
from collections.abc import Sequence

NAME = "sRGB IEC61966-2.1"
_D50 = (0.9642, 1.0, 0.8249)  # to which the colours below are adapted
_RED, _GREEN, _BLUE = (0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139)
_STEPS = 1024  # of the curve
_HEADER_BYTES, _TAG_BYTES, _ALIGNED_TO = 128, 12, 4


def srgb_profile() -> bytes:
    """The profile; the same bytes each time."""
    curve = _curve()
    tags = {
        "desc": _description(NAME),
        "cprt": b"text" + bytes(4) + b"No copyright\0",
        "wtpt": _xyz(_D50),
        "rXYZ": _xyz(_RED),
        "gXYZ": _xyz(_GREEN),
        "bXYZ": _xyz(_BLUE),
        "rTRC": curve,
        "gTRC": curve,
        "bTRC": curve,
    }
    start = _HEADER_BYTES + 4 + _TAG_BYTES * len(tags)
    places: dict[bytes, int] = {}
    for data in tags.values():
        places.setdefault(data, start + sum(len(_aligned(other)) for other in places))
    table = b"".join(struct.pack(">4sII", name.encode(), places[data], len(data)) for name, data in tags.items())
    body = struct.pack(">I", len(tags)) + table + b"".join(map(_aligned, places))
    return _header(_HEADER_BYTES + len(body)) + body


def _header(size: int) -> bytes:
    kind = struct.pack(">II4s4s4s4s", size, 0, b"\x02\x10\0\0", b"mntr", b"RGB ", b"XYZ ")
    date = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    return kind + date + b"acsp" + bytes(28) + _numbers(_D50) + bytes(48)


def _aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNED_TO)


def _numbers(values: Sequence[float]) -> bytes:
    """As s15Fixed16Number."""
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + _numbers(values)


def _description(text: str) -> bytes:
    """A textDescriptionType whose Unicode and Macintosh parts are empty."""
    return (
        b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text.encode("ascii") + b"\0" + bytes(4 + 4 + 2 + 1 + 67)
    )


def _curve() -> bytes:
    """From a channel's number to its light."""
    shares = (step / (_STEPS - 1) for step in range(_STEPS))
    light = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return b"curv" + bytes(4) + struct.pack(f">I{_STEPS}H", _STEPS, *(round(value * 65535) for value in light))
