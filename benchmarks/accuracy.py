"""How right the text is, by kind of page; `make accuracy`. Nothing is timed, so the outcome is the same every time.

    python -m benchmarks.accuracy [--engine tesserocr] [--words]

Exits with 1 if a kind of page is over its limit, or a text layer is judged wrongly (see `benchmarks.layers`).
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import layers
from benchmarks.contestants import Contestant, HandMade, Ours
from benchmarks.corpus import QUICK, TrueDocument, generate, public_scans
from benchmarks.measure import CommandFailed, measure
from benchmarks.scoring import Score, scores_by_kind

LIMITS = {
    "clean": 0.002,
    "noisy": 0.005,
    "small print": 0.003,
    "two columns": 0.002,
    "table": 0.005,
    "white on dark": 0.02,
    "turned 90°": 0.002,
    "turned 180°": 0.002,
    "turned 270°": 0.002,
    "skewed 2°": 0.002,
    "skewed 5°": 0.005,
    "skewed -5°": 0.005,
    "born-digital": 0.0,
    "mixed": 0.002,
    "blank": 0.0,
    "in a shadow": 0.005,
    "phototest": 0.01,
    "phototest turned left": 0.01,
    "phototest turned right": 0.01,
    "phototest upside down": 0.01,
    "eurotext": 0.022,
    "8071_093.3B": 0.055,
}
"""Highest character error rate by kind of page."""

_GROUPS = ("scanned", "crooked", "born-digital", "mixed")


def documents(folder: Path) -> list[TrueDocument]:
    """A few pages of every kind, written into `folder`, and the public scans if they are there."""
    made = generate(folder, replace(QUICK, born_digital=3))
    return [document for document in made if document.group in _GROUPS] + public_scans()


def read(contestant: Contestant, wanted: list[TrueDocument], folder: Path) -> dict[str, Score]:
    """Let a contestant read all documents; scores by kind of page."""
    folder.mkdir(parents=True)
    contestant.prepare(wanted, folder)
    for command in contestant.commands(wanted, folder):
        measure(command)
    return scores_by_kind(wanted, contestant.texts(wanted, folder))


def table(ours: Mapping[str, Score], plain: Mapping[str, Score]) -> str:
    """A line per kind of page: ours beside plain Tesseract."""
    lines = [_line("kind of page", "CER", "WER", "limit", "plain CER", "plain WER")]
    for kind, found in ours.items():
        figures = (found.cer, found.wer, LIMITS[kind], plain[kind].cer, plain[kind].wer)
        verdict = "  over the limit" if found.cer > LIMITS[kind] else ""
        lines.append(_line(kind, *(f"{figure:.4f}" for figure in figures)) + verdict)
    return "\n".join(lines)


def _line(kind: str, *cells: str) -> str:
    return f"{kind:24}" + "".join(f"{cell:>11}" for cell in cells)


def main() -> int:
    """Read everything with ours and with plain Tesseract, and compare."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description="How right the text is.")
    parser.add_argument("--engine", choices=["pytesseract", "tesserocr"], default="pytesseract")
    parser.add_argument("--words", action="store_true", help="also ask for words, which must not change the text")
    arguments = parser.parse_args()
    judged = layers.layers()
    print(f"{layers.matrix(judged)}\n")
    ours = Ours(f"ours, {arguments.engine}", {"engine": arguments.engine, "words": arguments.words})
    try:
        with TemporaryDirectory() as scratch:
            folder = Path(scratch)
            wanted = documents(folder / "corpus")
            found = read(ours, wanted, folder / "ours")
            print(table(found, read(HandMade(), wanted, folder / "plain")))
    except CommandFailed as error:
        print(f"The run stopped: {error}", file=sys.stderr)
        return 1
    return int(any(score.cer > LIMITS[kind] for kind, score in found.items()) or bool(layers.mistakes(judged)))


if __name__ == "__main__":
    sys.exit(main())
