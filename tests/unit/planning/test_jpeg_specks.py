"""Specks of scans from the first bytes of their JPEGs."""

from functools import lru_cache
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from distributed_ocr_pipeline.planning.counting.jpeg_specks import JPEG_BYTES, specks_per_megapixel
from distributed_ocr_pipeline.planning.counting.page_counts import count_pages
from distributed_ocr_pipeline.planning.counting.ranges import RangeReader
from examples import pages
from examples.pages import Layout, draw_text, prose
from examples.pdf import scanned_pdf

A4 = Layout()
SPECKS = 0.0003  # of the pixels: 300 in a million


@lru_cache(maxsize=None)
def page(*, grain: int | None = None, specks: float = 0.0) -> Image.Image:
    """A page of print, as a scanner gives it that leaves grain and specks."""
    clean = draw_text(prose(1, 32), A4)
    return clean if grain is None else pages.noisy(clean, 1, grain=grain, specks=specks)


def jpeg(image: Image.Image, **options: Any) -> bytes:
    content = BytesIO()
    image.save(content, "JPEG", **options)
    return content.getvalue()


def found(image: Image.Image, **options: Any) -> float | None:
    return specks_per_megapixel(jpeg(image, **options)[:JPEG_BYTES])


@pytest.mark.parametrize("quality", [50, 70, 90])
@pytest.mark.parametrize("grain", [0, 20, 60])
def test_specks_are_told_from_grain_and_print(quality: int, grain: int) -> None:
    clean, grained = found(page(), quality=quality), found(page(grain=grain), quality=quality)
    speckled = found(page(grain=grain, specks=SPECKS), quality=quality)
    assert clean is not None and grained is not None and speckled is not None
    assert max(clean, grained) < 40 and 130 < speckled < 320


def test_fewer_specks_are_fewer() -> None:
    few = found(page(grain=20, specks=SPECKS / 6), quality=70)
    assert few is not None and few < 60


@pytest.mark.parametrize(
    "options",
    [{"optimize": True}, {"restart_marker_rows": 1}, {"restart_marker_blocks": 7}, {"subsampling": 0}],
    ids=str,
)
def test_jpegs_of_other_forms_are_read(options: dict[str, Any]) -> None:
    speckled = found(page(grain=20, specks=SPECKS), quality=70, **options)
    assert speckled is not None and 130 < speckled < 320


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_colour_is_read_by_its_brightness(subsampling: int) -> None:
    colour = page(grain=20, specks=SPECKS).convert("RGB")
    speckled = found(colour, quality=70, subsampling=subsampling)
    assert speckled is not None and 130 < speckled < 320


def test_of_too_few_rows_nothing_is_said() -> None:
    assert specks_per_megapixel(jpeg(page(grain=60), quality=90)[:3_000]) is None


def test_progressive_jpegs_are_left_alone() -> None:
    with pytest.raises(ValueError, match="JPEG|scan"):
        found(page(), quality=70, progressive=True)


@settings(deadline=None)
@given(st.data())
def test_damaged_jpegs_are_counted_or_not_but_raise_nothing_else(data: st.DataObject) -> None:
    content = bytearray(jpeg(page(grain=20, specks=SPECKS).crop((0, 0, 400, 400)), quality=70))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, min(len(content) - 1, 1500)))] = data.draw(st.integers(0, 255))
    try:
        specks_per_megapixel(bytes(content))
    except ValueError:
        pass


def test_a_jpeg_of_nothing_but_tables_is_given_up() -> None:
    table = b"\x00" + bytes(16)
    segment = b"\xff\xc4" + (2 + 10 * len(table)).to_bytes(2, "big") + table * 10
    with pytest.raises(ValueError, match="too many tables"):
        specks_per_megapixel(b"\xff\xd8" + segment * 150)


def test_a_table_of_more_codes_than_there_are_is_given_up_before_it_is_made() -> None:
    table = b"\x00" + b"\xff" + bytes(15)  # 255 codes of one bit, which would take 8 million places
    with pytest.raises(ValueError, match="more codes than there can be"):
        specks_per_megapixel(b"\xff\xd8\xff\xc4" + (2 + len(table)).to_bytes(2, "big") + table)


def test_a_pdf_of_speckled_scans_is_found_out() -> None:
    speckled, grained = page(grain=20, specks=SPECKS), page(grain=20)
    assert _speckled(scanned_pdf([speckled] * 2, A4, 70)) == 1
    assert _speckled(scanned_pdf([grained, speckled], A4, 70)) == 0.5
    assert _speckled(scanned_pdf([grained] * 2, A4, 70)) == 0
    assert _speckled(scanned_pdf([speckled], A4)) == 0  # black and white: nobody looks into it


def _speckled(data: bytes) -> float:
    counted = count_pages(RangeReader(lambda offset, length: data[offset : offset + length], len(data)))
    assert counted is not None and not counted.text_share
    return counted.speckled
