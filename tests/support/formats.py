"""Whether ALTO and hOCR are what their specifications say, as far as this project writes them."""

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

_ALTO = etree.XMLSchema(etree.parse(Path(__file__).with_name("schemas") / "alto-4-written.xsd"))
_XHTML = "{http://www.w3.org/1999/xhtml}"
_BOX = r"bbox \d+ \d+ \d+ \d+"
_INSIDE = {  # class: the element, the class that it stands in, its title
    "ocr_page": ("div", "", rf'image "(?:[^"\\]|\\.)*"; {_BOX}; ppageno \d+(?:; scan_res \d+ \d+)?'),
    "ocr_carea": ("div", "ocr_page", _BOX),
    "ocr_par": ("p", "ocr_carea", _BOX),
    "ocr_line": ("span", "ocr_par", _BOX),
    "ocrx_word": ("span", "ocr_line", rf"{_BOX}; x_wconf (?:100|\d?\d)"),
}


def alto_faults(text: str) -> list[str]:
    """What is not as ALTO 4 has it; the schema is alto-4-written.xsd."""
    document = etree.fromstring(text.encode())
    schema_location = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
    assert document.attrib.pop(schema_location).split()[0] == document.nsmap[None]
    _ALTO.validate(document)
    return [str(error) for error in _ALTO.error_log]


def hocr_faults(text: str) -> list[str]:
    """What is not as hOCR 1.2 has it: nesting, titles, boxes inside each other, ids, and the classes that it names."""
    root = etree.fromstring(text.encode())
    named = {meta.get("name"): meta.get("content") for meta in root.iter(f"{_XHTML}meta")}
    elements = [element for element in root.iter() if element.get("class")]
    ids = [element.get("id") for element in elements]
    faults = [] if len(set(ids)) == len(ids) else ["an id is there twice"]
    if not named.get("ocr-system") or {element.get("class") for element in elements} - set(
        (named.get("ocr-capabilities") or "").split()
    ):
        faults.append("the head does not name the system, or a class that is used")
    return [*faults, *(fault for element in elements for fault in _faults_of(element))]


def _faults_of(element: "etree._Element") -> Iterator[str]:
    tag, parent, title = _INSIDE[str(element.get("class"))]
    above = element.getparent()
    if element.tag != _XHTML + tag or above is None or (above.get("class") or "") != parent:
        yield f"{element.get('id')} is in the wrong place"
    if not re.fullmatch(title, element.get("title") or ""):
        yield f"{element.get('id')} has the title {element.get('title')}"
    elif parent and not _holds(_box(above), _box(element)):
        yield f"{element.get('id')} is larger than what it is in"


def _box(element: "etree._Element") -> tuple[int, ...]:
    (found,) = re.findall(_BOX, re.sub(r'"(?:[^"\\]|\\.)*"', "", element.get("title") or ""))
    return tuple(map(int, found.split()[1:]))


def _holds(outer: tuple[int, ...], inner: tuple[int, ...]) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]
