"""Page counts from pieces of files, against what the libraries that made the files know."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from distributed_ocr_pipeline.planning.counting import ranges
from distributed_ocr_pipeline.planning.counting.page_counts import PageCount, count_pages
from distributed_ocr_pipeline.planning.counting.ranges import BLOCK_BYTES, MAX_BLOCKS, RangeReader, TooMuch
from tests.support.documents import page_picture, saved


def _reader(data: bytes) -> RangeReader:
    return RangeReader(lambda offset, length: data[offset : offset + length], len(data))


def _pdf(pages: int, padding: int = 0, **options: object) -> bytes:
    document = pikepdf.new()
    for number in range(pages):
        document.add_blank_page()
        if padding:
            document.pages[number].Contents = document.make_stream(b"%" * padding + str(number).encode())
    content = BytesIO()
    document.save(content, **options)  # type: ignore[arg-type]
    return content.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {"object_stream_mode": pikepdf.ObjectStreamMode.disable},
        {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
        {"linearize": True},
        {"linearize": True, "object_stream_mode": pikepdf.ObjectStreamMode.generate},
    ],
    ids=str,
)
@pytest.mark.parametrize("pages", [1, 7, 800])
def test_pages_of_a_pdf_are_counted_however_it_is_stored(pages: int, options: dict[str, object]) -> None:
    assert count_pages(_reader(_pdf(pages, padding=300, **options))) == PageCount(pages, text_share=0.0)


def test_a_large_pdf_is_counted_from_a_small_part_of_it() -> None:
    data = _pdf(300, padding=20_000, compress_streams=False)
    fetched: list[int] = []

    def fetch(offset: int, length: int) -> bytes:
        fetched.append(length)
        return data[offset : offset + length]

    assert count_pages(RangeReader(fetch, len(data))) == PageCount(300, text_share=0.0)
    assert sum(fetched) < len(data) / 10


def test_an_updated_pdf_is_counted_by_its_last_version() -> None:
    data = _pdf(3, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    with pikepdf.open(BytesIO(data)) as document:
        number = document.Root.Pages.objgen[0]
        kids = b" ".join(b"%d 0 R" % page.obj.objgen[0] for page in list(document.pages)[:1])
    old = data.rindex(b"startxref")
    start = int(data[old:].split()[1])
    replaced = b"%d 0 obj\n<< /Type /Pages /Count 1 /Kids [ %s ] >>\nendobj\n" % (number, kids)
    table = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Root 1 0 R /Size 9 /Prev %d >>\n" % (number, len(data), start)
    updated = data + replaced + table + b"startxref\n%d\n%%%%EOF\n" % (len(data) + len(replaced))
    assert count_pages(_reader(updated)) == PageCount(1, text_share=0.0)


def _share_with_fonts(document: pikepdf.Pdf) -> float:
    return sum(bool(page.resources.get("/Font")) for page in document.pages) / len(document.pages)


@pytest.mark.parametrize("name", ["born-digital.pdf", "scan-clean.pdf", "mixed.pdf", "encrypted.pdf", "blank.pdf"])
def test_the_examples_are_counted_as_pikepdf_counts_them(name: str) -> None:
    path = Path("examples/documents", name)
    found = count_pages(_reader(path.read_bytes()))
    if name == "encrypted.pdf":
        assert found is None or found.pages >= 1
        return
    with pikepdf.open(path) as document:
        assert found is not None and found.pages == len(document.pages)
        assert found.text_share == _share_with_fonts(document)


def _pdf_with_fonts(fonts: list[bool], page_bytes: int = 0) -> bytes:
    document = pikepdf.new()
    for number, font in enumerate(fonts):
        document.add_blank_page()
        page = document.pages[number].obj
        resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=1)) if font else pikepdf.Dictionary()
        page.Resources = document.make_indirect(resources)
        page.Contents = document.make_stream(b"%" * page_bytes + str(number).encode())
    content = BytesIO()
    document.save(content, compress_streams=False)
    return content.getvalue()


@pytest.mark.parametrize(
    ("fonts", "share"),
    [
        ([True, False, False, False], 0.25),
        ([False, True], 0.5),
        ([True] + [False] * 99, 0.0),  # a cover
        ([False] * 40 + [True] * 60, 0.6),
        ([True] * 100, 1.0),
        ([True, False] * 20, 0.6),  # fronts and backs
        ([False, True] * 50, 0.4),
    ],
)
def test_pages_with_text_are_told_from_scans_in_all_parts_of_a_pdf(fonts: list[bool], share: float) -> None:
    assert count_pages(_reader(_pdf_with_fonts(fonts))) == PageCount(len(fonts), share)


def test_what_was_seen_until_there_were_too_many_requests_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _pdf_with_fonts([True, True, True, False, False], page_bytes=2 * BLOCK_BYTES)
    found = {}
    for most in (24, 5):
        monkeypatch.setattr(ranges, "MAX_REQUESTS", most)
        found[most] = count_pages(_reader(data))
    assert found == {24: PageCount(5, 0.6), 5: PageCount(5, 1.0)}


def test_a_damaged_page_further_on_does_not_hide_how_many_there_are() -> None:
    data = _pdf_with_fonts([True] * 5).replace(b"6 0 obj\n<<", b"6 0 obj\n((")
    assert count_pages(_reader(data)) == PageCount(5, 1.0)


@pytest.mark.parametrize("count", [1, 5, 60])
def test_pages_of_a_tiff_are_its_directories(count: int) -> None:
    content = BytesIO()
    first, *rest = [Image.new("1", (200, 100), number % 2) for number in range(count)]
    first.save(content, "TIFF", save_all=True, append_images=rest)
    assert count_pages(_reader(content.getvalue())) == PageCount(count, text_share=0.0)


def test_a_tiff_whose_directories_go_in_a_circle_ends() -> None:
    directory = b"\0\0" + (8).to_bytes(4, "little")
    assert count_pages(_reader(b"II*\0" + (8).to_bytes(4, "little") + directory)) == PageCount(1, text_share=0.0)


@pytest.mark.parametrize("suffix", ["jpg", "webp", "avif", "heic"])
def test_other_pictures_have_one_page(suffix: str, tmp_path: Path) -> None:
    content = saved(page_picture(), tmp_path / f"a.{suffix}").read_bytes()
    assert count_pages(_reader(content)) == PageCount(1, text_share=0.0)


def test_what_the_worker_leaves_alone_has_no_pages() -> None:
    assert count_pages(_reader(Path("examples/documents/notes.txt").read_bytes())) == PageCount(0, text_share=0.0)


def test_a_claimed_number_of_pages_that_the_file_cannot_hold_is_not_believed() -> None:
    data = _pdf(2, object_stream_mode=pikepdf.ObjectStreamMode.disable).replace(b"/Count 2", b"/Count 999999999")
    assert count_pages(_reader(data)) is None


def test_a_file_that_leads_too_far_is_left_alone() -> None:
    reader = RangeReader(lambda offset, length: bytes(length), BLOCK_BYTES * 10_000)
    with pytest.raises(TooMuch):
        for number in range(MAX_BLOCKS + 1):
            reader.read(number * 2 * BLOCK_BYTES, 1)


_MAKERS: list[Callable[[], bytes]] = [
    lambda: _pdf(3, object_stream_mode=pikepdf.ObjectStreamMode.generate),
    lambda: _pdf(3, object_stream_mode=pikepdf.ObjectStreamMode.disable),
]


@given(st.sampled_from(_MAKERS), st.data())
def test_damaged_pdfs_are_counted_or_not_but_never_raise(make: Callable[[], bytes], data: st.DataObject) -> None:
    content = bytearray(make())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found = count_pages(_reader(bytes(content)))
    least = int(b"%PDF-" in content[:1024])  # what is not a PDF any more has no pages
    assert found is None or least <= found.pages <= len(content)


@given(st.binary(max_size=400))
def test_anything_behind_a_pdf_header_never_raises(content: bytes) -> None:
    count_pages(_reader(b"%PDF-1.7\n" + content + b"\nstartxref\n9\n%%EOF"))
