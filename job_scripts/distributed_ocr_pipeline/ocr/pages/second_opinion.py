"""A second opinion: pages that Tesseract read doubtfully are read by the neural engine too, and the words merged.

The two fail differently. Tesseract loses cells, boxed notes and faint print without a trace, and is weak on type of
uneven ink; the neural engine finds nearly all print, and is weaker on accents and on books. `again.two_readings` merges
what both read.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from distributed_ocr_pipeline.config import NEURAL_LANGUAGES, OCRConfig
from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.again.two_readings import merged
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.pages.quality import quality_of
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.records import Quality


def with_second_opinions(
    pages: Sequence[PageInProgress], limit: TimeLimit, context: PageContext
) -> list[PageInProgress]:
    """The pages, those that are to have a second opinion with the merged words."""
    asked = [page for page in pages if _wants_opinion(page, context.config)]
    if context.second is None or not asked:
        return list(pages)
    begun = time.monotonic()
    outcomes = context.second.recognise([page.prepared for page in asked], {}, limit)
    seconds = (time.monotonic() - begun) / len(asked)
    done = {page.survey.number: _with_opinion(page.after(seconds), outcome) for page, outcome in zip(asked, outcomes)}
    return [done.get(page.survey.number, page) for page in pages]


def _wants_opinion(page: PageInProgress, config: OCRConfig) -> bool:
    read = page.outcome
    if not isinstance(read, Recognition):
        return False
    if not NEURAL_LANGUAGES.issuperset((read.language or config.languages).split("+")):
        return False
    doubtful = page.doubtful or page.raster.fault or quality_of(read.text, read.confidence) is not Quality.GOOD
    return config.second_opinion == "always" or bool(doubtful)


def _with_opinion(page: PageInProgress, second: Recognition | DocumentError) -> PageInProgress:
    """The page with the words of both engines; with those of the first alone if the second has none."""
    if isinstance(second, DocumentError):
        return page.after(0.0, f"second opinion failed ({second.error_class.value})")
    first = page.outcome
    if not isinstance(first, Recognition) or not second.words:
        return page.after(0.0, "second opinion: no text")
    both = merged(first, second)
    note = f"second opinion: {both.from_second} of {len(both.recognition.words)} words by rapidocr"
    return replace(page.after(0.0, note), outcome=both.recognition)
