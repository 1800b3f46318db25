"""Documents of every kind, in order, each with exactly one row; and what a stop leaves."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.ocr import Stop, process_documents
from distributed_ocr_pipeline.records import DocumentResult, DocumentStatus, PageChunk, PageStatus, TextSource
from tests.support.documents import Ledger, document, page_picture, pdf_bytes, scanned_pdf, tiff, typed_pdf


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "jp2", "tif"])
def test_every_kind_of_picture_is_read_whatever_its_name(
    suffix: str, tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    page_picture().save(tmp_path / f"a.{suffix}")
    named_otherwise = (tmp_path / f"a.{suffix}").rename(tmp_path / "a.dat")
    [(result, pages)] = process([named_otherwise])
    assert (result.status, result.media_type.partition("/")[0]) == (DocumentStatus.SUCCEEDED, "image")
    assert (pages[0].text, pages[0].width_px, pages[0].height_px) == ("word page 1", 900, 300)


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw", "tiff_adobe_deflate", "packbits", "raw"])
def test_a_tiff_is_read_however_it_is_compressed(
    compression: str, tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    picture = page_picture().convert("1" if compression.startswith("group") else "L")
    picture.save(tmp_path / "a.tif", compression=compression)
    [(result, pages)] = process([tmp_path / "a.tif"])
    assert (result.status, result.error_message, pages[0].text) == (DocumentStatus.SUCCEEDED, "", "word page 1")


@pytest.mark.parametrize(("scanned_at", "dpi"), [(300, 220), (200, 200), (72, 100)])
def test_a_scan_is_drawn_as_finely_as_it_is_worth(
    scanned_at: int, dpi: int, tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    picture = page_picture(size=(1800, 900))
    picture.save(tmp_path / "a.pdf", resolution=scanned_at)
    [(_, [page])] = process([tmp_path / "a.pdf"])
    assert (page.dpi, page.width_px) == (dpi, 1800 * dpi // scanned_at)


@pytest.mark.parametrize(("output_type", "noted"), [("both", True), ("image", False)])
def test_the_note_says_of_a_page_that_is_read_that_specks_were_removed(
    output_type: str,
    noted: bool,
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    picture = page_picture(size=(1000, 1400))
    for top in range(0, 1400, 12):
        for left in range(0, 1000, 12):
            picture.putpixel((left, top), 0)
    picture.save(tmp_path / "a.png")
    [(_, [page])] = process([tmp_path / "a.png"], output_type=output_type)
    assert ("specks removed" in page.note) == noted


@pytest.mark.parametrize("engine", ["pytesseract", "tesserocr"])
def test_spaces_between_words_are_kept_on_request(engine: str, tmp_path: Path, process: Callable[..., Ledger]) -> None:
    if engine == "tesserocr":
        pytest.importorskip("tesserocr")
    page_picture("left            right").save(tmp_path / "a.png")
    [(_, [kept])] = process([tmp_path / "a.png"], engine=engine, tesseract_config={"preserve_interword_spaces": 1})
    [(_, [plain])] = process([tmp_path / "a.png"], engine=engine)
    assert (plain.text, kept.text.split()) == ("left right", ["left", "right"])
    assert "   " in kept.text


def test_many_documents_come_in_order_with_all_their_pages(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    counts = [1, 11, 2, 1, 7]
    paths = [scanned_pdf(tmp_path / f"{number}.pdf", pages) for number, pages in enumerate(counts)]
    ledger = process([*paths, tiff(tmp_path / "5.tif", 6)])
    assert [result.document.key for result, _ in ledger] == ["0.pdf", "1.pdf", "2.pdf", "3.pdf", "4.pdf", "5.tif"]
    assert [[page.page_number for page in pages] for _, pages in ledger] == [
        list(range(1, count + 1)) for count in [*counts, 6]
    ]
    assert [result.pages_succeeded for result, _ in ledger] == [*counts, 6]


def _broken_documents(folder: Path) -> dict[str, Path]:
    whole = scanned_pdf(folder / "whole.pdf", 1).read_bytes()
    page_picture().save(folder / "whole.png")
    contents = {
        "empty": b"",
        "skipped": b"GIF89a" + bytes(50),
        "truncated_pdf": whole[: len(whole) // 3],
        "header_only": b"%PDF-1.4\n",
        "truncated_png": (folder / "whole.png").read_bytes()[:900],
        "lying": pdf_bytes(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 1000000000 >>"]),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "folder.pdf").mkdir()
    return {path.name: path for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("name", "status", "error_class"),
    [
        ("empty", DocumentStatus.FAILED, ErrorClass.EMPTY),
        ("skipped", DocumentStatus.SKIPPED, ErrorClass.UNSUPPORTED_TYPE),
        ("folder.pdf", DocumentStatus.SKIPPED, ErrorClass.UNSUPPORTED_TYPE),
        ("truncated_pdf", DocumentStatus.FAILED, ErrorClass.CORRUPT),
        ("header_only", DocumentStatus.FAILED, ErrorClass.CORRUPT),
        ("truncated_png", DocumentStatus.FAILED, ErrorClass.CORRUPT),
        ("lying", DocumentStatus.FAILED, ErrorClass.CORRUPT),
        ("absent", DocumentStatus.FAILED, ErrorClass.MISSING),
    ],
)
def test_a_document_that_cannot_be_read_has_a_row_that_says_why(
    name: str,
    status: DocumentStatus,
    error_class: ErrorClass,
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    (tmp_path / "documents").mkdir()
    path = _broken_documents(tmp_path / "documents").get(name, tmp_path / "absent")
    [(result, _), (after, _)] = process([path, tmp_path / "documents" / "whole.png"])
    assert (result.status, result.error_class) == (status, error_class)
    assert result.error_message
    assert after.status is DocumentStatus.SUCCEEDED


def test_a_file_over_the_limit_is_not_opened(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    path = scanned_pdf(tmp_path / "a.pdf", 1)
    with path.open("ab") as file:
        file.truncate(2 * 1024 * 1024)
    [(result, _)] = process([path], max_document_mb=1)
    assert (result.status, result.error_class) == (DocumentStatus.FAILED, ErrorClass.TOO_LARGE)


def test_a_header_after_junk_is_found(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["Some text of its own"])
    path.write_bytes(b"junk\n" * 200 + path.read_bytes())
    [(result, pages)] = process([path], text_layer="auto")
    assert (result.status, pages[0].text) == (DocumentStatus.SUCCEEDED, "Some text of its own")


def test_blank_pages_are_reported_as_blank_without_the_engine(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="crash")
    Image.new("L", (900, 300), 250).save(tmp_path / "a.png")
    [(result, pages)] = process([tmp_path / "a.png"])
    assert (pages[0].status, pages[0].text_source) == (PageStatus.BLANK, TextSource.NONE)
    assert (result.status, result.pages_blank) == (DocumentStatus.SUCCEEDED, 1)


def test_a_text_layer_is_used_page_by_page(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    path = typed_pdf(tmp_path / "a.pdf", ["Typed and readable", r"\000\001) Tj ET 72 72 300 300 re f BT ("])
    [(_, pages)] = process([path], text_layer="auto", words=True)
    assert [page.text_source for page in pages] == [TextSource.TEXT_LAYER, TextSource.OCR]
    assert [word.text for word in pages[0].words] == ["Typed", "and", "readable"]
    assert 70 <= pages[0].words[0].left <= 75


@pytest.mark.parametrize(("output_type", "texts", "images"), [("text", 2, 0), ("image", 0, 2), ("both", 2, 2)])
def test_output_type_says_what_comes_out(
    output_type: str,
    texts: int,
    images: int,
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 2)], output_type=output_type)
    assert result.status is DocumentStatus.SUCCEEDED
    assert len([page for page in pages if page.text]) == texts
    assert len([page for page in pages if page.image_path]) == len(list((tmp_path).glob("images/*/*"))) == images


def test_a_page_image_is_the_page_in_grey(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    [(_, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 1)], output_type="image", image_format="jpeg")
    assert pages[0].image_path == "a-pdf/page-0001.jpeg"
    with Image.open(tmp_path / "images" / pages[0].image_path) as image:
        assert (image.mode, image.size) == ("L", (pages[0].width_px, pages[0].height_px))


def test_a_page_over_the_pixel_limit_is_drawn_smaller_with_a_note(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    page_picture(size=(3000, 1000)).save(tmp_path / "a.png")
    ledger = process([tmp_path / "a.png", typed_pdf(tmp_path / "b.pdf", ["Text"])], max_page_pixels=1_000_000)
    for result, [page] in ledger:
        assert result.status is DocumentStatus.SUCCEEDED
        assert page.width_px and page.height_px and page.width_px * page.height_px <= 1_000_000
        assert "pixel" in page.note


def test_after_a_stop_what_is_done_is_kept_and_the_rest_deferred(
    tmp_path: Path, fake_tesseract: Callable[..., None]
) -> None:
    fake_tesseract(p9="hang")
    paths = [
        scanned_pdf(tmp_path / "a.pdf", 1),
        scanned_pdf(tmp_path / "b.pdf", 12),
        scanned_pdf(tmp_path / "c.pdf", 1),
    ]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    stop, results, pages = Stop(), [], 0
    for item in process_documents(
        [(document(path), path) for path in paths],
        OCRConfig(text_layer="ignore"),
        scratch=scratch,
        images=None,
        stop=stop,
        workers=1,
    ):
        if isinstance(item, PageChunk) and item.document.key == "b.pdf":
            pages += len(item.pages)
            if item.pages[-1].page_number == 8:
                stop.request()
        elif isinstance(item, DocumentResult):
            results.append(item)
    assert [result.status for result in results] == [
        DocumentStatus.SUCCEEDED,
        DocumentStatus.DEFERRED,
        DocumentStatus.DEFERRED,
    ]
    assert results[1].pages_succeeded == pages == 8
    assert results[1].error_class is None and results[1].error_message == ""
    assert not list(scratch.iterdir())


def test_a_deadline_stops_by_itself(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="hang")
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 1)], stop=Stop(deadline_seconds=0.5))
    assert (result.status, pages) == (DocumentStatus.DEFERRED, [])


def test_leaving_early_ends_what_is_running(tmp_path: Path, fake_tesseract: Callable[..., None]) -> None:
    fake_tesseract(p2="hang", p3="hang")
    path = scanned_pdf(tmp_path / "a.pdf", 3)
    (tmp_path / "scratch").mkdir()
    items = process_documents(
        [(document(path), path)],
        OCRConfig(text_layer="ignore"),
        scratch=tmp_path / "scratch",
        images=None,
        stop=Stop(),
        workers=3,
    )
    assert isinstance(next(items), PageChunk)
    items.close()  # type: ignore[attr-defined]
    assert not list((tmp_path / "scratch").iterdir())
