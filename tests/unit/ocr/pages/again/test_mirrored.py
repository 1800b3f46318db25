"""Print of the other side of a sheet is told from faint print of this side by how it reads in a mirror."""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.hard_pages import HardPage, faint_beside_black, show_through
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.again.gaps.pictures import COLUMNS, SPARSE_TEXT, Gaps
from distributed_ocr_pipeline.ocr.pages.again.mirrored import NOTE, lines_of_this_side, read_gaps
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis
from distributed_ocr_pipeline.ocr.pages.in_progress import PageInProgress
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word
from tests.support.documents import Ledger

WIDTH = 1000
BABBLE = ("2sw ti bebioeb", 45.0)
"""Of which one word in three is believed."""
DECIDED = ("it was decided", 95.0)


def line(text: str, confidence: float, number: int, left: int = 100) -> list[Word]:
    """A line of words, of which the last is believed in any case."""
    *first, last = text.split()
    words = [
        Word(word, left + 200 * place, 50 * number, 180, 30, confidence, number) for place, word in enumerate(first)
    ]
    return [*words, Word(last, left + 200 * len(first), 50 * number, 180, 30, 90.0, number)]


def read_of(*lines: tuple[str, float]) -> Recognition:
    words = [word for number, (text, confidence) in enumerate(lines, 1) for word in line(text, confidence, number)]
    return Recognition("\n".join(text for text, _ in lines), tuple(words))


def in_a_mirror(read: Recognition) -> Recognition:
    return replace(read, words=tuple(replace(word, left=WIDTH - word.left - word.width) for word in read.words))


def test_lines_that_read_better_in_a_mirror_are_left_out() -> None:
    straight = read_of(BABBLE, BABBLE)
    mirrored = in_a_mirror(read_of(DECIDED, ("to pay for", 95.0)))
    assert lines_of_this_side(straight, mirrored, WIDTH) == (Recognition("", ()), 2)


def test_print_that_reads_worse_in_a_mirror_stays_also_where_it_is_hardly_read() -> None:
    straight = read_of(("the shelves left", 65.0), ("our workshop today", 30.0), ("now", 90.0))
    mirrored = in_a_mirror(read_of(("tisl ap", 41.0)))
    assert lines_of_this_side(straight, mirrored, WIDTH) == (straight, 0)


def test_faint_print_of_this_side_stays_beside_print_of_the_other() -> None:
    straight = read_of(("the shelves left", 85.0), BABBLE, ("ti", 95.0), BABBLE)
    mirrored = in_a_mirror(read_of(("2erl tisl bs", 45.0), DECIDED, ("it", 60.0), DECIDED))
    kept, left_out = lines_of_this_side(straight, mirrored, WIDTH)
    assert (kept.text, left_out) == ("the shelves left", 3)


def test_a_text_that_is_not_made_of_its_words_stays() -> None:
    own = replace(read_of(BABBLE), text="own  text")
    assert lines_of_this_side(own, in_a_mirror(read_of(DECIDED)), WIDTH) == (own, 0)


SENSELESS = read_of(("the shelves left", 95.0), *[("=~- ehuw ixtn owneth qan s", 30.0)] * 20)


class Recognise:
    """Reads black at the left of a picture as babble, at the right as print, and in the middle as next to nothing."""

    def __init__(self) -> None:
        self.modes: list[list[int]] = []

    def __call__(self, pages: Sequence[PageInProgress], modes: Sequence[int]) -> list[PageInProgress]:
        self.modes.append(list(modes))
        return [replace(page, outcome=self._read(page.prepared), seconds=page.seconds + 1) for page in pages]

    def _read(self, raster: Raster) -> Recognition:
        with Image.open(raster.path) as image:
            if image.getpixel((WIDTH // 2, 0)) == 0:
                return SENSELESS
            reads_well = image.getpixel((WIDTH - 1, 0)) == 0
        return in_a_mirror(read_of(DECIDED)) if reads_well else read_of(BABBLE)


def test_where_next_to_nothing_is_credible_only_credible_lines_stay_without_a_mirror(tmp_path: Path) -> None:
    one, recognise = gap(tmp_path, "faint", True, WIDTH // 2), Recognise()
    [page] = read_gaps([one], [trial(one)], recognise)
    assert isinstance(page.outcome, Recognition) and page.outcome.text == "the shelves left"
    assert recognise.modes == [[COLUMNS], [], []] and page.notes == ()


def gap(folder: Path, name: str, faint: bool, black_at: int) -> Gaps:
    image = Image.new("L", (WIDTH, 100), 255)
    image.putpixel((black_at, 0), 0)
    raster = Raster(folder / f"{name}.tif", WIDTH, 100, 200)
    image.save(raster.path)
    return Gaps(raster, 0, 0, COLUMNS if faint else SPARSE_TEXT, faint)


def trial(one: Gaps) -> PageInProgress:
    return PageInProgress(PageSurvey(1), one.raster, PageAnalysis(blank=False), one.raster, one.raster)


@pytest.mark.parametrize(
    ("faint_at", "calls"),
    [
        (0, [[COLUMNS, SPARSE_TEXT], [COLUMNS], [SPARSE_TEXT]]),
        (WIDTH - 1, [[COLUMNS, SPARSE_TEXT], [], []]),
    ],
    ids=["shows through", "of this side"],
)
def test_clear_print_is_held_against_its_mirror_only_if_faint_print_shows_through(
    faint_at: int, calls: list[list[int]], tmp_path: Path
) -> None:
    gaps = [gap(tmp_path, "faint", True, faint_at), gap(tmp_path, "clear", False, 0)]
    recognise = Recognise()
    read = read_gaps(gaps, [trial(one) for one in gaps], recognise)
    assert recognise.modes == calls
    assert [NOTE in page.notes for page in read] == [faint_at == 0] * 2
    assert [page.seconds for page in read] == [len(calls[1]) + 1.0] * 2


def read_page(page: HardPage, folder: Path, process: Callable[..., Ledger]) -> tuple[list[str], str]:
    """The words that are read of a page, and its note."""
    page.image.save(folder / "page.png", dpi=(200, 200))
    [(_, [result])] = process([folder / "page.png"])
    return result.text.split(), result.note


def test_show_through_below_print_is_no_text(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    page = show_through(1)
    words, note = read_page(page, tmp_path, process)
    assert NOTE in note
    assert len(set(words) - set(page.text.split())) <= 4 and len(words) > 0.9 * len(page.text.split())


def test_faint_print_is_none(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    page = faint_beside_black(1)
    words, note = read_page(page, tmp_path, process)
    assert NOTE not in note and len(set(page.text.split()) & set(words)) > 0.95 * len(set(page.text.split()))
