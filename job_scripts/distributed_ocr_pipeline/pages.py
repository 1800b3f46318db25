"""From a chunk of surveyed pages to page results: text layer, or draw, look, recognise; then the page image."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed_ocr_pipeline import images
from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.engines import Engine, Outcome
from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.images import Look, Raster
from distributed_ocr_pipeline.records import PageResult, PageStatus, TextSource
from distributed_ocr_pipeline.sources import PageSurvey, Source
from distributed_ocr_pipeline.stopping import Stop, TimeLimit

_POINTS_DPI = 72  # boxes of a text layer whose page is not drawn


@dataclass(frozen=True)
class Desk:
    """What page work needs. `images` is None where no page images are wanted."""

    config: OCRConfig
    engine: Engine
    scratch: Path
    images: Path | None
    stop: Stop


@dataclass(frozen=True)
class _Page:
    """A page on its way: its raster, what a glance showed, and what was done to it."""

    survey: PageSurvey
    raster: Raster
    look: Look
    notes: tuple[str, ...]
    duration_ms: int


def read_pages(
    source: Source, document_id: str, surveys: Sequence[PageSurvey], limit: TimeLimit, desk: Desk
) -> list[PageResult]:
    """Results for a chunk of pages, in order. Raises `Stopped`."""
    with TemporaryDirectory(prefix="chunk-", dir=desk.scratch) as folder:
        return _Chunk(source, document_id, desk, Path(folder), limit).read(surveys)


class _Chunk:
    """One chunk's work in its own scratch folder."""

    def __init__(self, source: Source, document_id: str, desk: Desk, folder: Path, limit: TimeLimit) -> None:
        self._source = source
        self._document_id = document_id
        self._desk = desk
        self._folder = folder
        self._limit = limit

    def read(self, surveys: Sequence[PageSurvey]) -> list[PageResult]:
        results: dict[int, PageResult] = {page.number: _failed(page, page.error) for page in surveys if page.error}
        waiting = [page for page in surveys if not page.error]
        layered = [page for page in waiting if self._uses_layer(page)]
        to_draw = [page for page in waiting if self._wants_images or page not in layered]
        pages = self._drawn(to_draw, results)
        for page in layered:
            if page.number not in results:
                results[page.number] = self._from_layer(page, pages.get(page.number))
        self._recognise([page for page in pages.values() if page.survey.number not in results], results)
        return [results[page.number] for page in surveys]

    @property
    def _wants_images(self) -> bool:
        return self._desk.images is not None

    @property
    def _wants_text(self) -> bool:
        return self._desk.config.output_type != "image"

    def _uses_layer(self, page: PageSurvey) -> bool:
        if not self._wants_text or self._desk.config.text_layer == "ignore":
            return False
        return page.verdict.trusted or self._desk.config.text_layer == "only"

    def _drawn(self, surveys: Sequence[PageSurvey], results: dict[int, PageResult]) -> Mapping[int, _Page]:
        """Draw pages and glance at them; those that cannot be drawn go to `results`."""
        begun = time.monotonic()
        self._check_space(surveys)
        drawn = self._source.draw(surveys, self._desk.config.dpi, self._folder, self._limit)
        duration = _milliseconds(begun, len(surveys))
        pages: dict[int, _Page] = {}
        for survey in surveys:
            raster = drawn[survey.number]
            if isinstance(raster, DocumentError):
                results[survey.number] = _failed(survey, raster)
            else:
                notes = tuple(filter(None, (survey.verdict.reason, raster.note)))
                pages[survey.number] = _Page(survey, raster, images.look(raster), notes, duration)
        return pages

    def _check_space(self, surveys: Sequence[PageSurvey]) -> None:
        del surveys

    def _from_layer(self, survey: PageSurvey, page: _Page | None) -> PageResult:
        begun = time.monotonic()
        dpi = page.raster.dpi or _POINTS_DPI if page else _POINTS_DPI
        words = self._source.layer(survey, dpi, self._limit) if self._desk.config.words else ()
        size = survey.size
        text = survey.text
        return PageResult(
            page_number=survey.number,
            status=PageStatus.SUCCEEDED if text.strip() else PageStatus.BLANK,
            text=text,
            text_source=TextSource.TEXT_LAYER if text.strip() else TextSource.NONE,
            word_count=len(text.split()),
            words=words,
            dpi=dpi,
            width_px=page.raster.width if page else round(size.width) if size else None,
            height_px=page.raster.height if page else round(size.height) if size else None,
            duration_ms=_milliseconds(begun, 1) + (page.duration_ms if page else 0),
            image_path=self._save_image(page) if page else "",
            note=survey.verdict.reason,
        )

    def _recognise(self, pages: Sequence[_Page], results: dict[int, PageResult]) -> None:
        """Read the pages that have something on them; all those that want the same options with one call."""
        read = [page for page in pages if self._wants_text and not page.look.blank]
        for page in pages:
            if page not in read:
                status = PageStatus.BLANK if page.look.blank else PageStatus.SUCCEEDED
                results[page.survey.number] = self._result(page, status)
        for inverting in (False, True):
            group = [page for page in read if page.look.dark_areas == inverting]
            begun = time.monotonic()
            outcomes = self._desk.engine.recognise(
                [page.raster for page in group], self._options(inverting), self._limit
            )
            duration = _milliseconds(begun, len(group))
            for page, outcome in zip(group, outcomes):
                results[page.survey.number] = self._read_result(page, outcome, duration)

    def _options(self, inverting: bool) -> dict[str, str | int | float | bool]:
        """Without dark areas there is nothing to try the other way round; with them there may be."""
        return {"tessedit_do_invert": inverting} | dict(self._desk.config.tesseract_config or {})

    def _read_result(self, page: _Page, outcome: Outcome, duration_ms: int) -> PageResult:
        page = replace(page, duration_ms=page.duration_ms + duration_ms)
        if isinstance(outcome, DocumentError):
            return replace(
                self._result(page, PageStatus.FAILED), error_class=outcome.error_class, error_message=str(outcome)
            )
        notes = page.notes if outcome.text else (*page.notes, "no text recognised")
        return replace(
            self._result(replace(page, notes=notes), PageStatus.SUCCEEDED),
            text=outcome.text,
            text_source=TextSource.OCR if outcome.text else TextSource.NONE,
            confidence=outcome.confidence,
            word_count=len(outcome.words),
            words=outcome.words if self._desk.config.words else (),
            language=self._desk.config.languages,
        )

    def _result(self, page: _Page, status: PageStatus) -> PageResult:
        """What every drawn page has in common."""
        return PageResult(
            page_number=page.survey.number,
            status=status,
            dpi=page.raster.dpi,
            width_px=page.raster.width,
            height_px=page.raster.height,
            duration_ms=page.duration_ms,
            image_path=self._save_image(page),
            note="; ".join(page.notes),
        )

    def _save_image(self, page: _Page) -> str:
        """Write the page image if wanted; its path relative to the images folder."""
        if self._desk.images is None:
            return ""
        config = self._desk.config
        name = f"{self._document_id}/page-{page.survey.number:04d}.{config.image_format}"
        images.save_page_image(page.raster, self._desk.images / name, config.image_format)
        return name


def _failed(page: PageSurvey, error: DocumentError | None) -> PageResult:
    assert error is not None
    return PageResult(
        page_number=page.number,
        status=PageStatus.FAILED,
        error_class=error.error_class,
        error_message=str(error),
        note=page.verdict.reason,
    )


def _milliseconds(begun: float, pages: int) -> int:
    """Time since `begun` for each of so many pages."""
    return round((time.monotonic() - begun) * 1000 / max(pages, 1))
