"""Measure speed, memory and accuracy side by side, in one run; `make bench`.

    python -m benchmarks.run [--quick] [--repetitions 3] [--output output/bench]

Repetitions are interleaved, so that whatever else the machine does hits all alike; each figure is the median. Writes
`results.json` into the output folder and prints the tables (`python -m benchmarks.report` puts them into the docs).
"""

import argparse
import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import machine, report
from benchmarks.contestants import Contestant, HandMade, OCRmyPDF, Ours, PdfToText, PlainLoop, Texts, built_for_speed
from benchmarks.corpus import FULL, QUICK, TrueDocument, generate, public_scans
from benchmarks.measure import CommandFailed, Measurement, measure
from benchmarks.overhead import Shares, cpu_shares
from benchmarks.scoring import Score, scores_by_kind

OUTPUT = Path("output") / "bench"

_PYTESSERACT = Ours("ours, pytesseract", {"engine": "pytesseract"})
_TESSEROCR = Ours("ours, tesserocr", {"engine": "tesserocr"})
_WITH_WORDS = Ours("ours, pytesseract, words", {"engine": "pytesseract", "words": True})
_ON_DEBIANS = Ours("ours, pytesseract, Debian's Tesseract", {"engine": "pytesseract"}, environment={})
_HAND_MADE_ON_OURS = HandMade("hand-made, our Tesseract", environment=built_for_speed())
_LOOP_ON_ONE_THREAD = PlainLoop(environment={"OMP_THREAD_LIMIT": "1"})  # the same text, sooner
_FORCED = OCRmyPDF("OCRmyPDF --force-ocr", ("--force-ocr",))
_SKIPPING = OCRmyPDF("OCRmyPDF --skip-text", ("--skip-text",))
_UPRIGHTING = OCRmyPDF("OCRmyPDF --rotate-pages --deskew", ("--force-ocr", "--rotate-pages", "--deskew"))


@dataclass(frozen=True)
class Trial:
    """One contestant on one group of documents. Where `timed` is false it runs once, for its text alone."""

    group: str
    contestant: Contestant
    timed: bool = True


def _trials_of(group: str, *contestants: Contestant, timed: bool = True) -> list[Trial]:
    return [Trial(group, contestant, timed) for contestant in contestants]


TRIALS = (
    *_trials_of("scanned", HandMade(), _FORCED, _PYTESSERACT, _TESSEROCR, _WITH_WORDS),
    *_trials_of("scanned", _ON_DEBIANS, _HAND_MADE_ON_OURS),
    *_trials_of("scanned sample", PlainLoop()),
    *_trials_of("crooked", HandMade(), _UPRIGHTING, _PYTESSERACT, _TESSEROCR),
    *_trials_of("born-digital", PdfToText(), _SKIPPING, _PYTESSERACT, _TESSEROCR),
    *_trials_of("born-digital sample", _FORCED),
    *_trials_of("scanned", _LOOP_ON_ONE_THREAD, timed=False),
    *_trials_of("crooked", _LOOP_ON_ONE_THREAD, timed=False),
    *_trials_of("mixed", HandMade(), _SKIPPING, _PYTESSERACT, _TESSEROCR, timed=False),
    *_trials_of("public", _LOOP_ON_ONE_THREAD, HandMade(), _UPRIGHTING, _PYTESSERACT, _TESSEROCR, timed=False),
)


@dataclass
class Results:
    """What is known so far: measurements by (group, contestant), scores by (kind, contestant)."""

    pages: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, dict[str, int]] = field(default_factory=dict)
    measurements: dict[tuple[str, str], list[Measurement]] = field(default_factory=lambda: defaultdict(list))
    scores: dict[tuple[str, str], Score] = field(default_factory=dict)
    cpu_shares: dict[str, Shares] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Medians and rates, ready for results.json."""
        return {
            "machine": machine.describe(),
            "left_out": self.left_out,
            "groups": {group: {"pages": count, "kinds": self.kinds[group]} for group, count in self.pages.items()},
            "speed": [
                {"group": group, "contestant": name, **_summary(runs, self.pages[group])}
                for (group, name), runs in self.measurements.items()
            ],
            "accuracy": [
                {"kind": kind, "contestant": name, "pages": found.pages, "cer": found.cer, "wer": found.wer}
                for (kind, name), found in self.scores.items()
            ],
            "cpu_shares": {name: asdict(shares) for name, shares in self.cpu_shares.items()},
        }


def _summary(runs: Sequence[Measurement], pages: int) -> dict[str, Any]:
    return {
        "pages_per_second": median(pages / run.seconds for run in runs),
        "cpu_seconds_per_page": median(run.cpu_seconds / pages for run in runs),
        "peak_mb": median(run.peak_mb for run in runs),
        "runs": [asdict(run) for run in runs],
    }


def run_trial(trial: Trial, documents: Sequence[TrueDocument], folder: Path) -> tuple[Measurement, Texts]:
    """Run one trial in a fresh folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    trial.contestant.prepare(documents, folder)
    measured = Measurement()
    for command in trial.contestant.commands(documents, folder):
        measured = measured.then(measure(command))
    return measured, trial.contestant.texts(documents, folder)


def _schedule(trials: Sequence[Trial], repetitions: int) -> Iterator[tuple[int, Trial]]:
    """Every repetition begins with another trial; what is not timed comes once."""
    for repetition in range(repetitions):
        shift = repetition * len(trials) // repetitions
        for trial in [*trials[shift:], *trials[:shift]]:
            if trial.timed or repetition == 0:
                yield repetition, trial


def _run_all(groups: dict[str, list[TrueDocument]], trials: Sequence[Trial], repetitions: int, work: Path) -> Results:
    results = Results()
    for group, documents in groups.items():
        kinds = [page.kind for document in documents for page in document.pages]
        results.pages[group] = len(kinds)
        results.kinds[group] = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    for repetition, trial in _schedule(trials, repetitions):
        measured, texts = run_trial(trial, groups[trial.group], work)
        key = (trial.group, trial.contestant.name)
        if trial.timed:
            results.measurements[key].append(measured)
        if not trial.group.endswith("sample"):  # its pages are among those of the whole group
            for kind, found in scores_by_kind(groups[trial.group], texts).items():
                results.scores[kind, trial.contestant.name] = found
        print(f"{repetition + 1}/{repetitions} {trial.group:14} {trial.contestant.name:26} {measured.seconds:7.1f} s")
    return results


def _trials(groups: dict[str, list[TrueDocument]]) -> tuple[list[Trial], list[str]]:
    """The trials that this machine can run, and why others are left out."""
    wanted = [trial for trial in TRIALS if groups.get(trial.group)]
    left_out = []
    if not OCRmyPDF.is_installed():
        wanted = [trial for trial in wanted if not isinstance(trial.contestant, OCRmyPDF)]
        left_out.append("OCRmyPDF is not installed (it needs Python 3.11): pip install '.[dev]'.")
    if not built_for_speed():
        wanted = [trial for trial in wanted if trial.contestant not in (_ON_DEBIANS, _HAND_MADE_ON_OURS)]
        left_out.append(
            "Tesseract is not built for speed, as in the image (make fast-tesseract): ours takes the installed one."
        )
    if "public" not in groups:
        left_out.append("The public scans are not there; docs/performance.md says where they come from.")
    return wanted, left_out


def _grouped(documents: Sequence[TrueDocument]) -> dict[str, list[TrueDocument]]:
    groups: dict[str, list[TrueDocument]] = defaultdict(list)
    for document in documents:
        groups[document.group].append(document)
    return dict(groups)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Speed and accuracy side by side.")
    parser.add_argument("--quick", action="store_true", help="few pages, once: to see that it works, not to quote")
    parser.add_argument("--repetitions", type=int, default=3, help="how often everything is measured (default: 3)")
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"folder for the results (default: {OUTPUT})")
    parser.add_argument("--only", metavar="GROUP", help="one group of documents: scanned, crooked, born-digital, ...")
    return parser.parse_args()


def main() -> int:
    """Make the documents, run everything, write results.json and print the tables."""
    arguments = _arguments()
    output = arguments.output.resolve()
    groups = _grouped([*generate(output / "corpus", QUICK if arguments.quick else FULL), *public_scans()])
    trials, left_out = _trials(groups)
    if arguments.only:
        groups = {name: documents for name, documents in groups.items() if name == arguments.only}
        trials = [trial for trial in trials if trial.group == arguments.only]
    for line in left_out:
        print(f"Left out: {line}", file=sys.stderr)
    try:
        results = _run_all(groups, trials, 1 if arguments.quick else arguments.repetitions, output / "work")
        if "scanned" in groups:
            results.cpu_shares = cpu_shares(groups["scanned"], [_PYTESSERACT, _TESSEROCR, _ON_DEBIANS], output / "work")
    except CommandFailed as error:
        print(f"The benchmark stopped: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(output / "work", ignore_errors=True)
    results.left_out = left_out
    content = results.as_json()
    (output / "results.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(report.tables(content))
    return 0


if __name__ == "__main__":
    sys.exit(main())
