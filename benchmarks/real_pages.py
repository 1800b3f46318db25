"""How right the text of real pages is, by set: plain Tesseract, ours and OCRmyPDF on scans that others typed out.

    python -m benchmarks.real_pages [--sets ehri-eng,argus-fra] [--pages 5] [--ocrmypdf] [--neural] [--each]

The pages lie in a folder with an `index.json` that names the picture, the truth and the language of each; it is
`OCR_REAL_PAGES` or beside the project, and no part of it. CER and WER follow the order of the truth. Recall and
precision of words do not: both texts are bags of words. Exits with 1 if ours is worse than plain Tesseract by more than
`MAX_LOSS_OF_SET` of CER on a set, or `MAX_LOSS_OF_PAGE` on a page that `EXPLAINED` does not name.
"""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not

import argparse
import json
import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contestants import Contestant, HandMade, OCRmyPDF, Ours
from benchmarks.corpus import TrueDocument, TruePage
from benchmarks.measure import CommandFailed, measure
from benchmarks.scoring import Score, score
from distributed_ocr_pipeline.config import NEURAL_LANGUAGES
from distributed_ocr_pipeline.errors import MissingTool
from distributed_ocr_pipeline.ocr.engines.tesseract import installed_languages
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop

MAX_LOSS_OF_SET = 0.003
MAX_LOSS_OF_PAGE = 0.02
EXPLAINED: dict[str, str] = {
    "typewriter-fra/_et_Marie_Curie_Papiers__..._Curie_Pierre_btv1b90802629_10": (
        "corrected by hand between the lines: more words are found, in another order"
    ),
    "typewriter-fra/9200519_ark__12148_btv1b10010130k": (
        "place and telephone of its printed letterhead are read, which the truth omits"
    ),
    "ocrd-frk/laube_europa0202_1837_0105": "a faint line of the library that scanned it is read, which the truth omits",
}
"""Pages (`set/id`) on which ours may be worse than plain Tesseract, and why."""

_BESIDE_THE_PROJECT = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "real"
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e17", "-"),
        **dict.fromkeys("\u00a6\u2502", "|"),
    }
)
_LEADERS = re.compile(r"(?:[.\u00b7_] ?){3,}")
_OUTER_PUNCTUATION = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True)
class RealPage:
    """A picture of a page, the text on it, and the model that reads its language."""

    group: str
    name: str
    picture: Path
    truth: Path
    language: str

    @property
    def label(self) -> str:
        """As in `EXPLAINED`."""
        return f"{self.group}/{self.name}"

    @property
    def document(self) -> TrueDocument:
        """The page as contestants take it."""
        return TrueDocument(self.picture, self.group, (TruePage(self.group, self.truth.read_text(encoding="utf-8")),))


@dataclass(frozen=True)
class Figures:
    """Errors of a text in reading order, and its words without order: right ones, and all of both sides."""

    ordered: Score = field(default_factory=Score)
    right: int = 0
    wanted: int = 0
    got: int = 0

    @property
    def recall(self) -> float:
        """Share of the words of the truth that were read."""
        return self.right / self.wanted if self.wanted else 1.0

    @property
    def precision(self) -> float:
        """Share of the words read that are in the truth."""
        return self.right / self.got if self.got else 1.0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.ordered + other.ordered, self.right + other.right, self.wanted + other.wanted, self.got + other.got
        )


@dataclass(frozen=True)
class Reading:
    """What a contestant made of the pages of a set: figures of each page by its label, and CPU seconds a page."""

    pages: Mapping[str, Figures]
    cpu_seconds: float

    @property
    def whole(self) -> Figures:
        """All pages as if they were one."""
        return sum(self.pages.values(), Figures())


def real_pages(folder: Path | None = None) -> list[RealPage]:
    """The pages of the folder; none if it is not there. Raises `KeyError` or `ValueError` if its index is no index."""
    folder = folder or Path(os.environ.get("OCR_REAL_PAGES") or _BESIDE_THE_PROJECT)
    index = folder / "index.json"
    entries = json.loads(index.read_text(encoding="utf-8")) if index.is_file() else []
    return [
        RealPage(one["set"], one["id"], folder / one["file"], folder / one["truth"], one["language"]) for one in entries
    ]


def plain(text: str) -> str:
    """Quotes, dashes, long s, bars, leaders and white space made alike (Unicode NFKC)."""
    alike = unicodedata.normalize("NFKC", text.translate(_ALIKE)).translate(_ALIKE)
    return " ".join(_LEADERS.sub("... ", alike).split())


def figures(text: str, truth: str) -> Figures:
    """Compare the text of one page to the truth."""
    got, wanted = _words(plain(text)), _words(plain(truth))
    return Figures(score(plain(text), plain(truth)), (got & wanted).total(), wanted.total(), got.total())


def _words(text: str) -> Counter[str]:
    """Words and how often each occurs, case folded, without outer punctuation."""
    return Counter(filter(None, (_OUTER_PUNCTUATION.sub("", word) for word in text.casefold().split())))


def read(contestant: Contestant, pages: Sequence[RealPage], folder: Path) -> Reading:
    """Let a contestant read pages. Raises `CommandFailed`."""
    folder.mkdir(parents=True)
    documents = [page.document for page in pages]
    contestant.prepare(documents, folder)
    seconds = sum(measure(command).cpu_seconds for command in contestant.commands(documents, folder))
    texts = contestant.texts(documents, folder)
    found = {
        page.label: figures("\n".join(texts[page.picture.name]), document.pages[0].text)
        for page, document in zip(pages, documents)
    }
    return Reading(found, seconds / len(pages))


def contestants(language: str, with_ocrmypdf: bool, with_neural: bool = False) -> list[Contestant]:
    """Plain Tesseract, ours, and what else is wanted, for documents in a language.

    The neural engine is left out where it does not know the language.
    """
    found: list[Contestant] = [HandMade("plain", languages=language), Ours("ours", {"languages": language})]
    if with_ocrmypdf:
        options = ["--force-ocr", "--rotate-pages", "--deskew", "--image-dpi", "300", "-l", language]
        found.append(OCRmyPDF("ocrmypdf", options))
    if with_neural and NEURAL_LANGUAGES.issuperset(language.split("+")):
        found.append(Ours("neural", {"languages": language, "engine": "rapidocr"}))
        found += [
            Ours(f"second opinion, {which}", {"languages": language, "second_opinion": which})
            for which in ("doubtful", "always")
        ]
    return found


def losses(readings: Mapping[str, Mapping[str, Reading]]) -> list[str]:
    """Where ours is worse than plain Tesseract by more than is allowed; a line each. Readings by set and contestant."""
    found = []
    for group, by_name in readings.items():
        before, after = by_name["plain"], by_name["ours"]
        lost = after.whole.ordered.cer - before.whole.ordered.cer
        if lost > MAX_LOSS_OF_SET:
            found.append(f"{group}: CER is {lost:.1%} above plain Tesseract's")
        for label, page in after.pages.items():
            lost = page.ordered.cer - before.pages[label].ordered.cer
            if lost > MAX_LOSS_OF_PAGE and label not in EXPLAINED:
                found.append(f"{label}: CER is {lost:.1%} above plain Tesseract's")
    return found


def table(readings: Mapping[str, Mapping[str, Reading]]) -> str:
    """A line per set and contestant, as in docs/accuracy.md."""
    heads = ("set", "pages", "reader", "CER", "WER", "recall", "precision", "CPU s a page")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    totals: dict[str, list[Reading]] = {}
    for group, by_name in readings.items():
        for name, reading in by_name.items():
            lines.append(_line(group, name, reading))
            totals.setdefault(name, []).append(reading)
    return "\n".join([*lines, *(_line("all", name, _together(of_sets)) for name, of_sets in totals.items())])


def _together(readings: Sequence[Reading]) -> Reading:
    pages = {label: page for reading in readings for label, page in reading.pages.items()}
    return Reading(pages, sum(one.cpu_seconds * len(one.pages) for one in readings) / max(1, len(pages)))


def _line(group: str, name: str, reading: Reading) -> str:
    whole = reading.whole
    shares = (whole.ordered.cer, whole.ordered.wer, whole.recall, whole.precision)
    percent = " | ".join(f"{100 * share:.1f}" for share in shares)
    return f"| {group} | {len(reading.pages)} | {name} | {percent} | {reading.cpu_seconds:.1f} |"


def each_page(readings: Mapping[str, Mapping[str, Reading]]) -> str:
    """A line per page: CER and recall of every contestant."""
    lines = []
    for by_name in readings.values():
        for label in by_name["plain"].pages:
            cells = (f"{name} {_of_page(reading.pages[label])}" for name, reading in by_name.items())
            lines.append(f"{label[:60]:60} " + "   ".join(cells) + f"  {EXPLAINED.get(label, '')}")
    return "\n".join(lines)


def _of_page(page: Figures) -> str:
    return f"{100 * page.ordered.cer:5.1f}/{100 * page.recall:5.1f}"


def all_readings(
    pages: Sequence[RealPage], with_ocrmypdf: bool, folder: Path, with_neural: bool = False
) -> dict[str, dict[str, Reading]]:
    """By set and contestant. A set whose language is not installed is left out, and said so."""
    installed = installed_languages(Stop())
    found: dict[str, dict[str, Reading]] = {}
    for group in dict.fromkeys(page.group for page in pages):
        members = [page for page in pages if page.group == group]
        language = members[0].language
        if not set(language.split("+")) <= set(installed):
            print(f"{group}: not read, since Tesseract has no language {language} here.")
            continue
        print(f"reading {len(members)} pages of {group}", file=sys.stderr)
        found[group] = {
            one.name: read(one, members, folder / group / one.name)
            for one in contestants(language, with_ocrmypdf, with_neural)
        }
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_pages", description="The text of real pages.")
    parser.add_argument("--sets", help="only these, separated by commas")
    parser.add_argument("--pages", type=int, help="only so many of each set")
    parser.add_argument("--ocrmypdf", action="store_true", help="OCRmyPDF too, if it is installed")
    parser.add_argument("--neural", action="store_true", help="the neural engine too, alone and as second opinion")
    parser.add_argument("--each", action="store_true", help="print a line for each page")
    return parser.parse_args()


def chosen(pages: Sequence[RealPage], sets: str | None, most: int | None) -> list[RealPage]:
    """The pages of these sets (all if None), at most so many of each."""
    wanted = [page for page in pages if not sets or page.group in sets.split(",")]
    seen: Counter[str] = Counter()
    kept = []
    for page in wanted:
        seen[page.group] += 1
        if most is None or seen[page.group] <= most:
            kept.append(page)
    return kept


def main() -> int:
    """Read the real pages that are here, and compare."""
    arguments = _arguments()
    every_page = real_pages()
    pages = chosen(every_page, arguments.sets, arguments.pages)
    if every_page and not pages:
        print(
            f"No pages are chosen; the sets are {', '.join(dict.fromkeys(page.group for page in every_page))}.",
            file=sys.stderr,
        )
        return 1
    if not pages:
        print("No real pages are here; OCR_REAL_PAGES names their folder (docs/accuracy.md says what is in it).")
        return 0
    try:
        with TemporaryDirectory() as scratch:
            ocrmypdf = arguments.ocrmypdf and OCRmyPDF.is_installed()
            readings = all_readings(pages, ocrmypdf, Path(scratch), arguments.neural)
    except (CommandFailed, MissingTool) as error:
        print(f"The run stopped: {error}", file=sys.stderr)
        return 1
    print(f"{each_page(readings)}\n" if arguments.each else "", end="")
    print(table(readings))
    found = losses(readings)
    print("".join(f"\n{line}" for line in found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
