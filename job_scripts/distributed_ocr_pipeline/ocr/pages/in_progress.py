"""What page work needs, and a page on its way from its survey to its result."""

from dataclasses import dataclass, replace
from pathlib import Path

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey
from distributed_ocr_pipeline.ocr.engines.engines import Engine
from distributed_ocr_pipeline.ocr.engines.recognition import Outcome
from distributed_ocr_pipeline.ocr.pages.analysis import PageAnalysis
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, Transform


@dataclass(frozen=True)
class PageContext:
    """What page work needs. `images` is None where no page images are wanted, `second` where no second opinion is."""

    config: OCRConfig
    engine: Engine
    scratch: Path
    images: Path | None
    stop: Stop
    second: Engine | None = None


@dataclass(frozen=True)
class PageInProgress:
    """A drawn page on its way; each step returns a new one."""

    survey: PageSurvey
    raster: Raster  # as drawn: the page image, and what boxes refer to
    analysis: PageAnalysis
    finest: Raster  # what is read is made from this: the same, or drawn finer
    prepared: Raster  # what is read
    transform: Transform = Transform()  # from `finest` to `prepared`
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    outcome: Outcome | None = None  # None: not read
    segmentation: int | None = None  # Tesseract's mode of page segmentation; None: its own
    doubtful: bool = False  # whatever the confidence: so much stood outside of the layout that more may have been lost

    @property
    def undrawable(self) -> DocumentError | None:
        """Why an empty page is not a blank one: Poppler could draw nothing of it."""
        if self.analysis.blank and (self.raster.fault or self.survey.incomplete):
            fault = self.raster.fault or "The data of its picture end early or are damaged."
            return DocumentError(ErrorClass.CORRUPT, f"Nothing could be drawn. {fault}")
        return None

    @property
    def scale(self) -> float:
        """From pixels of `prepared` to pixels of the page image."""
        return self.raster.width / self.finest.width / self.transform.scale

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the page as it was read, in pixels of the page image."""
        if self.transform.skew == 0 and self.transform.quarter in (0, 180):
            return self.raster.width, self.raster.height
        return round(self.prepared.width * self.scale), round(self.prepared.height * self.scale)

    def after(self, seconds: float, *notes: str) -> "PageInProgress":
        """The page after so much more time, with more notes."""
        return replace(self, seconds=self.seconds + seconds, notes=(*self.notes, *notes))
