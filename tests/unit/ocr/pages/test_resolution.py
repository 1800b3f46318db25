"""At which resolution a page is drawn and read."""

import pytest

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.ocr.pages import resolution
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis


@pytest.mark.parametrize(
    ("small", "usual", "dpi"),
    [(None, None, 220), (13, 16, 220), (10, 16, 300), (12, 12, 300), (8, 8, 412), (5, 5, 600)],
)
@pytest.mark.parametrize("scan_dpi", [None, 300, 600])
def test_small_print_is_drawn_finer(small: int | None, usual: int | None, dpi: int, scan_dpi: int | None) -> None:
    analysis = PageAnalysis(blank=False, text_height_quartile=small, text_height_median=usual)
    assert resolution.finer_dpi(analysis, 220, scan_dpi, OCRConfig()) == dpi


@pytest.mark.parametrize(("small", "usual", "dpi"), [(13, 16, 150), (10, 16, 150), (12, 12, 188), (5, 5, 450)])
def test_a_coarse_scan_is_drawn_finer_only_as_its_print_asks(small: int, usual: int, dpi: int) -> None:
    analysis = PageAnalysis(blank=False, text_height_quartile=small, text_height_median=usual)
    assert resolution.finer_dpi(analysis, 150, 150, OCRConfig()) == dpi


@pytest.mark.parametrize(
    ("scan_dpi", "wants_images", "dpi"),
    [(None, False, 220), (300, False, 220), (200, False, 200), (72, False, 100), (200, True, 300)],
)
def test_a_scan_is_not_drawn_finer_than_it_is(scan_dpi: int | None, wants_images: bool, dpi: int) -> None:
    assert resolution.first_dpi(scan_dpi, OCRConfig(), wants_images) == dpi


@pytest.mark.parametrize(
    ("usual", "width", "most", "scale"),
    [
        (6, 700, 9.0, 15 / 6),
        (3, 700, 9.0, 3.0),
        (6, 700, 1.0, 1.0),
        (6, 700, 1.5, 1.5),
        (6, 700, 0.9, 1.0),
        (14, 700, 9.0, 1.0),
        (34, 3300, 1.0, 0.5),
        (100, 1000, 1.0, 1.0),  # filled boxes measure like large print
        (41, 999, 9.0, 1.4),  # ... on a coarse page, where print is small
        (41, 999, 1.2, 1.2),
        (41, 999, 0.5, 1.0),
        (39, 999, 9.0, 1.0),
        (41, 1000, 9.0, 1.0),
        (6, 2600, 9.0, 1.0),  # 300 dpi: faint, not small
        (6, 1300, 9.0, 2.0),
        (6, 2300, 9.0, 1.0),  # too little to be worth it
    ],
)
def test_pictures_are_scaled_to_the_height_the_engine_needs(usual: int, width: int, most: float, scale: float) -> None:
    analysis = PageAnalysis(blank=False, text_height_quartile=usual, text_height_median=usual)
    assert resolution.reading_scale(analysis, (width, 3500), most) == pytest.approx(scale)


def test_a_scan_is_drawn_finer_than_it_is_only_up_to_the_pixels_of_a_page_at_300_dpi() -> None:
    assert resolution.grown_dpi(595) == 315
    assert resolution.grown_dpi(297) == 630


@pytest.mark.parametrize(
    ("longest", "scan_dpi", "dpi"), [(96, 1500, 1500), (96, 2400, 1815), (96, 600, 0), (792, 1200, 220)]
)
def test_a_dense_scan_on_a_small_page_is_read_as_finely_as_a_page(longest: int, scan_dpi: int, dpi: int) -> None:
    assert resolution.dense_scan_dpi(longest, scan_dpi, OCRConfig()) == dpi


@pytest.mark.parametrize(("claimed", "told"), [(None, 0), (72, 0), (100, 100), (600, 600), (1200, 0)])
def test_a_resolution_that_means_nothing_is_not_told(claimed: int | None, told: int) -> None:
    assert resolution.told_dpi(claimed) == told
