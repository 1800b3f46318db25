"""pikepdf: what a page draws: its commands and those of the forms in it, and its pictures.

Resources name more than a page draws: some writers give every page those of the whole document. So a form or a picture
counts where a command draws it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf

_DRAWN = re.compile(rb"/([^\0\t\n\f\r ()<>\[\]{}/%]+)\s+Do\b")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_MOST = 2000  # forms and pictures of a page
_DEEPEST = 50  # nodes of a page tree above a page


@dataclass(frozen=True)
class Content:
    """What a page draws."""

    parts: Sequence[bytes]  # the page's own commands, in the parts in which they are stored
    forms: Sequence[bytes]  # the commands of each form
    pictures: Sequence[Any]  # streams
    scopes: Sequence[tuple[bytes, Any]] = ()  # commands of the page and of each form, and the resources they name

    @property
    def commands(self) -> Iterator[bytes]:
        """All of them; readers see a space between parts."""
        yield b"\n".join(self.parts)
        yield from self.forms


def content_of(page: Any) -> Content:
    """What a page draws. Raises `pikepdf.PdfError` if some of it cannot be read."""
    contents = page.get("/Contents", pikepdf.Array())
    parts = [part.read_bytes() for part in _streams(contents)]
    forms, pictures, seen = list[bytes](), list[Any](), set[tuple[int, int]]()
    left = [(b"\n".join(parts), inherited(page, "/Resources"))]
    scopes = left.copy()
    while left and len(seen) < _MOST:
        commands, resources = left.pop()
        for drawn in _drawn(commands, resources):
            if drawn.objgen in seen:
                continue
            seen.add(drawn.objgen)
            if drawn.get("/Subtype") == "/Image":
                pictures.append(drawn)
            else:
                forms.append(drawn.read_bytes())
                left.append((forms[-1], drawn.get("/Resources", resources)))
                scopes.append(left[-1])
    return Content(parts, forms, pictures, scopes)


def _streams(contents: Any) -> list[Any]:
    found = contents if isinstance(contents, pikepdf.Array) else [contents]
    return [part for part in found if isinstance(part, pikepdf.Stream)]


def inherited(page: Any, key: str) -> Any:
    """What a page has of its own, or of the nodes of the tree above it."""
    for _ in range(_DEEPEST):
        if not isinstance(page, pikepdf.Dictionary) or key in page:
            break
        page = page.get("/Parent")
    return page.get(key) if isinstance(page, pikepdf.Dictionary) else None


def _drawn(commands: bytes, resources: Any) -> Iterator[Any]:
    """The forms and pictures that commands draw."""
    named = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    if not isinstance(named, pikepdf.Dictionary):
        return
    for name in dict.fromkeys(_DRAWN.findall(commands)):
        plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), name)
        drawn = named.get(f"/{plain.decode('utf-8', 'replace')}")
        if isinstance(drawn, pikepdf.Stream):
            yield drawn
