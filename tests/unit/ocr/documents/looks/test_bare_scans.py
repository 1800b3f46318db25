"""Which pages are nothing but a scan, and only those."""

from pathlib import Path

import pikepdf
import pytest

from distributed_ocr_pipeline.ocr.documents.looks.bare_scans import bare_scans
from distributed_ocr_pipeline.ocr.documents.looks.found import FoundScan
from tests.support.documents import changing_scan, drawing_on_scan, scan_pdf


def test_a_page_that_is_one_picture_is_a_bare_scan(tmp_path: Path) -> None:
    assert bare_scans(str(scan_pdf(tmp_path / "a.pdf")), [1]) == [FoundScan(1, 0)]


@pytest.mark.parametrize(
    "commands",
    [
        "q 3 Tr Q BT 3 Tr /F1 9 Tf 20 20 Td (hidden) Tj [(text)] TJ ET",
        "/Artifact BMC EMC /P << /MCID 0 >> BDC EMC",
        "q 1 0 0 1 5 5 cm Q 2 w 1 J",
    ],
)
def test_what_shows_nothing_may_be_on_it(commands: str, tmp_path: Path) -> None:
    assert bare_scans(str(drawing_on_scan(scan_pdf(tmp_path / "a.pdf"), commands)), [1]) == [FoundScan(1, 0)]


@pytest.mark.parametrize(
    "commands",
    [
        "BT /F1 9 Tf 20 20 Td (seen) Tj ET",
        "q 3 Tr Q BT /F1 9 Tf (seen again) Tj ET",
        "BT 3 Tr 7 Tr (a shape to clip to) ' ET",
        "0 0 m 90 90 l S",
        "0 0 50 50 re W n",
        "0 0 50 50 re f",
        "/GS0 gs",
        "{name} Do",
        "/OC /MC0 BDC EMC",
        "BI /W 1 /H 1 /BPC 8 /CS /G ID a EI",
        "Q",
    ],
)
def test_what_may_show_something_may_not(commands: str, tmp_path: Path) -> None:
    assert not bare_scans(str(drawing_on_scan(scan_pdf(tmp_path / "a.pdf"), commands)), [1])


@pytest.mark.parametrize(
    ("placing", "is_bare"),
    [
        ("216 0 0 144 0 0 cm", True),
        ("108 0 0 72 0 0 cm 2 0 0 2 0 0 cm", True),
        ("2 0 0 2 0 0 cm 108 0 0 72 0 0 cm", True),
        ("216 0 0 144 0.5 -0.5 cm", True),
        ("216 0 0 144 3 0 cm", False),
        ("200 0 0 144 0 0 cm", False),
        ("216 0 0 -144 0 144 cm", False),
        ("-216 0 0 144 216 0 cm", False),
        ("0 144 -216 0 216 0 cm", False),
        ("216 9 0 144 0 0 cm", False),
    ],
)
def test_it_reaches_all_edges_and_stands_upright(placing: str, is_bare: bool, tmp_path: Path) -> None:
    path = scan_pdf(tmp_path / "a.pdf")
    with changing_scan(path) as (page, _):
        name = next(iter(page.resources["/XObject"].keys()))
        page.obj["/Contents"].write(f"q {placing} {name} Do Q".encode())
    assert bool(bare_scans(str(path), [1])) is is_bare


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("/Decode", pikepdf.Array([1, 0])),
        ("/Mask", pikepdf.Array([250, 255])),
        ("/ImageMask", True),
        ("/SMaskInData", 1),
        ("/OC", pikepdf.Dictionary()),
    ],
)
def test_a_picture_that_is_not_shown_as_it_is_stored_is_left(key: str, value: object, tmp_path: Path) -> None:
    path = scan_pdf(tmp_path / "a.pdf")
    with changing_scan(path) as (_, picture):
        picture[key] = value
    assert not bare_scans(str(path), [1])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("/CropBox", pikepdf.Array([0, 0, 216, 100])),
        ("/MediaBox", pikepdf.Array([0, 0, 300, 144])),
        ("/UserUnit", 2),
        ("/Annots", pikepdf.Array([pikepdf.Dictionary(Subtype=pikepdf.Name.Stamp)])),
    ],
)
def test_a_page_of_which_more_or_less_is_shown_is_left(key: str, value: object, tmp_path: Path) -> None:
    path = scan_pdf(tmp_path / "a.pdf")
    with changing_scan(path) as (page, _):
        page.obj[key] = value
    assert not bare_scans(str(path), [1])


def test_a_file_that_must_be_repaired_is_left_to_poppler(tmp_path: Path) -> None:
    path = scan_pdf(tmp_path / "a.pdf")
    path.write_bytes(path.read_bytes().replace(b"startxref", b"startxrex"))
    assert not bare_scans(str(path), [1])


def test_many_commands_are_not_looked_through(tmp_path: Path) -> None:
    path = drawing_on_scan(scan_pdf(tmp_path / "a.pdf"), "1 w " * 300_000)
    assert not bare_scans(str(path), [1])
