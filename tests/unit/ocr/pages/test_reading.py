"""What the engine is given of a page, and which way round it is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr import Stop
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.engines.recognition import Options, Outcome, Recognition
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis, analyse
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.pages.reading import Reading
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters import raster as raster_module
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load
from distributed_ocr_pipeline.records import Word
from tests.support.documents import Ledger, page_picture, printed_page
from tests.support.sources import limit


def test_small_print_is_not_made_larger_than_the_engine_reads(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_tesseract(p1="measure")
    line = page_picture("Small print, line after line, as in the conditions of a contract", size=(1500, 160))
    picture = Image.new("L", (600, 640), 255)
    for top in range(0, 640, 64):
        picture.paste(line.resize((600, 64)), (0, top))
    picture.save(tmp_path / "a.png")
    [(_, [page])] = process([tmp_path / "a.png"])
    assert page.text == "word 1000 pixels wide"
    monkeypatch.setattr(raster_module, "MAX_SIDE", 760)
    [(_, [page])] = process([tmp_path / "a.png"])
    assert page.text == "word 712 pixels wide"


@pytest.mark.parametrize(("output_type", "noted"), [("both", True), ("image", False)])
def test_the_note_says_of_a_page_that_is_read_that_specks_were_removed(
    output_type: str,
    noted: bool,
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    picture = page_picture(size=(1000, 1400))
    for top in range(0, 1400, 12):
        for left in range(0, 1000, 12):
            picture.putpixel((left, top), 0)
    picture.save(tmp_path / "a.png")
    [(_, [page])] = process([tmp_path / "a.png"], output_type=output_type)
    assert ("specks removed" in page.note) == noted


@dataclass
class Engine:
    """Reads badly, except in one orientation, and remembers what it was given."""

    good: int = 0  # clockwise turn
    error: DocumentError | None = None
    options: list[Options] = field(default_factory=list)
    turns: list[list[int]] = field(default_factory=list)

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        del limit
        if options.get("psm") in (6, 11):  # a page as one block, and what is left beside the words
            return [Recognition("", ()) for _ in rasters]
        turns = [
            int(raster.path.stem.split("-")[2]) if raster.path.stem.startswith("read") else 0 for raster in rasters
        ]
        self.options.append(options)
        self.turns.append(turns)
        return [self.error or recognition(95.0 if turn == self.good else 30.0) for turn in turns]

    def close(self) -> None:
        pass


def recognition(confidence: float) -> Recognition:
    return Recognition("words", tuple(Word("words", 0, 0, 80, 20, confidence, 1) for _ in range(9)))


def read(page: PageInProgress, engine: Engine, folder: Path, config: OCRConfig | None = None) -> PageInProgress:
    context = PageContext(config or OCRConfig(), engine, folder, None, Stop())
    [done] = Reading(folder, limit(), context).read([page])
    return done


def drawn(picture: Image.Image, folder: Path, dpi: int | None = 220) -> PageInProgress:
    picture.save(folder / "drawn.tif", format="TIFF")
    raster = Raster(folder / "drawn.tif", picture.width, picture.height, dpi)
    return PageInProgress(PageSurvey(1), raster, analyse(raster), raster, raster)


@pytest.mark.parametrize(
    ("good", "turns"), [(0, [[0]]), (180, [[0], [180]]), (90, [[0], [180], [90, 270]]), (270, [[0], [180], [90, 270]])]
)
def test_a_page_is_turned_until_it_reads_well(good: int, turns: list[list[int]], tmp_path: Path) -> None:
    engine = Engine(good)
    page = read(drawn(printed_page(), tmp_path), engine, tmp_path)
    assert (page.transform.quarter, engine.turns) == (good, turns)
    assert isinstance(page.outcome, Recognition) and page.outcome.confidence == 95
    assert page.prepared.path.stem == ("drawn" if good == 0 else f"read-1-{good}-drawn")


def test_a_crooked_page_on_its_side_is_straightened_both_ways_round(tmp_path: Path) -> None:
    crooked = printed_page().rotate(5, Image.Resampling.BICUBIC, fillcolor=255).rotate(90, expand=True)
    engine = Engine(good=270)
    page = read(drawn(crooked, tmp_path), engine, tmp_path)
    assert engine.turns[:2] == [[90], [270]]
    assert page.transform.quarter == 270 and page.transform.skew == pytest.approx(-5, abs=0.3)


def test_whether_lines_that_ran_upwards_are_crooked_is_measured_again(tmp_path: Path) -> None:
    crooked = printed_page().rotate(5, Image.Resampling.BICUBIC, fillcolor=255).rotate(90, expand=True)
    unnoticed = replace(drawn(crooked, tmp_path), analysis=PageAnalysis(blank=False))
    page = read(unnoticed, Engine(good=270), tmp_path)
    assert page.transform.quarter == 270 and page.transform.skew == pytest.approx(-5, abs=0.3)


def test_a_page_that_the_engine_fails_on_is_not_turned(tmp_path: Path) -> None:
    engine = Engine(error=DocumentError(ErrorClass.TIMEOUT, "Too long."))
    page = read(drawn(printed_page(), tmp_path), engine, tmp_path)
    assert (engine.turns, page.outcome) == ([[0]], engine.error)


def test_a_trial_that_fails_changes_nothing(tmp_path: Path) -> None:
    class Failing(Engine):
        def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
            read_badly = super().recognise(rasters, options, limit)
            return read_badly if len(self.turns) == 1 else [DocumentError(ErrorClass.TIMEOUT, "") for _ in rasters]

    page = read(drawn(printed_page(), tmp_path), Failing(good=180), tmp_path)
    assert isinstance(page.outcome, Recognition) and page.transform.quarter == 0


def test_a_page_of_which_nothing_is_read_is_read_on_even_paper_before_it_is_turned(tmp_path: Path) -> None:
    class LostInThePaper(Engine):
        def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
            read_well = super().recognise(rasters, options, limit)
            is_even = ["even" in raster.path.stem for raster in rasters]
            return [one if even else Recognition("", ()) for one, even in zip(read_well, is_even)]

    engine = LostInThePaper()
    page = read(drawn(printed_page(), tmp_path), engine, tmp_path)
    assert isinstance(page.outcome, Recognition) and page.outcome.confidence == 95
    assert len(engine.turns) == 3 and "paper made even before reading" in page.notes


def test_a_smooth_page_and_even_paper_are_tried_once_where_nothing_is_read(tmp_path: Path) -> None:
    class Blind(Engine):
        pictures: list[str] = []

        def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
            self.pictures += [raster.path.stem for raster in rasters]
            return [Recognition("", ()) for _ in rasters]

    engine = Blind()
    read(drawn(printed_page(), tmp_path), engine, tmp_path)
    assert sum("smooth" in name or "even" in name for name in engine.pictures) == 2
    assert engine.pictures[1].startswith("smooth") and engine.pictures[2].startswith("even")


def with_dark_part(page: Image.Image) -> Image.Image:
    page.paste(50, (0, 40, 1200, 90))
    return page


def in_a_shadow(page: Image.Image) -> Image.Image:
    shadow = Image.linear_gradient("L").rotate(90).resize(page.size).point(lambda level: 120 + level * 135 // 255)
    return ImageChops.multiply(page, shadow)


@pytest.mark.parametrize(
    ("picture", "dpi", "expected"),
    [
        (printed_page(), 220, {"tessedit_do_invert": False, "user_defined_dpi": 220, "textord_all_prop": True}),
        (printed_page(), 72, {"tessedit_do_invert": False, "user_defined_dpi": 0, "textord_all_prop": True}),
        (printed_page(), None, {"tessedit_do_invert": False, "user_defined_dpi": 0, "textord_all_prop": True}),
        (
            with_dark_part(printed_page()),
            220,
            {"tessedit_do_invert": True, "user_defined_dpi": 220, "textord_all_prop": True},
        ),
        (
            in_a_shadow(printed_page()),
            220,
            {
                "tessedit_do_invert": False,
                "user_defined_dpi": 220,
                "textord_all_prop": True,
                "thresholding_method": 2,
            },
        ),
    ],
    ids=["plain", "coarse", "unknown", "dark part", "shadow"],
)
def test_the_engine_is_told_what_suits_the_page(
    picture: Image.Image, dpi: int | None, expected: dict[str, object], tmp_path: Path
) -> None:
    engine = Engine()
    page = read(drawn(picture, tmp_path, dpi), engine, tmp_path)
    assert engine.options[0] == expected
    assert ("uneven light" in page.notes) == ("thresholding_method" in expected)


def test_options_of_the_user_come_before_ours(tmp_path: Path) -> None:
    engine = Engine()
    config = OCRConfig(tesseract_config={"user_defined_dpi": 70, "psm": 4})
    read(drawn(printed_page(), tmp_path), engine, tmp_path, config)
    assert (engine.options[0]["user_defined_dpi"], engine.options[0]["psm"]) == (70, 4)


def _levels(raster: Raster) -> tuple[int, int]:
    with load(raster.path) as image:
        counts = image.histogram()
    levels = [level for level in range(256) if counts[level]]
    return levels[0], levels[-1]


@pytest.mark.parametrize(("good", "turns"), [(0, [[0]]), (180, [[0], [180]]), (90, [[0], [180]])])
def test_very_faint_print_is_made_dark_and_read_at_most_twice(
    good: int, turns: list[list[int]], tmp_path: Path
) -> None:
    engine = Engine(good)
    faint = printed_page().point([235 + level * 20 // 255 for level in range(256)])
    page = read(drawn(faint, tmp_path), engine, tmp_path)
    assert engine.turns == turns
    assert "very faint marks, made dark before reading" in page.notes
    darkest, lightest = _levels(page.prepared)
    assert darkest < 120 and lightest == 255
    assert _levels(page.raster) == (235, 255)
