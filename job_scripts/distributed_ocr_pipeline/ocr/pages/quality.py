"""How far a page's text can be believed, so that the few pages worth a second look are found.

Confidence is the engine's own. On 159 real pages with known text the error rate of characters was 0.3 to 0.98 where
the mean of the words is below 70, 0.19 to 0.39 from 70 to 85, 0.11 from 85 to 90 and less above (docs/accuracy.md,
"Where the limits come from"). Where the engine is sure of nonsense, the text itself tells: tokens that no writing
produces, letters that no language uses so.
"""

from dataclasses import replace

from distributed_ocr_pipeline.ocr.documents.letters import fault_of_letters
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.documents.text_layer import garbage_score
from distributed_ocr_pipeline.ocr.pages.in_progress import PageInProgress
from distributed_ocr_pipeline.records import PageResult, PageStatus, Quality, TextSource

_POOR_CONFIDENCE, _GOOD_CONFIDENCE = 70, 85  # means over the words of a page
_POOR_GARBAGE, _GOOD_GARBAGE = 0.3, 0.15  # shares of the characters; the first is that of layers that are not kept


def rated(result: PageResult, survey: PageSurvey, page: PageInProgress | None) -> PageResult:
    """The row with the quality of its text; it has none if the page failed, is blank, or was only drawn.

    `page` is None if it was not drawn.
    """
    drawn_only = page is not None and page.outcome is None and result.text_source is TextSource.NONE
    if result.status is not PageStatus.SUCCEEDED or drawn_only:
        return result
    quality = _of_text(result, survey)
    lacking = page is not None and (page.raster.fault or page.doubtful)
    faulty = survey.incomplete or not survey.verdict.sure or lacking
    if faulty and quality is Quality.GOOD:
        quality = Quality.DOUBTFUL  # a part of the page is missing or wrong
    return replace(result, quality=quality)


def _of_text(result: PageResult, survey: PageSurvey) -> Quality:
    if not result.text:  # there is ink on the page, or it would be blank
        return Quality.POOR
    if result.text_source is TextSource.TEXT_LAYER:
        return Quality.GOOD if survey.verdict.trusted else Quality.POOR
    return quality_of(result.text, 100.0 if result.confidence is None else result.confidence)


def quality_of(text: str, confidence: float | None) -> Quality:
    """How far text of OCR can be believed, by the mean confidence of its words; None if there are no words."""
    garbage = garbage_score(text)
    if confidence is None or confidence < _POOR_CONFIDENCE or garbage > _POOR_GARBAGE:
        return Quality.POOR
    doubtful = confidence < _GOOD_CONFIDENCE or garbage > _GOOD_GARBAGE or fault_of_letters(text)
    return Quality.DOUBTFUL if doubtful else Quality.GOOD
