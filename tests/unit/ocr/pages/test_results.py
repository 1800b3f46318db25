"""A page's row, from what is known of it: nothing else is needed to make one."""

from dataclasses import replace
from pathlib import Path

import pytest

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents.poppler import PageSize
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.documents.text_layer import Verdict
from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis
from distributed_ocr_pipeline.ocr.pages.in_progress import PageInProgress
from distributed_ocr_pipeline.ocr.pages.results import TextLayer, page_result
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, Transform
from distributed_ocr_pipeline.records import PageResult, PageStatus, TextSource, Word

CONFIG = OCRConfig(words=True, languages="eng")
SURVEY = PageSurvey(7, PageSize(612.4, 791.6), text="Of its own\n", verdict=Verdict(True, "a text layer"))
DRAWN = Raster(Path("drawn.tif"), 1000, 2000, 220)
READ = Recognition("two words", (Word("two", 10, 20, 30, 40, 90.0, 1), Word("words", 50, 20, 30, 40, 80.0, 1)))
PAGE = PageInProgress(SURVEY, DRAWN, PageAnalysis(blank=False, ink=0.1), DRAWN, DRAWN, notes=("a", "b"), seconds=1.5)


def result_of(page: PageInProgress | DocumentError | None, layer: TextLayer | None = None) -> PageResult:
    return page_result(SURVEY, page, layer, "d/page-0007.webp", CONFIG)


def test_a_page_that_was_read_has_its_text_and_words() -> None:
    result = result_of(replace(PAGE, outcome=READ))
    assert (result.page_number, result.status, result.text, result.text_source) == (
        7,
        PageStatus.SUCCEEDED,
        "two words",
        TextSource.OCR,
    )
    assert (result.confidence, result.word_count, result.words, result.language) == (85.0, 2, READ.words, "eng")
    assert (result.dpi, result.width_px, result.height_px, result.duration_ms) == (220, 1000, 2000, 1500)
    assert (result.note, result.image_path) == ("a; b", "d/page-0007.webp")
    assert not page_result(SURVEY, replace(PAGE, outcome=READ), None, "", OCRConfig()).words


def test_boxes_and_size_are_in_pixels_of_the_page_image() -> None:
    finer, turned = Raster(Path("finer.tif"), 2000, 4000, 440), Raster(Path("turned.tif"), 2000, 1000, 220)
    page = replace(PAGE, finest=finer, prepared=turned, transform=Transform(90, 2.0, scale=0.5), outcome=READ)
    result = result_of(page)
    assert (page.scale, result.width_px, result.height_px, result.rotation_degrees) == (1.0, 2000, 1000, 88.0)
    half = result_of(replace(page, transform=Transform(90, scale=1.0)))
    assert half.words[0] == Word("two", 5, 10, 15, 20, 90.0, 1)
    assert (half.width_px, half.height_px) == (1000, 500)


@pytest.mark.parametrize(("ink", "status"), [(0.001, PageStatus.BLANK), (0.1, PageStatus.SUCCEEDED)])
def test_a_page_without_a_word_is_blank_if_it_is_nearly_so(ink: float, status: PageStatus) -> None:
    result = result_of(replace(PAGE, analysis=PageAnalysis(blank=False, ink=ink), outcome=Recognition("", ())))
    assert (result.status, result.text_source, result.note) == (status, TextSource.NONE, "a; b; no text recognised")


@pytest.mark.parametrize(("confidence", "text"), [(50.0, ""), (70.0, "two words")])
def test_of_faint_marks_only_text_is_kept_that_can_be_believed(confidence: float, text: str) -> None:
    read = replace(READ, words=tuple(replace(word, confidence=confidence) for word in READ.words))
    result = result_of(replace(PAGE, analysis=PageAnalysis(blank=False, faint=True), outcome=read))
    assert (result.text, result.status) == (text, PageStatus.SUCCEEDED if text else PageStatus.BLANK)
    assert result.note == ("a; b" if text else "a; b; no text recognised")


def test_a_page_that_was_not_read_is_there_nevertheless() -> None:
    assert result_of(PAGE).status is PageStatus.SUCCEEDED
    assert result_of(replace(PAGE, analysis=PageAnalysis(blank=True))).status is PageStatus.BLANK


def test_a_failure_of_the_engine_keeps_what_is_known_of_the_page() -> None:
    result = result_of(replace(PAGE, outcome=DocumentError(ErrorClass.TIMEOUT, "Too long.")))
    assert (result.status, result.error_class, result.error_message) == (
        PageStatus.FAILED,
        ErrorClass.TIMEOUT,
        "Too long.",
    )
    assert (result.width_px, result.note, result.image_path) == (1000, "a; b", "d/page-0007.webp")


def test_a_failure_before_has_only_the_note_of_the_survey() -> None:
    result = result_of(DocumentError(ErrorClass.CORRUPT, "Nothing there."))
    assert (result.status, result.error_class, result.note) == (PageStatus.FAILED, ErrorClass.CORRUPT, "a text layer")
    assert (result.width_px, result.image_path) == (None, "")


def test_a_page_with_text_of_its_own_need_not_be_drawn() -> None:
    layer = TextLayer(READ.words, 72, seconds=0.25)
    result = result_of(None, layer)
    assert (result.status, result.text, result.text_source) == (
        PageStatus.SUCCEEDED,
        "Of its own\n",
        TextSource.TEXT_LAYER,
    )
    assert (result.width_px, result.height_px, result.dpi, result.duration_ms) == (612, 792, 72, 250)
    assert (result.word_count, result.words, result.note) == (3, READ.words, "a text layer")
    drawn = result_of(PAGE, replace(layer, dpi=220))
    assert (drawn.width_px, drawn.dpi, drawn.duration_ms) == (1000, 220, 1750)


def test_an_empty_text_layer_is_a_blank_page() -> None:
    result = page_result(replace(SURVEY, text=" \n"), None, TextLayer((), 72, 0.0), "", CONFIG)
    assert (result.status, result.text, result.text_source) == (PageStatus.BLANK, "", TextSource.NONE)


@pytest.mark.parametrize(("blank", "fault", "undrawable"), [(True, "x", True), (True, "", False), (False, "x", False)])
def test_an_empty_page_with_a_fault_is_not_a_blank_one(blank: bool, fault: str, undrawable: bool) -> None:
    page = replace(PAGE, raster=replace(DRAWN, fault=fault), analysis=PageAnalysis(blank=blank))
    assert bool(page.undrawable) is undrawable
