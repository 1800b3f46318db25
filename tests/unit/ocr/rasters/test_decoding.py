"""Pictures of every mode become grey, upright rasters within their limits."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin, TiffImagePlugin

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.rasters.decoding import page_frames, rasterise, rasterise_scan
from distributed_ocr_pipeline.ocr.rasters.raster import load
from distributed_ocr_pipeline.ocr.rasters.rasterised import Rasterised
from tests.support.documents import page_picture, printed_page, tiff

MANY = 10_000_000


def rasterised(path: Path, max_pixels: int = MANY, memory_mb: int = 512) -> tuple[Rasterised, Image.Image]:
    made = rasterise(str(path), 0, str(path.with_suffix(".out")), max_pixels, memory_mb)
    with load(path.with_suffix(".out")) as image:
        image.load()
    assert image.mode == "L" and image.size == (made.width, made.height)
    return made, image


def saved(picture: Image.Image, path: Path, **options: Any) -> Path:
    picture.save(path, **options)
    return path


def test_only_a_tiff_has_pages(tmp_path: Path) -> None:
    frames = [page_picture(str(number)) for number in range(3)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:])
    assert page_frames(str(tmp_path / "a.webp")) == [0]
    assert page_frames(str(tiff(tmp_path / "a.tif", 3))) == [0, 1, 2]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "F"])
def test_every_mode_becomes_grey_with_the_print_on_it(mode: str, tmp_path: Path) -> None:
    grey = page_picture()
    picture = grey.convert("I").point(lambda level: level * 256).convert("I;16") if mode == "I;16" else None
    path = saved(picture or grey.convert(mode), tmp_path / "a.tif") if mode != "LA" else _png(grey, tmp_path)
    _, image = rasterised(path)
    assert (image.getextrema(), image.getpixel((0, 0))) == ((0, 255), 255)


def _png(grey: Image.Image, folder: Path) -> Path:
    return saved(grey.convert("LA"), folder / "a.png")


def test_transparent_parts_are_paper(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (5, 5, 10, 10))
    _, image = rasterised(saved(picture, tmp_path / "a.png"))
    assert (image.getpixel((0, 0)), image.getpixel((7, 7))) == (255, 0)


def test_a_picture_of_one_deep_level_is_no_division_by_zero(tmp_path: Path) -> None:
    _, image = rasterised(saved(Image.new("F", (9, 9), 0.5), tmp_path / "a.tif"))
    assert len(set(image.tobytes())) == 1


@pytest.mark.parametrize(("dpi", "found"), [((300, 300), 300), ((1, 1), None), ((9999, 9999), None), (None, None)])
def test_a_resolution_is_believed_if_a_scanner_could_have_it(
    dpi: tuple[int, int] | None, found: int | None, tmp_path: Path
) -> None:
    options = {"dpi": dpi} if dpi else {}
    made, _ = rasterised(saved(page_picture(), tmp_path / "a.tif", **options))
    assert made.dpi == found


def test_a_photo_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made, _ = rasterised(saved(page_picture(size=(90, 30)), tmp_path / "a.jpg", exif=exif))
    assert (made.width, made.height) == (30, 90)


def test_a_tiff_is_turned_as_it_says_also_without_compression(tmp_path: Path) -> None:
    upright = page_picture(size=(90, 30))
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    made, image = rasterised(saved(lying, tmp_path / "a.tif", compression="raw", tiffinfo={274: 6, 278: 9999}))
    assert (made.width, made.height) == (90, 30)
    assert image.tobytes() == upright.tobytes()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0no TIFF at all", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\xff\xff"]
)
def test_exif_may_hold_anything(exif: bytes, tmp_path: Path) -> None:
    made, _ = rasterised(saved(page_picture(size=(90, 30)), tmp_path / "a.jpg", exif=exif))
    assert (made.width, made.height) == (90, 30)


def test_a_picture_over_the_limit_is_made_smaller_with_a_note(tmp_path: Path) -> None:
    made, _ = rasterised(saved(page_picture(size=(2000, 1000)), tmp_path / "a.png", dpi=(200, 200)), 500_000)
    assert (made.width, made.height, made.dpi) == (1000, 500, 100)
    assert made.note == "reduced from 2000 x 1000 pixels"


@pytest.mark.parametrize(("suffix", "fits"), [("jpg", True), ("png", False)])
def test_only_a_jpeg_can_be_decoded_in_less_memory(suffix: str, fits: bool, tmp_path: Path) -> None:
    path = saved(page_picture(size=(2000, 2000)), tmp_path / f"a.{suffix}")
    if fits:
        assert rasterised(path, max_pixels=500_000, memory_mb=8)[0].width == 707
        return
    with pytest.raises(DocumentError, match="2000 x 2000 pixels needs too much memory .engine_memory_mb: 8") as raised:
        rasterised(path, max_pixels=500_000, memory_mb=8)
    assert raised.value.error_class is ErrorClass.TOO_LARGE


@pytest.mark.parametrize("turn", [0, 90])
def test_an_extracted_scan_is_turned_and_made_smaller(turn: int, tmp_path: Path) -> None:
    path = saved(page_picture(size=(900, 300)), tmp_path / "a.jpg")
    size = (100, 300) if turn else (300, 100)
    rasterise_scan(str(path), (900, 300), turn, size, str(tmp_path / "a.tif"))
    with load(tmp_path / "a.tif") as image:
        assert image.size == size


@pytest.mark.parametrize(("stored", "mode"), [((900, 299), "L"), ((900, 300), "CMYK")])
def test_an_extracted_scan_that_is_not_what_was_announced_is_refused(
    stored: tuple[int, int], mode: str, tmp_path: Path
) -> None:
    path = saved(page_picture(size=(900, 300)).convert(mode), tmp_path / "a.jpg")
    with pytest.raises(DocumentError) as raised:
        rasterise_scan(str(path), stored, 0, (900, 300), str(tmp_path / "a.tif"))
    assert raised.value.error_class is ErrorClass.CORRUPT


# ---- damaged, unusual and deep pictures --------------------------------------------------------------------------


def test_smaller_copies_and_masks_are_no_pages(tmp_path: Path) -> None:
    frames = [page_picture(str(number)) for number in range(3)]
    for frame, kind in zip(frames, (0, 1, 4)):
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[254] = kind
        frame.encoderinfo = {"tiffinfo": tags}
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    assert page_frames(str(tmp_path / "a.tif")) == [0]


def test_a_tiff_that_ends_early_has_a_page_that_cannot_be_read(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tif", 5)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    frames = page_frames(str(path))
    assert 3 <= len(frames) <= 5
    with pytest.raises(DocumentError, match="ends before this page"):
        rasterise(str(path), frames[-1], str(tmp_path / "out"), MANY, 512)


@pytest.mark.parametrize(("kept", "note"), [(1.0, "without the mark"), (0.5, "incomplete")])
def test_a_jpeg_that_ends_early_is_read_as_far_as_it_goes(kept: float, note: str, tmp_path: Path) -> None:
    path = saved(printed_page(), tmp_path / "a.jpg")
    content = path.read_bytes()[:-2]
    path.write_bytes(content[: int(len(content) * kept)])
    made, image = rasterised(path)
    assert note in (made.fault if kept < 1 else made.note)
    assert image.crop((0, 0, 1200, 400)).getextrema()[0] < 50  # type: ignore[operator]
    if kept < 1:
        assert image.crop((0, 1500, 1200, 1600)).getextrema() == (255, 255)


@pytest.mark.parametrize(("kept", "mode"), [(0.5, "L"), (0.5, "RGB"), (1.0, "L")])
def test_a_jpeg_that_was_cut_and_given_the_mark_of_its_end_is_incomplete(
    kept: float, mode: str, tmp_path: Path
) -> None:
    path = saved(page_picture(size=(900, 600)).convert(mode), tmp_path / "a.jpg")
    data = path.read_bytes()
    path.write_bytes(data[: round(kept * len(data))] + b"\xff\xd9")
    made, image = rasterised(path)
    assert ("the grey of data that are not there" in made.fault) is (kept < 1)
    assert image.getpixel((0, 599)) == 255


def test_a_progressive_jpeg_that_ends_early_is_coarser(tmp_path: Path) -> None:
    path = saved(page_picture(size=(900, 600)), tmp_path / "a.jpg", progressive=True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert "coarser" in rasterised(path)[0].fault


@pytest.mark.parametrize("changed", [False, True])
def test_a_progressive_jpeg_with_changed_bytes_is_incomplete(changed: bool, tmp_path: Path) -> None:
    path = saved(page_picture(size=(900, 600)), tmp_path / "a.jpg", progressive=True)
    data = path.read_bytes()
    half = len(data) // 2
    path.write_bytes(data[:half] + bytes(20) + data[half + 20 :] if changed else data)
    assert ("damaged" in rasterised(path)[0].fault) is changed


def test_a_picture_with_a_grey_end_is_whole(tmp_path: Path) -> None:
    picture = page_picture(size=(900, 600))
    picture.paste(128, (0, 400, 900, 600))
    made, _ = rasterised(saved(picture, tmp_path / "a.jpg", quality=95))
    assert made.fault == ""


def test_a_picture_with_a_low_grey_border_is_whole(tmp_path: Path) -> None:
    picture = page_picture(size=(900, 600))
    picture.paste(128, (0, 584, 900, 600))
    made, _ = rasterised(saved(picture, tmp_path / "a.jpg", quality=95))
    assert made.fault == ""


def pyramid(path: Path, *others: Image.Image) -> Path:
    printed_page().save(path, format="TIFF", save_all=True, append_images=others)
    return path


def halved(picture: Image.Image, times: int = 1) -> Image.Image:
    return picture.resize((picture.width >> times, picture.height >> times), Image.Resampling.BICUBIC)


def with_digits(digits: str) -> Image.Image:
    """The same form, with other figures in its empty part."""
    page = printed_page()
    ImageDraw.Draw(page).text((500, 1530), digits, fill=0, font=ImageFont.load_default(size=32))
    return page


def test_smaller_copies_that_are_not_marked_are_no_pages(tmp_path: Path) -> None:
    page = printed_page()
    path = pyramid(tmp_path / "a.tif", halved(page), page.reduce(4), page_picture("Another page"))
    assert page_frames(str(path)) == [0, 3]


@pytest.mark.parametrize(
    "other",
    [
        halved(page_picture("Another page", size=printed_page().size)),  # half as large, of another page
        halved(printed_page()).rotate(180),
        halved(with_digits("1 204.50")),
        halved(printed_page()).crop((0, 0, 600, 700)),
        printed_page().reduce(3),
        printed_page(),
    ],
)
def test_a_smaller_page_that_is_no_copy_stays(other: Image.Image, tmp_path: Path) -> None:
    assert page_frames(str(pyramid(tmp_path / "a.tif", other))) == [0, 1]


def test_a_smaller_blank_page_behind_a_blank_one_stays(tmp_path: Path) -> None:
    blank, path = Image.new("L", (1200, 1600), 255), tmp_path / "a.tif"
    blank.save(path, format="TIFF", save_all=True, append_images=[halved(blank)])
    assert page_frames(str(path)) == [0, 1]


@pytest.mark.parametrize("suffix", ["png", "webp", "mpo"])
def test_the_pictures_of_an_animation_or_of_a_camera_are_counted(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    page_picture().save(path, save_all=True, append_images=[page_picture("Second"), page_picture("Third")])
    assert "holds 3 pictures" in rasterised(path)[0].note


def test_much_side_data_fails_no_png(tmp_path: Path) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("XML:com.adobe.xmp", "x" * 3_000_000, zip=True)
    made, _ = rasterised(saved(page_picture(), tmp_path / "a.png", pnginfo=texts))
    assert (made.width, made.note) == (900, "")


def test_a_wrong_checksum_of_side_data_fails_no_png(tmp_path: Path) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "hello")
    path = saved(page_picture(), tmp_path / "a.png", pnginfo=texts)
    path.write_bytes(path.read_bytes().replace(b"hello", b"hallo"))
    assert rasterised(path)[0].width == 900
    path.write_bytes(path.read_bytes().replace(b"IHDR\0", b"IHDR\1"))
    with pytest.raises(DocumentError) as raised:
        rasterised(path)
    assert raised.value.error_class is ErrorClass.CORRUPT


def test_a_saturated_pixel_of_a_deep_scan_does_not_hide_the_print(tmp_path: Path) -> None:
    deep = page_picture().convert("I").point(lambda level: level * 16)
    deep.putpixel((3, 3), 65535)
    _, image = rasterised(saved(deep.convert("I;16"), tmp_path / "a.tif"))
    assert image.getpixel((0, 0)) == 255


def test_the_pixels_of_a_fax_become_square(tmp_path: Path) -> None:
    path = saved(page_picture().convert("1"), tmp_path / "a.tif", dpi=(204, 98))
    made, _ = rasterised(path)
    assert (made.width, made.height, made.dpi) == (900, 624, 204)


@pytest.mark.parametrize("claimed", [(300, 72), (72, 600)])
def test_pixels_that_are_said_to_be_far_from_square_are_square(claimed: tuple[int, int], tmp_path: Path) -> None:
    made, _ = rasterised(saved(page_picture(), tmp_path / "a.tif", dpi=claimed))
    assert (made.width, made.height) == page_picture().size


def test_the_steps_of_a_stretched_fax_are_smoothed(tmp_path: Path) -> None:
    picture = Image.new("1", (40, 40), 1)
    picture.paste(0, (0, 0, 20, 40))
    _, image = rasterised(saved(picture, tmp_path / "a.tif", dpi=(204, 98)))
    levels = [image.getpixel((column, 40)) for column in (10, 19, 20, 30)]
    assert levels[0] == 0 < levels[1] < levels[2] < levels[3] == 255  # type: ignore[operator]


def test_light_print_on_a_transparent_ground_stays_visible(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (20, 20), (255, 255, 255, 0))
    picture.paste((250, 250, 250, 255), (5, 5, 10, 10))
    _, image = rasterised(saved(picture, tmp_path / "a.png"))
    assert (image.getpixel((0, 0)), image.getpixel((7, 7))) == (0, 250)
