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
from distributed_ocr_pipeline.outputs.pdf.archival import VERSION, make_archival
from distributed_ocr_pipeline.outputs.pdf.searchable import SearchablePdf
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


def test_a_title_that_xmp_alone_has_stays_and_a_day_that_is_none_goes(scan: Path) -> None:
    def named(pdf: pikepdf.Pdf) -> None:
        with pdf.open_metadata(update_docinfo=False) as metadata:
            metadata["dc:title"], metadata["dc:creator"] = "Minutes", ["Town council", "Clerk"]
        del pdf.docinfo["/Title"]
        pdf.docinfo["/ModDate"] = "D:20240230"

    with pikepdf.open(archived(scan, named)) as pdf:
        metadata = pdf.open_metadata()
        assert metadata["dc:title"] == str(pdf.docinfo.Title) == "Minutes"
        assert metadata["dc:creator"] == ["Town council; Clerk"]
        assert "xmp:ModifyDate" not in metadata and "/ModDate" not in pdf.docinfo


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


def _on_page(key: str, value: pikepdf.Object) -> Change:
    return lambda pdf: pdf.pages[0].obj.__setitem__(key, value)


def _in_its_own_mask(pdf: pikepdf.Pdf) -> None:
    picture(pdf).SMask = picture(pdf)


def _with_profile(data: bytes, channels: int) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        picture(pdf).ColorSpace = Array([Name.ICCBased, pdf.make_stream(data, N=channels)])

    return change


def _with_default_colour(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Resources.ColorSpace = Dictionary(DefaultRGB=Name.DeviceCMYK)


def _with_jpeg(mode: str) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        data = io.BytesIO()
        Image.new(mode, (9, 9)).save(data, "JPEG")
        picture(pdf).write(data.getvalue(), filter=Name.DCTDecode)
        picture(pdf).ColorSpace, picture(pdf).Width, picture(pdf).Height = Name.DeviceRGB, 9, 9

    return change


def _with_jpeg_and_profile(pdf: pikepdf.Pdf) -> None:
    _with_jpeg("RGB")(pdf)
    _with_profile(srgb_profile(), 3)(pdf)


def _with_link(**values: Any) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), **values)
        pdf.pages[0].Annots = Array([link])

    return change


def _with_hidden_text(**font: Any) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].Resources.Font["/Theirs"] = Dictionary(Type=Name.Font, **font)
        pdf.pages[0].contents_add(b"BT 3 Tr /Theirs 9 Tf (a) Tj ET")

    return change


def _with_widths(kind: str, flags: int = 32) -> Change:
    descriptor = Dictionary(Type=Name.FontDescriptor, FontName=Name.Arial, Flags=flags)
    return _with_hidden_text(
        Subtype=Name(f"/{kind}"),
        BaseFont=Name.Arial,
        FirstChar=97,
        LastChar=97,
        Widths=Array([500]),
        FontDescriptor=descriptor,
        Encoding=Name.WinAnsiEncoding,
    )


def _in_japanese(supplement: int) -> Change:
    inner = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name("/MS-Gothic"),
        CIDSystemInfo=Dictionary(Registry=String("Adobe"), Ordering=String("Japan1"), Supplement=supplement),
        FontDescriptor=Dictionary(Type=Name.FontDescriptor, FontName=Name("/MS-Gothic"), Flags=4),
    )
    encoding, fonts = Name("/90ms-RKSJ-H"), Array([inner])
    return _with_hidden_text(Subtype=Name.Type0, BaseFont=Name("/MS-Gothic"), Encoding=encoding, DescendantFonts=fonts)


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
        (_drawing(b"BI /W 1 /H 1 /BPC 8 /CS /CMYK ID xxxx EI"), "page 1 has a picture in colours of a printer"),
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
        (_on_page("/TrimBox", Array([0, 0, 2, 2])), "page 1 has a size of 2 by 2 points"),
        (_drawing(b"Q Q Q " + b"q " * 30 + b"Q " * 30), "page 1 has more than 28 levels"),
        (_drawing(b"/Lost Do"), "page 1 has the command 'Do' with /Lost, which it lacks"),
        (_drawing(b"/Span /Lost BDC EMC"), "page 1 has the command 'BDC' with /Lost, which it lacks"),
        (_drawing(b"cs"), "page 1 has the command 'cs'"),
        (_drawing(b"ri"), "page 1 has the rendering intent None"),
        (_drawing(b"4294967296 0 9 9 re f"), "page 1 has the number 4294967296"),
        (_drawing(b"/Span << /E (" + b"a" * 32_768 + b") >> BDC EMC"), "a string of more than 32,767 bytes"),
        (_drawing(b"<< ( ["), "page 1 has damaged commands"),
        (_drawing(b"Do"), "page 1 has the command 'Do' without a name"),
        (_in_its_own_mask, "page 1 has a mask with a mask"),
        (_root("/Lang", String("a" * 32_768)), "it has a string of more than 32,767 bytes"),
        (_root("/" + "a" * 128, Dictionary()), "it has a name of more than 127 bytes"),
        (_root("/Odd", Dictionary(EF=Dictionary())), "it has attachments"),
        (_on_picture("/F", String("elsewhere.jpg")), "it has data in another file"),
        (_on_picture("/Filter", Name.Crypt), "it has encrypted data"),
        (_on_picture("/ColorSpace", Array([Name.Indexed])), "page 1 has a picture in colours of a printer"),
        (_on_picture("/ColorSpace", Array([Name.ICCBased])), "page 1 has a picture in colours of a printer"),
        (_with_profile(srgb_profile(), 1), "page 1 has a picture in colours of a printer"),
        (_with_profile(srgb_profile().replace(b"\x02\x10", b"\x05\0", 1), 3), "a picture in colours of a printer"),
        (_with_profile(b"", 3), "page 1 has a picture in colours of a printer"),
        (_with_profile(b"no profile" * 40, 3), "page 1 has a picture in colours of a printer"),
        (_with_default_colour, "page 1 has colours of a printer"),
        (_with_jpeg("CMYK"), "page 1 has a JPEG with other colours than it says"),
        (_with_link(A=Dictionary(S=Name.JavaScript)), "page 1 has a link with an action /JavaScript"),
        (_with_link(PA=Dictionary(S=Name.Launch)), "page 1 has a link with an action /Launch"),
        (_with_link(F=2), "page 1 has a link that is drawn, hidden, or in colours of a printer"),
        (_with_link(C=Array([0, 0, 0, 1])), "page 1 has a link that is drawn, hidden, or in colours of a printer"),
        (_with_link(AP=Dictionary()), "page 1 has a link that is drawn, hidden, or in colours of a printer"),
        (
            _with_widths("Type3"),
            "hidden text in a font /Type3 that cannot be judged",
        ),
        (_with_hidden_text(Subtype=Name.TrueType, BaseFont=Name.Arial), "hidden text in a font /TrueType that"),
        (_with_hidden_text(Subtype=Name.Type1), "page 1 has hidden text in a font /Type1 that cannot be judged"),
        (_with_widths("TrueType", flags=4), "page 1 has hidden text in a font /TrueType that cannot be judged"),
        (_in_japanese(1), "page 1 has hidden text in a font /Type0 that cannot be judged"),
        (_drawing(b"BT 3 Tr /OCRText1 9 Tf <0000> Tj ET"), "page 1 has hidden text in a font /Type0 that"),
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
        _with_state(TR2=Name.Default, TK=True),
        _drawing(b"BX 0 g EX q 9 0 0 9 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q"),
        _drawing(b"/Span << /ActualText (a) >> BDC EMC /Span MP"),
        _with_jpeg("RGB"),
        _with_jpeg_and_profile,
        _with_link(C=Array([1, 0, 0]), F=4),
        _with_hidden_text(Subtype=Name.Type1, BaseFont=Name.Helvetica),
        _with_widths("TrueType"),
        _in_japanese(2),
    ],
)
def test_what_is_certain_to_conform_is_taken(change: Change, scan: Path) -> None:
    with pikepdf.open(scan) as pdf:
        change(pdf)
        pdf.save(scan.with_name("changed.pdf"))
    assert rendered(archived(scan.with_name("changed.pdf"))) == rendered(scan.with_name("changed.pdf"))


def test_what_no_page_shows_is_taken_out(scan: Path) -> None:
    def burdened(pdf: pikepdf.Pdf) -> None:
        for holder in (pdf.Root, pdf.pages[0].obj, picture(pdf)):
            holder["/PieceInfo"], holder["/Metadata"] = Dictionary(Odd=Dictionary()), pdf.make_stream(b"no XMP")
        pdf.pages[0].Thumb = pdf.make_stream(b"xxxx", ColorSpace=Name.DeviceCMYK)
        pdf.Root.Perms, pdf.Root.Version = Dictionary(UR3=Dictionary()), Name("/2.0")

    with pikepdf.open(archived(scan, burdened)) as pdf:
        assert not {"/Perms", "/Version", "/PieceInfo"} & set(pdf.Root.keys())
        assert not {"/Thumb", "/PieceInfo", "/Metadata"} & set(pdf.pages[0].obj.keys())
        assert not {"/PieceInfo", "/Metadata"} & set(picture(pdf).keys())
        assert pdf.open_metadata().pdfa_status == "2B"


def test_lzw_becomes_flate(scan: Path) -> None:
    def compressed(pdf: pikepdf.Pdf) -> None:
        # 9-bit codes (ISO 32000-1, 7.4.4.2): clear, 0, end
        picture(pdf).write(bytes([0b10000000, 0b00000000, 0b00100000, 0b00100000]), filter=Name.LZWDecode)
        picture(pdf).Width = picture(pdf).Height = 1
        picture(pdf).ColorSpace, picture(pdf).BitsPerComponent = Name.DeviceGray, 8

    with pikepdf.open(archived(scan, compressed)) as pdf:
        assert picture(pdf).get(Name.Filter) == Name.FlateDecode and picture(pdf).read_bytes() == b"\0"


def test_a_program_of_hidden_letters_is_taken_out(scan: Path) -> None:
    def embedded(pdf: pikepdf.Pdf) -> None:
        _with_widths("TrueType")(pdf)
        pdf.pages[0].Resources.Font.Theirs.FontDescriptor.FontFile2 = pdf.make_stream(b"damaged")

    with pikepdf.open(archived(scan, embedded)) as pdf:
        assert "/FontFile2" not in pdf.pages[0].Resources.Font.Theirs.FontDescriptor


def test_what_the_document_says_of_its_colours_stays(scan: Path) -> None:
    other = srgb_profile().replace(b"sRGB", b"Mine")

    def stated(pdf: pikepdf.Pdf) -> None:
        profile = pdf.make_stream(other, N=3)
        pdf.Root.OutputIntents = Array([Dictionary(S=Name.GTS_PDFX), Dictionary(S=Name.GTS_PDFA1)])
        pdf.Root.OutputIntents[1].DestOutputProfile = profile

    with pikepdf.open(archived(scan, stated)) as pdf:
        [intent] = pdf.Root.OutputIntents
        assert intent.DestOutputProfile.read_bytes() == other and str(intent.OutputConditionIdentifier) == "Custom"


def test_a_command_without_its_number_is_bad_input(scan: Path) -> None:
    with pikepdf.open(scan, allow_overwriting_input=True) as pdf:
        pdf.pages[0].contents_add(b"Tr")
        pdf.save(scan)
    with SearchablePdf(scan, "application/pdf", 1, scan.with_name("made.pdf"), last=make_archival) as writer:
        with pytest.raises(BadInput):
            writer.finish()


def test_the_file_says_that_it_is_pdf_1_7(scan: Path) -> None:
    with pikepdf.open(scan) as pdf:
        pdf.save(scan.with_name("new.pdf"), force_version="2.0")
    made = scan.with_name("made.pdf")
    with SearchablePdf(
        scan.with_name("new.pdf"), "application/pdf", 1, made, last=make_archival, version=VERSION
    ) as writer:
        writer.finish()
    assert made.read_bytes().startswith(b"%PDF-1.7\n")


def test_documents_with_text_of_their_own_or_an_owner_are_refused(tmp_path: Path) -> None:
    typed = typed_pdf(tmp_path / "typed.pdf", ["Good morning"])
    with pytest.raises(BadInput, match="page 1 has text of its own"):
        archived(typed)
    with pikepdf.open(typed) as pdf:
        pdf.save(tmp_path / "owned.pdf", encryption=pikepdf.Encryption(owner="secret", user=""))
    with pytest.raises(BadInput, match="it is encrypted"):
        archived(tmp_path / "owned.pdf")
