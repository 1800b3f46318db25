"""A chunk of pages, from surveys to results: draw what must be drawn, read what must be read, write page images."""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey, Source
from distributed_ocr_pipeline.ocr.pages.drawing import Drawing, deferring_when_full
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.pages.reading import Reading
from distributed_ocr_pipeline.ocr.pages.results import TextLayer, page_result
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import save_page_image
from distributed_ocr_pipeline.records import PageResult, PageStatus, Word

_POINTS_DPI = 72  # boxes of a text layer whose page is not drawn


def read_pages(
    source: Source, document_id: str, surveys: Sequence[PageSurvey], limit: TimeLimit, context: PageContext
) -> list[PageResult]:
    """Results for a chunk of pages, in order. Raises `Stopped`, also if the disk is full."""
    with deferring_when_full(context), TemporaryDirectory(prefix="chunk-", dir=context.scratch) as folder:
        return _Chunk(source, document_id, limit, context).read(surveys, Path(folder))


class _Chunk:
    """The steps of one chunk."""

    def __init__(self, source: Source, document_id: str, limit: TimeLimit, context: PageContext) -> None:
        self._source = source
        self._document_id = document_id
        self._limit = limit
        self._context = context
        self._config = context.config

    def read(self, surveys: Sequence[PageSurvey], folder: Path) -> list[PageResult]:
        """The chunk's pages, done."""
        drawing = Drawing(self._source, folder, self._limit, self._context)
        pages: dict[int, PageInProgress | DocumentError] = drawing.begin([one for one in surveys if self._to_draw(one)])
        to_read = [page for page in pages.values() if isinstance(page, PageInProgress) and self._to_read(page)]
        read = Reading(folder, self._limit, self._context).read(drawing.finer(to_read))
        pages |= {page.survey.number: page for page in read}
        results = [self._result(survey, pages.get(survey.number)) for survey in surveys]
        if any(result.status is PageStatus.FAILED for result in results):
            drawing.require_space()
        return results

    def _to_draw(self, survey: PageSurvey) -> bool:
        return not survey.error and (self._context.images is not None or not _uses_layer(survey, self._config))

    def _to_read(self, page: PageInProgress) -> bool:
        wanted = self._config.output_type != "image" and not page.analysis.blank
        return wanted and not _uses_layer(page.survey, self._config)

    def _result(self, survey: PageSurvey, page: PageInProgress | DocumentError | None) -> PageResult:
        layer, image_path = None, ""
        if survey.error is not None:
            page = survey.error
        elif _uses_layer(survey, self._config) and not isinstance(page, DocumentError):
            layer = self._layer(survey, page)
        elif isinstance(page, PageInProgress):
            page = page.undrawable or page
        if isinstance(page, PageInProgress):
            image_path = self._save_image(page)
        return page_result(survey, page, layer, image_path, self._config)

    def _layer(self, survey: PageSurvey, page: PageInProgress | None) -> TextLayer:
        begun = time.monotonic()
        dpi = (page.raster.dpi if page else None) or _POINTS_DPI
        return TextLayer(self._layer_words(survey, dpi), dpi, time.monotonic() - begun)

    def _layer_words(self, survey: PageSurvey, dpi: int) -> tuple[Word, ...]:
        if not self._config.words:
            return ()
        try:
            return self._source.layer(survey, dpi, self._limit)
        except DocumentError:  # the text itself is there
            return ()

    def _save_image(self, page: PageInProgress) -> str:
        """Write the page image if wanted, turned as the page was read; its path, or ""."""
        if self._context.images is None:
            return ""
        name = f"{self._document_id}/page-{page.survey.number:04d}.{self._config.image_format}"
        save_page_image(page.raster, page.transform, self._context.images / name, self._config.image_format)
        return name


def _uses_layer(survey: PageSurvey, config: OCRConfig) -> bool:
    """Whether a page's own text is its result."""
    if config.output_type == "image" or config.text_layer == "ignore":
        return False
    return survey.verdict.trusted or config.text_layer == "only"
