"""Documents as sequences of pages: the same three steps for every kind of file.

`survey` finds out at little cost what a page is, `draw` makes grey rasters of pages, and `layers` gives PDF pages' own
words. `pdf` and `picture` implement the protocol.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.ocr.documents import tasks
from distributed_ocr_pipeline.ocr.documents.looks.found import PagesSeen, PlainPdf
from distributed_ocr_pipeline.ocr.documents.poppler import POINTS_PER_INCH, LayerWord, PageSize
from distributed_ocr_pipeline.ocr.documents.text_layer import Verdict
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, TimeLimit
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word

SURVEY_PAGES = 128
"""Of a PDF, with one call of each of Poppler's programs: to start one and to open a long file takes as long as ten."""

_WORTH_A_SANDBOX = 32  # documents; pikepdf takes as long to load as `pdfinfo` and `pdfimages` take for so many files
_TURN_SECONDS = 1.0  # a look takes some milliseconds; behind one that takes longer, Poppler is asked
_LOOK_SECONDS = 10.0
_LAYER_CONFIDENCE = 100.0
_Found = TypeVar("_Found")
_POPPLER_MEMORY_MB = 1024  # at least, however little the engine may have


class PlainLook:
    """A look into a PDF by pikepdf, which saves calls of `pdfinfo` and `pdfimages` where the file is plain.

    Shared by the documents of one worker, so that one process at most has pikepdf loaded for it: they take turns.
    """

    def __init__(self) -> None:
        self._opened = 0
        self._looking = threading.Lock()

    def open(self, sandboxes: SandboxPool, path: Path, seconds: float) -> PlainPdf | None:
        """What a PDF and its first pages are; None if it is not plain, or there was no look."""
        self._opened += 1
        if self._opened <= _WORTH_A_SANDBOX:
            return None
        return self._look(sandboxes, seconds, tasks.look_into, path=str(path), last=SURVEY_PAGES)

    def pages(
        self, sandboxes: SandboxPool, path: Path, page_count: int, pages: range, seconds: float
    ) -> PagesSeen | None:
        """What `pages` show; None if there was no look, or the file has not `page_count` pages as well."""
        return self._look(
            sandboxes, seconds, tasks.look_at_pages, path=str(path), page_count=page_count, pages=list(pages)
        )

    def _look(
        self, sandboxes: SandboxPool, seconds: float, look: Callable[..., _Found], **arguments: Any
    ) -> _Found | None:
        if not self._looking.acquire(timeout=_TURN_SECONDS):  # pylint: disable=consider-using-with  # "with" waits on
            return None
        try:
            return sandboxes.within(min(seconds, _LOOK_SECONDS)).call(look, **arguments)
        except DocumentError:
            return None
        finally:
            self._looking.release()


@dataclass(frozen=True)
class Tools:
    """What sources work with."""

    config: OCRConfig
    sandboxes: SandboxPool
    stop: Stop
    plain_look: PlainLook = field(default_factory=PlainLook)
    passwords: Sequence[str] = field(default=(), repr=False)  # tried on PDFs that need one
    scratch: Path | None = None  # for copies of those; None: the system's folder for temporary files

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
    may_show_more: bool = False  # than its text layer says: it has pictures, letters drawn as curves, or little text
    curved: bool = False  # it draws letters as curves
    incomplete: bool = False  # the data of a picture on it end early or are damaged
    may_be_coloured: bool = False  # as it is drawn: it has pictures in colour, or none

    @property
    def points(self) -> tuple[int | None, int | None]:
        """Width and height in points; None for a picture."""
        return (round(self.size.width), round(self.size.height)) if self.size else (None, None)

    def pixels(self, dpi: int, most: int) -> int:
        """Pixels (and bytes) of the page drawn at `dpi`, at most `most`; 0 for a picture (size not known yet)."""
        if self.size is None:
            return 0
        return round(min(most, self.size.width * self.size.height * (dpi / POINTS_PER_INCH) ** 2))


@dataclass(frozen=True)
class Layer:
    """The words of a page's text layer."""

    words: Sequence[LayerWord]

    def at(self, dpi: int) -> tuple[Word, ...]:
        """The words with boxes in pixels of the page drawn at `dpi`."""
        scale = dpi / POINTS_PER_INCH
        return tuple(
            Word(
                word.text,
                round(word.left * scale),
                round(word.top * scale),
                round(word.width * scale),
                round(word.height * scale),
                _LAYER_CONFIDENCE,
                word.line,
            )
            for word in self.words
        )


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

    def layers(self, pages: range, limit: TimeLimit) -> Mapping[int, Layer]:
        """The text layers of consecutive pages by page number; one that cannot be read is left out."""
