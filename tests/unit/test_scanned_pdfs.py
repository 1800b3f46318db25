"""Scans of pages of PDFs whose text is known."""

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import scanned_pdfs
from benchmarks.real_pages import real_pages
from tests.support.documents import typed_pdf

ROW = ") Tj 0 -14 Td (Terms of the {0}) Tj 170 0 Td (and for {0}) Tj 170 0 Td (in the {0}) Tj -340 0 Td ("
TABLE = ") Tj /F1 9 Tf (" + "".join(ROW.format(number) for number in range(40))
PROSE = (
    ") Tj /F1 9 Tf (" + 40 * ") Tj 0 -14 Td (that the terms of the order are to be with the buyer and for the seller"
)
SIGNS = TABLE.replace("Terms", "\\247\\247\\247")
GERMAN = TABLE.replace("of the", "des").replace("and for", "sowie").replace("in the", "ohne")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["scanned_pdfs", *map(str, arguments)])
    return scanned_pdfs.main()


def test_pages_of_short_pieces_in_english_are_taken(tmp_path: Path) -> None:
    pages = scanned_pdfs.candidates(typed_pdf(tmp_path / "a.pdf", [TABLE, PROSE, SIGNS, "of the title", TABLE]))
    assert [page.number for page in pages] == [1, 5]
    assert not scanned_pdfs.candidates(typed_pdf(tmp_path / "b.pdf", [GERMAN]))


def test_at_most_two_pages_of_a_document_are_taken_and_the_same_ones_again(tmp_path: Path) -> None:
    paths = [typed_pdf(tmp_path / name, 5 * [TABLE]) for name in ("a.pdf", "b.pdf")]
    pages = scanned_pdfs.chosen(paths, 9, seed=1)
    assert sorted(page.path.name for page in pages) == ["a.pdf", "a.pdf", "b.pdf", "b.pdf"]
    assert pages == scanned_pdfs.chosen(paths, 9, seed=1) != scanned_pdfs.chosen(paths, 9, seed=2)
    assert len(scanned_pdfs.chosen(paths, 3, seed=1)) == 3


def test_each_condition_has_its_size_its_claim_and_its_colours(tmp_path: Path) -> None:
    paths = [typed_pdf(tmp_path / f"{number}.pdf", 2 * [TABLE]) for number in range(4)]
    pages, folder = scanned_pdfs.chosen(paths, 8, seed=1), tmp_path / "out"
    folder.mkdir()
    scanned_pdfs.write(pages, folder, seed=1)
    found = real_pages(folder)
    assert [page.group for page in found] == [condition.name for condition in scanned_pdfs.CONDITIONS]
    for page, condition in zip(found, scanned_pdfs.CONDITIONS):
        with Image.open(page.picture) as picture:
            assert abs(picture.width - 8.5 * condition.dpi) <= 2
            assert round(picture.info.get("dpi", (0, 0))[0]) == (condition.claimed or 0)
            assert picture.mode == ("1" if condition.bilevel else "L")
            assert min(picture.convert("L").tobytes()) < 100
        assert page.truth.read_text(encoding="utf-8").count("Terms of the") == 40


def test_the_pages_are_the_same_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pdfs").mkdir()
    typed_pdf(tmp_path / "pdfs" / "a.pdf", [TABLE, TABLE])
    for out in ("one", "two"):
        assert run(monkeypatch, tmp_path / "pdfs", tmp_path / out, "--pages", "2") == 0
    one, two = (sorted((tmp_path / out).iterdir()) for out in ("one", "two"))
    assert len(json.loads((tmp_path / "one" / "index.json").read_text(encoding="utf-8"))) == 2
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_a_folder_without_such_pages_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, tmp_path / "out") == 1
    assert f"No page of a PDF below {tmp_path}" in capsys.readouterr().err
