"""The benchmark of searchable PDFs: it knows where words are printed, and sees PDFs that are worse."""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import ImageDraw, ImageOps

from benchmarks import searchable
from benchmarks.corpus import TrueDocument
from benchmarks.measure import Measurement
from benchmarks.searchable import OTHER, RECOGNITION, SEARCHABLE, Printed, Quality
from distributed_ocr_pipeline.records import PageResult, Word
from examples.pages import Layout, prose
from examples.pdf import scanned_pdf
from tests.support import outputs

DPI = Layout().dpi


@pytest.fixture(name="scans", scope="module")
def fixture_scans(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrueDocument, Printed]:
    return searchable.write_scans(tmp_path_factory.mktemp("scans"), 1)


def page_as_printed(printed: Printed, *, left: float = 0.0) -> PageResult:
    """A page whose words were found where they are printed, or so many points beside."""
    words, line, last = [], 0, 0.0
    for word in printed[0]:
        line, last = line + (word.line[1] != last), word.line[1]
        edges = [round(edge * DPI / 72) for edge in (word.ink[0] + left, word.ink[1], word.ink[2] + left, word.ink[3])]
        words.append(Word("word", edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1], 90.0, line))
    return outputs.page_of(words, Layout().size, dpi=DPI)


def test_all_ink_of_a_page_is_in_the_boxes_of_its_words_and_fills_them() -> None:
    image, words = searchable.printed_page(" ".join(prose(1, 32)).split())
    boxes = [[round(edge * DPI / 72) for edge in word.ink] for word in words]
    assert len(words) > 400
    for left, top, right, bottom in boxes:
        assert ImageOps.invert(image.crop((left, top, right, bottom))).getbbox() == (0, 0, right - left, bottom - top)
    draw = ImageDraw.Draw(image)
    for left, top, right, bottom in boxes:
        draw.rectangle((left, top, right - 1, bottom - 1), fill=255)
    assert ImageOps.invert(image).getbbox() is None


def test_text_where_the_print_is_counts_and_text_beside_it_does_not(
    scans: tuple[TrueDocument, Printed], tmp_path: Path
) -> None:
    document, printed = scans
    right, wrong = (
        outputs.searchable(document.path, tmp_path / f"{left}.pdf", page_as_printed(printed, left=left))
        for left in (0.0, 20.0)
    )
    found = searchable.quality(right, document.path, printed)
    assert found.in_line > 0.99 and found.same_look == 1 and 0 < found.kb_per_page < 9
    assert searchable.quality(wrong, document.path, printed).in_line < 0.5


def test_another_look_is_seen(scans: tuple[TrueDocument, Printed], tmp_path: Path) -> None:
    document, printed = scans
    image, _ = searchable.printed_page(["other"])
    (tmp_path / "other.pdf").write_bytes(scanned_pdf([image], Layout()))
    assert searchable.quality(tmp_path / "other.pdf", document.path, printed).same_look == 0


def test_overlap_is_intersection_over_union() -> None:
    assert searchable.overlap((0, 0, 2, 2), (1, 0, 3, 2)) == 1 / 3
    assert searchable.overlap((0, 0, 2, 2), (2, 0, 3, 2)) == searchable.overlap((0, 0, 2, 2), (0, 5, 2, 6)) == 0


def test_rates_are_medians_and_ratios_are_those_of_pairs() -> None:
    runs = {
        RECOGNITION.name: [Measurement(10, cpu) for cpu in (10, 20, 10)],
        SEARCHABLE.name: [Measurement(seconds, cpu) for seconds, cpu in ((10, 10.5), (20, 21), (5, 15))],
        OTHER.name: [Measurement(seconds, 50) for seconds in (30, 40, 5)],
    }
    found = {SEARCHABLE.name: Quality(0.5, 0.75, 1.234, 1.0)}
    assert searchable.ratios(runs).splitlines() == [
        "CPU on top of recognition: +5.0%",
        "pages a second, divided by OCRmyPDF's: 2.00",
    ]
    assert searchable.table(runs, found, 20).splitlines()[2:4] == [
        "| ours, words in the table | 2.00 | 0.500 | - | - | - | - |",
        "| ours, searchable PDF | 2.00 | 0.750 | 50.0% | 75.0% | 1.23 | 100% |",
    ]
    del runs[OTHER.name]
    assert len(searchable.ratios(runs).splitlines()) == 1


def test_what_makes_no_pdf_has_no_quality(tmp_path: Path) -> None:
    made = tmp_path / "processing/output/outputs/run_id=benchmark/a.pdf"
    assert searchable.made_by(replace(RECOGNITION), Path("a.pdf"), tmp_path) is None
    made.parent.mkdir(parents=True)
    made.touch()
    assert searchable.made_by(SEARCHABLE, Path("a.pdf"), tmp_path) == made
    assert searchable.made_by(OTHER, Path("a.pdf"), tmp_path) == tmp_path / "a.pdf.pdf"
