"""pikepdf: codes and spans that stand for several letters of a script that runs from right to left.

Such are the ligature of lam and alef, a letter with its vowel sign, and what a program writes as `ActualText` (ISO
32000-2, 14.9.4). A PDF has their letters in the order of reading, while the codes of a line stand as they are drawn,
from left to right. Poppler puts the letters of a code side by side, from left to right as well, so that they come out
turned round: "لا" as "ال". Which words these are cannot be told from what it says. So it is given a copy of the file in
which the letters of such codes stand as they are drawn.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pikepdf

from distributed_ocr_pipeline.ocr.documents.looks.content import inherited
from distributed_ocr_pipeline.ocr.scripts import has_leftward_letters, is_leftward, line_as_read

_ACTUAL_TEXT = "/ActualText"
_MOVES = ("Td", "Tf")
_SECTION = re.compile(rb"(?<=begin)(bfchar|bfrange)(.*?)(?=end\1)", re.DOTALL)
_HEX = rb"<([0-9A-Fa-f\s]*)>"
_CODE = re.compile(_HEX + rb"\s*" + _HEX)
_RANGE = re.compile(_HEX + rb"\s*" + _HEX + rb"\s*(?:" + _HEX + rb"|(\[[^\]]*\]))")
_STRING = re.compile(_HEX)
_NUMBERED = re.compile(r"/uni(?:[0-9A-F]{4})+(?:_uni(?:[0-9A-F]{4})+)*(?:\.\w+)?")
_NUMBERS = re.compile(r"(?<=uni)(?:[0-9A-F]{4})+")
_MOST_OF_RANGE = 256  # codes: within a range, only the last byte may change (Adobe Technical Note 5411)


def write_as_drawn(path: str, page_count: int, target: str) -> bool:
    """Write a copy in which the letters of each code stand as they are drawn; False if the file has no such codes.

    Raises `ValueError` if readers might see something else in the copy than in the file.
    """
    with pikepdf.open(path) as pdf:
        seen: set[tuple[int, int]] = set()
        if not sum(_change(pdf, page.obj, seen) for page in pdf.pages):
            return False
        if len(pdf.pages) != page_count or pdf.get_warnings():
            raise ValueError("The file had to be repaired.")
        pdf.save(target)
    return True


def _change(pdf: pikepdf.Pdf, page: Any, seen: set[tuple[int, int]]) -> int:
    """Change what a page and its forms draw; in how many places. Streams that are done are `seen`."""
    changed = 0
    left = [(page, inherited(page, "/Resources"))]
    while left:
        drawn, resources = left.pop()
        if not isinstance(resources, pikepdf.Dictionary):
            continue
        maps = [one for one in _maps(resources) if one.objgen not in seen]
        forms = [one for one in _forms(resources) if one.objgen not in seen]
        seen.update(one.objgen for one in maps + forms)
        changed += sum(map(_change_map, maps)) + sum(map(_change_names, _values(resources, "/Font")))
        changed += sum(map(_change_span, _values(resources, "/Properties")))
        changed += _change_content(pdf, drawn)
        left += [(form, form.get("/Resources", resources)) for form in forms]
    return changed


def _values(resources: Any, kind: str) -> Iterator[Any]:
    named = resources.get(kind)
    if isinstance(named, pikepdf.Dictionary):
        yield from named.values()


def _maps(resources: Any) -> list[Any]:
    fonts = (font for font in _values(resources, "/Font") if isinstance(font, pikepdf.Dictionary))
    return [found for font in fonts if isinstance(found := font.get("/ToUnicode"), pikepdf.Stream)]


def _forms(resources: Any) -> list[Any]:
    drawn = (one for one in _values(resources, "/XObject") if isinstance(one, pikepdf.Stream))
    return [one for one in drawn if one.get("/Subtype") == "/Form"]


# ---- maps ----------------------------------------------------------------------------------------------------------


def _change_map(stream: Any) -> bool:
    before = stream.read_bytes()
    after = map_as_drawn(before)
    if after != before:
        stream.write(after)
    return bool(after != before)


def map_as_drawn(cmap: bytes) -> bytes:
    """A font's map from codes to letters (a CMap: ISO 32000-2, 9.10.3) with the letters of each code as drawn."""
    return _SECTION.sub(_section_as_drawn, cmap)


def _section_as_drawn(section: re.Match[bytes]) -> bytes:
    kind, entries = section.groups()
    if kind == b"bfchar":
        return kind + _CODE.sub(lambda entry: b"<%s> %s" % (entry[1], _string_as_drawn(entry[2])), entries)
    return kind + _RANGE.sub(_range_as_drawn, entries)


def _range_as_drawn(entry: re.Match[bytes]) -> bytes:
    """An entry of a range; its letters are those of the first code, the last of which counts on."""
    first, last, string, strings = entry.groups()
    if strings is not None:
        drawn = _STRING.sub(lambda one: _string_as_drawn(one[1]), strings)
    elif _string_as_drawn(string) == b"<%s>" % string:
        return entry[0]
    else:
        letters = bytes.fromhex(string.decode())
        count = min(_MOST_OF_RANGE, int(last, 16) - int(first, 16) + 1)
        numbers = (int.from_bytes(letters, "big") + number for number in range(count))
        drawn = b"[%s]" % b" ".join(_string_as_drawn(b"%0*X" % (len(string), number)) for number in numbers)
    return b"<%s> <%s> %s" % (first, last, drawn)


def _string_as_drawn(string: bytes) -> bytes:
    """Letters in UTF-16, as hexadecimal numbers."""
    try:
        letters = bytes.fromhex(string.decode()).decode("utf-16-be")
    except ValueError:
        return b"<%s>" % string
    drawn = _as_drawn(letters)
    return b"<%s>" % (string if drawn == letters else drawn.encode("utf-16-be").hex().upper().encode())


def _as_drawn(text: str) -> str:
    """Text from left to right. What turns drawn letters into the order of reading turns them back as well."""
    if len(text) < 2 or not has_leftward_letters(text):
        return text
    return line_as_read([text], leftward=is_leftward(text))


def _change_names(font: Any) -> bool:
    """Change the names of glyphs, such as `uni06440627`, of a font that has no map."""
    encoding = font.get("/Encoding") if isinstance(font, pikepdf.Dictionary) and "/ToUnicode" not in font else None
    names = encoding.get("/Differences") if isinstance(encoding, pikepdf.Dictionary) else None
    if not isinstance(names, pikepdf.Array):
        return False
    drawn = [name_as_drawn(str(name)) if isinstance(name, pikepdf.Name) else "" for name in names]
    changed = [number for number, name in enumerate(drawn) if name and name != str(names[number])]
    for number in changed:
        names[number] = pikepdf.Name(drawn[number])
    return bool(changed)


def name_as_drawn(name: str) -> str:
    """A glyph's name that has the numbers of its letters (Adobe Glyph List Specification, 2) with these as drawn."""
    if not _NUMBERED.fullmatch(name):
        return name
    numbers = "".join(_NUMBERS.findall(name)).encode()
    drawn = _string_as_drawn(numbers)
    return name if drawn == b"<%s>" % numbers else f"/uni{drawn[1:-1].decode()}"


# ---- spans ---------------------------------------------------------------------------------------------------------


def _change_span(properties: Any) -> bool:
    """Change the text that is said to stand for what a span draws."""
    text = properties.get(_ACTUAL_TEXT) if isinstance(properties, pikepdf.Dictionary) else None
    if not isinstance(text, pikepdf.String):
        return False
    before = str(text)
    after = _as_drawn(before)
    if after != before:
        properties[_ACTUAL_TEXT] = pikepdf.String(after)
    return after != before


def _change_content(pdf: pikepdf.Pdf, drawn: Any) -> bool:
    """Change the spans that the commands of a page or a form begin."""
    if not any(_ACTUAL_TEXT.encode() in commands for commands in _commands(drawn)):
        return False
    instructions = list(pikepdf.parse_content_stream(drawn))
    begins = [index for index, one in enumerate(instructions) if str(one.operator) == "BDC" and len(one.operands) == 2]
    changed = [index for index in begins if _change_span(instructions[index].operands[1])]
    if not changed:
        return False
    left_out = {place for index in changed for place in _signs(instructions, index)}
    commands = pikepdf.unparse_content_stream([one for index, one in enumerate(instructions) if index not in left_out])
    if isinstance(drawn, pikepdf.Stream):
        drawn.write(commands)
    else:
        drawn.Contents = pdf.make_stream(commands)
    return True


def _signs(instructions: Sequence[Any], begin: int) -> list[int]:
    """Where a span, whose text is known, shows vowel signs, each at a place of its own, before the letter below them.

    To Poppler the span would begin at the first sign, behind a gap that it takes for a blank.
    """
    shown = list[int]()
    for index in range(begin + 1, len(instructions)):
        operator = str(instructions[index].operator)
        if operator == "Tj":
            shown.append(index)
        elif operator not in _MOVES:
            break
    placed = all(str(instructions[index - 1].operator) == "Td" for index in shown[1:])
    return shown[:-1] if placed else []


def _commands(drawn: Any) -> Iterator[bytes]:
    parts = drawn if isinstance(drawn, pikepdf.Stream) else drawn.get("/Contents", pikepdf.Array())
    for part in parts if isinstance(parts, pikepdf.Array) else [parts]:
        if isinstance(part, pikepdf.Stream):
            yield part.read_bytes()
