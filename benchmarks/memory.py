"""Peak memory of the worker on a short and on a long scan: `python -m benchmarks.memory`.

The long one must not need more: pages are drawn, read and written a few at a time.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from benchmarks.contestants import Ours
from benchmarks.corpus import TrueDocument
from benchmarks.measure import Measurement, measure
from examples.pages import Layout, draw_text, prose

LAYOUT = Layout(dpi=100)
_DISTINCT = 8  # pages are drawn once and repeated: the PDF holds every one of them as an image of its own


def write_scan(path: Path, pages: int) -> None:
    """A PDF of scanned pages, without a text layer."""
    drawn = [draw_text(prose(seed, 2), LAYOUT) for seed in range(_DISTINCT)]
    first, *rest = _repeat(drawn, pages)
    first.save(path, "PDF", resolution=LAYOUT.dpi, save_all=True, append_images=rest)


def _repeat(drawn: list[Image.Image], pages: int) -> Iterator[Image.Image]:
    return (drawn[number % len(drawn)] for number in range(pages))


def measure_scan(pages: int, folder: Path) -> Measurement:
    """Run the job on one scan of so many pages."""
    folder.mkdir()
    path = folder / "scan.pdf"
    write_scan(path, pages)
    documents = [TrueDocument(path, "memory", ())]
    job = Ours("pytesseract", {})
    job.prepare(documents, folder)
    (command,) = job.commands(documents, folder)
    return measure(command)


def main() -> int:
    """Measure both scans and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, nargs=2, default=[20, 1000], metavar=("SHORT", "LONG"))
    short, long = parser.parse_args().pages
    with TemporaryDirectory() as folder:
        found = {pages: measure_scan(pages, Path(folder, str(pages))) for pages in (short, long)}
    for pages, measured in found.items():
        print(f"{pages:>6} pages  peak {measured.peak_mb:7.1f} MB  {measured.seconds / pages:6.2f} s a page")
    print(f"ratio {found[long].peak_mb / found[short].peak_mb:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
