"""Show-through: print of the other side of a sheet, which is faint and mirrored.

The engine makes babble of it, of which a word or two look like words; in a mirror, it is print. So where not nearly all
of what was read of faint print is credible, it is read in a mirror as well. If that has as much credit as half of the
first reading, lines are left out which have as much credit in the mirror, are short, or are hardly credible. Where next
to nothing is credible, as of the texture of paper, short and hardly credible lines are left out without a mirror.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PIL import ImageOps

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.again.gaps.pictures import Gaps
from distributed_ocr_pipeline.ocr.pages.again.lines import Line, paragraphs_of, reading_of
from distributed_ocr_pipeline.ocr.pages.in_progress import PageInProgress
from distributed_ocr_pipeline.ocr.pages.orientation import credit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load
from distributed_ocr_pipeline.records import Word

NOTE = "lines left out that are print of the other side"

_CONFIDENT = 70  # of a word
_SURE = 0.9  # share of the letters that stand in such words; faint print has more
_SENSELESS = 0.1  # likewise: less is no print, from whichever side; of print of the other side it is 0.2
_CREDIBLE = 0.5  # likewise, of a line
_LEAST_LETTERS = 12  # of a line; less may happen to be read of anything
_CLEARLY_OF_THIS_SIDE = 0.5  # of the credit; print in a mirror has 0.3 at most

Recognise = Callable[[Sequence[PageInProgress], Sequence[int]], list[PageInProgress]]
"""Pages as they were read in modes of segmentation."""


def read_gaps(gaps: Sequence[Gaps], trials: Sequence[PageInProgress], recognise: Recognise) -> list[PageInProgress]:
    """What `trials`, which are pictures of gaps, show, without lines that show through.

    Where print that is not faint was found, it is looked at only if faint print of the same page shows through.
    """
    read = recognise(trials, [one.segmentation for one in gaps])
    faint = [number for number, one in enumerate(gaps) if one.faint]
    for number in faint:
        read[number] = _without_senseless_lines(read[number])
    read = _of_this_side(gaps, read, faint, recognise)
    showing = {read[number].survey.number for number in faint if NOTE in read[number].notes}
    others = [number for number, page in enumerate(read) if page.survey.number in showing and not gaps[number].faint]
    return _of_this_side(gaps, read, others, recognise)


def _of_this_side(
    gaps: Sequence[Gaps], read: Sequence[PageInProgress], numbers: Sequence[int], recognise: Recognise
) -> list[PageInProgress]:
    """What was read in gaps; some of them are held against a reading in a mirror, if they may show through."""
    doubtful = [number for number in numbers if _may_show_through(read[number])]
    trials = [replace(read[number], prepared=_in_a_mirror(gaps[number].raster)) for number in doubtful]
    kept = list(read)
    for number, trial in zip(doubtful, recognise(trials, [gaps[number].segmentation for number in doubtful])):
        kept[number] = _held_against(read[number], trial)
    return kept


def _may_show_through(page: PageInProgress) -> bool:
    return isinstance(page.outcome, Recognition) and _SENSELESS <= _share_of_confident(page.outcome.words) < _SURE


def _without_senseless_lines(page: PageInProgress) -> PageInProgress:
    """What was read of faint print; if next to nothing of it is credible, without what is not."""
    if not isinstance(page.outcome, Recognition) or _share_of_confident(page.outcome.words) >= _SENSELESS:
        return page
    return replace(page, outcome=_of_lines(page.outcome, _is_credible)[0])


def _in_a_mirror(raster: Raster) -> Raster:
    """Write a mirrored copy of a picture beside it."""
    target = raster.path.with_name(f"{raster.path.stem}-mirrored.tif")
    with load(raster.path) as image:
        ImageOps.mirror(image).save(target, format="TIFF", compression="raw")
    return replace(raster, path=target)


def _held_against(page: PageInProgress, trial: PageInProgress) -> PageInProgress:
    """What was read of faint print without lines that are as credible in the mirror of a `trial`."""
    page = replace(page, seconds=trial.seconds)
    if not isinstance(page.outcome, Recognition) or not isinstance(trial.outcome, Recognition):
        return page
    kept, left_out = lines_of_this_side(page.outcome, trial.outcome, trial.prepared.width)
    return replace(page.after(0.0, *[NOTE] * (left_out > 0)), outcome=kept)


def lines_of_this_side(found: Recognition, mirrored: Recognition, width: int) -> tuple[Recognition, int]:
    """What was read of faint print without lines that show through, and how many these are.

    `mirrored` is what was read of it in a mirror, `width` its width in pixels.
    """
    if _credit(mirrored.words) < _CLEARLY_OF_THIS_SIDE * _credit(found.words):
        return found, 0
    there = [replace(word, left=width - word.left - word.width) for word in mirrored.words]
    return _of_lines(found, lambda line: _is_credible(line) and _is_of_this_side(line, there))


def _of_lines(found: Recognition, kept: Callable[[Line], bool]) -> tuple[Recognition, int]:
    """What was read of lines that are to be kept, and how many are left out."""
    paragraphs = paragraphs_of(found)
    if paragraphs is None:
        return found, 0
    lines = [[line for line in paragraph if kept(line)] for paragraph in paragraphs]
    return reading_of(lines, found.language), sum(map(len, paragraphs)) - sum(map(len, lines))


def _is_credible(line: Line) -> bool:
    letters = sum(len(word.text) for word in line)
    return letters >= _LEAST_LETTERS and _share_of_confident(line) >= _CREDIBLE


def _is_of_this_side(line: Line, mirrored: Sequence[Word]) -> bool:
    return _credit(line) > _credit([word for word in mirrored if _lies_on(line, word)])


def _share_of_confident(words: Sequence[Word]) -> float:
    """Share of the letters that stand in words that the engine believes, 0 to 1."""
    confident = sum(len(word.text) for word in words if word.confidence >= _CONFIDENT)
    return confident / max(1, sum(len(word.text) for word in words))


def _credit(words: Sequence[Word]) -> float:
    return credit(Recognition("", tuple(words)))


def _lies_on(line: Line, word: Word) -> bool:
    """Whether the middle of a word lies on a line, between the left of its first word and the right of its last."""
    x, y = word.left + word.width / 2, word.top + word.height / 2
    left, right = min(one.left for one in line), max(one.left + one.width for one in line)
    return left <= x <= right and min(one.top for one in line) <= y <= max(one.top + one.height for one in line)
