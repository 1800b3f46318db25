"""A picture whose data end early is found wherever a page draws it; whole ones are not taken for such."""

import base64
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.ocr.documents.looks.cut_pictures import pages_with_cut_pictures
from distributed_ocr_pipeline.records import PageStatus, Quality
from tests.support.documents import Ledger, page_picture, typed_pdf

KINDS = {"jpeg": "DCTDecode", "cmyk": "DCTDecode", "jpeg 2000": "JPXDecode", "pixels": "FlateDecode"}
SIMPLE: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    "ASCIIHexDecode": lambda data: data.hex().encode() + b">",
    "ASCII85Decode": lambda data: base64.a85encode(data) + b"~>",
    "RunLengthDecode": lambda data: b"".join(bytes([127]) + data[at : at + 128] for at in range(0, len(data), 128))
    + b"\x80",
}
HALF, WHOLE = 0.5, 1.0


def data_of(kind: str, picture: Image.Image) -> bytes:
    encoded = BytesIO()
    if kind == "pixels":
        return picture.tobytes()
    picture.convert("CMYK" if kind == "cmyk" else "L").save(encoded, "JPEG2000" if kind == "jpeg 2000" else "JPEG")
    return encoded.getvalue()


def stream_of(pdf: pikepdf.Pdf, kind: str, share: float, text: str = "A page of a document") -> pikepdf.Stream:
    """A picture of which a share of the data is there; the stream itself is sound."""
    picture = page_picture(text)
    data = data_of(kind, picture)
    data = data[: round(share * len(data))]
    stream = pikepdf.Stream(
        pdf,
        zlib.compress(data) if kind == "pixels" else data,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=picture.width,
        Height=picture.height,
        BitsPerComponent=8,
        ColorSpace=pikepdf.Name.DeviceCMYK if kind == "cmyk" else pikepdf.Name.DeviceGray,
        Filter=pikepdf.Name(f"/{KINDS[kind]}"),
    )
    return stream


def on_page(page: pikepdf.Page, *pictures: pikepdf.Object) -> None:
    """Draw pictures one below the other, with margins."""
    page.resources["/XObject"] = pikepdf.Dictionary({f"/I{number}": one for number, one in enumerate(pictures)})
    for number in range(len(pictures)):
        page.contents_add(f"q 400 0 0 133 100 {500 - 150 * number} cm /I{number} Do Q".encode())


def pdf_of(path: Path, draw: Callable[[pikepdf.Pdf], None], text: str = "") -> Path:
    with pikepdf.open(typed_pdf(path, [text]), allow_overwriting_input=True) as pdf:
        draw(pdf)
        pdf.save(path, compress_streams=False)
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [HALF, WHOLE])
def test_a_cut_picture_beside_a_whole_one_is_found(kind: str, share: float, tmp_path: Path) -> None:
    path = pdf_of(
        tmp_path / "a.pdf", lambda pdf: on_page(pdf.pages[0], stream_of(pdf, kind, WHOLE), stream_of(pdf, kind, share))
    )
    assert pages_with_cut_pictures(str(path), [1]) == ([1] if share == HALF else [])


def damaged(pdf: pikepdf.Pdf, progressive: bool, change: Callable[[bytes], bytes]) -> None:
    """Draw a JPEG whose data end with the mark of their end, whatever is in them."""
    picture, encoded = page_picture("A page of a document"), BytesIO()
    picture.save(encoded, "JPEG", progressive=progressive)
    stream = stream_of(pdf, "jpeg", WHOLE)
    stream.write(change(encoded.getvalue()), filter=pikepdf.Name.DCTDecode)
    on_page(pdf.pages[0], stream)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) // 2] + b"\xff\xd9",
    "cut without a mark": lambda data: data[: len(data) // 2],
    "changed": lambda data: data[: len(data) // 2] + bytes(20) + data[len(data) // 2 + 20 :],
    "whole": lambda data: data,
}


@pytest.mark.parametrize(
    ("kind", "progressive"),
    [("cut", False), ("cut", True), ("cut without a mark", True), ("changed", True), ("whole", False), ("whole", True)],
)
def test_a_jpeg_that_is_damaged_under_the_mark_of_its_end_is_found(
    kind: str, progressive: bool, tmp_path: Path
) -> None:
    path = pdf_of(tmp_path / "a.pdf", lambda pdf: damaged(pdf, progressive, DAMAGE[kind]))
    assert pages_with_cut_pictures(str(path), [1]) == ([] if kind == "whole" else [1])


def test_a_page_whose_picture_cannot_be_decoded_is_not_blank(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    def without_tables(data: bytes) -> bytes:
        at = data.index(b"\xff\xc4") + 4
        return data[:at] + b"\x77" * 20 + data[at + 20 :]

    path = pdf_of(tmp_path / "a.pdf", lambda pdf: damaged(pdf, True, without_tables))
    [(_, [page])] = process([path])
    assert (page.status, page.error_class) == (PageStatus.FAILED, ErrorClass.CORRUPT)
    assert "Nothing could be drawn." in page.error_message


@pytest.mark.parametrize("bits", [1, 8])
@pytest.mark.parametrize("share", [HALF, WHOLE])
@pytest.mark.parametrize("name", SIMPLE)
def test_so_is_one_whose_pixels_are_stored_as_they_are(name: str, share: float, bits: int, tmp_path: Path) -> None:
    def draw(pdf: pikepdf.Pdf) -> None:
        picture = page_picture("A page of a document").convert("1" if bits == 1 else "L").crop((0, 0, 512, 256))
        data = picture.tobytes()
        stream = pikepdf.Stream(pdf, SIMPLE[name](data[: round(share * len(data)) // 128 * 128]))
        sides = {"Width": 512, "Height": 256, "BitsPerComponent": bits, "ColorSpace": pikepdf.Name.DeviceGray}
        for key, value in {"Type": pikepdf.Name.XObject, "Subtype": pikepdf.Name.Image, **sides}.items():
            stream[f"/{key}"] = value
        if name:
            stream["/Filter"] = pikepdf.Name(f"/{name}")
        on_page(pdf.pages[0], stream)

    path = pdf_of(tmp_path / "a.pdf", draw)
    assert pages_with_cut_pictures(str(path), [1]) == ([1] if share == HALF else [])


def in_form(pdf: pikepdf.Pdf) -> None:
    inner = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=stream_of(pdf, "jpeg", HALF)))
    form = pdf.make_stream(b"q /P Do Q", Subtype=pikepdf.Name.Form, BBox=[0, 0, 1, 1], Resources=inner)
    on_page(pdf.pages[0], form)


def compressed_again(pdf: pikepdf.Pdf) -> None:
    picture = stream_of(pdf, "jpeg", HALF)
    names = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.DCTDecode])
    picture.write(zlib.compress(picture.read_raw_bytes()), filter=names)
    on_page(pdf.pages[0], picture)


def named_oddly(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].resources["/XObject"] = pikepdf.Dictionary({"/Im (1)": stream_of(pdf, "jpeg", HALF)})
    pdf.pages[0].contents_add(b"q 400 0 0 133 100 500 cm /Im#20#281#29 Do Q")


@pytest.mark.parametrize("draw", [in_form, compressed_again, named_oddly])
def test_it_is_found_however_it_is_drawn(draw: Callable[[pikepdf.Pdf], None], tmp_path: Path) -> None:
    assert pages_with_cut_pictures(str(pdf_of(tmp_path / "a.pdf", draw)), [1]) == [1]


def not_drawn(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].resources["/XObject"] = pikepdf.Dictionary(I=stream_of(pdf, "jpeg", HALF))


def without_mark(pdf: pikepdf.Pdf) -> None:
    picture = stream_of(pdf, "jpeg", WHOLE)
    picture.write(picture.read_raw_bytes()[:-2], filter=pikepdf.Name.DCTDecode)
    on_page(pdf.pages[0], picture)


def filled_up(pdf: pikepdf.Pdf) -> None:
    picture = stream_of(pdf, "jpeg", WHOLE)
    picture.write(picture.read_raw_bytes() + bytes(500), filter=pikepdf.Name.DCTDecode)
    on_page(pdf.pages[0], picture)


@pytest.mark.parametrize("draw", [not_drawn, without_mark, filled_up])
def test_what_shows_whole_pictures_is_left(draw: Callable[[pikepdf.Pdf], None], tmp_path: Path) -> None:
    assert pages_with_cut_pictures(str(pdf_of(tmp_path / "a.pdf", draw)), [1]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_with_a_cut_picture_says_so_and_is_doubtful(
    kind: str, tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    path = pdf_of(
        tmp_path / "a.pdf", lambda pdf: on_page(pdf.pages[0], stream_of(pdf, kind, WHOLE), stream_of(pdf, kind, HALF))
    )
    [(_, [page])] = process([path])
    assert page.status is PageStatus.SUCCEEDED and page.text
    assert "incomplete: the data of a picture" in page.note and page.quality is not Quality.GOOD


OWN = ") Tj 0 -16 Td (".join(["A page of print with text of its own"] * 24)


def test_so_does_a_page_with_text_of_its_own(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = pdf_of(tmp_path / "a.pdf", lambda pdf: on_page(pdf.pages[0], stream_of(pdf, "jpeg", 0.2)), OWN)
    [(_, [page])] = process([path], text_layer="auto")
    assert page.text.startswith("A page of print") and page.quality is Quality.DOUBTFUL
    assert "incomplete: the data of a picture" in page.note
