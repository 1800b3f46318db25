"""From a chunk of surveyed pages to page results: the text layer, or draw, look, read; then the page image."""

import errno
import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey, Source
from distributed_ocr_pipeline.ocr.engines.engines import Engine, Outcome
from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages import orientation, resolution
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis, analyse
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, Stopped, TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, Transform, most_scale, save_page_image, transformed
from distributed_ocr_pipeline.records import PageResult, PageStatus, TextSource, Word

_POINTS_DPI = 72  # boxes of a text layer whose page is not drawn
_RASTERS_A_PAGE = 3  # as drawn, drawn finer, changed for reading
_RESERVE_BYTES = 64 * 1024 * 1024  # of scratch space: the tables of what is done are still to be written
_NEARLY_BLANK = 0.002  # share of ink that, if no word is read, is dust
_MEANT_DPI = 100
_SAUVOLA = 2  # of Tesseract's thresholding methods

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PageContext:
    """What page work needs. `images` is None where no page images are wanted."""

    config: OCRConfig
    engine: Engine
    scratch: Path
    images: Path | None
    stop: Stop


@dataclass(frozen=True)
class _ReadSettings:
    """How a page is read; pages of the same manner are read with one call."""

    inverting: bool  # doubtful lines once more with light and dark swapped
    shaded: bool
    dpi: int  # 0: not known


@dataclass
class PageInProgress:
    """A drawn page on its way."""

    survey: PageSurvey
    raster: Raster  # as drawn: the page image, and what boxes refer to
    analysis: PageAnalysis
    source: Raster  # what is read is made from this: the same, or drawn finer
    reading: Raster  # what is read
    change: Transform = field(default_factory=Transform)  # from source to reading
    notes: list[str] = field(default_factory=list)
    duration: float = 0.0  # seconds
    outcome: Outcome | None = None


def read_pages(
    source: Source, document_id: str, surveys: Sequence[PageSurvey], limit: TimeLimit, context: PageContext
) -> list[PageResult]:
    """Results for a chunk of pages, in order. Raises `Stopped`."""
    try:
        with TemporaryDirectory(prefix="chunk-", dir=context.scratch) as folder:
            return _Chunk(source, document_id, Path(folder), limit, context).read(surveys)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _out_of_space(context, 0) from error


def _out_of_space(context: PageContext, free_bytes: int) -> Stopped:
    """No page is to blame for a full disk: what is not done is deferred."""
    logger.error("The disk is full (%d MB are left): what is not done is deferred.", free_bytes >> 20)
    context.stop.request()
    return Stopped()


class _Chunk:
    """One chunk's work in its own scratch folder."""

    def __init__(self, source: Source, document_id: str, folder: Path, limit: TimeLimit, context: PageContext) -> None:
        self._source = source
        self._document_id = document_id
        self._folder = folder
        self._limit = limit
        self._context = context
        self._config = context.config

    def read(self, surveys: Sequence[PageSurvey]) -> list[PageResult]:
        """The chunk's pages, done."""
        failed: dict[int, DocumentError] = {page.number: page.error for page in surveys if page.error}
        layered = {page.number for page in surveys if not page.error and self._uses_layer(page)}
        to_draw = [page for page in surveys if not page.error and (self._context.images or page.number not in layered)]
        sheets = self._sheets(to_draw, failed)
        if self._config.output_type != "image":
            self._recognise(
                [sheet for number, sheet in sheets.items() if number not in layered and not sheet.analysis.blank]
            )
        results = [
            self._result(page, failed.get(page.number), sheets.get(page.number), page.number in layered)
            for page in surveys
        ]
        if any(result.status is PageStatus.FAILED for result in results):
            self._require_space()
        return results

    def _require_space(self) -> None:
        """Raise `Stopped` if the disk is full."""
        free = shutil.disk_usage(self._folder).free
        if free < _RESERVE_BYTES:
            raise _out_of_space(self._context, free)

    def _uses_layer(self, page: PageSurvey) -> bool:
        if self._config.output_type == "image" or self._config.text_layer == "ignore":
            return False
        return page.verdict.trusted or self._config.text_layer == "only"

    # ---- drawing ---------------------------------------------------------------------------------------------

    def _sheets(self, surveys: Sequence[PageSurvey], failed: dict[int, DocumentError]) -> dict[int, PageInProgress]:
        """Draw pages and glance at them; those that cannot be drawn go to `failed`."""
        sheets: dict[int, PageInProgress] = {}
        for number, (raster, survey, seconds) in self._draw_first(surveys).items():
            if isinstance(raster, DocumentError):
                failed[number] = raster
            else:
                seen = analyse(raster)
                sheets[number] = PageInProgress(survey, raster, seen, raster, raster, duration=seconds)
                sheets[number].notes += filter(None, (survey.verdict.reason, raster.note, raster.fault))
        return sheets

    def _draw_first(self, surveys: Sequence[PageSurvey]) -> dict[int, tuple[Raster | DocumentError, PageSurvey, float]]:
        """Draw each page at the resolution to begin with; all that share it with one call."""
        by_dpi: dict[int, list[PageSurvey]] = {}
        for survey in surveys:
            dpi = resolution.first_dpi(survey.scan_dpi, self._config, self._context.images is not None)
            by_dpi.setdefault(dpi, []).append(survey)
        groups = (self._draw(group, dpi) for dpi, group in by_dpi.items())
        return {number: drawn for group in groups for number, drawn in group.items()}

    def _draw(
        self, surveys: Sequence[PageSurvey], dpi: int
    ) -> dict[int, tuple[Raster | DocumentError, PageSurvey, float]]:
        begun = time.monotonic()
        drawn = self._draw_within_space(surveys, dpi)
        seconds = (time.monotonic() - begun) / max(1, len(surveys))
        return {survey.number: (drawn[survey.number], survey, seconds) for survey in surveys}

    def _draw_within_space(self, surveys: Sequence[PageSurvey], dpi: int) -> Mapping[int, Raster | DocumentError]:
        """Draw if the scratch folder has room for the rasters of all pages and what is made of them."""
        rasters = sum(survey.pixels(dpi, self._config.max_page_pixels) for survey in surveys) * _RASTERS_A_PAGE
        needed, disk = rasters + _RESERVE_BYTES, shutil.disk_usage(self._folder)
        if needed <= disk.free:
            return self._source.draw(surveys, dpi, self._folder, self._limit) if surveys else {}
        if len(surveys) == 1 and needed > disk.total:
            message = f"Drawing the page takes {needed >> 20} MB of scratch space; there are {disk.total >> 20} MB."
            return {surveys[0].number: DocumentError(ErrorClass.TOO_LARGE, message)}
        if len(surveys) <= 1:
            raise _out_of_space(self._context, disk.free)
        return {page: drawn for survey in surveys for page, drawn in self._draw_within_space([survey], dpi).items()}

    def _draw_finer(self, sheets: Sequence[PageInProgress]) -> None:
        """Draw pages with small print again, at the resolution they need."""
        wanted: dict[int, list[PageInProgress]] = {}
        for sheet in sheets:
            if sheet.survey.size and sheet.raster.dpi:
                dpi = resolution.finer_dpi(sheet.analysis, sheet.raster.dpi, sheet.survey.scan_dpi, self._config)
                if dpi > sheet.raster.dpi and not sheet.raster.note:
                    wanted.setdefault(dpi, []).append(sheet)
        for dpi, group in wanted.items():
            drawn = self._draw([sheet.survey for sheet in group], dpi)
            for sheet in group:
                raster, _, seconds = drawn[sheet.survey.number]
                sheet.duration += seconds
                if isinstance(raster, Raster):
                    sheet.source = sheet.reading = raster
                    sheet.notes.append(f"small print, read at {raster.dpi} dpi")
                    if self._context.images is None:
                        sheet.raster = raster

    # ---- reading ---------------------------------------------------------------------------------------------

    def _recognise(self, sheets: Sequence[PageInProgress]) -> None:
        """Read pages, and those that read badly in other orientations."""
        self._draw_finer(sheets)
        for sheet in sheets:
            scale = self._reading_scale(sheet)
            quarter = 90 if sheet.analysis.sideways else 0  # or 270: reading will tell
            sheet.change = Transform(quarter, sheet.analysis.skew, sheet.analysis.dark, scale, sheet.analysis.speckled)
            if sheet.analysis.shaded:
                sheet.notes.append("uneven light")
            if sheet.change.despeckled:
                sheet.notes.append("specks removed before reading")
            sheet.reading = self._reworked(sheet, sheet.change)
        for sheet, outcome in zip(sheets, self._read([(sheet, sheet.reading) for sheet in sheets])):
            sheet.outcome = outcome
        for turn in range(2):
            self._try_other_ways(sheets, turn)

    def _reading_scale(self, sheet: PageInProgress) -> float:
        """By how much to scale what is drawn. Only a picture is made larger: a PDF's page has been drawn finer."""
        if sheet.source is not sheet.raster:
            return 1.0
        size = sheet.raster.width, sheet.raster.height
        most = most_scale(size, self._config.max_page_pixels) if sheet.survey.size is None else 1.0
        return resolution.reading_scale(sheet.analysis, most)

    def _reworked(self, sheet: PageInProgress, change: Transform) -> Raster:
        """What is read of a page after a change."""
        if change == Transform():
            return sheet.source
        target = self._folder / f"read-{sheet.survey.number}-{change.quarter}.tif"
        return transformed(sheet.source, change, target)

    def _try_other_ways(self, sheets: Sequence[PageInProgress], turn: int) -> None:
        """One round of orientations for the pages that need it."""
        trials: list[tuple[PageInProgress, Raster]] = []
        changes: list[Transform] = []
        for sheet in sheets:
            if not isinstance(sheet.outcome, Recognition):
                continue
            ways = orientation.other_ways(sheet.outcome)
            if turn < len(ways) and (turn == 0 or orientation.is_poor(sheet.outcome)):
                for quarter in ways[turn]:
                    change = self._turned(sheet, (sheet.change.quarter + quarter) % 360)
                    changes.append(change)
                    trials.append((sheet, self._reworked(sheet, change)))
        for (sheet, raster), change, outcome in zip(trials, changes, self._read(trials)):
            if isinstance(outcome, Recognition) and isinstance(sheet.outcome, Recognition):
                if orientation.is_better(outcome, sheet.outcome):
                    sheet.outcome, sheet.change, sheet.reading = outcome, change, raster

    def _turned(self, sheet: PageInProgress, quarter: int) -> Transform:
        """The change for another orientation; lines that ran upwards show only now whether they are crooked."""
        turned = replace(sheet.change, quarter=quarter)
        if (quarter - sheet.change.quarter) % 180 == 0:
            return turned
        return replace(turned, skew=analyse(self._reworked(sheet, Transform(quarter=quarter))).skew)

    def _read(self, pages: Sequence[tuple[PageInProgress, Raster]]) -> list[Outcome]:
        """What the engine makes of rasters; all that want the same options with one call."""
        outcomes: dict[Path, Outcome] = {}
        groups: dict[_ReadSettings, list[tuple[PageInProgress, Raster]]] = {}
        for sheet, raster in pages:
            manner = _ReadSettings(sheet.analysis.mixed, sheet.analysis.shaded, _dpi_for_engine(raster))
            groups.setdefault(manner, []).append((sheet, raster))
        for manner, group in groups.items():
            begun = time.monotonic()
            options = self._options(manner)
            read = self._context.engine.recognise([raster for _, raster in group], options, self._limit)
            seconds = (time.monotonic() - begun) / len(group)
            for (sheet, raster), outcome in zip(group, read):
                sheet.duration += seconds
                outcomes[raster.path] = outcome
        return [outcomes[raster.path] for _, raster in pages]

    def _options(self, manner: _ReadSettings) -> dict[str, str | int | float | bool]:
        """What the engine is told.

        Reading doubtful lines once more with light and dark swapped takes time; it is for pages with dark areas. One
        threshold between print and paper for a whole page loses the part of it that lies in a shadow; a threshold for
        each place (Sauvola) does not, and takes a tenth longer. Without the resolution the engine estimates it from
        the height of the print, and may take the cells of a table for columns. Whether print is of fixed pitch is not
        worth finding out: the model finds the words by itself.
        """
        fixed = {"tessedit_do_invert": manner.inverting, "user_defined_dpi": manner.dpi, "textord_all_prop": True}
        if manner.shaded:
            fixed["thresholding_method"] = _SAUVOLA
        return fixed | dict(self._config.tesseract_config or {})

    # ---- results ---------------------------------------------------------------------------------------------

    def _result(
        self, survey: PageSurvey, error: DocumentError | None, sheet: PageInProgress | None, layered: bool
    ) -> PageResult:
        if error is not None:
            return _failed(survey, error)
        if layered:
            return self._from_layer(survey, sheet)
        assert sheet is not None
        if sheet.analysis.blank and sheet.raster.fault:
            return _failed(survey, DocumentError(ErrorClass.CORRUPT, f"Nothing could be drawn. {sheet.raster.fault}"))
        result = PageResult(
            page_number=survey.number,
            status=PageStatus.BLANK if sheet.analysis.blank else PageStatus.SUCCEEDED,
            rotation_degrees=sheet.change.clockwise,
            dpi=sheet.raster.dpi,
            width_px=self._size(sheet)[0],
            height_px=self._size(sheet)[1],
            duration_ms=round(sheet.duration * 1000),
            note="; ".join(sheet.notes),
        )
        if isinstance(sheet.outcome, DocumentError):
            error_class, message = sheet.outcome.error_class, str(sheet.outcome)
            result = replace(result, status=PageStatus.FAILED, error_class=error_class, error_message=message)
        elif sheet.outcome is not None:
            result = self._with_text(result, sheet, sheet.outcome)
        return self._with_image(result, sheet)

    def _with_text(self, result: PageResult, sheet: PageInProgress, read: Recognition) -> PageResult:
        if not read.text:
            note = "; ".join([*sheet.notes, "no text recognised"])
            status = PageStatus.BLANK if sheet.analysis.ink < _NEARLY_BLANK else PageStatus.SUCCEEDED
            return replace(result, status=status, note=note)
        scale = sheet.raster.width / sheet.source.width / sheet.change.scale
        return replace(
            result,
            text=read.text,
            text_source=TextSource.OCR,
            confidence=read.confidence,
            word_count=len(read.words),
            words=tuple(_scaled(word, scale) for word in read.words) if self._config.words else (),
            language=self._config.languages,
        )

    def _from_layer(self, survey: PageSurvey, sheet: PageInProgress | None) -> PageResult:
        begun = time.monotonic()
        dpi = (sheet.raster.dpi if sheet else None) or _POINTS_DPI
        words = self._layer_words(survey, dpi)
        has_text = bool(survey.text.strip())
        size = (sheet.raster.width, sheet.raster.height) if sheet else survey.points
        result = PageResult(
            page_number=survey.number,
            status=PageStatus.SUCCEEDED if has_text else PageStatus.BLANK,
            text=survey.text if has_text else "",
            text_source=TextSource.TEXT_LAYER if has_text else TextSource.NONE,
            word_count=len(survey.text.split()),
            words=words,
            dpi=dpi,
            width_px=size[0],
            height_px=size[1],
            duration_ms=round((time.monotonic() - begun + (sheet.duration if sheet else 0.0)) * 1000),
            note=survey.verdict.reason,
        )
        return self._with_image(result, sheet) if sheet else result

    def _layer_words(self, survey: PageSurvey, dpi: int) -> tuple[Word, ...]:
        if not self._config.words:
            return ()
        try:
            return self._source.layer(survey, dpi, self._limit)
        except DocumentError:  # the text itself is there
            return ()

    def _with_image(self, result: PageResult, sheet: PageInProgress) -> PageResult:
        """Write the page image if wanted, turned as the page was read."""
        if self._context.images is None:
            return result
        name = f"{self._document_id}/page-{result.page_number:04d}.{self._config.image_format}"
        save_page_image(sheet.raster, sheet.change, self._context.images / name, self._config.image_format)
        return replace(result, image_path=name)

    @staticmethod
    def _size(sheet: PageInProgress) -> tuple[int, int]:
        """Width and height of the page as it was read, in pixels of the page image."""
        if sheet.change.skew == 0 and sheet.change.quarter in (0, 180):
            return sheet.raster.width, sheet.raster.height
        scale = sheet.raster.width / sheet.source.width / sheet.change.scale
        return round(sheet.reading.width * scale), round(sheet.reading.height * scale)


def _dpi_for_engine(raster: Raster) -> int:
    """The resolution to tell the engine; 0 lets it estimate. Cameras write small numbers that mean nothing."""
    return raster.dpi if raster.dpi is not None and raster.dpi >= _MEANT_DPI else 0


def _scaled(word: Word, scale: float) -> Word:
    if scale == 1.0:
        return word
    left, top = round(word.left * scale), round(word.top * scale)
    return replace(word, left=left, top=top, width=round(word.width * scale), height=round(word.height * scale))


def _failed(page: PageSurvey, error: DocumentError) -> PageResult:
    return PageResult(
        page_number=page.number,
        status=PageStatus.FAILED,
        error_class=error.error_class,
        error_message=str(error),
        note=page.verdict.reason,
    )
