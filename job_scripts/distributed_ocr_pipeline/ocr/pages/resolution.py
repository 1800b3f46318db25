"""At which resolution a page is drawn and read: small print is not lost, and large print takes no needless time.

The engine needs text of a certain height in pixels; more does not help it and takes time. So a page is drawn coarsely,
its text measured (`analysis`), and drawn finer only if the text is small. Heights are of bands of ink, about 0.58 of
the font's size: at 220 dpi, 10 point text is 18 pixels high, 7 point text 12 (`python -m benchmarks.analysis`). The
limits are those with the fewest errors for the time: `make accuracy` counts errors, `make bench` also takes the time.
"""

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis

DRAFT_DPI = 220
"""At 200, digits are mistaken (5 for 6) and single letters run into the next word; finer drawing takes longer."""

_POINTS_PER_INCH = 72
_LETTER_POINTS = 792  # the longer side of a page of letter size
_MIN_SCAN_DPI = 100  # a coarser picture is drawn finer than it is
_TOO_SMALL = 13  # pixels; lower text is misread
_GOOD = 15  # pixels; what small text is brought to
_LARGE = 17  # pixels; what large text is brought to
_MAX_GROWTH = 3.0  # beyond, a picture only becomes blurred
_MIN_GROWTH = 1.15  # less is not worth the blur
_GROWN_SIDE = 2600  # pixels of the shorter side, A4 at 315 dpi; faint print measures lower than it is
_MIN_SHRINKAGE = 0.75  # scaling takes as long as reading the quarter that a larger scale would save
_FEW_PIXELS = 1000  # of the shorter side, A4 at 120 dpi
_FILLED = 1 / 25  # of the shorter side; a line so high has 25 characters, and is likelier a row of filled boxes
_GROWTH_OF_BOXES = 1.4  # what brings print of the usual size at 100 dpi near to `_GOOD`
_MEANT_DPI = 100  # cameras write smaller numbers, which mean nothing
_USUAL_DPI = 600  # print of a denser scan is smaller than print is; the engine would leave out lines of it
_SHRUNK_SIDE = 1450  # pixels of the shorter side, A4 at 175 dpi; filled boxes measure like lines of large print


def told_dpi(dpi: int | None) -> int:
    """The resolution that the engine is told of a raster that claims one; 0 if it had better estimate it."""
    return dpi if dpi is not None and _MEANT_DPI <= dpi <= _USUAL_DPI else 0


def first_dpi(scan_dpi: int | None, config: OCRConfig, wants_images: bool) -> int:
    """Where to begin: page images are kept at the configured resolution, reading alone needs less.

    A page that is a scan (of `scan_dpi`) is not drawn finer than it is: that adds pixels and blurs.
    """
    if wants_images:
        return config.dpi
    return min(DRAFT_DPI, config.dpi, max(_MIN_SCAN_DPI, scan_dpi or DRAFT_DPI))


def finer_dpi(analysis: PageAnalysis, dpi: int, scan_dpi: int | None, config: OCRConfig) -> int:
    """The resolution to read a PDF page at that was drawn at `dpi`; the same, if it is fine enough.

    Up to the configured one for some small print, up to twice that if most of the page is small. A page that is a scan
    (of `scan_dpi`) is drawn finer than it is only as far as the height of its print asks for it.
    """
    worth = min(config.dpi, scan_dpi or config.dpi)
    if (
        analysis.text_height_quartile is None
        or analysis.text_height_median is None
        or analysis.text_height_quartile >= _TOO_SMALL
    ):
        return dpi
    if analysis.text_height_median < _TOO_SMALL:
        wanted = min(round(dpi * _GOOD / analysis.text_height_median), 2 * config.dpi)
        return max(dpi, wanted, worth)
    return max(dpi, worth)


def grown_dpi(shorter_points: float) -> int:
    """The finest resolution to draw a scan at that is coarser: at more, its pixels are only spread."""
    return round(_POINTS_PER_INCH * _GROWN_SIDE / max(1.0, shorter_points))


def dense_scan_dpi(longest_points: float, scan_dpi: int | None, config: OCRConfig) -> int:
    """The resolution for a small page with a scan denser than any page is drawn; 0 for other pages.

    It has as many pixels as a draft of a page of letter size, or those of the scan if these are fewer.
    """
    if scan_dpi is None or scan_dpi <= 2 * config.dpi:
        return 0
    return min(scan_dpi, round(DRAFT_DPI * _LETTER_POINTS / max(1.0, longest_points)))


def reading_scale(analysis: PageAnalysis, size: tuple[int, int], most: float) -> float:
    """By how much to scale a raster of a size before it is read: small print up, at most by `most`; large print down.

    What has as many pixels as a page at 300 dpi is not scaled up: print that is measured lower than it should be there
    is faint or broken, and becomes worse (docs/accuracy.md, "Where the limits come from"). Nor is a page scaled down
    beyond what print of the usual size needs, however large what was measured. Of a coarse form or slide, of which
    filled boxes were measured, the print is as small as on others of so few pixels.
    """
    if analysis.text_height_quartile is None or analysis.text_height_median is None:
        return 1.0
    if analysis.text_height_median < _TOO_SMALL:
        growth = min(_MAX_GROWTH, _GOOD / analysis.text_height_median, _GROWN_SIDE / min(size), most)
        return growth if growth >= _MIN_GROWTH else 1.0
    if analysis.text_height_median > _FILLED * min(size) and min(size) < _FEW_PIXELS:
        return max(1.0, min(_GROWTH_OF_BOXES, most))
    scale = max(_SHRUNK_SIDE / min(size), _LARGE / analysis.text_height_quartile)
    return scale if scale <= _MIN_SHRINKAGE else 1.0
