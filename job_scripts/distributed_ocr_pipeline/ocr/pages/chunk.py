"""A chunk of pages, from surveys to results: draw what must be drawn, read what must be read, write page images."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.ocr.documents.source import Layer, PageSurvey, Source
from distributed_ocr_pipeline.ocr.pages import coverage
from distributed_ocr_pipeline.ocr.pages.drawing import Drawing, deferring_when_full
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.pages.quality import rated
from distributed_ocr_pipeline.ocr.pages.reading import Reading
from distributed_ocr_pipeline.ocr.pages.results import Supplement, TextLayer, page_result, scaled
from distributed_ocr_pipeline.ocr.pages.second_opinion import with_second_opinions
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, Transform, save_page_image
from distributed_ocr_pipeline.records import PageResult, PageStatus, Word

_POINTS_DPI = 72  # boxes of a text layer whose page is not drawn


def read_pages(
    source: Source, document_id: str, surveys: Sequence[PageSurvey], limit: TimeLimit, context: PageContext
) -> list[PageResult]:
    """Results for a chunk of pages, in order. Raises `Stopped`, also if the disk is full."""
    chunk = _Chunk(source, document_id, limit, context)
    if not any(needs_raster(survey, context) for survey in surveys):
        return chunk.results(surveys)
    with deferring_when_full(context), TemporaryDirectory(prefix="chunk-", dir=context.scratch) as folder:
        return chunk.read(surveys, Path(folder))


def needs_raster(survey: PageSurvey, context: PageContext) -> bool:
    """Whether a page may have to be drawn: its own text is not all that is wanted of it, or something is wrong."""
    by_reading = survey.error is not None or not _uses_layer(survey, context.config)
    return by_reading or context.images is not None or _may_show_more(survey, context.config)


class _Chunk:
    """The steps of one chunk."""

    def __init__(self, source: Source, document_id: str, limit: TimeLimit, context: PageContext) -> None:
        self._source = source
        self._document_id = document_id
        self._limit = limit
        self._context = context
        self._config = context.config
        self._layers: dict[int, Layer] = {}  # by page
        self._layer_seconds = 0.0  # of a page, for its layer
        self._supplemented: set[int] = set()  # pages whose own text is not all that they show

    def results(
        self, surveys: Sequence[PageSurvey], pages: Mapping[int, PageInProgress | DocumentError] | None = None
    ) -> list[PageResult]:
        """The rows of pages, some of which may have been drawn and read."""
        if self._config.keeps_words:
            self._read_layers([one for one in surveys if not one.error and _uses_layer(one, self._config)])
        return [self._result(survey, (pages or {}).get(survey.number)) for survey in surveys]

    def read(self, surveys: Sequence[PageSurvey], folder: Path) -> list[PageResult]:
        """The chunk's pages, done."""
        drawing = Drawing(self._source, folder, self._limit, self._context)
        self._supplemented = self._showing_more([one for one in surveys if _may_show_more(one, self._config)], folder)
        pages: dict[int, PageInProgress | DocumentError] = drawing.begin([one for one in surveys if self._to_draw(one)])
        to_read = [page for page in pages.values() if isinstance(page, PageInProgress) and self._to_read(page)]
        wiped = [self._without_layer(page, folder) for page in drawing.finer(to_read)]
        pages |= {page.survey.number: page for page in wiped}
        wanted = [page for page in wiped if not page.analysis.blank]
        read = Reading(folder, self._limit, self._context).read(wanted)
        read = with_second_opinions(read, self._limit, self._context)
        pages |= {page.survey.number: page for page in read}
        results = self.results(surveys, pages)
        if any(result.status is PageStatus.FAILED for result in results):
            drawing.require_space()
        return results

    def _to_draw(self, survey: PageSurvey) -> bool:
        if survey.error:
            return False
        by_reading = not _uses_layer(survey, self._config) or survey.number in self._supplemented
        return by_reading or self._context.images is not None

    def _to_read(self, page: PageInProgress) -> bool:
        wanted = self._config.output_type != "image" and not page.analysis.blank
        by_reading = not _uses_layer(page.survey, self._config) or page.survey.number in self._supplemented
        return wanted and by_reading

    # ---- text beside the text layer --------------------------------------------------------------------------

    def _showing_more(self, surveys: Sequence[PageSurvey], folder: Path) -> set[int]:
        """Numbers of the pages that show print which their text layers do not have."""
        if not surveys:
            return set()
        drawn = self._source.draw(surveys, coverage.COARSE_DPI, folder, self._limit)
        self._read_layers(surveys)
        found: set[int] = set()
        for survey in surveys:
            coarse = drawn[survey.number]
            if isinstance(coarse, Raster) and coarse.dpi:
                if coverage.leaves_print(coarse, self._layer_words(survey, coarse.dpi), survey.curved):
                    found.add(survey.number)
        return found

    def _without_layer(self, page: PageInProgress, folder: Path) -> PageInProgress:
        if page.survey.number not in self._supplemented or not page.finest.dpi:
            return page
        return coverage.without_layer(page, self._layer_words(page.survey, page.finest.dpi), folder)

    def _supplement(self, survey: PageSurvey, page: PageInProgress | None) -> Supplement | None:
        """What was read beside the layer; None if the page was not read."""
        if page is None or survey.number not in self._supplemented or page.outcome is None:
            return None
        if isinstance(page.outcome, DocumentError):
            return Supplement("", (), f"what is printed beside it was not read ({page.outcome.error_class.value})")
        whole = replace(page.outcome, words=tuple(scaled(word, page.scale) for word in page.outcome.words))
        layer = self._layer_words(survey, page.raster.dpi or _POINTS_DPI)
        read = coverage.credible(whole, layer, coverage.standing_on_nothing(page.raster, layer))
        if read is None or not page.raster.dpi:
            return Supplement("", (), "no text recognised beside it")
        kept = {word.line for word in read.words}
        text = coverage.merged(survey.text, layer, coverage.paragraphs(whole, kept))
        share = len(read.text) / max(1, len(text))
        note = f"{share:.0%} of the text read beside it by OCR"
        return Supplement(text, read.words, note, page.outcome.language)

    def _read_layers(self, surveys: Sequence[PageSurvey]) -> None:
        """Find where the words of pages stand; what the words are is known. Neighbours are read with one call."""
        pages = [survey.number for survey in surveys if survey.number not in self._layers]
        if pages:
            begun = time.monotonic()
            self._layers.update(self._source.layers(range(pages[0], pages[-1] + 1), self._limit))
            self._layer_seconds += (time.monotonic() - begun) / len(pages)

    def _layer_words(self, survey: PageSurvey, dpi: int) -> tuple[Word, ...]:
        layer = self._layers.get(survey.number)
        return layer.at(dpi) if layer else ()

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
        result = page_result(survey, page, layer, image_path, self._config)
        return rated(result, survey, page if isinstance(page, PageInProgress) else None)

    def _layer(self, survey: PageSurvey, page: PageInProgress | None) -> TextLayer:
        dpi = (page.raster.dpi if page else None) or _POINTS_DPI
        words = self._layer_words(survey, dpi) if self._config.keeps_words else ()
        return TextLayer(words, dpi, self._layer_seconds, self._supplement(survey, page))

    def _save_image(self, page: PageInProgress) -> str:
        """Write the page image if wanted, turned as the page was read; its path, or ""."""
        if self._context.images is None:
            return ""
        name = f"{self._document_id}/page-{page.survey.number:04d}.{self._config.image_format}"
        turn = Transform() if page.survey.number in self._supplemented else page.transform  # its own text is upright
        save_page_image(page.raster, turn, self._context.images / name, self._config.image_format)
        return name


def _uses_layer(survey: PageSurvey, config: OCRConfig) -> bool:
    """Whether a page's own text is its result."""
    if config.output_type == "image" or config.text_layer == "ignore":
        return False
    return survey.verdict.trusted or config.text_layer == "only"


def _may_show_more(survey: PageSurvey, config: OCRConfig) -> bool:
    """Whether a page whose own text is its result may show text beside it."""
    return survey.may_show_more and config.text_layer == "auto" and _uses_layer(survey, config)
