"""The engine alone: CPU time of Debian's Tesseract and of the one built for speed, on the same pages.

    make fast-tesseract
    python -m benchmarks.engine

One process reads one page, which includes loading the model; every page is read by each build in turn,
three times.
"""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory

from benchmarks.contestants import built_for_speed
from benchmarks.corpus import FULL, QUICK, Sizes, generate
from benchmarks.measure import Command, CommandFailed, measure
from distributed_ocr_pipeline.ocr.processes import allocator

Environment = Mapping[str, str]
Seconds = Sequence[Sequence[float]]
"""CPU seconds by page and round."""

DEBIANS = "Debian's, as it is installed"
_DPI = 220
_SETTINGS = ("tessedit_do_invert=0", f"user_defined_dpi={_DPI}", "textord_all_prop=1")  # those of a run


def builds(ours: Environment, folder: Path) -> dict[str, Environment]:
    """What makes `tesseract` use which libraries. `folder` is empty at first."""
    as_worker = allocator.settings()
    (folder / "libtesseract.so.5").symlink_to(Path(ours["LD_LIBRARY_PATH"]) / "libtesseract.so.5")
    return {
        DEBIANS: {},
        "Debian's, with the worker's allocator": as_worker,
        "ours, Leptonica from Debian": {"LD_LIBRARY_PATH": str(folder)} | as_worker,
        "ours": {**ours, **as_worker},
        "ours, with glibc's allocator": ours,
    }


def drawn(folder: Path, sizes: Sizes) -> list[Path]:
    """The scanned pages of the benchmark, drawn as a run draws pages."""
    generated = generate(folder, replace(sizes, born_digital=1, born_digital_sample=1, scanned_sample={"clean": 1}))
    [scanned] = [document for document in generated if document.group == "scanned"]
    draw = ["pdftoppm", "-gray", "-tiff", "-r", str(_DPI), str(scanned.path), str(folder / "page")]
    subprocess.run(draw, check=True)
    return sorted(folder.glob("page-*.tif"))


def read(page: Path, environment: Environment) -> tuple[float, bytes]:
    """CPU seconds of reading a page, and its TSV."""
    target = page.with_suffix("")
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    command = ["tesseract", str(page), str(target), *settings, "tsv"]
    taken = measure(Command(command, page.with_suffix(".log"), {"OMP_THREAD_LIMIT": "1", **environment}))
    return taken.cpu_seconds, target.with_suffix(".tsv").read_bytes()


def compared(
    pages: Sequence[Path], environments: Mapping[str, Environment], rounds: int
) -> tuple[dict[str, Seconds], list[str]]:
    """CPU seconds by build, and the pages that were not read alike by all builds, by name."""
    seconds: dict[str, list[list[float]]] = {name: [] for name in environments}
    differing = []
    for page in pages:
        outcomes = [{name: read(page, where) for name, where in environments.items()} for _ in range(rounds)]
        for name, found in seconds.items():
            found.append([outcome[name][0] for outcome in outcomes])
        if len({tsv for outcome in outcomes for _, tsv in outcome.values()}) > 1:
            differing.append(page.name)
    return dict(seconds), differing


def table(seconds: Mapping[str, Seconds]) -> str:
    """For each build the mean over pages of their medians, and the median of the quotients of all pairs."""
    rows = ["| libraries | CPU seconds a page | Debian's divided by it |", "|---|---|---|"]
    for name, found in seconds.items():
        pairs = [(one, other) for pair in zip(seconds[DEBIANS], found) for one, other in zip(*pair)]
        quotient = median(debians / taken for debians, taken in pairs)
        rows.append(f"| {name} | {mean(map(median, found)):.2f} | {quotient:.2f} |")
    return "\n".join(rows)


def main() -> int:
    """Print the table; 1 if a page is not read alike by all builds, or there is only one build."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description="The engine's builds compared.")
    parser.add_argument("--quick", action="store_true", help="a page of each kind, once: not to quote")
    sizes, rounds = (QUICK, 1) if parser.parse_args().quick else (FULL, 3)
    ours = built_for_speed()
    if not ours:
        print("Tesseract is not built for speed: make fast-tesseract", file=sys.stderr)
        return 1
    try:
        with TemporaryDirectory() as pages, TemporaryDirectory() as library:
            environments = builds(ours, Path(library))
            seconds, differing = compared(drawn(Path(pages), sizes), environments, rounds)
    except CommandFailed as error:
        print(f"The benchmark stopped: {error}", file=sys.stderr)
        return 1
    print(table(seconds))
    print(f"not read alike: {', '.join(differing)}" if differing else "The TSV is the same to the byte.")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
