"""What page analysis measures on pages of every kind, beside what it decides by: `python -m benchmarks.analysis`.

Where the limits in `ocr.pages.analysis` and `ocr.pages.resolution` come from: each lies between the figures of the
kinds that it tells apart. Lowest and highest figure of each kind, on the pages that `make accuracy` reads.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.accuracy import documents
from benchmarks.corpus import TrueDocument
from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.ocr import Stop
from distributed_ocr_pipeline.ocr.documents import tasks
from distributed_ocr_pipeline.ocr.documents.opening import open_source
from distributed_ocr_pipeline.ocr.documents.source import Tools
from distributed_ocr_pipeline.ocr.pages.analysis import analyse, cells_of, shade, specks
from distributed_ocr_pipeline.ocr.pages.resolution import first_dpi
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load

_HEADINGS = ("darkening", "abrupt", "specks", "their share", "ink", "quartile", "median", "skew")
_SECONDS = 600.0


@dataclass(frozen=True)
class Measures:
    """Of one page: how much its paper darkens (share of its lightest) and in which share of places abruptly; cells with
    specks, and their share of the cells without print; share of ink; text heights in pixels; skew in degrees."""

    darkening: float
    abrupt: float
    specks: float
    speck_share: float
    ink: float
    quartile: float
    median: float
    skew: float


def measures(raster: Raster) -> Measures:
    """What there is to know of a drawn page; text heights are 0 where there is hardly any text."""
    analysis = analyse(raster)
    with load(raster.path) as image:
        image.load()
    shadow, dots = shade(cells_of(image)), specks(image)
    return Measures(
        darkening=1 - shadow.dark / max(1, shadow.light),
        abrupt=shadow.abrupt / max(1, shadow.places),
        specks=dots.cells,
        speck_share=dots.cells / max(1, dots.empty),
        ink=analysis.ink,
        quartile=analysis.text_height_quartile or 0,
        median=analysis.text_height_median or 0,
        skew=analysis.skew,
    )


def measured(document: TrueDocument, tools: Tools, folder: Path) -> Iterator[tuple[str, Measures]]:
    """Kind and measures of each page, drawn as the worker first draws it."""
    source, limit = open_source(document.path, tools), TimeLimit(_SECONDS, time.monotonic() + _SECONDS)
    for survey, page in zip(source.survey(range(1, source.page_count + 1), limit), document.pages):
        raster = source.draw([survey], first_dpi(survey.scan_dpi, tools.config, False), folder, limit)[survey.number]
        if isinstance(raster, Raster):
            yield page.kind, measures(raster)


def table(found: Sequence[tuple[str, Measures]]) -> str:
    """A line for each kind of page: lowest and highest of each figure."""
    by_kind: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for kind, page in found:
        by_kind[kind].append(astuple(page))
    lines = [f"{'kind of page':24}" + "".join(f"{heading:>16}" for heading in _HEADINGS)]
    for kind, pages in by_kind.items():
        cells = (f"{min(figures):.3g} - {max(figures):.3g}" for figures in zip(*pages))
        lines.append(f"{kind:24}" + "".join(f"{cell:>16}" for cell in cells))
    return "\n".join(lines)


def main() -> int:
    """Measure all pages and print the table."""
    stop, config = Stop(), OCRConfig(text_layer="ignore")
    sandboxes = SandboxPool(tasks, Limits(seconds=_SECONDS, memory_mb=config.engine_memory_mb), stop)
    tools = Tools(config, sandboxes, stop)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wanted = documents(folder / "corpus")
        print(table([found for document in wanted for found in measured(document, tools, folder)]))
    sandboxes.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
