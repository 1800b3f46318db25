"""The benchmark's own arithmetic, and that its figures find their places."""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import analysis, engine, estimates, layers, report, typefaces
from benchmarks.corpus import TrueDocument, TruePage
from benchmarks.measure import Command, CommandFailed, measure
from benchmarks.scoring import Score, score, scores_by_kind, total
from benchmarks.typefaces import Print
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from examples.pages import font_bytes
from tests.support.documents import page_picture


@pytest.fixture(name="content")
def fixture_content() -> dict[str, Any]:
    versions = ("python", "tesseract", "poppler", "tesserocr", "pytesseract", "pdf2image", "ocrmypdf")
    machine = {"processor": "P", "cores": 2, "memory_gb": 8, "system": "S", "date": "D"} | dict.fromkeys(versions, "1")

    def speed(contestant: str, pages_per_second: float, cpu: float) -> dict[str, Any]:
        figures = {"pages_per_second": pages_per_second, "cpu_seconds_per_page": cpu, "peak_mb": 10.0}
        return {"group": "scanned", "contestant": contestant, **figures}

    return {
        "machine": machine,
        "left_out": ["nothing"],
        "groups": {"scanned": {"pages": 2, "kinds": {"clean": 2}}},
        "speed": [
            speed("hand-made", 1.0, 2.0),
            speed("ours, pytesseract", 1.25, 1.6),
            speed("ours, pytesseract, words", 1.2, 1.64),
        ],
        "accuracy": [{"kind": "clean", "contestant": "hand-made", "pages": 2, "cer": 0.01, "wer": 0.125}],
        "cpu_shares": {"ours, pytesseract": {"engine": 0.955, "drawing": 0.03}},
    }


def test_error_rates_count_edits_against_the_truth() -> None:
    found = score("the  quick\nbrown fix", "the quick brown fox")
    assert (found.cer, found.wer) == (1 / 19, 1 / 4)


def test_text_read_on_a_blank_page_is_an_error() -> None:
    assert (score("", "").cer, score("x", "").cer) == (0.0, 1.0)


def test_scores_add_up_as_if_pages_were_one() -> None:
    assert total([score("ab", "ab"), score("", "cd")]) == Score(2, 2, 4, 1, 2)


def test_a_page_that_did_not_come_out_counts_as_empty() -> None:
    document = TrueDocument(Path("a.pdf"), "group", (TruePage("clean", "one"), TruePage("clean", "two")))
    assert scores_by_kind([document], {"a.pdf": ["one"]})["clean"].cer == 0.5


def test_measuring_counts_cpu_time_and_memory_of_descendants(tmp_path: Path) -> None:
    child = "import time; block = bytearray(120_000_000); sum(range(8_000_000)); time.sleep(1)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    found = measure(Command([sys.executable, "-c", parent], tmp_path / "log"))
    assert found.peak_mb > 120
    assert 0.05 < found.cpu_seconds
    assert found.seconds > 1


def test_a_command_that_fails_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="ended with 3: no such luck"):
        measure(Command([sys.executable, "-c", "print('no such luck'); raise SystemExit(3)"], tmp_path / "log"))


def test_ratios_are_ours_over_the_others(content: dict[str, Any]) -> None:
    text = report.ratios(content)
    assert "| ours, pytesseract / hand-made | scanned | 1.25 | ≥ 3 |" in text
    assert "| ours, tesserocr / hand-made | scanned | - | ≥ 3 |" in text
    assert "| cost of `words`, CPU time | scanned | +2.5% | < 5% |" in text
    assert "| ours, pytesseract: CPU time inside the engine | scanned | 95.5% | ≥ 93% |" in text


def test_the_page_in_the_docs_has_a_place_for_every_table(content: dict[str, Any]) -> None:
    filled = report.fill(report.PAGE.read_text(encoding="utf-8"), content)
    assert "| clean | 0.0100 / 0.1250 |" in filled
    assert report.fill(filled, content) == filled


def test_a_page_without_a_place_for_a_table_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(KeyError, match="machine"):
        report.fill("no places here", content)


def test_the_chart_draws_bars_in_proportion(content: dict[str, Any]) -> None:
    drawn = ElementTree.fromstring(report.chart(content))
    drawn_bars = [one for one in drawn.iter("{http://www.w3.org/2000/svg}rect") if "x" in one.attrib]
    assert [int(one.attrib["width"]) for one in drawn_bars] == [400, 384, 320]


def test_builds_of_the_engine_are_compared_by_page(tmp_path: Path, install_program: Callable[[str, str], Path]) -> None:
    program = (
        "import os, sys\nopen(sys.argv[2] + '.tsv', 'w').write(os.environ.get('BUILD', '') * ('page-2' in sys.argv[1]))"
    )
    install_program("tesseract", program)
    pages = [tmp_path / "page-1.tif", tmp_path / "page-2.tif"]
    seconds, differing = engine.compared(pages, {engine.DEBIANS: {}, "ours": {"BUILD": "another"}}, rounds=2)
    assert differing == ["page-2.tif"]
    assert [[len(rounds) for rounds in found] for found in seconds.values()] == [[2, 2], [2, 2]]
    assert min(taken for found in seconds.values() for rounds in found for taken in rounds) > 0


def test_the_engines_table_has_means_of_medians_and_the_median_of_quotients() -> None:
    seconds = {engine.DEBIANS: [[1.0, 2.0, 9.0], [4.0, 4.0, 4.0]], "ours": [[1.0, 1.0, 3.0], [1.0, 2.0, 2.0]]}
    assert engine.table(seconds).splitlines()[2:] == [f"| {engine.DEBIANS} | 3.00 | 1.00 |", "| ours | 1.50 | 2.00 |"]


def test_typefaces_are_those_that_are_given(tmp_path: Path) -> None:
    face = tmp_path / "face.ttf"
    face.write_bytes(font_bytes())
    [document] = typefaces.documents([face], tmp_path)
    assert {page.kind for page in document.pages} == {"11 points", "9 points", "10 points, grey"}
    assert Print(face=face).font().path == face


def test_analysis_measures_what_it_decides_by(tmp_path: Path) -> None:
    chance = Random(1)
    clean, noisy = page_picture(size=(1000, 1400)), page_picture(size=(1000, 1400))
    for _ in range(3000):
        noisy.putpixel((chance.randrange(1000), chance.randrange(1400)), 0)
    found = []
    for kind, picture in (("clean", clean), ("noisy", noisy)):
        picture.save(tmp_path / f"{kind}.tif")
        found.append((kind, analysis.measures(Raster(tmp_path / f"{kind}.tif", 1000, 1400, 220))))
    assert found[0][1].specks == 0 < 30 < found[1][1].specks
    assert [line.split()[0] for line in analysis.table(found).splitlines()] == ["kind", "clean", "noisy"]


def test_right_text_layers_are_kept_and_wrong_ones_are_not() -> None:
    judged = layers.layers()
    assert layers.mistakes(judged) == []
    assert len({layer.kind for layer in judged if layer.right}) > 20
    assert len({layer.kind for layer in judged if not layer.right}) > 10


def test_the_matrix_counts_layers_by_what_they_are_and_what_becomes_of_them() -> None:
    prose = "The committee met on Tuesday and decided to proceed. " * 5
    judged = [layers.Layer("a", right, text) for right in (True, True, False) for text in (prose, "\ufffd" * 200)]
    assert layers.matrix(judged) == layers.Matrix(right_kept=2, right_redone=2, wrong_kept=1, wrong_redone=1)
    assert set(layers.mistakes(judged)) == {"a: a right layer is redone", "a: a wrong layer is kept"}
    assert str(layers.matrix(judged)).split() == "text layers kept redone right 2 2 wrong 1 1".split()


def test_estimates_stand_beside_what_was_found_by_the_speed_of_the_machine() -> None:
    half = estimates.CLEAN_SECONDS / 2
    machine = estimates.Machine(
        start=0.1, document=0.02, text_page=0.003, scanned_page=half, specks=0.3, megapixel=0.01
    )
    assert machine.speed == pytest.approx(2.0)
    scans = estimates.Found("scans", 400, 900.0, 1000, 16, cpu_expected=50.0, cpu=50.0)
    texts = estimates.Found("texts", 400, 1100.0, 1000, 16, cpu_expected=50.0, cpu=25.0)
    _, _, first, second = estimates.table([scans, texts], machine)
    assert first == "| scans | 400 | 1000 | 900 | -10% | 16 | 50.00 | 25.00 | -50% |"
    assert second == "| texts | 400 | 1000 | 1100 | +10% | 16 | 25.00 | 25.00 | +0% |"
    assert "| a page with text | 0.0030 | 0.0060 |" in "\n".join(machine.lines())


def test_the_documents_of_the_estimates_have_the_pages_that_they_are_said_to_have(tmp_path: Path) -> None:
    writer = estimates.Writer(seed=1)
    pages = writer.born_digital(tmp_path, "a") + writer.mixed(tmp_path, "b") + writer.picture(tmp_path, "c")
    assert len(list(tmp_path.iterdir())) == 3
    assert estimates.estimated(tmp_path).pages.expected == pages
