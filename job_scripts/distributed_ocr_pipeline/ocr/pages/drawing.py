"""Drawing pages: first at the resolution that suits most print, then finer where the print is small."""

import errno
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.log_context import ContextLogger
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey, Rasters, Source
from distributed_ocr_pipeline.ocr.pages import resolution
from distributed_ocr_pipeline.ocr.pages.analysis import analyse
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.processes.cancellation import Stopped, TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster

_RASTERS_A_PAGE = 5  # as drawn, and drawn finer, grey and before that in colour, three bytes a pixel
_RESERVE_BYTES = 64 * 1024 * 1024  # of scratch space: the tables of what is done are still to be written

logger = ContextLogger(__name__)


@dataclass(frozen=True)
class _Drawn:
    """A page's raster, or why there is none, and the seconds that it took."""

    survey: PageSurvey
    raster: Raster | DocumentError
    seconds: float


class Drawing:
    """Draws pages of one document into one scratch folder."""

    def __init__(self, source: Source, folder: Path, limit: TimeLimit, context: PageContext) -> None:
        self._source = source
        self._folder = folder
        self._limit = limit
        self._context = context
        self._config = context.config

    def begin(self, surveys: Sequence[PageSurvey]) -> dict[int, PageInProgress | DocumentError]:
        """Draw and analyse pages; by page number. Raises `Stopped` if the disk is full."""
        by_dpi: dict[int, list[PageSurvey]] = {}
        for survey in surveys:
            dpi = resolution.first_dpi(survey.scan_dpi, self._config, self._context.images is not None)
            by_dpi.setdefault(dpi, []).append(survey)
        drawn = [page for dpi, group in by_dpi.items() for page in self._draw(group, dpi)]
        return {page.survey.number: _begun(page) for page in drawn}

    def finer(self, pages: Sequence[PageInProgress]) -> list[PageInProgress]:
        """Draw pages with small print again, at the resolution they need. Raises `Stopped` if the disk is full."""
        finer = {page.survey.number: page for page in pages}
        wanted: dict[int, list[PageSurvey]] = {}
        for page in pages:
            dpi = self._finer_dpi(page)
            if dpi is not None:
                wanted.setdefault(dpi, []).append(page.survey)
        for dpi, surveys in wanted.items():
            for drawn in self._draw(surveys, dpi):
                finer[drawn.survey.number] = self._with_finer(finer[drawn.survey.number], drawn)
        return list(finer.values())

    def require_space(self) -> None:
        """Raise `Stopped` if the disk is full."""
        free = shutil.disk_usage(self._folder).free
        if free < _RESERVE_BYTES:
            raise _out_of_space(self._context, free)

    def _finer_dpi(self, page: PageInProgress) -> int | None:
        """The resolution that a page needs; None if it is drawn finely enough, or as finely as it can be."""
        if page.survey.size is None or not page.raster.dpi or page.raster.note:
            return None
        size, scan_dpi = page.survey.size, page.survey.scan_dpi
        dpi = resolution.finer_dpi(page.analysis, page.raster.dpi, scan_dpi, self._config)
        if scan_dpi is not None:
            dpi = min(dpi, max(scan_dpi, resolution.grown_dpi(min(size.width, size.height))))
        dpi = max(dpi, resolution.dense_scan_dpi(max(size.width, size.height), scan_dpi, self._config))
        return dpi if dpi > page.raster.dpi else None

    def _with_finer(self, page: PageInProgress, drawn: _Drawn) -> PageInProgress:
        """The page with a finer raster; the page image stays as it is, if there is one."""
        if isinstance(drawn.raster, DocumentError):
            return page.after(drawn.seconds)
        kept = page.raster if self._context.images is not None else drawn.raster
        page = page.after(drawn.seconds, f"small print, read at {drawn.raster.dpi} dpi")
        return replace(page, raster=kept, finest=drawn.raster, prepared=drawn.raster)

    def _draw(self, surveys: Sequence[PageSurvey], dpi: int) -> list[_Drawn]:
        begun = time.monotonic()
        rasters = self._draw_within_space(surveys, dpi)
        seconds = (time.monotonic() - begun) / len(surveys)
        return [_Drawn(survey, rasters[survey.number], seconds) for survey in surveys]

    def _draw_within_space(self, surveys: Sequence[PageSurvey], dpi: int) -> Rasters:
        """Draw if the scratch folder has room for the rasters of all pages and what is made of them."""
        rasters = sum(survey.pixels(dpi, self._config.max_page_pixels) for survey in surveys) * _RASTERS_A_PAGE
        needed, disk = rasters + _RESERVE_BYTES, shutil.disk_usage(self._folder)
        if needed <= disk.free:
            return self._source.draw(surveys, dpi, self._folder, self._limit)
        if len(surveys) > 1:
            singles: Iterator[Rasters] = (self._draw_within_space([survey], dpi) for survey in surveys)
            return {page: drawn for single in singles for page, drawn in single.items()}
        if needed <= disk.total:
            raise _out_of_space(self._context, disk.free)
        message = f"Drawing the page takes {needed >> 20} MB of scratch space; there are {disk.total >> 20} MB."
        return {surveys[0].number: DocumentError(ErrorClass.TOO_LARGE, message)}


@contextmanager
def deferring_when_full(context: PageContext) -> Iterator[None]:
    """A full disk inside is no page's fault: raises `Stopped`, after which what is not done is deferred."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _out_of_space(context, 0) from error


def _begun(drawn: _Drawn) -> PageInProgress | DocumentError:
    raster = drawn.raster
    if isinstance(raster, DocumentError):
        return raster
    notes = tuple(filter(None, (drawn.survey.verdict.reason, raster.note, raster.fault)))
    return PageInProgress(drawn.survey, raster, analyse(raster), raster, raster, notes=notes, seconds=drawn.seconds)


def _out_of_space(context: PageContext, free_bytes: int) -> Stopped:
    logger.error("The disk is full (%d MB are left): what is not done is deferred.", free_bytes >> 20)
    context.stop.request()
    return Stopped()
