"""Letters that are drawn as curves are told from all else that is drawn."""

import math
from random import Random

import pytest

from distributed_ocr_pipeline.ocr.documents.looks.curves import draws_letters
from tests.support.curves import print_as_curves

WORDS = "Quarterly figures of the harbour"


def drawn(commands: str) -> bool:
    return draws_letters([commands.encode()])


@pytest.mark.parametrize("flattened", [False, True])
@pytest.mark.parametrize("points", [6, 11, 48])
def test_a_line_of_letters_is_seen(points: int, flattened: bool) -> None:
    assert drawn(print_as_curves(WORDS, 72, 500, points, flattened=flattened))


def test_so_is_one_whose_letters_each_have_their_place() -> None:
    letters = (print_as_curves(letter, 0, 0, 10) for letter in WORDS.replace(" ", ""))
    assert drawn("\n".join(f"q 1 0 0 1 {72 + 9 * place} 500 cm {path} Q" for place, path in enumerate(letters)))


def circle(x: float, y: float, radius: float) -> str:
    near, pull = radius, radius * 0.5523
    arcs = [(near, pull, pull, near, 0, near), (-pull, near, -near, pull, -near, 0)]
    arcs += [(-near, -pull, -pull, -near, 0, -near), (pull, -near, near, -pull, near, 0)]
    curves = "\n".join(
        " ".join(f"{(x, y)[place % 2] + side:.2f}" for place, side in enumerate(arc)) + " c" for arc in arcs
    )
    return f"{x + radius:.2f} {y:.2f} m\n{curves}\nh f"


def points_of_a_chart() -> str:
    source = Random(1)
    return "\n".join(circle(source.uniform(72, 500), source.uniform(72, 500), 2) for _ in range(500))


def curve_of_a_chart() -> str:
    return "72 300 m\n" + "\n".join(f"{72 + x} {300 + 90 * math.sin(x / 30):.2f} l" for x in range(1, 450)) + "\nS"


def coasts() -> str:
    source, paths = Random(2), list[str]()
    for _ in range(40):
        x, y = source.uniform(72, 500), source.uniform(72, 700)
        steps = [(source.uniform(-9, 9), source.uniform(-9, 9)) for _ in range(source.randrange(10, 60))]
        paths.append(f"{x:.2f} {y:.2f} m " + " ".join(f"{x + a:.2f} {y + b:.2f} l" for a, b in steps) + " h f")
    return "\n".join(paths)


def table() -> str:
    boxes = (f"{72 + 40 * x} {72 + 20 * y} m {112 + 40 * x} {72 + 20 * y} l {112 + 40 * x} {92 + 20 * y} l h S"
             for x in range(10) for y in range(30))  # fmt: skip
    return "\n".join(boxes)


def own_text() -> str:
    return "\n".join(f"BT /F1 9 Tf 72 {700 - y} Td (c c v y l the line of a cave) Tj ET" for y in range(600))


@pytest.mark.parametrize("draw", [points_of_a_chart, curve_of_a_chart, coasts, table, own_text])
def test_charts_maps_tables_and_text_are_none(draw: object) -> None:
    assert callable(draw) and not drawn(draw())


def test_a_word_or_two_are_not_told_from_a_logo() -> None:
    assert not drawn(print_as_curves("Bell", 72, 500, 11))
