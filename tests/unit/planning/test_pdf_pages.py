"""Pages of PDFs that are built in unusual ways, against what Poppler, with which the worker reads, finds in them."""

import re
import subprocess
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from distributed_ocr_pipeline.planning.counting import pdf_file, pdf_objects
from distributed_ocr_pipeline.planning.counting.page_counts import PageCount, count_pages
from distributed_ocr_pipeline.planning.counting.ranges import RangeReader

FONT = b"<< /Font << /F 1 0 R >> >>"
PAGE = b"<< /Type /Page /MediaBox [0 0 9 9] /Resources %s >>"


def counted(data: bytes) -> PageCount | None:
    """What the planner finds."""
    return count_pages(RangeReader(lambda offset, length: data[offset : offset + length], len(data)))


@pytest.mark.parametrize(
    ("boxes", "megapixels"),
    [
        (b"/MediaBox [0 0 595 842]", 8.7),
        (b"/MediaBox [0 0 2384 3370]", 139.5),  # A0
        (b"/MediaBox [3370 2384 0 0]", 139.5),
        (b"/MediaBox [0 0 2384 3370] /CropBox [0 0 1192 1685]", 34.9),
        (b"/MediaBox [0 0]", 8.7),
        (b"/MediaBox [0 0 %s 9]" % (b"9" * 400), 8.7),
        (b"/MediaBox [%s 0 %s 9]" % (b"9" * 400, b"9" * 400), 8.7),
        (b"/MediaBox [0 0 1e999 1e999]", 8.7),
        (b"/MediaBox [/A 0 1 1]", 8.7),
        (b"", 8.7),
    ],
)
def test_large_pages_are_known_by_their_boxes(boxes: bytes, megapixels: float) -> None:
    catalog, tree = b"<< /Pages 2 0 R >>", b"<< /Kids [3 0 R] /Count 1 %s >>"
    own = [catalog, tree % b"", b"<< /Type /Page %s /Resources << >> >>" % boxes]
    inherited = [catalog, tree % boxes, b"<< /Type /Page /Resources << >> >>"]
    for objects in (own, inherited):
        found = counted(written(objects))
        assert found and found.megapixels == pytest.approx(megapixels, abs=0.1)


def pages_in(data: bytes, folder: Path) -> int | None:
    """What Poppler finds; None if it refuses."""
    path = folder / "counted.pdf"
    path.write_bytes(data)
    shown = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=False).stdout
    found = re.search(r"^Pages: +(\d+)$", shown, re.MULTILINE)
    return int(found[1]) if found else None


def written(objects: Sequence[bytes]) -> bytes:
    """A PDF of objects numbered from 1; the first is the catalog."""
    content, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return content + table_of(offsets, len(content))


def table_of(offsets: Sequence[int], start: int) -> bytes:
    """The end of a PDF of objects numbered from 1."""
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(offsets) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Root 1 0 R /Size %d >>\n" % (size, entries, size)
    return table + b"startxref\n%d\n%%%%EOF\n" % start


def saved(fonts: Sequence[bool], **options: object) -> bytes:
    """A PDF by pikepdf whose pages have a font or none, in object streams."""
    document = pikepdf.new()
    for font in fonts:
        document.add_blank_page()
        name = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=1)) if font else pikepdf.Dictionary()
        document.pages[-1].obj.Resources = document.make_indirect(name)
    content = BytesIO()
    generate = pikepdf.ObjectStreamMode.generate
    document.save(content, object_stream_mode=generate, **options)  # type: ignore[arg-type]
    return content.getvalue()


# ---- encrypted -------------------------------------------------------------------------------------------------

ENCRYPTIONS = {
    "RC4, 128 bits": pikepdf.Encryption(owner="o", user="", R=3, aes=False, metadata=False),
    "RC4 by a crypt filter": pikepdf.Encryption(owner="o", user="", R=4, aes=False, metadata=False),
    "AES, 128 bits": pikepdf.Encryption(owner="o", user="", R=4),
    "AES, 128 bits, plain metadata": pikepdf.Encryption(owner="o", user="", R=4, metadata=False),
    "AES, 256 bits, revision 5": pikepdf.Encryption(owner="o", user="", R=5),
    "AES, 256 bits": pikepdf.Encryption(owner="o", user="", R=6),
}


@pytest.mark.filterwarnings("ignore:Encryption R=5 is deprecated")
@pytest.mark.parametrize("name", ENCRYPTIONS)
def test_pages_of_a_pdf_that_everybody_may_read_are_counted_however_it_is_encrypted(name: str) -> None:
    fonts = [True] * 60 + [False] * 40
    assert counted(saved(fonts, encryption=ENCRYPTIONS[name])) == PageCount(100, text_share=0.6)


def test_a_pdf_that_needs_a_password_is_left_to_the_estimate() -> None:
    assert counted(saved([True] * 9, encryption=pikepdf.Encryption(owner="o", user="u", R=6))) is None


def test_a_pdf_of_an_unknown_handler_is_left_to_the_estimate() -> None:
    data = saved([True] * 9, encryption=pikepdf.Encryption(owner="o", user="", R=6))
    assert counted(data.replace(b"/Standard", b"/Sonstige")) is None


# ---- something behind the end ------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [6_000, 60_000, 400_000])
def test_what_was_appended_to_a_pdf_does_not_hide_its_pages(more: int) -> None:
    assert counted(saved([True] * 30) + b"<!-- from the web -->\n" * (more // 22)) == PageCount(30, text_share=1.0)


# ---- page trees ------------------------------------------------------------------------------------------------


def chain(fonts: Sequence[bool], *, page_first: bool) -> bytes:
    """A tree in which every node has one page and the next node."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    for number, font in enumerate(fonts):
        node, left = 2 + 2 * number, len(fonts) - number
        kids = [b"%d 0 R" % (node + 1), *([b"%d 0 R" % (node + 2)] if left > 1 else [])]
        names = b" ".join(kids if page_first else reversed(kids))
        objects.append(b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (left, names))
        objects.append(PAGE % (FONT if font else b"<< >>"))
    return written(objects)


@pytest.mark.parametrize("page_first", [True, False])
def test_pages_deep_in_a_tree_are_looked_at(page_first: bool, tmp_path: Path) -> None:
    fonts = [False] * 120 + [True] * 180
    data = chain(fonts, page_first=page_first)
    assert pages_in(data, tmp_path) == 300
    assert counted(data) == PageCount(300, text_share=0.6)


def test_resources_are_inherited_from_far_above(tmp_path: Path) -> None:
    depth = 100
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    objects += [b"<< /Type /Pages /Count 1 /Kids [ %d 0 R ] >>" % (3 + number) for number in range(depth)]
    objects[1] = objects[1].replace(b"/Type", b"/Resources %s /Type" % FONT)
    data = written([*objects, b"<< /Type /Page /MediaBox [0 0 9 9] >>"])
    assert pages_in(data, tmp_path) == 1
    assert counted(data) == PageCount(1, text_share=1.0)


def page_named(times: int, objects: int) -> bytes:
    """A PDF of one page, which the tree names often, among objects that nothing names."""
    tree = b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (times, b"3 0 R " * times)
    return written([b"<< /Type /Catalog /Pages 2 0 R >>", tree, PAGE % FONT, *[b"0"] * objects])


def test_a_page_that_is_named_many_times_counts_each_time(tmp_path: Path) -> None:
    data = page_named(500, objects=500)
    assert pages_in(data, tmp_path) == 500
    assert counted(data) == PageCount(500, text_share=1.0)


def test_more_pages_than_there_are_objects_are_not_believed(tmp_path: Path) -> None:
    data = page_named(500, objects=400)
    assert pages_in(data, tmp_path) is None
    assert counted(data) is None


def test_a_tree_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []

    def count(data: bytes, position: int) -> object:
        parsed.append(position)
        return pdf_objects.parse_object(data, position)

    monkeypatch.setattr(pdf_file, "parse_object", count)
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 500 /Kids [ %s ] >>" % (b"2 0 R " * 500)]
    assert counted(written(objects)) is None
    assert len(parsed) < 20


def nested(depth: int, padding: int) -> bytes:
    """A PDF whose nodes lie in each other, in strings: to parse one is to pass all those below it."""
    content, offsets = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n", [9]
    for number in range(2, depth):
        offsets.append(len(content))
        content += b"%d 0 obj\n<< /Type /Pages /Count %d /Kids [ %d 0 R ] /Pad ( " % (number, depth, number + 1)
    offsets.append(len(content))
    content += b"%d 0 obj\n%s\nendobj\n" % (depth, PAGE % FONT) + b"x" * padding + b" ) >>" * (depth - 2)
    return content + table_of(offsets, len(content))


def test_a_tree_whose_nodes_lie_in_each_other_is_given_up() -> None:
    assert counted(nested(depth=5, padding=400_000)) == PageCount(5, text_share=1.0)
    assert counted(nested(depth=100, padding=400_000)) is None
