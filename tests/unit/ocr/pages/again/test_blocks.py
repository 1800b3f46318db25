"""A page of which the layout loses much is read as one block, from edge to edge, where that is better and as sure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.ocr import Stop
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.documents.text_layer import Verdict
from distributed_ocr_pipeline.ocr.engines.recognition import Options, Outcome, Recognition
from distributed_ocr_pipeline.ocr.pages.again.columns import has_columns
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.pages.reading import Reading
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word
from tests.support.documents import printed_page
from tests.support.sources import limit

LINES = 34
"""Of `printed_page`, from 100, every 42 pixels."""


def rows(count: int, confidence: float, parts: int = 1, each: int = 1) -> Recognition:
    """Words over so many lines of a page, in so many parts side by side."""
    width = 1100 // (parts * each)
    words = [
        Word("word", 90 + width * place, 96 + 42 * row, width - 20, 40, confidence, 1 + row * parts + place // each)
        for row in range(count)
        for place in range(parts * each)
    ]
    lines: dict[int, list[str]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word.text)
    return Recognition("\n".join(" ".join(line) for line in lines.values()), tuple(words))


@dataclass
class Engine:
    """Reads a page as a layout, and otherwise as one block; `loose` is what stands outside of the layout."""

    layout: Recognition
    block: Recognition
    loose: Recognition = Recognition("", ())
    asked: list[int] = field(default_factory=list)

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        del limit
        self.asked.append(int(options.get("psm", 0)))
        found = {6: self.block, 11: self.loose}.get(self.asked[-1], self.layout)
        return [found for _ in rasters]

    def close(self) -> None:
        pass


def read(engine: Engine, folder: Path) -> PageInProgress:
    picture = printed_page()
    picture.save(folder / "drawn.tif", format="TIFF")
    raster = Raster(folder / "drawn.tif", picture.width, picture.height, 220)
    analysis = PageAnalysis(blank=False, text_height_quartile=20, text_height_median=20)
    page = PageInProgress(PageSurvey(1, verdict=Verdict(False, "")), raster, analysis, raster, raster)
    [done] = Reading(folder, limit(), PageContext(OCRConfig(), engine, folder, None, Stop())).read([page])
    return done


@pytest.mark.parametrize(("confidence", "kept"), [(81.0, True), (79.0, True), (72.0, False)])
def test_a_page_that_is_not_read_well_is_read_as_one_block_where_that_is_as_sure(
    confidence: float, kept: bool, tmp_path: Path
) -> None:
    engine = Engine(rows(LINES, 80.0), rows(LINES, confidence, each=2))
    page = read(engine, tmp_path)
    assert isinstance(page.outcome, Recognition)
    assert (len(page.outcome.words) == 2 * LINES, "read as one block" in page.notes) == (kept, kept)


def test_a_page_that_is_read_well_is_not_read_again(tmp_path: Path) -> None:
    engine = Engine(rows(LINES, 90.0), rows(LINES, 99.0))
    read(engine, tmp_path)
    assert 6 not in engine.asked


def test_columns_are_not_read_across(tmp_path: Path) -> None:
    engine = Engine(rows(LINES, 80.0, parts=2, each=4), rows(LINES, 99.0, each=8))
    read(engine, tmp_path)
    assert 6 not in engine.asked


def test_a_page_of_which_much_stands_outside_of_the_layout_is_read_as_one_block(tmp_path: Path) -> None:
    engine = Engine(rows(LINES // 2, 95.0), rows(LINES, 95.0), loose=rows(LINES // 3, 95.0))
    page = read(engine, tmp_path)
    assert isinstance(page.outcome, Recognition) and len(page.outcome.words) == LINES
    assert page.notes == ("read as one block",) and not page.doubtful


def beside(left: str, right: str, gap: int = 200, each: int = 9) -> list[Word]:
    """Rows of two words, read as a line each, as columns of short lines are in one block."""
    return [
        Word(text, place, 50 * row, 100, 40, 90.0, row)
        for row in range(1, each + 1)
        for text, place in ((left, 20), (right, 120 + gap))
    ]


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (rows(9, 90.0, parts=2, each=4).words, True),
        (rows(9, 90.0, each=8).words, False),
        (rows(9, 20.0, parts=2, each=4).words, False),  # babble
        (beside("Bell", "River"), True),  # an index, a poem
        (beside("Bread", "12.50"), False),  # a receipt
        (beside("two", "words", gap=20), False),
        (beside("of", "chance", each=3), False),
    ],
)
def test_columns_are_long_lines_side_by_side_or_a_gutter_between_letters(words: Sequence[Word], columns: bool) -> None:
    assert has_columns(words) == columns


def test_columns_of_short_lines_that_show_only_in_the_block_are_not_read_across(tmp_path: Path) -> None:
    words = tuple(
        Word(one.text, one.left, one.top, 100, 28, 95.0, one.line) for one in beside("Bell", "River", each=30)
    )
    engine = Engine(rows(LINES // 2, 80.0), Recognition("Bell River\n" * 29 + "Bell River", words))
    assert "read as one block" not in read(engine, tmp_path).notes and 6 in engine.asked
