"""From what is known of a page to its result: nothing is read, drawn or written here."""

from dataclasses import dataclass, replace

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages import orientation
from distributed_ocr_pipeline.ocr.pages.in_progress import PageInProgress
from distributed_ocr_pipeline.records import PageResult, PageStatus, TextSource, Word

_NEARLY_BLANK = 0.002  # share of ink that, if no word is read, is dust (pages of print: 0.13, `benchmarks.analysis`)


@dataclass(frozen=True)
class TextLayer:
    """A page's own text is its result: its words, if they are wanted, at a resolution, and the seconds for them."""

    words: tuple[Word, ...]
    dpi: int
    seconds: float
    supplement: "Supplement | None" = None


@dataclass(frozen=True)
class Supplement:
    """What was read beside a text layer, in pixels of the page image, and the text of both."""

    text: str
    words: tuple[Word, ...]
    note: str
    language: str = ""  # of the models that read it, as in `Recognition`

    @property
    def confidence(self) -> float | None:
        """Mean over the words that were read, 0-100."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else None


def page_result(
    survey: PageSurvey,
    page: PageInProgress | DocumentError | None,
    layer: TextLayer | None,
    image_path: str,
    config: OCRConfig,
) -> PageResult:
    """A page's row.

    `page` is None if it was not drawn, which only a page with a `layer` may be; `image_path` is empty if no page image
    was written.
    """
    if isinstance(page, DocumentError):
        return failed_page(survey, page)
    if layer is not None:
        result = _from_layer(survey, page, layer, image_path)
        return _supplemented(result, layer.supplement, config) if layer.supplement else result
    assert page is not None
    result = PageResult(
        page_number=survey.number,
        status=PageStatus.BLANK if page.analysis.blank else PageStatus.SUCCEEDED,
        rotation_degrees=page.transform.clockwise,
        dpi=page.raster.dpi,
        width_px=page.size[0],
        height_px=page.size[1],
        duration_ms=round(page.seconds * 1000),
        image_path=image_path,
        note="; ".join(page.notes),
    )
    if isinstance(page.outcome, DocumentError):
        error_class, message = page.outcome.error_class, str(page.outcome)
        return replace(result, status=PageStatus.FAILED, error_class=error_class, error_message=message)
    return result if page.outcome is None else _with_text(result, page, page.outcome, config)


def failed_page(survey: PageSurvey, error: DocumentError) -> PageResult:
    """The row of a page of which nothing came out."""
    return PageResult(
        page_number=survey.number,
        status=PageStatus.FAILED,
        error_class=error.error_class,
        error_message=str(error),
        note=survey.verdict.reason,
    )


def _with_text(result: PageResult, page: PageInProgress, read: Recognition, config: OCRConfig) -> PageResult:
    if not read.text or (page.analysis.faint and orientation.is_poor(read)):  # show-through is no text
        note = "; ".join([*page.notes, "no text recognised"])
        status = PageStatus.BLANK if page.analysis.ink < _NEARLY_BLANK else PageStatus.SUCCEEDED
        return replace(result, status=status, note=note)
    return replace(
        result,
        text=read.text,
        text_source=TextSource.OCR,
        confidence=read.confidence,
        word_count=len(read.words),
        words=tuple(scaled(word, page.scale) for word in read.words) if config.keeps_words else (),
        language=read.language or config.languages,
    )


def _from_layer(survey: PageSurvey, page: PageInProgress | None, layer: TextLayer, image_path: str) -> PageResult:
    has_text = bool(survey.text.strip())
    size = (page.raster.width, page.raster.height) if page else survey.points
    return PageResult(
        page_number=survey.number,
        status=PageStatus.SUCCEEDED if has_text else PageStatus.BLANK,
        text=survey.text if has_text else "",
        text_source=TextSource.TEXT_LAYER if has_text else TextSource.NONE,
        word_count=len(survey.text.split()),
        words=layer.words,
        dpi=layer.dpi,
        width_px=size[0],
        height_px=size[1],
        duration_ms=round((layer.seconds + (page.seconds if page else 0.0)) * 1000),
        image_path=image_path,
        note=survey.verdict.reason,
    )


def _supplemented(result: PageResult, supplement: Supplement, config: OCRConfig) -> PageResult:
    """The row of a page with text of its own and text that was read beside it."""
    note = f"{result.note}; {supplement.note}"
    if not supplement.words:
        return replace(result, note=note)
    lines = max((word.line for word in result.words), default=0)
    read = tuple(replace(word, line=word.line + lines) for word in supplement.words)
    return replace(
        result,
        text=supplement.text,
        text_source=TextSource.MIXED,
        confidence=supplement.confidence,
        word_count=len(supplement.text.split()),
        words=result.words + read if config.keeps_words else (),
        language=supplement.language or config.languages,
        note=note,
    )


def scaled(word: Word, scale: float) -> Word:
    """A word of a picture that is made larger or smaller."""
    if scale == 1.0:
        return word
    left, top = round(word.left * scale), round(word.top * scale)
    return replace(word, left=left, top=top, width=round(word.width * scale), height=round(word.height * scale))
