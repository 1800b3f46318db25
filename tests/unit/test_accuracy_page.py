"""docs/accuracy.md names tests that exist, and its figures are those that its command prints."""

import re
from pathlib import Path

from benchmarks import layers

TESTS = Path(__file__).parent
PAGE = (TESTS.parents[1] / "docs/accuracy.md").read_text(encoding="utf-8")


def rows(header: str) -> list[list[str]]:
    """Cells of the table under a header that begins so."""
    table = PAGE.split(f"| {header} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_each_kind_names_a_test_that_exists() -> None:
    kinds = rows("kind")
    assert len(kinds) > 10
    for kind, _, _, tests in kinds:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
        assert named or tests == "the same", kind
        for file, test in named:
            assert re.search(rf"^def {test}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE), test


def test_as_many_text_layers_are_kept_and_read_again_as_the_page_says() -> None:
    found = layers.matrix(layers.layers())
    assert rows("text layers") == [
        ["right", str(found.right_kept), str(found.right_redone)],
        ["wrong", str(found.wrong_kept), str(found.wrong_redone)],
    ]


def test_as_many_layers_of_mixed_up_letters_are_read_again_as_the_page_says() -> None:
    found = layers.mixed_up()
    assert rows("mixed-up letters") == [[script, str(redone)] for script, redone in found.items()]
    assert min(found.values()) > 75
