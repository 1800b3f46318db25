"""Numbers and names in sentences, and that no sentence counts without the helper."""

import re
from pathlib import Path

import pytest

from distributed_ocr_pipeline.wording import between, count_of, printable, readable_size

PACKAGE = Path(__file__).parents[2] / "job_scripts"
COUNTED = "document|page|file|shard|job|run|image|picture|word|part|row"
# A number in a text, and after it what it counts, in the plural whatever the number is.
ALWAYS_MANY = re.compile(rf"[fF]\".*\{{[^{{}}]*\}} ((more|planned) )?({COUNTED})s\b(?!/s)")
MORE_THAN_ONE = (  # told of what comes by the dozen, or of numbers that differ
    "planning/packing.py",
    "ocr/documents/poppler.py",
    "ocr/engines/tesseract.py",
    "ocr/pages/second_opinion.py",
    "ocr/rasters/decoding.py",
    "local/selftest.py",
    "client/report/document_view.py",
)


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (1, ("page",), "1 page"),
        (0, ("page",), "0 pages"),
        (1200, ("page",), "1,200 pages"),
        (1, ("document is", "documents are"), "1 document is"),
        (2, ("document is", "documents are"), "2 documents are"),
    ],
)
def test_what_is_counted_is_in_the_plural_unless_it_is_one(number: int, words: tuple[str, ...], said: str) -> None:
    assert count_of(number, *words) == said


def test_bounds_that_look_the_same_are_one_number() -> None:
    assert between(0.016, 0.018, "{:,.2f}") == "0.02"
    assert between(0.014, 1.018, "{:,.2f}") == "0.01 to 1.02"


def test_sizes_and_names_can_be_read() -> None:
    assert [readable_size(size) for size in (0, 999, 1000, 7_654_321, 3e15)] == [
        *("0 bytes", "999 bytes", "1.0 KB", "7.7 MB"),
        "3000.0 TB",
    ]
    assert printable("a\nb\x1b[2Jé") == "a\\nb\\x1b[2Jé"


def test_no_sentence_counts_one_thing_in_the_plural() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if not path.as_posix().endswith(MORE_THAN_ONE)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if ALWAYS_MANY.search(line)
    ]
    assert not found
