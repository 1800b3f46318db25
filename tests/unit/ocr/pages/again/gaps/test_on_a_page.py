"""A page has the words of its gaps, and says so."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr import Stop
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.documents.text_layer import Verdict
from distributed_ocr_pipeline.ocr.engines.recognition import Options, Outcome, Recognition
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.pages.reading import Reading
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from tests.support.gaps import at, half_faint, page, read_of, words_above
from tests.support.sources import limit


class Engine:
    """Reads all but the last lines of a page, and those as sparse text."""

    def __init__(self, sparse: Outcome, columns: Outcome | None = None) -> None:
        self.options: list[Options] = []
        self._by_mode = {11: sparse, 3: columns}

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        del limit
        self.options.append(options)
        found = self._by_mode.get(int(options.get("psm", 0))) or read_of(words_above(690 if self._by_mode[3] else 1200))
        return [found for _ in rasters]

    def close(self) -> None:
        pass


def read(
    engine: Engine, folder: Path, verdict: Verdict, seen: Image.Image | None = None, **options: str | int
) -> PageInProgress:
    picture, raster = page(folder)
    (seen or picture).save(raster.path, format="TIFF")
    config = OCRConfig(tesseract_config=options) if options else OCRConfig()
    drawn = PageInProgress(PageSurvey(1, verdict=verdict), raster, PageAnalysis(blank=False), raster, raster)
    [done] = Reading(folder, limit(), PageContext(config, engine, folder, None, Stop())).read([drawn])
    return done


@pytest.mark.parametrize(
    ("confidence", "note"),
    [
        (90.0, "very faint words read beside the others: 1"),
        (20.0, "very faint marks beside the words, of which nothing was read"),
    ],
)
def test_a_page_says_what_became_of_its_faint_print(confidence: float, note: str, tmp_path: Path) -> None:
    engine = Engine(read_of([]), read_of([at("faint", 40, 40, 1, confidence)]))
    done = read(engine, tmp_path, Verdict(False, ""), half_faint())
    assert isinstance(done.outcome, Recognition) and done.outcome.text.endswith("faint") is (confidence > 70)
    assert done.notes == (note,)


def test_a_page_has_the_words_of_its_gaps_and_says_so(tmp_path: Path) -> None:
    done = read(Engine(read_of([at("rest", 40, 40, 1)])), tmp_path, Verdict(False, ""))
    assert isinstance(done.outcome, Recognition) and done.outcome.text.endswith("line\n\nrest")
    assert done.notes[0] == "words read outside of the layout: 1"


def test_a_page_of_which_lines_that_look_like_print_were_not_read_is_doubtful(tmp_path: Path) -> None:
    done = read(Engine(read_of([])), tmp_path, Verdict(False, ""))
    assert done.doubtful and done.notes[0].startswith("lines that look like print, of which nothing was read: ")


def test_a_page_of_which_much_stood_outside_of_the_layout_is_doubtful(tmp_path: Path) -> None:
    rest = [at("rest", 40, 40 * number, number) for number in range(1, 8)]
    assert read(Engine(read_of(rest)), tmp_path, Verdict(False, "")).doubtful


def test_gaps_that_cannot_be_read_change_nothing(tmp_path: Path) -> None:
    done = read(Engine(DocumentError(ErrorClass.TIMEOUT, "Too long.")), tmp_path, Verdict(False, ""))
    assert done.outcome == read_of(words_above(1200)) and not any("outside" in note for note in done.notes)


@pytest.mark.parametrize(("trusted", "options"), [(True, {}), (False, {"psm": 6})])
def test_there_are_no_gaps_beside_a_text_layer_or_a_layout_of_the_users_choice(
    trusted: bool, options: dict[str, str | int], tmp_path: Path
) -> None:
    engine = Engine(read_of([at("rest", 40, 40, 1)]))
    done = read(engine, tmp_path, Verdict(trusted, ""), None, **options)
    assert done.outcome == read_of(words_above(1200)) and len(engine.options) == 1
