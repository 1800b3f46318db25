"""Other ways to read a page, and which of two readings is kept.

Specks may be the dots of print, a threshold for each place may find the grain of paper, one for all the border of a
photo; in dots that stand apart, and in coarse grain, the engine finds no strokes; it may take the cells of a form for
columns, unless it believes that the print is large, and drop the amounts of a receipt, unless all is one block to it.
Whether they do shows in what is read: the credit of a reading is its letters, weighted by how far the engine believes
them (`orientation.credit`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from distributed_ocr_pipeline.ocr.engines.recognition import Outcome, Recognition
from distributed_ocr_pipeline.ocr.pages import orientation, resolution
from distributed_ocr_pipeline.ocr.pages.again.columns import has_columns
from distributed_ocr_pipeline.ocr.pages.again.gaps.pictures import BLOCK
from distributed_ocr_pipeline.ocr.pages.again.grounds import low_rows
from distributed_ocr_pipeline.ocr.pages.again.specks import may_be_print
from distributed_ocr_pipeline.ocr.pages.analysis import analyse
from distributed_ocr_pipeline.ocr.pages.in_progress import PageInProgress
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, Transform, evened, smoothed

SPECKS_REMOVED, UNEVEN_LIGHT = "specks removed before reading", "uneven light"
"""Notes of what the first reading of a page presumes."""

_EVENED, _SMOOTHED, _LOCAL = "paper made even before reading", "smoothed before reading", "read with local thresholds"
_DOUBTFUL = 70  # mean confidence; 17 of the 159 pages of docs/accuracy.md, "Where the limits come from", have less
_GOOD = 85  # mean confidence; of pages of dots with 75, half of the words may be wrong
_CERTAIN = 92  # mean confidence; noisy pages that read well without their specks have 96, and 87 with them
_SURROUNDED = 0.6  # share of ink; more is the table around a page or a shadow on it, forms with filled boxes have 0.5
_RULED = 2.0  # widths of the page; forms have 3 to 30, text at most 2, receipts none
_COARSE_DPI = 100
_SMOOTHING = 0.09  # of the height of print; at 0.06 dots stay apart, at 0.105 letters of 24 needles run together
_FIRST_SMOOTHING = 1 / 1100  # of the shorter side; so that the height of print can be measured
_LEAST_RADIUS = 1.0  # pixels
_AS_SURE = 2  # mean confidence; a typescript that was read from edge to edge with 3 less had more errors
_NEARLY_AS_SURE = 5  # likewise; where it makes babble of the sides of a picture, such a reading has 18 less


@dataclass(frozen=True)
class Way:
    """Another way to read a page: the page changed, or None if it is not for it; how much more credit it needs."""

    changed: Callable[[PageInProgress], PageInProgress | None]
    gain: float  # times the credit
    name: str = ""  # of the picture that it is read from, if that is another
    redrawn: Callable[[Raster, Path], Raster] | None = None  # writes this picture
    doubt: float = 100.0  # by how much its mean confidence may be lower
    crosses: bool = False  # columns, if there are any: then it is not better


def _with_specks(page: PageInProgress) -> PageInProgress | None:
    if not page.transform.despeckled or _has_lost_specks_alone(page):
        return None
    return _without(replace(page, transform=replace(page.transform, despeckled=False)), SPECKS_REMOVED)


def _has_lost_specks_alone(page: PageInProgress) -> bool:
    """Whether a page without its specks is read so well that it need not be read with them."""
    read, straight = page.outcome, page.transform == Transform(despeckled=True)
    if not straight or not isinstance(read, Recognition) or read.confidence is None or read.confidence < _CERTAIN:
        return False
    return not may_be_print(page.finest, page.prepared, read.words)


def _smoothed_instead_of_nothing(page: PageInProgress) -> PageInProgress | None:
    return _smoothed(page) if _is_doubtful(page) and _is_empty(page) else None


def _evened_instead_of_nothing(page: PageInProgress) -> PageInProgress | None:
    return _evened(page) if _is_doubtful(page, _GOOD) and (_is_empty(page) or _SMOOTHED in page.notes) else None


def _evened_instead_of_inverted(page: PageInProgress) -> PageInProgress | None:
    """What was taken for light print on a dark page may be dark print on paper, on a dark table or in poor light."""
    return _evened(page) if page.analysis.dark and _is_doubtful(page) else None


def _on_even_paper(page: PageInProgress) -> PageInProgress | None:
    return _evened(page) if _is_doubtful(page) and not _is_empty(page) and not page.analysis.dark else None


def _out_of_surroundings(page: PageInProgress) -> PageInProgress | None:
    """What is read of such a page may be believed although half of it lies in the dark."""
    surrounded = page.analysis.ink > _SURROUNDED and not page.analysis.dark
    return _evened(page) if surrounded and not _is_doubtful(page) else None


def _evened(page: PageInProgress) -> PageInProgress | None:
    if _EVENED in page.notes:
        return None
    return _without(_without(page, UNEVEN_LIGHT), SPECKS_REMOVED).after(0.0, _EVENED)


def _dots_and_grain_smoothed(page: PageInProgress) -> PageInProgress | None:
    return _smoothed(page) if _is_doubtful(page, _GOOD) and not _is_empty(page) else None


def _smoothed(page: PageInProgress) -> PageInProgress | None:
    if _SMOOTHED in page.notes:
        return None
    return _without(_without(page, SPECKS_REMOVED), _LOCAL).after(0.0, _SMOOTHED)


def _with_other_threshold(page: PageInProgress) -> PageInProgress | None:
    if not _is_doubtful(page):
        return None
    other = replace(page, analysis=replace(page.analysis, shaded=not page.analysis.shaded))
    return _without(other, UNEVEN_LIGHT) if page.analysis.shaded else other.after(0.0, _LOCAL)


def _told_coarse(page: PageInProgress) -> PageInProgress | None:
    guessed = page.survey.size is None and not resolution.told_dpi(page.raster.dpi)
    if not guessed or page.analysis.rules < _RULED:
        return None
    return replace(page, prepared=replace(page.prepared, dpi=_COARSE_DPI)).after(0.0, f"read as {_COARSE_DPI} dpi")


def _doubtful_as_one_block(page: PageInProgress) -> PageInProgress | None:
    return _as_one_block(page) if _is_doubtful(page, _GOOD) and not _is_empty(page) else None


def _as_one_block(page: PageInProgress) -> PageInProgress | None:
    """Lines from edge to edge, as receipts and tables have them; columns would be read across."""
    if page.segmentation is not None or not isinstance(page.outcome, Recognition) or has_columns(page.outcome.words):
        return None
    return replace(page, segmentation=BLOCK).after(0.0, "read as one block")


def on_even_paper(raster: Raster, target: Path) -> Raster:
    """Write a copy of a page with even paper."""
    return evened(low_rows.without_rows(raster), target)


def with_dots_joined(raster: Raster, target: Path) -> Raster:
    """Write a copy of a page on which the dots of a letter run into one another, and letters do not; grain is smooth.

    How far dots stand apart follows from how high the print is, which shows once they have run together: a capital is
    seven dots high with nine needles, seventeen with 24. The radius is the one with the fewest errors for both.
    """
    first = max(_LEAST_RADIUS, _FIRST_SMOOTHING * min(raster.width, raster.height))
    height = analyse(smoothed(raster, first, target)).text_height_median
    return smoothed(raster, max(_LEAST_RADIUS, _SMOOTHING * height) if height else first, target)


_EVEN, _SMOOTH = ("even", on_even_paper), ("smooth", with_dots_joined)

BEFORE_TURNING: Sequence[Way] = (
    Way(_smoothed_instead_of_nothing, 1.0, *_SMOOTH),
    Way(_evened_instead_of_nothing, 1.0, *_EVEN),
    Way(_evened_instead_of_inverted, 1.0, *_EVEN),
)
"""Tried before the page is turned, where no word was read or light and dark may have been swapped for nothing: of a
large scan that is mostly paper, the engine takes its texture apart for 10 seconds each way up, and reads it in a tenth
of one smoothed or on even paper."""

WAYS: Sequence[Way] = (
    Way(_with_specks, 1.0),
    Way(_on_even_paper, 1.1, *_EVEN),
    Way(_out_of_surroundings, 1.02, *_EVEN),
    Way(_with_other_threshold, 1.1),
    Way(_dots_and_grain_smoothed, 1.05, *_SMOOTH),
    Way(_told_coarse, 1.02),
    Way(_doubtful_as_one_block, 1.05, doubt=_AS_SURE, crosses=True),
)
"""In the order in which they are tried, each from the best reading so far."""


BLOCK_WHERE_MUCH_WAS_LEFT = Way(_as_one_block, 1.05, doubt=_NEARLY_AS_SURE, crosses=True)
"""Tried where many words stood outside of the layout, or lines of print were not read."""


def better(trial: PageInProgress, current: PageInProgress, way: Way) -> PageInProgress:
    """The page whose reading has more credit (of a trial, as much more as its way needs), with the seconds of both."""
    kept = trial if _is_better(trial.outcome, current.outcome, way) else current
    return replace(kept, seconds=current.seconds + trial.seconds)


def _is_better(trial: Outcome | None, current: Outcome | None, way: Way) -> bool:
    if not isinstance(trial, Recognition) or not isinstance(current, Recognition):
        return False
    as_sure = (trial.confidence or 0) >= (current.confidence or 0) - way.doubt
    better_read = as_sure and orientation.credit(trial) > way.gain * orientation.credit(current)
    return better_read and not (way.crosses and has_columns(trial.words))


def _is_doubtful(page: PageInProgress, limit: float = _DOUBTFUL) -> bool:
    """Whether another way is worth its time: of faint marks that are no print, nothing can be read."""
    read = page.outcome
    if not isinstance(read, Recognition) or page.analysis.faint:
        return False
    return read.confidence is None or read.confidence < limit


def _is_empty(page: PageInProgress) -> bool:
    return isinstance(page.outcome, Recognition) and not page.outcome.words


def _without(page: PageInProgress, note: str) -> PageInProgress:
    return replace(page, notes=tuple(one for one in page.notes if one != note))
