"""How near estimates come: pages and CPU seconds that a plan expects, beside those that reading the documents takes.

    python -m benchmarks.estimates
    python -m benchmarks.estimates --documents 400 --read 20

Five corpora are generated, each of more documents than a plan looks into. `OCR_BENCH_FOLDERS` names folders of other
documents, parted by colons, which join in. CPU is measured on a part of each corpus, which is estimated by itself.

The figures file has CPU seconds of a vCPU of speed 1. How fast this machine is, tell pages of clean print (the group
`scanned` of benchmarks/corpus.py), of which one takes `CLEAN_SECONDS` at speed 1; the estimates are divided by it.
What a job and its sandboxes take to start is measured by itself and left out on both sides: some tenths of a second,
and more or less from one job to the next. So as many documents are read as make some seconds of work; of less nothing
is said.
"""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not
import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from PIL import Image

from benchmarks.corpus import pages_of, scanned_pages, text_pages
from distributed_ocr_pipeline.config import OCRConfig, RunOptions
from distributed_ocr_pipeline.ocr import Stop, process_documents
from distributed_ocr_pipeline.planning.sources import folder_source
from distributed_ocr_pipeline.records import Document, DocumentResult
from distributed_ocr_pipeline.run.metrics import Stopwatch
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.planning import plan_source
from examples import pages
from examples.pages import Layout, draw_text, prose
from examples.pdf import Pdf

_BESIDE_THE_PROJECT = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "hostile"
_A4 = Layout()
CLEAN_SECONDS = 0.6  # a scanned page of clean print at speed 1
_DISTINCT = 6  # scans are drawn once and repeated
_MOST_PAGES = 15
_GREY = 70  # JPEG quality
_LEAST_SECONDS = 4.0  # of work, by the estimate, are read
_TOO_FEW_SECONDS = 1.0  # of which the start is a third


@dataclass(frozen=True)
class Machine:
    """What reading takes here, in CPU seconds."""

    start: float  # of a job and its sandboxes
    document: float
    text_page: float
    scanned_page: float
    specks: float  # what they add to a page
    megapixel: float  # what a million pixels more add

    @property
    def speed(self) -> float:
        """Of a vCPU here, where that of the figures file has 1."""
        return CLEAN_SECONDS / self.scanned_page

    def lines(self) -> Iterator[str]:
        """As Markdown: what was measured, and what that makes on a vCPU of speed 1."""
        yield f"Speed of this machine: {self.speed:.2f}. A job and its sandboxes take {self.start:.2f} s to start.\n"
        yield "| CPU seconds | here | at speed 1 |\n|---|---|---|"
        for name, seconds in (("a document", self.document), ("a page with text", self.text_page)):
            yield f"| {name} | {seconds:.4f} | {seconds * self.speed:.4f} |"
        yield f"| a scanned page | {self.scanned_page:.3f} | {self.scanned_page * self.speed:.3f} |"
        yield f"| specks, more | {self.specks:.3f} | {self.specks * self.speed:.3f} |"
        yield f"| a million pixels more | {self.megapixel:.4f} | {self.megapixel * self.speed:.4f} |\n"


@dataclass(frozen=True)
class Found:
    """Of one corpus: what was expected and what there is."""

    name: str
    documents: int
    pages_expected: float
    pages: int
    read: int  # documents whose CPU was measured
    cpu_expected: float  # seconds
    cpu: float  # without the start of the job

    def row(self, machine: Machine) -> str:
        """As Markdown."""
        expected = self.cpu_expected / machine.speed
        pages_share, cpu_share = (
            f"{share - 1:+.0%}" for share in (self.pages_expected / self.pages, expected / self.cpu)
        )
        cpu_share = cpu_share if self.cpu >= _TOO_FEW_SECONDS else "too little"
        return (
            f"| {self.name} | {self.documents} | {self.pages} | {self.pages_expected:.0f} | {pages_share} "
            f"| {self.read} | {self.cpu:.2f} | {expected:.2f} | {cpu_share} |"
        )


class Writer:
    """Writes documents of a random number of pages; the same seed gives the same files."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._scans = [draw_text(prose(seed, 32), _A4) for seed in range(_DISTINCT)]
        self._noisy = [pages.noisy(image, number) for number, image in enumerate(self._scans)]

    def black_and_white_scan(self, folder: Path, name: str) -> int:
        """A PDF of bitonal scans."""
        return self._pdf(folder, name, lambda pdf: pdf.add_scan(self._random.choice(self._scans), _A4))

    def grey_scan(self, folder: Path, name: str) -> int:
        """A PDF of noisy JPEGs."""
        return self._pdf(folder, name, lambda pdf: pdf.add_scan(self._random.choice(self._noisy), _A4, _GREY))

    def born_digital(self, folder: Path, name: str) -> int:
        """A PDF with text of its own."""
        return self._pdf(folder, name, self._add_text)

    def mixed(self, folder: Path, name: str) -> int:
        """A PDF of either kind of page."""

        def add(pdf: Pdf) -> None:
            if self._random.random() < 0.5:
                self._add_text(pdf)
            else:
                pdf.add_scan(self._random.choice(self._scans), _A4)

        return self._pdf(folder, name, add)

    def picture(self, folder: Path, name: str) -> int:
        """A PNG of one page, or a TIFF of several."""
        count = self._pages()
        first, *others = [self._random.choice(self._scans).convert("1") for _ in range(count)]
        if others:
            first.save(
                folder / f"{name}.tif", save_all=True, append_images=others, compression="group4", dpi=(300, 300)
            )
        else:
            first.save(folder / f"{name}.png", dpi=(300, 300))
        return count

    def _add_text(self, pdf: Pdf) -> None:
        pdf.add_text(prose(self._random.randrange(1000), self._random.randint(8, 32)), _A4)

    def _pages(self) -> int:
        return max(1, min(_MOST_PAGES, round(self._random.lognormvariate(0.8, 0.8))))

    def _pdf(self, folder: Path, name: str, add: Callable[[Pdf], None]) -> int:
        pdf, count = Pdf(), self._pages()
        for _ in range(count):
            add(pdf)
        (folder / f"{name}.pdf").write_bytes(pdf.bytes())
        return count


def generated(folder: Path, documents: int, read: int, machine: Machine) -> Iterator[Found]:
    """Estimate and measure the generated corpora."""
    writer = Writer(seed=1)
    write: dict[str, Callable[[Path, str], int]] = {
        "scans, black and white": writer.black_and_white_scan,
        "scans, grey": writer.grey_scan,
        "born-digital": writer.born_digital,
        "mixed": writer.mixed,
        "pictures": writer.picture,
    }
    for name, write_one in write.items():
        place, part = folder / name / "all", folder / name / "part"
        place.mkdir(parents=True)
        part.mkdir()
        true = sum(write_one(place, f"{number:05d}") for number in range(documents))
        plan = estimated(place)
        for path in sorted(place.iterdir())[: max(read, _enough(plan, machine))]:
            (part / path.name).hardlink_to(path)
        yield _compare(name, plan, true, part, machine)


def given(folders: Sequence[Path], machine: Machine) -> Iterator[Found]:
    """The same for documents that somebody has."""
    for folder in (one for one in folders if one.is_dir()):
        yield _compare(folder.name, estimated(folder), None, folder, machine)


_SPECKLED_PAGES = 6
_LARGE, _LARGE_PAGES = 3, 3  # three times as wide and high: nearly the most that a page is drawn with
_DOCUMENTS, _PAGES = (40, 120), (400, 800)  # of text, few and many; a page is 1 to 3 ms, a document 20


def measure_machine(folder: Path) -> Machine:
    """Read documents of text, few and many, short and long, and the scanned pages that the figures are of."""

    def seconds(name: str, sizes: Sequence[int]) -> float:
        place = folder / name
        place.mkdir()
        for number, size in enumerate(sizes):
            text_pages(place, str(number), size)
        return measured(place)[1]

    seconds("to warm up", [1])
    few, many = (seconds(f"{count} documents", [1] * count) for count in _DOCUMENTS)
    short, long = (seconds(f"{count} pages", [count]) for count in _PAGES)
    (folder / "scans").mkdir()
    scans = scanned_pages(folder / "scans")
    text_page = max(0.0, long - short) / (_PAGES[1] - _PAGES[0])
    document = (many - few) / (_DOCUMENTS[1] - _DOCUMENTS[0]) - text_page
    start = max(0.0, few - _DOCUMENTS[0] * (document + text_page))
    scanned_page = (measured(folder / "scans")[1] - start - document) / len(scans.pages)
    return Machine(start, document, text_page, scanned_page, _specks(folder), _megapixel(folder))


def _specks(folder: Path) -> float:
    """CPU seconds of a page with specks, less those of one without."""
    seconds = {}
    for kind in ("clean", "noisy"):
        (folder / kind).mkdir()
        pages_of(folder / kind, kind, _SPECKLED_PAGES)
        seconds[kind] = measured(folder / kind)[1]
    return (seconds["noisy"] - seconds["clean"]) / _SPECKLED_PAGES


def _megapixel(folder: Path) -> float:
    """CPU seconds for a million pixels more, on pages that have the same text in the corner of a larger sheet."""
    text, seconds = draw_text(prose(1, 32), _A4), {}
    for times in (1, _LARGE):
        sheet = Image.new("L", (text.width * times, text.height * times), 255)
        sheet.paste(text)
        place = folder / f"sheets {times}"
        place.mkdir()
        for number in range(_LARGE_PAGES):
            sheet.convert("1").save(place / f"{number}.pdf", resolution=300)
        seconds[times] = measured(place)[1] / _LARGE_PAGES
    return (seconds[_LARGE] - seconds[1]) / (text.width * text.height * (_LARGE**2 - 1) / 1e6)


def _enough(plan: Plan, machine: Machine) -> int:
    """Documents that make some seconds of work here."""
    return ceil(_LEAST_SECONDS * machine.speed * plan.documents / plan.cpu_seconds.expected)


def _compare(name: str, plan: Plan, true_pages: int | None, part: Path, machine: Machine) -> Found:
    plan_of_part = estimated(part)
    read_pages, cpu = measured(part)
    return Found(
        name=name,
        documents=plan.documents,
        pages_expected=plan.pages.expected,
        pages=read_pages if true_pages is None else true_pages,
        read=plan_of_part.documents,
        cpu_expected=plan_of_part.cpu_seconds.expected,
        cpu=max(0.01, cpu - machine.start),
    )


def estimated(folder: Path) -> Plan:
    """What a plan expects of a folder."""
    with TemporaryDirectory() as scratch:
        return plan_source(folder_source(folder), RunOptions(input_prefix="s3://local-folder/"), Path(scratch))


def measured(folder: Path) -> tuple[int, float]:
    """Pages of the documents in a folder, and CPU seconds to read them."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    sources = [(Document(str(n), str(path), path.name, "", path.stat().st_size), path) for n, path in enumerate(paths)]
    with TemporaryDirectory() as scratch:
        watch = Stopwatch()
        items = process_documents(sources, OCRConfig(), scratch=Path(scratch), images=None, stop=Stop())
        count = sum(item.page_count for item in items if isinstance(item, DocumentResult))
        return count, watch.cpu_seconds


def table(found: Sequence[Found], machine: Machine) -> Iterator[str]:
    """All corpora as Markdown."""
    names = "corpus", "documents", "pages", "expected", "", "read", "CPU s", "expected", ""
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    yield from (item.row(machine) for item in found)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=400, help="in each generated corpus (default: 400)")
    parser.add_argument(
        "--read", type=int, default=40, help="of them are read, or more where that is little work (default: 40)"
    )
    chosen = parser.parse_args()
    with TemporaryDirectory() as name:
        (Path(name) / "reference").mkdir()
        machine = measure_machine(Path(name) / "reference")
        print("\n".join(machine.lines()), flush=True)
        found = list(generated(Path(name), chosen.documents, chosen.read, machine))
        named = os.environ.get("OCR_BENCH_FOLDERS") or str(_BESIDE_THE_PROJECT)
        found += given([Path(folder) for folder in named.split(os.pathsep)], machine)
    print("\n".join(table(found, machine)))


if __name__ == "__main__":
    main()
