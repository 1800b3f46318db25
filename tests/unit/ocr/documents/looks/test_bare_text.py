"""Plain pages are known without Poppler's programs; whatever these may see otherwise is left to them."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from distributed_ocr_pipeline.ocr.documents.looks.bare_text import pages_seen, plain_pdf
from distributed_ocr_pipeline.ocr.documents.poppler import document_info
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from tests.support.curves import print_as_curves
from tests.support.documents import replaced, scan_pdf, typed_pdf


def bare_text(path: str, page_count: int, pages: list[int]) -> list[int] | None:
    """Those of `pages` that show no picture; None if nothing is known of them."""
    seen = pages_seen(path, page_count, pages)
    return seen.bare if seen else None


PIXEL = b"BI /W 1 /H 1 /BPC 8 /CS /G ID x EI"


def two_pages(path: Path, change: Callable[[pikepdf.Pdf, pikepdf.Page], None]) -> Path:
    """Two pages of text, the second of them changed."""
    with pikepdf.open(typed_pdf(path, ["One", "Two"]), allow_overwriting_input=True) as pdf:
        change(pdf, pdf.pages[1])
        pdf.save(path)
    return path


def in_stream(pdf: pikepdf.Pdf, **entries: object) -> pikepdf.Object:
    """A stream that draws a picture of one pixel."""
    return pdf.make_stream(PIXEL, **entries)


def in_line(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.contents_add(pdf.make_stream(b"q 72 0 0 72 0 0 cm " + PIXEL + b" Q"))


def in_first_part(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.obj.Contents = pikepdf.Array([pdf.make_stream(b"BI"), pdf.make_stream(b"W")])


def in_parts(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.obj.Contents = pikepdf.Array([pdf.make_stream(b"q 72 0 0 72 0 0 cm B"), pdf.make_stream(PIXEL[1:] + b" Q")])


def in_form(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    form = in_stream(pdf, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 9, 9])
    page.resources["/XObject"] = pikepdf.Dictionary(F=form)


def in_pattern(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.resources["/Pattern"] = pikepdf.Dictionary(P=in_stream(pdf, PatternType=1))


def in_letter(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    letters = pikepdf.Dictionary(a=in_stream(pdf))
    page.resources["/Font"]["/F2"] = pikepdf.Dictionary(Subtype=pikepdf.Name.Type3, CharProcs=letters)


def in_mask(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    mask = pikepdf.Dictionary(S=pikepdf.Name.Luminosity, G=in_stream(pdf, Subtype=pikepdf.Name.Form))
    page.resources["/ExtGState"] = pikepdf.Dictionary(G=pikepdf.Dictionary(SMask=mask))


def in_note(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    looks = pikepdf.Dictionary(N=in_stream(pdf, Subtype=pikepdf.Name.Form))
    page.obj.Annots = pikepdf.Array([pikepdf.Dictionary(Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], AP=looks)])


def in_stamp(_: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.obj.Annots = pikepdf.Array([pikepdf.Dictionary(Subtype=pikepdf.Name.Stamp, Rect=[0, 0, 9, 9])])


def linked(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.obj.Annots = pikepdf.Array([pikepdf.Dictionary(Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9])])
    page.resources["/ExtGState"] = pikepdf.Dictionary(G=pikepdf.Dictionary(CA=0.5, SMask=pikepdf.Name.None_))
    page.contents_add(pdf.make_stream(b"BT (BIRDS) Tj ET"))


def test_text_lines_and_links_are_no_pictures(tmp_path: Path) -> None:
    assert bare_text(str(two_pages(tmp_path / "a.pdf", linked)), 2, [1, 2]) == [1, 2]


@pytest.mark.parametrize(
    "change",
    [in_line, in_parts, in_first_part, in_form, in_pattern, in_letter, in_mask, in_note, in_stamp],
    ids=lambda c: c.__name__,
)
def test_what_may_hold_a_picture_is_left_to_poppler(
    change: Callable[[pikepdf.Pdf, pikepdf.Page], None], tmp_path: Path
) -> None:
    assert bare_text(str(two_pages(tmp_path / "a.pdf", change)), 2, [1, 2]) == [1]


@pytest.mark.parametrize("in_a_form", [False, True])
def test_pages_that_draw_letters_as_curves_are_told(in_a_form: bool, tmp_path: Path) -> None:
    commands = print_as_curves("Words that are drawn as curves", 72, 500, 11).encode()

    def draw(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
        form = pdf.make_stream(commands, Subtype=pikepdf.Name.Form, BBox=[0, 0, 612, 792])
        page.resources["/XObject"] = pikepdf.Dictionary(F=form) if in_a_form else pikepdf.Dictionary()
        page.contents_add(b"/F Do" if in_a_form else commands)

    seen = pages_seen(str(two_pages(tmp_path / "a.pdf", draw)), 2, [1, 2])
    assert seen is not None and seen.curved == [2]


def test_a_scan_is_left_to_poppler(tmp_path: Path) -> None:
    assert bare_text(str(scan_pdf(tmp_path / "a.pdf")), 1, [1]) == []


def test_a_file_that_must_be_repaired_is_left_to_poppler(tmp_path: Path) -> None:
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["One"]), "/Type /Catalog", "/Type  /Catalog")
    assert bare_text(str(path), 1, [1]) == []


def test_a_file_whose_pages_others_count_otherwise_is_left_to_poppler(tmp_path: Path) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["One", "Two"])
    assert bare_text(str(path), 3, [1]) is None
    path.write_bytes(re.sub(rb"/Count \d", b"/Count 3", path.read_bytes()))
    assert (bare_text(str(path), 2, [1]), bare_text(str(path), 3, [1])) == ([], None)


def test_an_encrypted_file_is_left_to_poppler(tmp_path: Path) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["One"])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="secret"))
    assert bare_text(str(path), 1, [1]) == []


def test_poppler_lists_a_picture_among_the_commands(tmp_path: Path) -> None:
    path = two_pages(tmp_path / "a.pdf", in_line)
    listed = subprocess.run(["pdfimages", "-list", str(path)], capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in listed.splitlines()[2:]] == ["2"]


def turned(_: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.obj.Rotate = -90


def turned_from_above(pdf: pikepdf.Pdf, _: pikepdf.Page) -> None:
    pdf.Root.Pages.Rotate = 450


def sized_from_above(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    del page.obj.MediaBox
    pdf.Root.Pages.MediaBox = pikepdf.Array([10, 20.5, 500, 700])


def cut_at_its_edges(_: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.obj.CropBox = page.obj.MediaBox


def unchanged(_: pikepdf.Pdf, __: pikepdf.Page) -> None:
    pass


@pytest.mark.parametrize(
    "change",
    [unchanged, turned, turned_from_above, sized_from_above, cut_at_its_edges, linked],
    ids=lambda c: c.__name__,
)
def test_plain_pages_have_the_sizes_that_poppler_says(
    change: Callable[[pikepdf.Pdf, pikepdf.Page], None], tmp_path: Path
) -> None:
    path = two_pages(tmp_path / "a.pdf", change)
    said = document_info(path, range(1, 3), Limits(seconds=20, memory_mb=1024), Stop())
    assert said.first_sizes is not None
    found = plain_pdf(str(path), 32)
    assert found is not None
    assert (found.pages, found.seen.bare) == (said.pages, [1, 2])
    assert [side for size in found.sizes for side in size] == pytest.approx(
        [side for number in (1, 2) for side in (said.first_sizes[number].width, said.first_sizes[number].height)],
        abs=0.01,
    )


def test_of_more_pages_than_asked_for_only_the_number_is_told(tmp_path: Path) -> None:
    found = plain_pdf(str(typed_pdf(tmp_path / "a.pdf", ["One", "Two"])), 1)
    assert found is not None and (found.pages, len(found.sizes), found.seen.bare) == (2, 1, [1])


def cut(_: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.obj.CropBox = pikepdf.Array([50, 50, 300, 400])


def of_larger_units(_: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.obj.UserUnit = 2


def without_size(_: pikepdf.Pdf, page: pikepdf.Page) -> None:
    del page.obj.MediaBox


def upside_down(_: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.obj.MediaBox = pikepdf.Array([500, 700, 10, 20])


def huge(_: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.obj.MediaBox = pikepdf.Array([0, 0, 10**9, 700])


def turned_a_little(_: pikepdf.Pdf, page: pikepdf.Page) -> None:
    page.obj.Rotate = 45


def xfa(pdf: pikepdf.Pdf, _: pikepdf.Page) -> None:
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(), XFA=pdf.make_stream(b"<xdp/>"))


@pytest.mark.parametrize(
    "change",
    [cut, of_larger_units, without_size, upside_down, huge, turned_a_little, xfa],
    ids=lambda c: c.__name__,
)
def test_sizes_that_others_may_see_otherwise_are_left_to_poppler(
    change: Callable[[pikepdf.Pdf, pikepdf.Page], None], tmp_path: Path
) -> None:
    assert plain_pdf(str(two_pages(tmp_path / "a.pdf", change)), 32) is None


def test_a_file_that_is_not_plain_is_left_to_poppler_as_a_whole(tmp_path: Path) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["One", "Two"])
    whole = path.read_bytes()
    path.write_bytes(re.sub(rb"/Count \d", b"/Count 3", whole))
    assert plain_pdf(str(path), 32) is None
    path.write_bytes(whole.replace(b"/Type /Catalog", b"/Type  /Catalog"))
    assert plain_pdf(str(path), 32) is None
    path.write_bytes(whole)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="secret"))
    assert plain_pdf(str(path), 32) is None
