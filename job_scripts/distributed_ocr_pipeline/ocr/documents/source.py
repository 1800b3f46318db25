"""Documents as sequences of pages: the same three steps for every kind of file.

`survey` finds out at little cost what a page is, `draw` makes grey rasters of pages, and `layer` gives a PDF page's own
words. `pdf` and `picture` implement the protocol.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.ocr.documents import tasks
from distributed_ocr_pipeline.ocr.documents.poppler import POINTS_PER_INCH, PageSize
from distributed_ocr_pipeline.ocr.documents.text_layer import Verdict
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, TimeLimit
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word

SURVEY_PAGES = 32
"""Of a PDF, with one call of each of Poppler's programs: to start one takes as long as some pages."""

_WORTH_A_SANDBOX = 32  # looks; pikepdf takes as long to load as `pdfimages` takes for so many files
_LOOK_SECONDS = 10.0
_POPPLER_MEMORY_MB = 1024  # at least, however little the engine may have


class BareTextLook:
    """Which pages of a PDF certainly show no picture: a look into the file saves a call of `pdfimages`.

    Shared by the documents of one worker, so that one process at most has pikepdf loaded for it.
    """

    def __init__(self) -> None:
        self._asked = 0
        self._looking = threading.Lock()

    def pages(self, sandboxes: SandboxPool, path: Path, page_count: int, pages: range, seconds: float) -> set[int]:
        """Those of `pages` that certainly show no picture; none if another document is being looked at."""
        self._asked += 1
        if self._asked <= _WORTH_A_SANDBOX:
            return set()
        if not self._looking.acquire(blocking=False):  # pylint: disable=consider-using-with  # it does not wait
            return set()
        try:
            sandbox = sandboxes.within(min(seconds, _LOOK_SECONDS))
            return set(sandbox.call(tasks.find_bare_text, path=str(path), page_count=page_count, pages=list(pages)))
        except DocumentError:
            return set()
        finally:
            self._looking.release()


@dataclass(frozen=True)
class Tools:
    """What sources work with."""

    config: OCRConfig
    sandboxes: SandboxPool
    stop: Stop
    bare_text: BareTextLook = field(default_factory=BareTextLook)

    def poppler_limits(self, seconds: float) -> Limits:
        """Limits of one call of Poppler."""
        return Limits(seconds=seconds, memory_mb=max(_POPPLER_MEMORY_MB, self.config.engine_memory_mb))


@dataclass(frozen=True)
class BareScan:
    """A picture that is all of a page: its stored size in pixels, and the degrees clockwise by which it is turned."""

    width: int
    height: int
    turn: int

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels as the page shows it."""
        return (self.height, self.width) if self.turn % 180 else (self.width, self.height)


@dataclass(frozen=True)
class PageSurvey:
    """What is known of a page before it is drawn."""

    number: int
    size: PageSize | None = None  # None: a picture
    scan_dpi: int | None = None  # resolution of the picture that fills the page, if one does
    text: str = ""  # of its text layer
    verdict: Verdict = field(default=Verdict(False, ""))
    error: DocumentError | None = None
    bare_scan: BareScan | None = None  # the picture, if the page is nothing else
    may_show_more: bool = False  # than its text layer says: it has pictures, or little text

    @property
    def points(self) -> tuple[int | None, int | None]:
        """Width and height in points; None for a picture."""
        return (round(self.size.width), round(self.size.height)) if self.size else (None, None)

    def pixels(self, dpi: int, most: int) -> int:
        """Pixels (and bytes) of the page drawn at `dpi`, at most `most`; 0 for a picture (size not known yet)."""
        if self.size is None:
            return 0
        return round(min(most, self.size.width * self.size.height * (dpi / POINTS_PER_INCH) ** 2))


Rasters = Mapping[int, Raster | DocumentError]
"""By page number: the page's raster, or why there is none."""


class Source(Protocol):
    """An open document."""

    media_type: str
    page_count: int

    def survey(self, pages: range, limit: TimeLimit) -> list[PageSurvey]:
        """Find out about consecutive pages."""

    def draw(self, pages: Sequence[PageSurvey], dpi: int, folder: Path, limit: TimeLimit) -> Rasters:
        """Draw pages as rasters in `folder`."""

    def layer(self, page: PageSurvey, dpi: int, limit: TimeLimit) -> tuple[Word, ...]:
        """The words of a page's text layer, boxes at `dpi`."""
