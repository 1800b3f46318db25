"""Figures of real pages: what counts as alike, what is compared, and what fails a run."""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not
import json
from pathlib import Path

import pytest

from benchmarks import real_pages
from benchmarks.contestants import HandMade, OCRmyPDF, Ours
from benchmarks.real_pages import Figures, Reading, figures, losses, plain, table
from benchmarks.scoring import Score


def of_page(cer: float, right: int = 8) -> Figures:
    return Figures(Score(1, round(1000 * cer), 1000, 1, 10), right, 10, 16)


def of_set(**pages: float) -> Reading:
    return Reading({f"letters/{name}": of_page(cer) for name, cer in pages.items()}, 1.5)


def test_quotes_dashes_long_s_bars_leaders_and_white_space_are_alike() -> None:
    assert plain("«So»  —  ‘ſo’\n¦ ........ 5 . . . . 6") == "\"So\" - 'so' | ... 5 ... 6"


def test_order_counts_for_errors_of_characters_and_not_for_words() -> None:
    found = figures("second first", "first second")
    assert found.ordered.cer > 0.5
    assert (found.recall, found.precision) == (1.0, 1.0)


def test_words_are_counted_as_often_as_they_occur_without_case_and_outer_punctuation() -> None:
    found = figures("The (cat) cat x", "the cat, sat.")
    assert (found.right, found.wanted, found.got) == (2, 3, 4)
    assert (found.recall, found.precision) == (2 / 3, 2 / 4)


def test_a_page_much_worse_than_plain_tesseract_fails_even_if_its_set_does_not() -> None:
    readings = {"letters": {"plain": of_set(a=0.10, b=0.50), "ours": of_set(a=0.13, b=0.40)}}
    assert losses(readings) == ["letters/a: CER is 3.0% above plain Tesseract's"]


def test_a_page_that_is_explained_does_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_pages, "EXPLAINED", {"letters/a": "handwriting"})
    assert not losses({"letters": {"plain": of_set(a=0.10, b=0.50), "ours": of_set(a=0.13, b=0.40)}})


def test_a_set_a_little_worse_than_plain_tesseract_fails() -> None:
    readings = {"letters": {"plain": of_set(a=0.100, b=0.100), "ours": of_set(a=0.105, b=0.105)}}
    assert losses(readings) == ["letters: CER is 0.5% above plain Tesseract's"]


def test_the_table_has_a_line_for_each_set_and_reader_and_for_all_together() -> None:
    lines = table({"letters": {"plain": of_set(a=0.1), "ours": of_set(a=0.2)}}).splitlines()
    assert lines[2] == "| letters | 1 | plain | 10.0 | 10.0 | 80.0 | 50.0 | 1.5 |"
    assert lines[-1] == "| all | 1 | ours | 20.0 | 10.0 | 80.0 | 50.0 | 1.5 |"
    assert len(lines) == 6


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    entries = [
        {"set": group, "id": name, "file": f"{name}.png", "truth": f"{name}.txt", "language": language}
        for group, name, language in (("a", "1", "eng"), ("a", "2", "eng"), ("b", "3", "xyz"))
    ]
    for entry in entries:
        (tmp_path / entry["truth"]).write_text("text", encoding="utf-8")
    (tmp_path / "index.json").write_text(json.dumps(entries), encoding="utf-8")
    return tmp_path


def test_a_set_whose_language_is_not_installed_is_left_out_and_says_so(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real_pages, "read", lambda contestant, pages, at: of_set(a=0.1))
    monkeypatch.setattr(real_pages, "installed_languages", lambda stop: ["eng", "osd"])
    readings = real_pages.all_readings(real_pages.real_pages(folder), False, tmp_path / "work")
    assert list(readings) == ["a"]
    assert "b: not read, since Tesseract has no language xyz here." in capsys.readouterr().out


def test_pages_can_be_fewer_of_each_set(folder: Path) -> None:
    found = real_pages.chosen(real_pages.real_pages(folder), None, 1)
    assert [page.label for page in found] == ["a/1", "b/3"]


def test_a_set_that_is_not_there_is_named_beside_those_that_are(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCR_REAL_PAGES", str(folder))
    monkeypatch.setattr("sys.argv", ["real_pages", "--sets", "c"])
    assert real_pages.main() == 1
    assert "No pages are chosen; the sets are a, b." in capsys.readouterr().err


def test_every_reader_is_given_the_language_of_the_set() -> None:
    found = real_pages.contestants("fra", True)
    assert [one.languages for one in found if isinstance(one, HandMade)] == ["fra"]
    assert [one.options["languages"] for one in found if isinstance(one, Ours)] == ["fra"]
    assert [list(one.options)[-2:] for one in found if isinstance(one, OCRmyPDF)] == [["-l", "fra"]]


def test_without_real_pages_there_is_nothing_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCR_REAL_PAGES", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["real_pages"])
    assert real_pages.main() == 0
    assert "No real pages are here" in capsys.readouterr().out
