"""Reading drawn pages: prepare each for the engine, read it, and turn it where it reads badly."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from distributed_ocr_pipeline.ocr.engines.recognition import Options, Recognition
from distributed_ocr_pipeline.ocr.pages import orientation, resolution
from distributed_ocr_pipeline.ocr.pages.again import ways
from distributed_ocr_pipeline.ocr.pages.again.babble import without_babble
from distributed_ocr_pipeline.ocr.pages.again.gaps.filling import with_gaps_filled
from distributed_ocr_pipeline.ocr.pages.again.gaps.pictures import Gaps, gaps_of
from distributed_ocr_pipeline.ocr.pages.again.ways import Way
from distributed_ocr_pipeline.ocr.pages.analysis import analyse
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import (
    Raster,
    Transform,
    most_scale,
    transformed,
    with_strong_print,
)

_ROUNDS = 2  # of other orientations: the likelier ones, then the rest
_FOR_ONE_READING = 0.5  # of the time limit of a page; a usual one takes a hundredth
_SAUVOLA = 2  # of Tesseract's `thresholding_method`
_STRENGTHENED = "very faint marks, made dark before reading"


@dataclass(frozen=True)
class _ReadSettings:
    """How a page is read; pages of the same settings are read with one call."""

    inverting: bool  # doubtful lines once more with light and dark swapped
    shaded: bool
    dpi: int  # 0: the engine estimates it
    segmentation: int | None  # Tesseract's mode of page segmentation; None: its own

    @classmethod
    def of(cls, page: PageInProgress, segmentation: int | None = None) -> "_ReadSettings":
        """The settings that suit a page."""
        mode = page.segmentation if segmentation is None else segmentation
        return cls(page.analysis.mixed, page.analysis.shaded, resolution.told_dpi(page.prepared.dpi), mode)

    def options(self, chosen: Options) -> Options:
        """The engine's options, those that the user has chosen over ours.

        Reading doubtful lines once more with light and dark swapped takes time; it is for pages with dark areas. One
        threshold between print and paper for a whole page loses the part of it that lies in a shadow; a threshold for
        each place (Sauvola and Pietikäinen, "Adaptive document image binarization", 2000) does not, and takes a tenth
        longer. Without the resolution the engine estimates it from the height of the print, and may take the cells of
        a table for columns. Whether print is of fixed pitch need not be found out: the model finds the words by itself.
        """
        fixed: dict[str, str | int | float | bool] = {
            "tessedit_do_invert": self.inverting,
            "user_defined_dpi": self.dpi,
            "textord_all_prop": True,
        }
        if self.shaded:
            fixed["thresholding_method"] = _SAUVOLA
        if self.segmentation is not None:
            fixed["psm"] = self.segmentation
        return fixed | dict(chosen)


class Reading:
    """Reads pages of one document with one engine; what the engine is given lies in one scratch folder."""

    def __init__(self, folder: Path, limit: TimeLimit, context: PageContext) -> None:
        self._folder = folder
        self._limit = limit
        self._context = context
        self._chosen: Options = context.config.tesseract_config or {}

    def read(self, pages: Sequence[PageInProgress]) -> list[PageInProgress]:
        """The pages with their outcomes, in the orientation in which they read best."""
        read = self._recognised([self._prepared(page) for page in pages])
        for way in ways.BEFORE_TURNING:
            read = self._read_otherwise(read, way)
        for round_number in range(_ROUNDS):
            read = self._turned_where_better(read, round_number)
        for way in ways.WAYS:
            read = self._read_otherwise(read, way)
        return [self._noted_if_slow(_without_babble(page)) for page in self._with_what_was_left(read)]

    def _is_slow(self, page: PageInProgress) -> bool:
        """Whether a page has taken so long that it is not read again, so that the dearest page is bounded."""
        return page.seconds > _FOR_ONE_READING * self._limit.page_seconds

    def _noted_if_slow(self, page: PageInProgress) -> PageInProgress:
        return page.after(0.0, f"no further reading after {page.seconds:.0f} s") if self._is_slow(page) else page

    def _prepared(self, page: PageInProgress) -> PageInProgress:
        """A page made ready for its first reading."""
        analysis = page.analysis
        quarter = 90 if analysis.sideways else 0  # or 270: reading will tell
        transform = Transform(quarter, analysis.skew, analysis.dark, self._scale(page), analysis.speckled)
        notes = [ways.UNEVEN_LIGHT] * analysis.shaded + [ways.SPECKS_REMOVED] * analysis.speckled
        page = self._with_strong_print(page) if analysis.faint else page
        return self._with_transform(page.after(0.0, *notes), transform)

    def _with_strong_print(self, page: PageInProgress) -> PageInProgress:
        strong = with_strong_print(page.finest, self._folder / f"strong-{page.survey.number}.tif")
        return replace(page.after(0.0, _STRENGTHENED), finest=strong, prepared=strong)

    def _scale(self, page: PageInProgress) -> float:
        """By how much to scale what is drawn. Only a picture is made larger: a PDF's page is drawn finer."""
        if page.finest is not page.raster:
            return 1.0
        size = page.raster.width, page.raster.height
        most = most_scale(size, self._context.config.max_page_pixels) if page.survey.size is None else 1.0
        return resolution.reading_scale(page.analysis, size, most)

    def _with_transform(self, page: PageInProgress, transform: Transform) -> PageInProgress:
        return replace(page, transform=transform, prepared=self._transformed(page, transform))

    def _transformed(self, page: PageInProgress, transform: Transform) -> Raster:
        if transform == Transform():
            return page.finest
        how = "-cleaned" * transform.despeckled
        target = self._folder / f"read-{page.survey.number}-{transform.quarter}{how}-{page.finest.path.stem}.tif"
        return transformed(page.finest, transform, target)

    # ---- orientation -----------------------------------------------------------------------------------------

    def _turned_where_better(self, pages: Sequence[PageInProgress], round_number: int) -> list[PageInProgress]:
        """One round of other orientations, for the pages that need it."""
        quick = [page for page in pages if not self._is_slow(page)]
        turned = [self._turned(page, quarter) for page in quick for quarter in _quarters(page, round_number)]
        best = {page.survey.number: page for page in pages}
        for trial in self._recognised(turned):
            best[trial.survey.number] = _better(trial, best[trial.survey.number])
        return list(best.values())

    def _turned(self, page: PageInProgress, quarter: int) -> PageInProgress:
        """The page turned clockwise, not read yet; lines that ran upwards show only now whether they are crooked."""
        transform = replace(page.transform, quarter=(page.transform.quarter + quarter) % 360)
        if quarter % 180:
            upright = self._transformed(page, Transform(quarter=transform.quarter))
            transform = replace(transform, skew=analyse(upright).skew)
        return replace(self._with_transform(page, transform), seconds=0.0)

    # ---- other ways, and what was left lying -----------------------------------------------------------------

    def _read_otherwise(self, pages: Sequence[PageInProgress], way: Way) -> list[PageInProgress]:
        """The pages, those read in another way for which that is better."""
        best = {page.survey.number: page for page in pages}
        trials = (self._trial(page, way) for page in pages)
        for trial in self._recognised([trial for trial in trials if trial is not None]):
            best[trial.survey.number] = ways.better(trial, best[trial.survey.number], way)
        return list(best.values())

    def _trial(self, page: PageInProgress, way: Way) -> PageInProgress | None:
        """The page as it is to be read in another way; None if that is not for it or gives the engine the same."""
        if self._is_slow(page) or (other := way.changed(page)) is None:
            return None
        if way.redrawn is not None:
            target = self._folder / f"{way.name}-{page.survey.number}.tif"
            other = self._redrawn(other, way.redrawn(other.finest, target))
        elif other.transform != page.transform:
            other = self._with_transform(other, other.transform)
        return None if self._given(other) == self._given(page) else replace(other, seconds=0.0)

    def _given(self, page: PageInProgress) -> tuple[Path, Options]:
        """What the engine reads a page from: the picture, and the options, of which the neural engine has none."""
        options = _ReadSettings.of(page).options(self._chosen)
        return page.prepared.path, {} if self._context.config.engine == "rapidocr" else options

    def _redrawn(self, page: PageInProgress, finest: Raster) -> PageInProgress:
        """The page with another picture, on which the height and slope of its lines are measured again."""
        analysis = replace(analyse(finest), blank=False, faint=False, ink=page.analysis.ink)
        scale = self._scale(replace(page, analysis=analysis))
        page = replace(page, finest=finest, analysis=analysis)
        return self._with_transform(page, Transform(page.transform.quarter, analysis.skew, analysis.dark, scale))

    def _with_what_was_left(self, pages: Sequence[PageInProgress]) -> list[PageInProgress]:
        """The pages with the words outside of what was read; those with many of them are first read as one block."""
        done = {page.survey.number: page for page in with_gaps_filled(pages, self._gaps, self._recognised)}
        asked = [page for page in pages if done[page.survey.number].doubtful]
        for page, block in zip(asked, self._read_otherwise(asked, ways.BLOCK_WHERE_MUCH_WAS_LEFT)):
            whole = done[page.survey.number].after(block.seconds - page.seconds)
            if block.segmentation != page.segmentation:
                [whole] = with_gaps_filled([replace(block, seconds=whole.seconds)], self._gaps, self._recognised)
            done[page.survey.number] = whole
        return list(done.values())

    def _gaps(self, page: PageInProgress) -> list[Gaps]:
        settled = page.survey.verdict.trusted or "psm" in self._chosen or self._is_slow(page)
        if settled or not isinstance(page.outcome, Recognition):
            return []
        stem, strong = self._folder / f"gaps-{page.survey.number}", _STRENGTHENED in page.notes
        return gaps_of(page.prepared, page.outcome, stem, strong)

    # ---- the engine ------------------------------------------------------------------------------------------

    def _recognised(self, pages: Sequence[PageInProgress], modes: Sequence[int] | None = None) -> list[PageInProgress]:
        """The pages with what the engine makes of them; all that want the same settings with one call.

        `modes` are of page segmentation, one for each page; None if all are read in the engine's own.
        """
        groups: dict[_ReadSettings, list[int]] = {}
        for index, page in enumerate(pages):
            groups.setdefault(_ReadSettings.of(page, modes[index] if modes else None), []).append(index)
        read: dict[int, PageInProgress] = {}
        for settings, indices in groups.items():
            read |= zip(indices, self._call([pages[index] for index in indices], settings))
        return [read[index] for index in range(len(pages))]

    def _call(self, pages: Sequence[PageInProgress], settings: _ReadSettings) -> list[PageInProgress]:
        begun = time.monotonic()
        rasters = [page.prepared for page in pages]
        outcomes = self._context.engine.recognise(rasters, settings.options(self._chosen), self._limit)
        seconds = (time.monotonic() - begun) / len(pages)
        return [replace(page.after(seconds), outcome=outcome) for page, outcome in zip(pages, outcomes)]


def _quarters(page: PageInProgress, round_number: int) -> Sequence[int]:
    """Further clockwise turns to try in a round."""
    if not isinstance(page.outcome, Recognition) or page.survey.verdict.trusted:  # its own text says which way is up
        return ()
    turns = orientation.other_ways(page.outcome)
    rounds = 1 if page.analysis.faint else len(turns)  # on most no print is there; its direction has been measured
    worth_trying = round_number < min(rounds, len(turns)) and (round_number == 0 or orientation.is_poor(page.outcome))
    return turns[round_number] if worth_trying else ()


def _without_babble(page: PageInProgress) -> PageInProgress:
    """The page without words that are no text; their number is noted."""
    if not isinstance(page.outcome, Recognition):
        return page
    kept, left_out = without_babble(page.outcome)
    notes = [f"words left out as no text: {left_out}"] if left_out else []
    return replace(page.after(0.0, *notes), outcome=kept)


def _better(trial: PageInProgress, current: PageInProgress) -> PageInProgress:
    """The page that reads better, with the seconds of both."""
    better = current
    if isinstance(trial.outcome, Recognition) and isinstance(current.outcome, Recognition):
        better = trial if orientation.is_better(trial.outcome, current.outcome) else current
    return replace(better, seconds=current.seconds + trial.seconds)
