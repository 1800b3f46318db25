"""PDF/A of scans: what is in it says which standard holds, and what cannot be judged here is refused by name.

tests/integration/test_archival_pdf.py has such files checked by PDFBox.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, ImageCms

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.outputs.pdf.archival import make_archival
from distributed_ocr_pipeline.outputs.pdf.srgb import srgb_profile
from tests.support.documents import typed_pdf
from tests.support.outputs import drawn_page, page_of, rendered, searchable

Change = Callable[[pikepdf.Pdf], None]


@pytest.fixture(name="scan")
def fixture_scan(tmp_path: Path) -> Path:
    """A scan with text that nobody sees."""
    image, words = drawn_page()
    image.save(tmp_path / "original.pdf", format="PDF", resolution=150)
    return searchable(tmp_path / "original.pdf", tmp_path / "scan.pdf", page_of(words))


def picture(pdf: pikepdf.Pdf) -> pikepdf.Object:
    [found] = pdf.pages[0].get_images().values()
    assert isinstance(found, pikepdf.Stream)
    return found


def archived(scan: Path, *changes: Change) -> Path:
    target = scan.with_name("archived.pdf")
    with pikepdf.open(scan) as pdf:
        for change in changes:
            change(pdf)
        make_archival(pdf)
        pdf.save(target)
    return target


def test_it_says_which_standard_holds_and_what_its_colours_are(scan: Path) -> None:
    with pikepdf.open(archived(scan)) as pdf:
        assert pdf.open_metadata().pdfa_status == "2B"
        [intent] = pdf.Root.OutputIntents
        assert intent.S == Name.GTS_PDFA1 and intent.DestOutputProfile.read_bytes() == srgb_profile()
    assert rendered(scan.with_name("archived.pdf")) == rendered(scan)


def test_the_same_document_makes_the_same_file(scan: Path) -> None:
    assert archived(scan).read_bytes() == archived(scan).read_bytes()


def test_the_profile_is_that_of_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    colours = Image.frombytes(
        "RGB",
        (
            64,
            64,
        ),
        bytes((index * 37) % 256 for index in range(64 * 64 * 3)),
    )
    turned = ImageCms.profileToProfile(colours, profile, ImageCms.createProfile("sRGB"))
    assert turned is not None
    assert max(abs(one - two) for one, two in zip(colours.tobytes(), turned.tobytes())) <= 1


def test_metadata_say_what_the_information_says(scan: Path) -> None:
    def named(pdf: pikepdf.Pdf) -> None:
        with pdf.open_metadata(update_docinfo=False) as metadata:
            metadata["dc:title"] = "Something else"
        pdf.docinfo["/Title"], pdf.docinfo["/Author"] = "Minutes", "Town council"
        pdf.docinfo["/CreationDate"], pdf.docinfo["/ModDate"] = "D:20240229120000+01'00'", "the day after"
        pdf.docinfo["/Shelf"] = "12"

    with pikepdf.open(archived(scan, named)) as pdf:
        metadata = pdf.open_metadata()
        assert metadata["dc:title"] == "Minutes" and metadata["dc:creator"] == ["Town council"]
        assert metadata["xmp:CreateDate"].startswith("2024-02-29T12:00:00")
        assert "xmp:ModifyDate" not in metadata and "/ModDate" not in pdf.docinfo
        assert pdf.docinfo["/Shelf"] == "12"


def test_hints_and_links_are_made_fit(scan: Path) -> None:
    def improved(pdf: pikepdf.Pdf) -> None:
        picture(pdf).Interpolate = True
        action = Dictionary(S=Name.URI, URI=String("https://example.org"))
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), A=action)
        pdf.pages[0].Annots = Array([pdf.make_indirect(link)])

    with pikepdf.open(archived(scan, improved)) as pdf:
        assert "/Interpolate" not in picture(pdf)
        assert pdf.pages[0].Annots[0].F == 4 and str(pdf.pages[0].Annots[0].A.URI) == "https://example.org"


def test_what_pages_inherit_becomes_theirs(scan: Path) -> None:
    with pikepdf.open(scan, allow_overwriting_input=True) as pdf:
        inheriting = pdf.pages[0].obj
        inheriting.Parent.Resources = inheriting.Resources
        del inheriting.Resources
        pdf.save(scan)
    with pikepdf.open(archived(scan)) as pdf:
        [page] = pdf.Root.Pages.Kids  # `pdf.pages` would hand down what is inherited
        assert "/XObject" in page.Resources


def _root(key: str, value: pikepdf.Object) -> Change:
    return lambda pdf: pdf.Root.__setitem__(key, value)


def _drawing(commands: bytes) -> Change:
    return lambda pdf: pdf.pages[0].contents_add(commands)


def _on_picture(key: str, value: pikepdf.Object) -> Change:
    return lambda pdf: picture(pdf).__setitem__(key, value)


def _with_part(kind: str) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        part = pdf.make_stream(b"0 0 1 1 re f", Type=Name.XObject, Subtype=Name(f"/{kind}"))
        pdf.pages[0].Resources.XObject["/Part"] = part

    return change


def _with_form(commands: bytes) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        form = pdf.make_stream(commands, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
        form.Resources = Dictionary(XObject=Dictionary(Itself=form))
        pdf.pages[0].Resources.XObject["/Part"] = form

    return change


def _with_state(**values: Any) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].Resources.ExtGState = Dictionary(State=Dictionary(**values))

    return change


def _with_bookmark(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("first", 0))
        outline.root.append(pikepdf.OutlineItem("second", action=Dictionary(S=Name.Launch)))


def _in_a_circle(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("first", 0))
    pdf.Root.Outlines.First.Next = pdf.Root.Outlines.First


def _with_note(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Annots = Array([Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([0, 0, 9, 9]))])


def _huge(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].MediaBox = Array([0, 0, 20_000, 9])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_root("/AcroForm", Dictionary()), "it has a form"),
        (_root("/OCProperties", Dictionary()), "it has layers"),
        (_root("/Names", Dictionary(EmbeddedFiles=Dictionary())), "it has attachments"),
        (_root("/Names", Dictionary(JavaScript=Dictionary())), "it has JavaScript"),
        (_root("/OpenAction", Dictionary(S=Name.JavaScript)), "it begins with an action /JavaScript"),
        (_with_bookmark, "a bookmark has an action /Launch"),
        (_in_a_circle, "its bookmarks run in a circle"),
        (_with_note, "page 1 has an annotation /Stamp"),
        (_huge, "page 1 has a size of 20000 by 9 points"),
        (_drawing(b"BT /OCRText1 9 Tf 0 Tr (a) Tj ET"), "page 1 has text of its own"),
        (_drawing(b"0 0 0 1 k"), "page 1 has the command 'k'"),
        (_drawing(b"/Pattern cs /P1 scn"), "page 1 has the command 'cs'"),
        (_drawing(b"/Seen ri"), "page 1 has the rendering intent /Seen"),
        (_drawing(b"BI /W 1 /H 1 /BPC 8 /CS /G ID x EI"), "page 1 has the command 'INLINE IMAGE'"),
        (_drawing(b"q " * 29 + b"Q " * 29), "page 1 has more than 28 levels"),
        (_on_picture("/ColorSpace", Name.DeviceCMYK), "page 1 has a picture in colours of a printer"),
        (_on_picture("/Filter", Name.JPXDecode), "page 1 has a picture stored as /JPXDecode"),
        (_on_picture("/Alternates", Array()), "page 1 has a picture that stands for another"),
        (_on_picture("/Intent", Name.Seen), "page 1 has the rendering intent /Seen"),
        (_with_part("PS"), "page 1 has a part of the kind /PS"),
        (_with_form(b"/Itself Do 0 0 0 1 k"), "page 1 has the command 'k'"),
        (_with_state(TR=Name.Identity), "page 1 has a graphics state with /TR"),
        (_with_state(SMask=Dictionary()), "page 1 has a graphics state with /SMask"),
        (_with_state(BM=Name.Odd), "page 1 has the blend mode /Odd"),
    ],
)
def test_what_cannot_be_judged_is_refused_by_name(change: Change, why: str, scan: Path) -> None:
    with pytest.raises(BadInput) as caught:
        archived(scan, change)
    assert why in str(caught.value) and "Its searchable PDF can be made." in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        _drawing(b"/DeviceRGB cs 0.5 0.5 1 sc 0 0 9 9 re f"),
        _with_form(b"/Itself Do 0.5 g 0 0 1 1 re f"),
        _with_state(SMask=Name("/None"), ca=0.5, BM=Name.Multiply),
        _root("/OpenAction", Dictionary(S=Name.GoTo)),
    ],
)
def test_what_is_certain_to_conform_is_taken(change: Change, scan: Path) -> None:
    assert archived(scan, change).exists()


def test_documents_with_text_of_their_own_or_an_owner_are_refused(tmp_path: Path) -> None:
    typed = typed_pdf(tmp_path / "typed.pdf", ["Good morning"])
    with pytest.raises(BadInput, match="page 1 has text of its own"):
        archived(typed)
    with pikepdf.open(typed) as pdf:
        pdf.save(tmp_path / "owned.pdf", encryption=pikepdf.Encryption(owner="secret", user=""))
    with pytest.raises(BadInput, match="it is encrypted"):
        archived(tmp_path / "owned.pdf")
