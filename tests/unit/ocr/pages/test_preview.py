"""Pictures of pages: of the wanted size, turned as the page was read, or the reason why there is none."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr import draw_pages, shrink_page_image
from tests.support.documents import scanned_pdf, tiff


def picture(content: bytes | DocumentError) -> Image.Image:
    assert isinstance(content, bytes), content
    image = Image.open(io.BytesIO(content))
    assert image.format == "JPEG"
    return image


def cornered(path: Path) -> Path:
    """White, but for its upper left corner."""
    image = Image.new("L", (400, 200), 255)
    ImageDraw.Draw(image).rectangle((0, 0, 100, 50), fill=0)
    image.save(path)
    return path


@pytest.mark.parametrize(
    ("turn", "size", "corner"),
    [
        (0.0, (200, 100), (5, 5)),
        (90.0, (100, 200), (95, 5)),
        (180.0, (200, 100), (195, 95)),
        (270.0, (100, 200), (5, 195)),
        (-90.0, (100, 200), (5, 195)),
    ],
)
def test_a_page_is_turned_clockwise(
    turn: float, size: tuple[int, int], corner: tuple[int, int], tmp_path: Path
) -> None:
    image = picture(draw_pages(cornered(tmp_path / "page.png"), {1: turn}, 200)[1])
    assert image.size == size
    dark, light = (image.getpixel(place) for place in (corner, (size[0] - 1 - corner[0], size[1] - 1 - corner[1])))
    assert dark == pytest.approx(0, abs=9) and light == pytest.approx(255, abs=9)


def test_a_page_that_was_crooked_has_the_shape_that_its_boxes_refer_to(tmp_path: Path) -> None:
    image = picture(draw_pages(cornered(tmp_path / "page.png"), {1: 268.0}, 200)[1])
    assert 100 < image.size[0] < 112 and 200 <= image.size[1] < 206


def test_pages_of_a_pdf_are_drawn_alone_and_a_page_that_is_not_there_says_so(tmp_path: Path) -> None:
    drawn = draw_pages(scanned_pdf(tmp_path / "scan.pdf", 2), {2: 0.0, 3: 0.0}, 300)
    assert max(picture(drawn[2]).size) == 300
    missing = drawn[3]
    assert isinstance(missing, DocumentError)
    assert (missing.error_class, missing.message) == (ErrorClass.CHANGED, "The document has 2 pages now.")


def test_a_frame_of_a_picture_is_a_page(tmp_path: Path) -> None:
    assert set(draw_pages(tiff(tmp_path / "fax.tif", 3), {3: 0.0}, 300)) == {3}


def test_what_is_no_document_raises(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no picture", encoding="utf-8")
    with pytest.raises(DocumentError):
        draw_pages(path, {1: 0.0}, 300)


def test_a_page_image_that_was_kept_becomes_smaller(tmp_path: Path) -> None:
    kept = tmp_path / "page.webp"
    Image.new("L", (1000, 500), 200).save(kept)
    assert picture(shrink_page_image(kept.read_bytes(), 100)).size == (100, 50)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_a_damaged_page_image_raises(content: bytes) -> None:
    with pytest.raises(DocumentError, match="page image cannot be read"):
        shrink_page_image(content, 100)
