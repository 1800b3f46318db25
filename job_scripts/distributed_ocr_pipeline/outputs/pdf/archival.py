"""PDF/A-2b (ISO 19005-2; the numbers below are its clauses) of documents that show pictures and nothing else.

What a page may hold is listed, and a document with anything else is refused: of fonts, forms and the like it cannot be
told here whether they conform, and a file that only says so would be worth less than none.
"""

from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.outputs.pdf.srgb import NAME, srgb_profile
from distributed_ocr_pipeline.outputs.pdf.visibility import SHOWS_TEXT, Instruction, with_visibility

_DRAWS = frozenset("q Q cm w J j M d i ri m l c v y h re S s f F f* B B* b b* n W W* g G rg RG Do gs".split())
_WRITES = frozenset("BT ET Tc Tw Tz TL Tf Tr Ts Td TD Tm T*".split()) | SHOWS_TEXT
_MARKS = frozenset("MP DP BMC BDC EMC".split())
_ALLOWED = _DRAWS | _WRITES | _MARKS
_DEEPEST = 28  # levels of q and Q (6.1.13)
_SMALLEST_SIDE, _LARGEST_SIDE = 3, 14_400  # units (6.1.13)
_UNFIT_PARTS = {
    "/AcroForm": "a form",
    "/OCProperties": "layers",
    "/AA": "actions",
    "/AF": "attachments",
    "/Collection": "a portfolio",
    "/Requirements": "requirements",
    "/EmbeddedFiles": "attachments",
    "/JavaScript": "JavaScript",
    "/AlternatePresentations": "presentations",
    "/Renditions": "films",
    "/PresSteps": "presentations",
}
_ACTIONS = ("/GoTo", "/GoToR", "/URI")  # of those that 6.5.1 does not forbid, what links and bookmarks have
_STATES = frozenset("/Type /LW /LC /LJ /ML /D /RI /FL /SA /AIS /CA /ca /OP /op /OPM /BM".split())
_BLENDS = frozenset(
    "/Normal /Compatible /Multiply /Screen /Overlay /Darken /Lighten /ColorDodge /ColorBurn /HardLight /SoftLight "
    "/Difference /Exclusion /Hue /Saturation /Color /Luminosity".split()
)
_INTENTS = frozenset("/RelativeColorimetric /AbsoluteColorimetric /Perceptual /Saturation".split())
_FILTERS = frozenset("/FlateDecode /DCTDecode /CCITTFaxDecode /JBIG2Decode /RunLengthDecode".split())
_INFORMATION = frozenset("/Title /Author /Subject /Keywords /Creator /Producer /CreationDate /ModDate".split())
_PRINT = 4  # the flag of annotations that are printed (6.3.2)


def make_archival(pdf: pikepdf.Pdf, part: int = 2) -> None:
    """Make a PDF with text that nobody sees PDF/A, level B; how it looks stays.

    Its XMP metadata are written anew from the document's title, author and dates; hints to smooth pictures are taken
    out, and links are printed.

    Args:
        pdf: The document.
        part: Of ISO 19005 that the file claims.

    Raises:
        BadInput: It holds what may not be in such a file, or what cannot be judged here; the message names it.
    """
    if pdf.is_encrypted:
        raise _unfit("it is encrypted")
    for holder in (pdf.Root, pdf.Root.get(Name.Names, Dictionary())):
        _require_no_parts(holder, "it has")
    _check_action(pdf.Root.get(Name.OpenAction), "it begins with")
    for item in _bookmarks(pdf.Root.get(Name.Outlines, Dictionary()).get(Name.First)):
        _check_action(item.get(Name.A), "a bookmark has")
    for number, page in enumerate(pdf.pages, start=1):
        _check_page(page, f"page {number} has")
    _add_output_intent(pdf)
    _write_metadata(pdf, part)


def _unfit(why: str) -> BadInput:
    return BadInput(f"No PDF/A is made of the document, as {why}.", "Its searchable PDF can be made.")


def _require_no_parts(holder: pikepdf.Object, where: str) -> None:
    for key, what in _UNFIT_PARTS.items():
        if key in holder:
            raise _unfit(f"{where} {what}")


def _bookmarks(item: pikepdf.Object | None) -> Iterator[pikepdf.Object]:
    """All below and after an item. Raises `BadInput` where they run in a circle."""
    seen, waiting = set(), [item]
    while waiting:
        item = waiting.pop()
        if item is None:
            continue
        if item.objgen in seen:
            raise _unfit("its bookmarks run in a circle")
        seen.add(item.objgen)
        yield item
        waiting += [item.get(Name.Next), item.get(Name.First)]


def _check_action(action: pikepdf.Object | None, where: str) -> None:
    """Raise `BadInput` for what may do more than go somewhere (6.5.1)."""
    if isinstance(action, Dictionary) and (str(action.get(Name.S)) not in _ACTIONS or Name.Next in action):
        raise _unfit(f"{where} an action {action.get(Name.S)}")


def _check_page(page: pikepdf.Page, where: str) -> None:
    _require_no_parts(page.obj, where)
    for note in page.obj.get(Name.Annots, Array()):
        _make_printed_link(note, where)
    x0, y0, x1, y1 = (float(side) for side in page.mediabox)
    if not all(_SMALLEST_SIDE <= abs(side) <= _LARGEST_SIDE for side in (x1 - x0, y1 - y0)):
        raise _unfit(f"{where} a size of {abs(x1 - x0):.0f} by {abs(y1 - y0):.0f} points")
    _check_content(page, page.resources, where)
    _check_drawn(page.obj, where, {})


def _make_printed_link(note: pikepdf.Object, where: str) -> None:
    """A link is printed (6.3.2). Raises `BadInput` for another annotation, and for a link that does more."""
    if note.get(Name.Subtype) != Name.Link or Name.AA in note:
        raise _unfit(f"{where} an annotation {note.get(Name.Subtype)}")
    _check_action(note.get(Name.A), f"{where} a link with")
    note.F = _PRINT


def _check_content(part: pikepdf.Page | pikepdf.Object, resources: pikepdf.Object, where: str) -> None:
    """Raise `BadInput` unless commands draw lines, areas and pictures, and write what nobody sees."""
    depth = 0
    for instruction, is_shown in with_visibility(part):
        name = str(instruction.operator)
        depth += {"q": 1, "Q": -1}.get(name, 0)
        if depth > _DEEPEST:
            raise _unfit(f"{where} more than {_DEEPEST} levels of state")
        if name in SHOWS_TEXT and is_shown:
            raise _unfit(f"{where} text of its own")
        if name not in _ALLOWED and not _takes_plain_colour(instruction, resources):
            raise _unfit(f"{where} the command {name!r}")
        if name == "ri":
            _check_intent(instruction.operands[0], where)


def _takes_plain_colour(instruction: Instruction, resources: pikepdf.Object) -> bool:
    """Whether it chooses such a colour space, or a colour by numbers alone: not by a pattern."""
    name, operands = str(instruction.operator), instruction.operands
    if name in ("cs", "CS"):
        return _is_plain_colour(resources.get(Name.ColorSpace, Dictionary()).get(str(operands[0]), operands[0]))
    return name in ("sc", "SC", "scn", "SCN") and not any(isinstance(value, Name) for value in operands)


def _is_plain_colour(space: Any) -> bool:
    """Grey and RGB, whatever says so (6.2.4). Of CMYK and inks it depends on a printer's profile."""
    if isinstance(space, Name):
        return str(space) in ("/DeviceGray", "/DeviceRGB", "/G", "/RGB")
    kind = str(space[0]) if isinstance(space, Array) and len(space) else ""
    if kind == "/Indexed":
        return _is_plain_colour(space[1])
    if kind == "/ICCBased":
        return int(space[1].get(Name.N, 0)) in (1, 3)
    return kind in ("/CalGray", "/CalRGB", "/Lab", "/DeviceGray", "/DeviceRGB")


def _check_intent(intent: Any, where: str) -> None:
    if str(intent) not in _INTENTS:
        raise _unfit(f"{where} the rendering intent {intent}")


def _check_drawn(part: pikepdf.Object, where: str, seen: dict[tuple[int, int], None]) -> None:
    """Check what a page or form draws with, and the forms in it, each once."""
    if Name.Metadata in part:
        del part.Metadata  # they would have to conform, too (6.6.2)
    group = part.get(Name.Group, Dictionary())
    if Name.CS in group and not _is_plain_colour(group.CS):
        raise _unfit(f"{where} colours of a printer")
    resources = part.get(Name.Resources, Dictionary())
    for state in resources.get(Name.ExtGState, Dictionary()).values():
        _check_state(state, where)
    for drawn in resources.get(Name.XObject, Dictionary()).values():
        if drawn.objgen in seen:
            continue
        seen[drawn.objgen] = None
        if drawn.get(Name.Subtype) == Name.Image:
            _check_picture(drawn, where)
        elif drawn.get(Name.Subtype) == Name.Form and not {"/Ref", "/OPI", "/PS", "/Subtype2"} & set(drawn.keys()):
            _check_content(drawn, drawn.get(Name.Resources, Dictionary()), where)
            _check_drawn(drawn, where, seen)
        else:
            raise _unfit(f"{where} a part of the kind {drawn.get(Name.Subtype)}")


def _check_state(state: pikepdf.Object, where: str) -> None:
    odd = set(state.keys()) - _STATES - ({"/SMask"} if state.get(Name.SMask) == Name("/None") else set())
    if odd:
        raise _unfit(f"{where} a graphics state with {', '.join(sorted(odd))}")
    if str(state.get(Name.BM, Name.Normal)) not in _BLENDS:
        raise _unfit(f"{where} the blend mode {state.BM}")
    _check_intent(state.get(Name.RI, Name.Perceptual), where)


def _check_picture(picture: pikepdf.Object, where: str) -> None:
    """Raise `BadInput` for a picture that may not be in such a file (6.2.8); hints to smooth it are taken out."""
    filters = picture.get(Name.Filter, Array())
    names = {str(one) for one in (filters if isinstance(filters, Array) else [filters])}
    if odd := sorted(names - _FILTERS):
        raise _unfit(f"{where} a picture stored as {', '.join(odd)}")
    if any(key in picture for key in ("/Alternates", "/OPI", "/F")):
        raise _unfit(f"{where} a picture that stands for another")
    if not picture.get(Name.ImageMask, False) and not _is_plain_colour(picture.get(Name.ColorSpace)):
        raise _unfit(f"{where} a picture in colours of a printer")
    _check_intent(picture.get(Name.Intent, Name.Perceptual), where)
    for hint in (Name.Interpolate, Name.Metadata):
        if hint in picture:
            del picture[hint]
    for mask in (picture.get(Name.SMask), picture.get(Name.Mask)):
        if isinstance(mask, pikepdf.Stream):
            _check_picture(mask, where)


def _add_output_intent(pdf: pikepdf.Pdf) -> None:
    """Say what the device's RGB is: sRGB (6.2.3)."""
    intent = Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=pikepdf.String(NAME),
        Info=pikepdf.String(NAME),
        DestOutputProfile=pdf.make_stream(srgb_profile(), N=3),
    )
    pdf.Root.OutputIntents = Array([pdf.make_indirect(intent)])


def _write_metadata(pdf: pikepdf.Pdf, part: int) -> None:
    """XMP that says the same as the document's information, and which standard holds (6.6.2, 6.6.4)."""
    if Name.Metadata in pdf.Root:
        del pdf.Root.Metadata
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        for key in _INFORMATION & {str(name) for name in pdf.docinfo.keys()}:
            try:
                metadata.load_from_docinfo({key: pdf.docinfo[key]}, raise_failure=True)
            except ValueError:  # no date, for one; what XMP does not say the information may not say
                del pdf.docinfo[key]
        metadata["pdfaid:part"], metadata["pdfaid:conformance"] = str(part), "B"
