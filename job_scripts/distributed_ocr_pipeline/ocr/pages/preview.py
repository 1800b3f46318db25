"""Pages as small pictures to look at, drawn from a document again and turned as they were read."""

import io
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents import tasks
from distributed_ocr_pipeline.ocr.documents.opening import open_source
from distributed_ocr_pipeline.ocr.documents.poppler import POINTS_PER_INCH
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey, Source, Tools
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, TimeLimit
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, Transform, apply, load
from distributed_ocr_pipeline.wording import count_of

_KEPT_FORMATS = ("JPEG", "WEBP")  # of page images
_QUALITY = 70
_LOWEST_DPI = 10
_PAGE_SECONDS = 60
_CONFIG = OCRConfig(text_layer="ignore", page_timeout_seconds=_PAGE_SECONDS)


def draw_pages(path: Path, turns: Mapping[int, float], max_side: int) -> dict[int, bytes | DocumentError]:
    """JPEG pictures of some pages of a document, by page number, or why there is none.

    Args:
        path: The document.
        turns: By page number from 1, the degrees clockwise by which the page was turned to be read.
        max_side: Of a picture, in pixels; one that is turned by less than a quarter may be a little larger.

    Raises:
        DocumentError: The document cannot be opened.
    """
    with _tools() as tools, TemporaryDirectory(prefix="preview-") as folder:
        source = open_source(path, tools)
        return {page: _draw(source, page, turn, max_side, Path(folder)) for page, turn in turns.items()}


def shrink_page_image(content: bytes, max_side: int) -> bytes:
    """A page image that was kept, as a JPEG picture whose sides have at most `max_side` pixels.

    Raises:
        DocumentError: It cannot be read.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_KEPT_FORMATS) as image:
            return _as_jpeg(image, max_side, 0.0)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise DocumentError(ErrorClass.CORRUPT, f"The page image cannot be read: {error}.") from error


@contextmanager
def _tools() -> Iterator[Tools]:
    stop = Stop()
    sandboxes = SandboxPool(tasks, Limits(seconds=_PAGE_SECONDS, memory_mb=_CONFIG.engine_memory_mb), stop)
    try:
        yield Tools(_CONFIG, sandboxes, stop)
    finally:
        sandboxes.close()


def _draw(source: Source, page: int, turn: float, max_side: int, folder: Path) -> bytes | DocumentError:
    limit = TimeLimit(_PAGE_SECONDS, time.monotonic() + 2 * _PAGE_SECONDS)
    try:
        if not 1 <= page <= source.page_count:
            raise DocumentError(ErrorClass.CHANGED, f"The document has {count_of(source.page_count, 'page')} now.")
        (survey,) = source.survey(range(page, page + 1), limit)
        drawn = survey.error or source.draw([survey], _dpi(survey, max_side), folder, limit)[page]
        return drawn if isinstance(drawn, DocumentError) else _picture(drawn, max_side, turn)
    except DocumentError as error:
        return error


def _dpi(survey: PageSurvey, max_side: int) -> int:
    """At which a page of a PDF has the wanted size; pictures have a size of their own."""
    if survey.size is None:
        return _CONFIG.dpi
    longer = max(survey.size.width, survey.size.height, 1.0)
    return max(_LOWEST_DPI, math.ceil(max_side * POINTS_PER_INCH / longer))


def _picture(raster: Raster, max_side: int, turn: float) -> bytes:
    with load(raster.path) as image:
        picture = _as_jpeg(image, max_side, turn)
    raster.path.unlink(missing_ok=True)
    return picture


def _as_jpeg(image: Image.Image, max_side: int, turn: float) -> bytes:
    grey = image.convert("L")
    grey.thumbnail((max_side, max_side))
    content = io.BytesIO()
    apply(grey, _transform(turn)).save(content, format="JPEG", quality=_QUALITY, optimize=True)
    return content.getvalue()


def _transform(turn: float) -> Transform:
    """What turns a page clockwise: a quarter turn and the little that is left (see `Transform.clockwise`)."""
    quarters = round(turn / 90)
    return Transform(quarter=quarters * 90 % 360, skew=quarters * 90 - turn)
