"""Pages with the words that stand outside of what was read of them, and what their notes say of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.again import mirrored
from distributed_ocr_pipeline.ocr.pages.again.gaps.merging import merged
from distributed_ocr_pipeline.ocr.pages.again.gaps.pictures import Gaps
from distributed_ocr_pipeline.ocr.pages.again.gaps.unread import MANY_LINES, unread_lines
from distributed_ocr_pipeline.ocr.pages.in_progress import PageInProgress

_MANY_OUTSIDE = 0.15  # of the words; of pages with so many, as much again may be lost


def with_gaps_filled(
    pages: Sequence[PageInProgress],
    gaps_of: Callable[[PageInProgress], list[Gaps]],
    recognise: mirrored.Recognise,
) -> list[PageInProgress]:
    """The pages with what is read in their gaps; `doubtful` if that is much, or lines of print were not read."""
    left = [(page, one) for page in pages for one in gaps_of(page)]
    trials = [replace(page, prepared=one.raster, seconds=0.0) for page, one in left]
    read = mirrored.read_gaps([one for _, one in left], trials, recognise)
    found: dict[int, list[tuple[Gaps, PageInProgress]]] = {page.survey.number: [] for page in pages}
    for (page, one), trial in zip(left, read):
        found[page.survey.number].append((one, trial))
    return [_filled(page, found[page.survey.number]) for page in pages]


def _filled(page: PageInProgress, found: Sequence[tuple[Gaps, PageInProgress]]) -> PageInProgress:
    """The page with what was read in its gaps, and the seconds that took."""
    page = page.after(sum(read.seconds for _, read in found))
    if not isinstance(page.outcome, Recognition):
        return page
    whole, more = page.outcome, {False: 0, True: 0}
    for left, read in found:
        if isinstance(read.outcome, Recognition):
            before, whole = whole, merged(whole, left, read.outcome)
            more[left.faint] += len(whole.words) - len(before.words)
    notes = [mirrored.NOTE] * any(mirrored.NOTE in read.notes for _, read in found)
    notes += [f"words read outside of the layout: {more[False]}"] * (more[False] > 0)
    notes += [f"very faint words read beside the others: {more[True]}"] * (more[True] > 0)
    if any(left.faint for left, _ in found) and more[True] <= 0:
        notes.append("very faint marks beside the words, of which nothing was read")
    lines = unread_lines(page.finest, page.transform, whole.words) if found or page.transform.despeckled else 0
    notes += [f"lines that look like print, of which nothing was read: {lines}"] * (lines >= MANY_LINES)
    doubtful = more[False] > _MANY_OUTSIDE * len(whole.words) or lines >= MANY_LINES
    return replace(page.after(0.0, *notes), outcome=whole, doubtful=doubtful)
