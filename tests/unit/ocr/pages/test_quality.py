"""How far a page's text can be believed."""

from dataclasses import replace
from pathlib import Path

import pytest

from distributed_ocr_pipeline.ocr.documents.poppler import PageSize
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.documents.text_layer import Verdict
from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis
from distributed_ocr_pipeline.ocr.pages.in_progress import PageInProgress
from distributed_ocr_pipeline.ocr.pages.quality import rated
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import PageResult, PageStatus, Quality, TextSource

SENTENCE = "The committee met on Tuesday and decided to proceed with the repair of the bridge. "
SURVEY = PageSurvey(1, PageSize(612, 792), verdict=Verdict(False, "no text layer"))
DRAWN = Raster(Path("drawn.tif"), 1000, 2000, 220)
READ = PageInProgress(SURVEY, DRAWN, PageAnalysis(blank=False), DRAWN, DRAWN, outcome=Recognition(SENTENCE, ()))
RESULT = PageResult(1, PageStatus.SUCCEEDED, SENTENCE, TextSource.OCR, confidence=95.0)


def quality(result: PageResult, page: PageInProgress | None = READ, survey: PageSurvey = SURVEY) -> Quality | None:
    return rated(result, survey, page).quality


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [(95, "good"), (85, "good"), (84.9, "doubtful"), (70, "doubtful"), (69.9, "poor"), (12, "poor")],
)
def test_what_the_engine_believes_counts(confidence: float, expected: str) -> None:
    assert quality(replace(RESULT, confidence=confidence)) is Quality(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SENTENCE * 3, "good"),
        (SENTENCE + "x{}~ b^`~\\ q¬~|} " * 2, "doubtful"),
        ("x{}~ b^`~\\ q¬~|} " * 9, "poor"),
        ("Zxvkq bcdfg hjklm npqrs tvwxz " * 9, "doubtful"),
    ],
)
def test_nonsense_is_noticed_however_sure_the_engine_is(text: str, expected: str) -> None:
    assert quality(replace(RESULT, text=text)) is Quality(expected)


def test_ink_of_which_nothing_was_read_is_poor() -> None:
    nothing = replace(RESULT, text="", text_source=TextSource.NONE, confidence=None)
    assert quality(nothing) is Quality.POOR


def test_a_page_of_which_a_part_is_missing_is_not_good() -> None:
    cut = replace(READ, raster=replace(DRAWN, fault="incomplete: the data of the page's picture end early"))
    assert quality(RESULT, cut) is Quality.DOUBTFUL
    assert quality(replace(RESULT, confidence=20.0), cut) is Quality.POOR
    assert quality(RESULT, replace(READ, doubtful=True)) is Quality.DOUBTFUL


def test_a_layer_whose_letters_may_be_turned_round_is_not_good() -> None:
    layer = replace(RESULT, text_source=TextSource.TEXT_LAYER, confidence=None)
    for sure, expected in ((True, Quality.GOOD), (False, Quality.DOUBTFUL)):
        survey = replace(SURVEY, verdict=Verdict(True, "a text layer", sure))
        assert quality(layer, None, survey) is expected


@pytest.mark.parametrize(("trusted", "expected"), [(True, "good"), (False, "poor")])
def test_a_text_layer_is_as_good_as_the_verdict_on_it(trusted: bool, expected: str) -> None:
    layer = replace(RESULT, text_source=TextSource.TEXT_LAYER, confidence=None)
    assert quality(layer, None, replace(SURVEY, verdict=Verdict(trusted, ""))) is Quality(expected)


@pytest.mark.parametrize("status", [PageStatus.BLANK, PageStatus.FAILED])
def test_blank_and_failed_pages_have_no_quality(status: PageStatus) -> None:
    assert quality(replace(RESULT, status=status, text="")) is None


def test_a_page_that_was_only_drawn_has_no_quality() -> None:
    drawn = replace(RESULT, text="", text_source=TextSource.NONE, confidence=None)
    assert quality(drawn, replace(READ, outcome=None)) is None
