"""PDF/A-2b (ISO 19005-2; the numbers below are its clauses) of documents that show pictures and nothing else.

What a page may hold is listed, and a document with anything else is refused: of fonts, forms and the like it cannot be
told here whether they conform, and a file that only says so would be worth less than none.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name
from pikepdf.models.metadata import decode_pdf_date

from distributed_ocr_pipeline.outputs.pdf.colours import channels, channels_of_jpeg, is_output_profile
from distributed_ocr_pipeline.outputs.pdf.hidden_fonts import check_hidden_fonts
from distributed_ocr_pipeline.outputs.pdf.limits import clean_objects, filters_of, require_within_limits, unfit
from distributed_ocr_pipeline.outputs.pdf.srgb import NAME, srgb_profile
from distributed_ocr_pipeline.outputs.pdf.text_state import SHOWS_TEXT, Instruction, strings_of, with_text_state

_DRAWS = frozenset("q Q cm w J j M d i ri m l c v y h re S s f F f* B B* b b* n W W* g G rg RG Do gs".split())
_WRITES = frozenset("BT ET Tc Tw Tz TL Tf Tr Ts Td TD Tm T*".split()) | SHOWS_TEXT
_MARKS = frozenset("MP DP BMC BDC EMC BX EX".split())
_ALLOWED = _DRAWS | _WRITES | _MARKS
_NAMED = {"Do": "/XObject", "gs": "/ExtGState", "Tf": "/Font", "BDC": "/Properties", "DP": "/Properties"}
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
_VOID = ("/Perms", "/Version")  # signatures, which end with any change, and a version beyond that of the standard
_ACTIONS = ("/GoTo", "/GoToR", "/URI")  # of those that 6.5.1 does not forbid, what links and bookmarks have
_STATES = frozenset("/Type /LW /LC /LJ /ML /D /RI /FL /SA /AIS /CA /ca /OP /op /OPM /BM /TK".split())
_BLENDS = frozenset(
    "/Normal /Compatible /Multiply /Screen /Overlay /Darken /Lighten /ColorDodge /ColorBurn /HardLight /SoftLight "
    "/Difference /Exclusion /Hue /Saturation /Color /Luminosity".split()
)
_INTENTS = frozenset("/RelativeColorimetric /AbsoluteColorimetric /Perceptual /Saturation".split())
_FILTERS = frozenset(
    "/FlateDecode /ASCII85Decode /ASCIIHexDecode /DCTDecode /CCITTFaxDecode /JBIG2Decode /RunLengthDecode".split()
)
_NAMES = {"/Title": "dc:title", "/Author": "dc:creator", "/Subject": "dc:description", "/Keywords": "pdf:Keywords"}
_DATES = ("/CreationDate", "/ModDate")
_INFORMATION = frozenset("/Title /Author /Subject /Keywords /Creator /Producer /CreationDate /ModDate".split())
_DEFAULTS = {"/DefaultGray": 1, "/DefaultRGB": 3}  # what takes the place of the device's colours (6.2.4.3)
_PRINT = 4  # the flag of annotations that are printed (6.3.2)
_UNSEEN = 1 | 2 | 32 | 256  # their flags Invisible, Hidden, NoView, ToggleNoView
_OF_COMMANDS = "(content, "  # in what qpdf says of damaged ones
_BOXES = ("/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox")

VERSION = "1.7"
"""Of PDF, which the file must say that it is (6.1.2)."""


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
        raise unfit("it is encrypted")
    for key in _VOID:
        if key in pdf.Root:
            del pdf.Root[key]
    _name_as_in_xmp(pdf)
    clean_objects(pdf)
    pdf.get_warnings()  # of what is repaired when the file is written
    for holder in (pdf.Root, pdf.Root.get(Name.Names, Dictionary())):
        _require_no_parts(holder, "it has")
    _check_action(pdf.Root.get(Name.OpenAction), "it begins with")
    for item in _bookmarks(pdf.Root.get(Name.Outlines, Dictionary()).get(Name.First)):
        _check_action(item.get(Name.A), "a bookmark has")
    seen: dict[tuple[int, int], None] = {}
    for number, page in enumerate(pdf.pages, start=1):
        _check_page(page, f"page {number} has", seen)
        if any(_OF_COMMANDS in str(warning) for warning in pdf.get_warnings()):
            raise unfit(f"page {number} has damaged commands")
    _add_output_intent(pdf)
    _write_metadata(pdf, part)


def _require_no_parts(holder: pikepdf.Object, where: str) -> None:
    for key, what in _UNFIT_PARTS.items():
        if key in holder:
            raise unfit(f"{where} {what}")


def _bookmarks(item: pikepdf.Object | None) -> Iterator[pikepdf.Object]:
    """All below and after an item. Raises `BadInput` where they run in a circle."""
    seen, waiting = set(), [item]
    while waiting:
        item = waiting.pop()
        if item is None:
            continue
        if item.objgen in seen:
            raise unfit("its bookmarks run in a circle")
        seen.add(item.objgen)
        yield item
        waiting += [item.get(Name.Next), item.get(Name.First)]


def _check_action(action: pikepdf.Object | None, where: str) -> None:
    """Raise `BadInput` for what may do more than go somewhere (6.5.1)."""
    if isinstance(action, Dictionary) and (str(action.get(Name.S)) not in _ACTIONS or Name.Next in action):
        raise unfit(f"{where} an action {action.get(Name.S)}")


def _check_page(page: pikepdf.Page, where: str, seen: dict[tuple[int, int], None]) -> None:
    _require_no_parts(page.obj, where)
    for note in page.obj.get(Name.Annots, Array()):
        _make_printed_link(note, where)
    for box in (page.mediabox, page.cropbox, *(page.obj[key] for key in _BOXES if key in page.obj)):
        x0, y0, x1, y1 = (float(side) for side in box)
        if not all(_SMALLEST_SIDE <= abs(side) <= _LARGEST_SIDE for side in (x1 - x0, y1 - y0)):
            raise unfit(f"{where} a size of {abs(x1 - x0):.0f} by {abs(y1 - y0):.0f} points")
    page.externalize_inline_images()  # so that they are checked as all others are
    _check_content(page, page.resources, where)
    _check_drawn(page.obj, where, seen)


def _make_printed_link(note: pikepdf.Object, where: str) -> None:
    """A link is printed (6.3.2). Raises `BadInput` for another annotation, and for a link that does or shows more."""
    if note.get(Name.Subtype) != Name.Link or Name.AA in note:
        raise unfit(f"{where} an annotation {note.get(Name.Subtype)}")
    for key in ("/A", "/PA"):
        _check_action(note.get(key), f"{where} a link with")
    if Name.AP in note or len(note.get(Name.C, Array())) > len("RGB") or int(note.get(Name.F, 0)) & _UNSEEN:
        raise unfit(f"{where} a link that is drawn, hidden, or in colours of a printer")
    note.F = _PRINT


def _check_content(part: pikepdf.Page | pikepdf.Object, resources: pikepdf.Object, where: str) -> None:
    """Raise `BadInput` unless commands draw lines, areas and pictures, and write what nobody sees."""
    depth, written = 0, defaultdict[str, set[bytes]](set)
    for instruction, state in with_text_state(part):
        name = str(instruction.operator)
        depth = max(0, depth + {"q": 1, "Q": -1}.get(name, 0))
        if depth > _DEEPEST:
            raise unfit(f"{where} more than {_DEEPEST} levels of state")
        if name in SHOWS_TEXT and state.is_shown:
            raise unfit(f"{where} text of its own")
        if name not in _ALLOWED and not _takes_plain_colour(instruction, resources):
            raise unfit(f"{where} the command {name!r}")
        _check_operands(instruction, resources, where)
        if name in SHOWS_TEXT:
            written[state.font].update(strings_of(instruction))
    check_hidden_fonts(written, resources.get(Name.Font, Dictionary()), where)


def _check_operands(instruction: Instruction, resources: pikepdf.Object, where: str) -> None:
    """Raise `BadInput` for what is missing (6.2.2) or too large."""
    name, operands = str(instruction.operator), list(instruction.operands)
    for value in operands:
        require_within_limits(value, where)
    if name == "ri":
        _check_intent(operands[-1] if operands else None, where)
    named = [str(value) for value in operands[-1 if name in ("BDC", "DP") else 0 :][:1] if isinstance(value, Name)]
    if name in ("Do", "gs", "Tf") and not named:
        raise unfit(f"{where} the command {name!r} without a name")
    if name in _NAMED and named and named[0] not in resources.get(_NAMED[name], Dictionary()):
        raise unfit(f"{where} the command {name!r} with {named[0]}, which it lacks")


def _takes_plain_colour(instruction: Instruction, resources: pikepdf.Object) -> bool:
    """Whether it chooses such a colour space, or a colour by numbers alone: not by a pattern."""
    name, operands = str(instruction.operator), list(instruction.operands)
    if name in ("cs", "CS"):
        spaces = resources.get(Name.ColorSpace, Dictionary())
        return bool(operands) and channels(spaces.get(str(operands[0]), operands[0])) > 0
    return name in ("sc", "SC", "scn", "SCN") and not any(isinstance(value, Name) for value in operands)


def _check_intent(intent: Any, where: str) -> None:
    if str(intent) not in _INTENTS:
        raise unfit(f"{where} the rendering intent {intent}")


def _check_drawn(part: pikepdf.Object, where: str, seen: dict[tuple[int, int], None]) -> None:
    """Check what a page or form draws with, and the forms in it, each once."""
    group = part.get(Name.Group, Dictionary())
    if Name.CS in group and not channels(group.CS):
        raise unfit(f"{where} colours of a printer")
    resources = part.get(Name.Resources, Dictionary())
    spaces = resources.get(Name.ColorSpace, Dictionary())
    if any(name in spaces and channels(spaces[name]) != number for name, number in _DEFAULTS.items()):
        raise unfit(f"{where} colours of a printer")
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
            raise unfit(f"{where} a part of the kind {drawn.get(Name.Subtype)}")


def _check_state(state: pikepdf.Object, where: str) -> None:
    odd = set(state.keys()) - _STATES - ({"/TR2"} if state.get(Name.TR2) == Name.Default else set())
    odd -= {"/SMask"} if state.get(Name.SMask) == Name("/None") else set()
    if odd:
        raise unfit(f"{where} a graphics state with {', '.join(sorted(odd))}")
    if str(state.get(Name.BM, Name.Normal)) not in _BLENDS:
        raise unfit(f"{where} the blend mode {state.BM}")
    _check_intent(state.get(Name.RI, Name.Perceptual), where)


def _check_picture(picture: pikepdf.Object, where: str) -> None:
    """Raise `BadInput` for a picture that may not be in such a file (6.2.8); hints to smooth it are taken out."""
    filters = filters_of(picture)
    if odd := sorted(set(filters) - _FILTERS):
        raise unfit(f"{where} a picture stored as {', '.join(odd)}")
    if any(key in picture for key in ("/Alternates", "/OPI")):
        raise unfit(f"{where} a picture that stands for another")
    number = 1 if picture.get(Name.ImageMask, False) else channels(picture.get(Name.ColorSpace))
    if not number:
        raise unfit(f"{where} a picture in colours of a printer")
    if filters == ["/DCTDecode"] and channels_of_jpeg(picture.read_raw_bytes()) != number:
        raise unfit(f"{where} a JPEG with other colours than it says")
    _check_intent(picture.get(Name.Intent, Name.Perceptual), where)
    if Name.Interpolate in picture:
        del picture.Interpolate
    for mask in (picture.get(Name.SMask), picture.get(Name.Mask)):
        if isinstance(mask, pikepdf.Stream):
            if Name.SMask in mask or Name.Mask in mask:
                raise unfit(f"{where} a mask with a mask")
            _check_picture(mask, where)


def _add_output_intent(pdf: pikepdf.Pdf) -> None:
    """Say what the device's RGB is: what the document says, or sRGB (6.2.3)."""
    stated = [intent for intent in pdf.Root.get(Name.OutputIntents, Array()) if intent.get(Name.S) == Name.GTS_PDFA1]
    kept = [intent for intent in stated if is_output_profile(intent.get(Name.DestOutputProfile))][:1]
    name = str(kept[0].get(Name.OutputConditionIdentifier, "Custom")) if kept else NAME
    intent = Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=pikepdf.String(name),
        Info=pikepdf.String(name),
        DestOutputProfile=kept[0].DestOutputProfile if kept else pdf.make_stream(srgb_profile(), N=3),
    )
    pdf.Root.OutputIntents = Array([pdf.make_indirect(intent)])


def _name_as_in_xmp(pdf: pikepdf.Pdf) -> None:
    """Take what the document's XMP metadata alone say of its title and author, for they go."""
    metadata = pdf.open_metadata()
    for key, name in _NAMES.items():
        said = metadata.get(name)
        if said and key not in pdf.docinfo:
            pdf.docinfo[key] = said if isinstance(said, str) else "; ".join(said)


def _write_metadata(pdf: pikepdf.Pdf, part: int) -> None:
    """XMP that says the same as the document's information, and which standard holds (6.6.2, 6.6.4)."""
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        for key in _INFORMATION & {str(name) for name in pdf.docinfo.keys()}:
            try:
                if key in _DATES:
                    decode_pdf_date(str(pdf.docinfo[key]))
                metadata.load_from_docinfo({key: pdf.docinfo[key]}, raise_failure=True)
            except ValueError:  # no date, for one; what XMP does not say the information may not say
                del pdf.docinfo[key]
        metadata["pdfaid:part"], metadata["pdfaid:conformance"] = str(part), "B"
