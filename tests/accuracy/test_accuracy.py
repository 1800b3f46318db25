"""The text is right: limits by kind of page, on generated pages and, where they are, on public scans."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.accuracy import LIMITS, documents, read
from benchmarks.contestants import HandMade, Ours, PdfToText
from benchmarks.corpus import TrueDocument
from benchmarks.scoring import Score, total

Scores = Mapping[str, Score]

PLAIN_TESSERACT_MARGIN = 0.002  # of the character error rate: a few characters of a page
SKEW_FACTOR, SKEW_FLOOR = 1.3, 0.002


@pytest.fixture(name="corpus", scope="module")
def fixture_corpus(tmp_path_factory: pytest.TempPathFactory) -> list[TrueDocument]:
    return documents(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(name="ours", scope="module")
def fixture_ours(corpus: list[TrueDocument], tmp_path_factory: pytest.TempPathFactory) -> Scores:
    return read(Ours("ours", {"engine": "pytesseract"}), corpus, tmp_path_factory.mktemp("ours") / "work")


@pytest.fixture(name="plain", scope="module")
def fixture_plain(corpus: list[TrueDocument], tmp_path_factory: pytest.TempPathFactory) -> Scores:
    return read(HandMade(), corpus, tmp_path_factory.mktemp("plain") / "work")


@pytest.mark.parametrize("kind", LIMITS)
def test_errors_stay_under_the_limit(kind: str, ours: Scores) -> None:
    if kind not in ours:
        pytest.skip("this public scan is not here")
    assert ours[kind].cer <= LIMITS[kind]


@pytest.mark.parametrize("kind", LIMITS)
def test_no_kind_of_page_is_read_worse_than_by_plain_tesseract(kind: str, ours: Scores, plain: Scores) -> None:
    if kind not in ours:
        pytest.skip("this public scan is not here")
    assert ours[kind].cer <= plain[kind].cer + PLAIN_TESSERACT_MARGIN


def test_a_crooked_page_is_read_nearly_as_well_as_an_upright_one(ours: Scores) -> None:
    crooked = total([ours["skewed 5°"], ours["skewed -5°"]])
    assert crooked.cer <= max(SKEW_FACTOR * ours["clean"].cer, SKEW_FLOOR)


def test_text_of_born_digital_pages_is_that_of_pdftotext(corpus: list[TrueDocument], tmp_path: Path) -> None:
    wanted = [document for document in corpus if document.group == "born-digital"]
    texts = []
    for contestant in (Ours("ours", {}), PdfToText()):
        folder = tmp_path / contestant.name
        read(contestant, wanted, folder)
        texts.append([page.split() for page in contestant.texts(wanted, folder)["born-digital.pdf"] if page])
    assert len(texts[0]) == 3
    assert texts[0] == texts[1]
