"""A page is read in another way where its preparation is a guess, and the better reading is kept."""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageOps

from benchmarks.needles import NINE, TWENTY_FOUR, Head, printed
from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.ocr import Stop
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.documents.text_layer import Verdict
from distributed_ocr_pipeline.ocr.engines.recognition import Options, Outcome, Recognition
from distributed_ocr_pipeline.ocr.pages.again.ways import WAYS, with_dots_joined
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.pages.reading import Reading
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.levels import ink_level
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load
from distributed_ocr_pipeline.records import Word
from examples.pages import Layout
from tests.support.documents import printed_page, with_dotted_print
from tests.support.sources import limit

UPRIGHT = Verdict(True, "its own text says which way is up")


def recognition(confidence: float, words: int = 9) -> Recognition:
    found = tuple(Word("words", 0, 20 * line, 80, 20, confidence, line) for line in range(1, words + 1))
    return Recognition("\n".join(word.text for word in found), found)


@dataclass
class Engine:
    """Reads as `answer` says, and remembers in which ways it was asked to."""

    answer: Callable[[str], Recognition]
    ways: list[str] = field(default_factory=list)

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        del limit
        if options.get("psm") in (6, 11):  # a page as one block, and what is left beside the words
            return [Recognition("", ()) for _ in rasters]
        found: list[Outcome] = []
        for raster in rasters:
            kind = next((kind for kind in ("cleaned", "even", "smooth") if kind in raster.path.stem), "plain")
            told = f" {options['user_defined_dpi']}" * (options["user_defined_dpi"] == 100)
            self.ways.append(kind + " local" * ("thresholding_method" in options) + told)
            found.append(self.answer(self.ways[-1]))
        return found

    def close(self) -> None:
        pass


def read(
    engine: Engine,
    folder: Path,
    analysis: PageAnalysis,
    dpi: int | None = 220,
    config: OCRConfig = OCRConfig(),
    seconds: float = 0.0,
    picture: Image.Image | None = None,
) -> PageInProgress:
    picture = picture or printed_page()
    picture.save(folder / "drawn.tif", format="TIFF")
    raster = Raster(folder / "drawn.tif", picture.width, picture.height, dpi)
    page = PageInProgress(PageSurvey(1, verdict=UPRIGHT), raster, analysis, raster, raster, seconds=seconds)
    context = PageContext(config, engine, folder, None, Stop())
    [done] = Reading(folder, limit(), context).read([page])
    return done


def test_a_page_that_took_half_of_its_time_limit_is_not_read_again(tmp_path: Path) -> None:
    half = limit().page_seconds / 2
    engine = Engine(lambda way: recognition(60.0))
    assert read(engine, tmp_path, SPECKLED, seconds=half - 5).notes[0] == "specks removed before reading"
    assert len(engine.ways) > 1
    engine.ways.clear()
    page = read(engine, tmp_path, SPECKLED, seconds=half + 1)
    assert engine.ways == ["cleaned"]
    assert (page.notes[0], page.notes[-1]) == (
        "specks removed before reading",
        f"no further reading after {half + 1:.0f} s",
    )


SPECKLED = PageAnalysis(blank=False, speckled=True)
USUAL = PageAnalysis(blank=False)
SHADED = PageAnalysis(blank=False, shaded=True)


@pytest.mark.parametrize(("with_specks", "kept"), [(10, False), (8, True), (9, True)])
def test_a_page_with_specks_is_read_with_and_without_them(with_specks: int, kept: bool, tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(90.0, 9 if way == "cleaned" else with_specks))
    page = read(engine, tmp_path, SPECKLED)
    assert engine.ways == ["cleaned", "plain"]
    assert page.transform.despeckled is kept
    assert ("specks removed before reading" in page.notes) is kept


def test_a_page_that_reads_well_without_its_specks_is_read_once(tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(96.0))
    page = read(engine, tmp_path, SPECKLED, picture=Image.new("L", (1240, 1754), 255))
    assert engine.ways == ["cleaned"] and page.transform.despeckled


@pytest.mark.parametrize("crooked", [0.0, 2.0])
def test_a_page_that_reads_well_is_read_with_its_specks_where_print_may_have_gone_with_them(
    crooked: float, tmp_path: Path
) -> None:
    engine = Engine(lambda way: recognition(96.0))
    dotted = with_dotted_print(printed_page(), "Total 482.10", (90, 1520), 0.35)
    read(engine, tmp_path, replace(SPECKLED, skew=crooked), picture=printed_page() if crooked else dotted)
    assert engine.ways == ["cleaned", "plain"]


def test_a_page_that_reads_well_is_read_once(tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(85.0))
    assert read(engine, tmp_path, USUAL).notes == ()
    assert engine.ways == ["plain"]


def test_a_page_that_reads_badly_is_read_on_even_paper(tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(90.0 if way == "even" else 60.0))
    page = read(engine, tmp_path, USUAL)
    assert engine.ways == ["plain", "even"]
    assert page.notes == ("paper made even before reading",)
    assert page.finest.path.stem == "even-1" and page.scale == pytest.approx(page.raster.width / page.prepared.width)


def test_a_page_that_reads_badly_in_any_way_stays_as_it_is(tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(60.0))
    page = read(engine, tmp_path, USUAL)
    assert engine.ways == ["plain", "even", "plain local", "smooth"]
    assert (page.notes, page.prepared.path.stem) == ((), "drawn")


def test_a_page_that_reads_badly_is_read_with_the_other_threshold(tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(90.0 if way == "plain local" else 60.0))
    assert read(engine, tmp_path, USUAL).notes == ("read with local thresholds",)
    engine = Engine(lambda way: recognition(90.0 if way == "plain" else 60.0))
    page = read(engine, tmp_path, SHADED)
    assert engine.ways == ["plain local", "even", "plain"]
    assert (page.analysis.shaded, page.notes) == (False, ())


def test_a_little_more_credit_is_not_enough_for_another_background(tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(61.0 if way == "even" else 60.0))
    assert read(engine, tmp_path, USUAL).notes == ()


@pytest.mark.parametrize(("ink", "words", "ways"), [(0.7, 10, 2), (0.7, 9, 2), (0.5, 10, 1)])
def test_what_is_read_well_of_a_page_on_a_dark_table_may_be_half_of_it(
    ink: float, words: int, ways: int, tmp_path: Path
) -> None:
    engine = Engine(lambda way: recognition(90.0, words if way == "even" else 9))
    page = read(engine, tmp_path, replace(USUAL, ink=ink))
    assert engine.ways == ["plain", "even"][:ways]
    assert page.notes == ("paper made even before reading",) * (ways == 2 and words == 10)


@pytest.mark.parametrize(("first", "then"), [(60.0, 90.0), (71.0, 69.0)])
def test_paper_is_made_even_once(first: float, then: float, tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(then, 20) if way.startswith("even") else recognition(first))
    page = read(engine, tmp_path, replace(USUAL, ink=0.7))
    assert engine.ways.count("even") == 1 and "paper made even before reading" in page.notes
    assert [way.changed(page) for way in WAYS if way.name == "even"] == [None, None]


@pytest.mark.parametrize(("confidence", "tries"), [(60.0, 1), (90.0, 0)])
def test_light_print_on_a_dark_page_has_no_paper_to_make_even(confidence: float, tries: int, tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(confidence))
    page = read(engine, tmp_path, replace(USUAL, dark=True, ink=0.9))
    assert len([way for way in engine.ways if "even" in way]) == tries and page.transform.inverted


def test_a_page_in_the_dark_that_was_read_with_light_and_dark_swapped_is_read_on_even_paper(tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(95.0 if way == "even" else 12.0))
    page = read(engine, tmp_path, replace(USUAL, dark=True, ink=0.9))
    assert page.notes == ("paper made even before reading",) and not page.transform.inverted
    assert engine.ways == ["plain", "even"]


def test_a_threshold_of_the_users_choice_is_not_tried_twice(tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(60.0))
    read(engine, tmp_path, USUAL, config=OCRConfig(tesseract_config={"thresholding_method": 2}))
    assert engine.ways == ["plain local", "even local", "smooth local"]


@pytest.mark.parametrize(("first", "words", "kept"), [(84.0, 10, True), (84.0, 9, False), (60.0, 10, True)])
def test_a_page_that_is_not_read_well_is_read_smooth(first: float, words: int, kept: bool, tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(first, words if way == "smooth" else 9))
    page = read(engine, tmp_path, USUAL)
    assert engine.ways == (["plain", "even", "plain local", "smooth"] if first < 70 else ["plain", "smooth"])
    assert page.notes == ("smoothed before reading",) * kept
    assert page.finest.path.stem == ("smooth-1" if kept else "drawn")
    assert [way.changed(page) is None for way in WAYS if way.name == "smooth"] == [kept]


def test_light_print_on_a_dark_page_is_smoothed_too(tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(90.0 if way == "smooth" else 60.0))
    page = read(engine, tmp_path, replace(USUAL, dark=True), picture=ImageOps.invert(printed_page()))
    assert page.transform.inverted and page.notes == ("smoothed before reading",)


@pytest.mark.parametrize(
    ("smooth", "even", "ways", "kept"), [(90.0, 95.0, 2, 1), (80.0, 95.0, 3, 2), (None, 95.0, 3, 1)]
)
def test_where_nothing_was_read_a_page_is_smoothed_and_then_made_even(
    smooth: float | None, even: float, ways: int, kept: int, tmp_path: Path
) -> None:
    found = {"smooth": smooth, "even": even}

    def answer(way: str) -> Recognition:
        confidence = found.get(way)
        return Recognition("", ()) if confidence is None else recognition(confidence)

    engine = Engine(answer)
    page = read(engine, tmp_path, USUAL)
    assert engine.ways == ["plain", "smooth", "even"][:ways]
    assert len(page.notes) == kept


def test_faint_marks_of_which_nothing_is_read_are_not_smoothed(tmp_path: Path) -> None:
    engine = Engine(lambda way: Recognition("", ()))
    read(engine, tmp_path, replace(USUAL, faint=True))
    assert "smooth" not in engine.ways


def pieces(picture: Image.Image) -> int:
    """How many pieces of ink that touch themselves alone a picture has."""
    limit, found = ink_level(picture.histogram()), 0
    ink = picture.point([255 * (level < limit) for level in range(256)])
    while (box := ink.getbbox()) is not None:
        left = (ink.crop((0, box[1], ink.width, box[1] + 1)).getbbox() or box)[0]
        ImageDraw.floodfill(ink, (left, box[1]), 0)
        found += 1
    return found


@pytest.mark.parametrize(
    ("head", "dpi"), [(NINE, 150), (NINE, 200), (TWENTY_FOUR, 150), (TWENTY_FOUR, 200), (TWENTY_FOUR, 300)]
)
def test_dots_of_letters_run_together_and_letters_do_not(head: Head, dpi: int, tmp_path: Path) -> None:
    lines = ["Thank you for your letter about the"] * 16
    letters = len("".join(lines).replace(" ", ""))
    page = printed(lines, head, Layout(width_mm=130, height_mm=100, dpi=dpi), seed=1)
    page.save(tmp_path / "dots.tif", format="TIFF")
    raster = Raster(tmp_path / "dots.tif", page.width, page.height, None)
    with load(with_dots_joined(raster, tmp_path / "joined.tif").path) as joined:
        assert 0.5 * letters < pieces(joined) < 1.5 * letters < 0.6 * pieces(page)


RULED = PageAnalysis(blank=False, rules=3.0)


def test_the_neural_engine_reads_no_picture_again_with_other_options_of_tesseract(tmp_path: Path) -> None:
    engine = Engine(lambda way: recognition(60.0))
    read(engine, tmp_path, RULED, None, OCRConfig(engine="rapidocr"))
    assert engine.ways == ["plain", "even", "smooth"]


@pytest.mark.parametrize("dpi", [None, 72])
@pytest.mark.parametrize(("words", "kept"), [(10, True), (9, False)])
def test_a_form_of_unknown_resolution_is_read_as_coarse_too(
    words: int, kept: bool, dpi: int | None, tmp_path: Path
) -> None:
    engine = Engine(lambda way: recognition(90.0, words if way == "plain 100" else 9))
    page = read(engine, tmp_path, RULED, dpi)
    assert engine.ways == ["plain", "plain 100"]
    assert ("read as 100 dpi" in page.notes) is kept


@pytest.mark.parametrize(("analysis", "dpi"), [(RULED, 220), (USUAL, None), (replace(RULED, rules=1.9), 72)])
def test_a_page_without_rules_or_of_known_resolution_is_read_once(
    analysis: PageAnalysis, dpi: int | None, tmp_path: Path
) -> None:
    engine = Engine(lambda way: recognition(90.0))
    read(engine, tmp_path, analysis, dpi)
    assert engine.ways == ["plain"]
