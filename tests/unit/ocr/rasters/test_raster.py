"""What is done to a raster before it is read, and the page image."""

import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from PIL.TiffImagePlugin import ROWSPERSTRIP, STRIPOFFSETS

from distributed_ocr_pipeline.ocr.rasters.raster import (
    Raster,
    Transform,
    apply,
    load,
    made_smaller,
    save_page_image,
    transformed,
)
from tests.support.documents import printed_page, scanned_pdf, with_specks


def test_specks_are_removed_before_reading_and_print_stays() -> None:
    clean = printed_page(40)
    speckled = with_specks(clean.copy(), 0.002)
    read = apply(speckled, Transform(despeckled=True))
    margin = (0, 0, 90, clean.height)
    assert (_ink(speckled.crop(margin)) > 100, _ink(read.crop(margin))) == (True, 0)
    assert _ink(read) == pytest.approx(_ink(clean), rel=0.1)


def _ink(page: Image.Image) -> int:
    return sum(page.histogram()[:128])


@pytest.mark.parametrize(("image_format", "side"), [("webp", 16_383), ("jpeg", 20_000)])
def test_a_page_image_is_as_large_as_its_format_can_hold(image_format: str, side: int, tmp_path: Path) -> None:
    Image.new("L", (20_000, 20), 255).save(tmp_path / "a.tif")
    raster = Raster(tmp_path / "a.tif", 20_000, 20, None)
    save_page_image(raster, Transform(quarter=90), tmp_path / "images" / "a", image_format)
    with Image.open(tmp_path / "images" / "a") as image:
        assert (image.format, image.height) == (image_format.upper(), side)


def test_a_transformed_copy_knows_its_resolution(tmp_path: Path) -> None:
    printed_page(28, (400, 600)).save(tmp_path / "a.tif")
    raster = Raster(tmp_path / "a.tif", 400, 600, 200, note="noted")
    half = transformed(raster, Transform(90, skew=2.0, inverted=True, scale=0.5), tmp_path / "b.tif")
    assert half.dpi == 100 and half.note == "noted" and half.width > 300 and half.height > 200
    larger = transformed(replace(raster, dpi=None), Transform(scale=2.0), tmp_path / "c.tif")
    assert (larger.width, larger.height, larger.dpi) == (800, 1200, None)


@pytest.mark.parametrize(
    ("size", "smaller"), [((2480, 3508), (1819, 2573)), ((6001, 5003), (4400, 3668)), ((1, 50), (1, 33))]
)
def test_what_is_made_smaller_is_what_pillow_makes_to_two_levels(
    size: tuple[int, int], smaller: tuple[int, int], tmp_path: Path
) -> None:
    """6001 x 5003 pixels are more than one of Pillow's blocks of memory; a file is mapped into memory, not read."""
    path = tmp_path / "a.tif"
    Image.effect_noise(size, 90).save(path, format="TIFF", compression="raw")
    with load(path) as image:
        made = made_smaller(image, smaller)
        expected = image.resize(smaller, Image.Resampling.BILINEAR)
    assert made.size == smaller
    assert not any(ImageChops.difference(made, expected).histogram()[3:])


def test_strips_that_follow_each_other_are_loaded_as_one(tmp_path: Path) -> None:
    """As Poppler writes them. Where a file has them in another order, they are read one by one."""
    program = ["pdftoppm", "-gray", "-tiff", "-tiffcompression", "none", "-r", "100"]
    subprocess.run([*program, scanned_pdf(tmp_path / "a.pdf", 1), tmp_path / "a"], check=True, timeout=60)
    [path] = tmp_path.glob("*.tif")
    with Image.open(path) as image:
        offsets, pixels = image.tag_v2[STRIPOFFSETS], image.tobytes()  # type: ignore[attr-defined]
        height = image.tag_v2[ROWSPERSTRIP]  # type: ignore[attr-defined]
    with load(path) as loaded:
        assert (len(offsets) > 1, _strips(loaded), loaded.tobytes() == pixels) == (True, 1, True)
    swapped = (offsets[1], offsets[0], *offsets[2:])
    old, new = (struct.pack(f"<{len(offsets)}I", *one) for one in (offsets, swapped))
    path.write_bytes(path.read_bytes().replace(old, new))
    strip = height * loaded.width
    with load(path) as loaded:
        assert _strips(loaded) == len(offsets)
        assert loaded.tobytes() == pixels[strip : 2 * strip] + pixels[:strip] + pixels[2 * strip :]


def _strips(image: Image.Image) -> int:
    return len(image.tile)  # type: ignore[attr-defined]  # of a file that is not read yet
