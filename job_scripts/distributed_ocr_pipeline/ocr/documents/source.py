"""Documents as sequences of pages: one class for PDF, one for pictures, the same three steps for both.

`survey` finds out cheaply what a page is, `draw` makes grey rasters of pages, and `layer` gives a PDF page's own words.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents import media_type as media
from distributed_ocr_pipeline.ocr.documents import poppler, text_layer
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, TimeLimit
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.ocr.rasters import raster as images
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word

_PDF_TOOL_MEMORY_MB = 1024
_ASSUMED_SIZE = poppler.PageSize(612.0, 792.0)
_MIN_SCAN_PPI = 60  # text in a coarser picture is not readable
_LAYER_CONFIDENCE = 100.0


@dataclass(frozen=True)
class Tools:
    """What sources work with."""

    config: OCRConfig
    sandboxes: SandboxPool
    stop: Stop


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
    size: poppler.PageSize | None = None  # None: a picture
    scan_dpi: int | None = None  # resolution of the picture that fills the page, if one does
    text: str = ""  # of its text layer
    verdict: text_layer.Verdict = field(default=text_layer.Verdict(False, ""))
    error: DocumentError | None = None
    bare_scan: BareScan | None = None  # the picture, if the page is nothing else

    @property
    def points(self) -> tuple[int | None, int | None]:
        """Width and height in points; None for a picture."""
        return (round(self.size.width), round(self.size.height)) if self.size else (None, None)

    def pixels(self, dpi: int, most: int) -> int:
        """Pixels (and bytes) of the page drawn at `dpi`, at most `most`; 0 for a picture (size not known yet)."""
        if self.size is None:
            return 0
        return round(min(most, self.size.width * self.size.height * (dpi / poppler.POINTS_PER_INCH) ** 2))


Drawn = Mapping[int, Raster | DocumentError]
"""By page number: the page's raster, or why there is none."""


class Source(Protocol):
    """An open document."""

    media_type: str
    page_count: int

    def survey(self, pages: range, limit: TimeLimit) -> list[PageSurvey]:
        """Find out about consecutive pages."""

    def draw(self, pages: Sequence[PageSurvey], dpi: int, folder: Path, limit: TimeLimit) -> Drawn:
        """Draw pages as rasters in `folder`."""

    def layer(self, page: PageSurvey, dpi: int, limit: TimeLimit) -> tuple[Word, ...]:
        """The words of a page's text layer, boxes at `dpi`."""


def open_source(path: Path, tools: Tools) -> Source:
    """Open a document. Raises `DocumentError` (see `media.media_type`, `poppler.page_count`, `images.describe`)."""
    path = path.absolute()  # a name that begins with a dash is not an option
    kind = media.media_type(path, tools.config.max_document_mb)
    return PdfSource(path, tools) if kind == media.PDF else PictureSource(path, kind, tools)


class PdfSource:
    """A PDF."""

    media_type = media.PDF

    def __init__(self, path: Path, tools: Tools) -> None:
        self._path = path
        self._tools = tools
        self.page_count = poppler.page_count(path, self._limits(tools.config.page_timeout_seconds), tools.stop)

    def survey(self, pages: range, limit: TimeLimit) -> list[PageSurvey]:
        """Sizes, pictures and text layers of consecutive pages."""
        stop = self._tools.stop
        sizes = poppler.page_sizes(self._path, pages, self._limits(limit.seconds()), stop)
        try:
            placed = poppler.placed_images(self._path, pages, self._limits(limit.seconds()), stop)
        except DocumentError:  # only a hint; the page itself may still be drawn
            placed = {}
        texts = self._texts(pages, limit)
        surveys = [_survey_of(page, sizes.get(page), placed.get(page, []), texts[page]) for page in pages]
        to_read = {survey.number for survey in surveys if not survey.verdict.trusted}
        bare = self._bare_scans({page: images for page, images in placed.items() if page in to_read}, limit)
        return [replace(survey, bare_scan=bare.get(survey.number)) for survey in surveys]

    def draw(self, pages: Sequence[PageSurvey], dpi: int, folder: Path, limit: TimeLimit) -> Drawn:
        """Take out bare scans and draw all other pages, neighbours of the same resolution with one call."""
        most = self._tools.config.max_page_pixels
        rasters: dict[int, Raster | DocumentError] = {}
        bare = [page for page in pages if _scan_size(page, _page_dpi(page, dpi, most)[0], most)]
        for group, group_dpi, note in self._groups(bare, dpi):
            scans = [page for page in bare if page.number in group]
            rasters |= self._extract_images(scans, group_dpi, note, folder, limit)
        for group, group_dpi, note in self._groups([page for page in pages if page.number not in rasters], dpi):
            rasters |= self._draw_group(group, group_dpi, note, folder, limit)
        return rasters

    def layer(self, page: PageSurvey, dpi: int, limit: TimeLimit) -> tuple[Word, ...]:
        """The words of a page's text layer, boxes at `dpi`."""
        words = poppler.layer_words(self._path, page.number, self._limits(limit.seconds()), self._tools.stop)
        scale = dpi / poppler.POINTS_PER_INCH
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
            for word in words
        )

    def _bare_scans(self, placed: Mapping[int, Sequence[poppler.PlacedImage]], limit: TimeLimit) -> dict[int, BareScan]:
        """Pages that are nothing but a scan; none if that cannot be found out."""
        only = {page: pictures[0] for page, pictures in placed.items() if _may_be_bare(pictures)}
        if not only:
            return {}
        try:
            arguments = {"path": str(self._path), "pages": list(only)}
            found = self._tools.sandboxes.call("bare_scans", arguments, limit.seconds(), self._tools.stop)
        except DocumentError:
            return {}
        return {page: BareScan(only[page].width, only[page].height, turn) for page, turn in found}

    def _extract_images(
        self, pages: Sequence[PageSurvey], dpi: int, note: str, folder: Path, limit: TimeLimit
    ) -> dict[int, Raster]:
        """Rasters of neighbouring bare scans; those at which anything is wrong are left out, to be drawn."""
        numbers, rasters = range(pages[0].number, pages[-1].number + 1), dict[int, Raster]()
        stop = self._tools.stop
        try:
            limits = self._limits(limit.seconds(len(pages)))
            files, fault = poppler.extract_images(self._path, numbers, folder=folder, limits=limits, stop=stop)
            for page in () if fault else pages:
                rasters[page.number] = self._made_smaller(page, files[page.number], dpi, note, limit)
        except (DocumentError, KeyError):
            pass
        for left in folder.glob("taken-*"):
            left.unlink()
        return rasters

    def _made_smaller(self, page: PageSurvey, file: Path, dpi: int, note: str, limit: TimeLimit) -> Raster:
        scan = page.bare_scan
        size = _scan_size(page, dpi, self._tools.config.max_page_pixels)
        assert scan is not None and size is not None
        target = file.with_name(f"page-{page.number}-{dpi}.tif")
        arguments = {
            "path": str(file),
            "stored": (scan.width, scan.height),
            "turn": scan.turn,
            "size": size,
            "target": str(target),
        }
        self._tools.sandboxes.call("rasterise_scan", arguments, limit.seconds(), self._tools.stop)
        return Raster(target, *size, dpi, note)

    def _texts(self, pages: range, limit: TimeLimit) -> dict[int, str | DocumentError]:
        """Text layers by page; if the call for all of them fails, each page is asked for by itself."""
        if self._tools.config.text_layer == "ignore":
            return dict.fromkeys(pages, "")
        try:
            limits = self._limits(limit.seconds())
            return dict(zip(pages, poppler.layer_texts(self._path, pages, limits, self._tools.stop)))
        except DocumentError as error:
            if len(pages) == 1:
                return {pages.start: error}
        return {page: text for one in pages for page, text in self._texts(range(one, one + 1), limit).items()}

    def _groups(self, pages: Sequence[PageSurvey], dpi: int) -> list[tuple[range, int, str]]:
        """Runs of neighbouring pages to be drawn at the same resolution, with that resolution's note."""
        groups: list[tuple[range, int, str]] = []
        for page in pages:
            page_dpi, note = _page_dpi(page, dpi, self._tools.config.max_page_pixels)
            if groups and groups[-1][0].stop == page.number and groups[-1][1:] == (page_dpi, note):
                groups[-1] = (range(groups[-1][0].start, page.number + 1), page_dpi, note)
            else:
                groups.append((range(page.number, page.number + 1), page_dpi, note))
        return groups

    def _draw_group(self, pages: range, dpi: int, note: str, folder: Path, limit: TimeLimit) -> Drawn:
        if dpi == 0:
            return {page: DocumentError(ErrorClass.TOO_LARGE, note) for page in pages}
        try:
            limits = self._limits(limit.seconds(len(pages)))
            files, fault = poppler.render(self._path, pages, dpi, folder=folder, limits=limits, stop=self._tools.stop)
        except DocumentError as error:
            if len(pages) == 1:
                return {pages.start: error}
            files, fault = [], str(error)
        if fault and len(pages) > 1:  # whose is it?
            singles = [self._draw_group(range(page, page + 1), dpi, note, folder, limit) for page in pages]
            return {page: raster for single in singles for page, raster in single.items()}
        return {page: replace(_raster_of(page, file, dpi, note), fault=fault) for page, file in zip(pages, files)}

    def _limits(self, seconds: float) -> Limits:
        return Limits(seconds=seconds, memory_mb=max(_PDF_TOOL_MEMORY_MB, self._tools.config.engine_memory_mb))


class PictureSource:
    """A picture: one page, or a page per frame of a TIFF."""

    def __init__(self, path: Path, media_type: str, tools: Tools) -> None:
        self.media_type = media_type
        self._path = path
        self._tools = tools
        answer = tools.sandboxes.call("describe", {"path": str(path)}, tools.config.page_timeout_seconds, tools.stop)
        self.page_count = int(answer["frames"])

    def survey(self, pages: range, limit: TimeLimit) -> list[PageSurvey]:
        """Nothing is known of a picture before it is drawn."""
        del limit
        return [PageSurvey(number=page, verdict=text_layer.Verdict(False, "a picture")) for page in pages]

    def draw(self, pages: Sequence[PageSurvey], dpi: int, folder: Path, limit: TimeLimit) -> Drawn:
        """Decode frames, one by one; `dpi` does not apply."""
        del dpi
        return {page.number: self._draw_one(page.number, folder, limit) for page in pages}

    def layer(self, page: PageSurvey, dpi: int, limit: TimeLimit) -> tuple[Word, ...]:
        """A picture has no text layer."""
        del page, dpi, limit
        return ()

    def _draw_one(self, page: int, folder: Path, limit: TimeLimit) -> Raster | DocumentError:
        config, target = self._tools.config, folder / f"page-{page}-0.tif"
        arguments = {
            "path": str(self._path),
            "frame": page - 1,
            "target": str(target),
            "max_pixels": config.max_page_pixels,
            "memory_mb": config.engine_memory_mb,
        }
        try:
            answer = self._tools.sandboxes.call("rasterise", arguments, limit.seconds(), self._tools.stop)
        except DocumentError as error:
            return error
        return Raster(target, answer["width"], answer["height"], answer["dpi"], answer["note"])


def _survey_of(
    page: int, size: poppler.PageSize | None, placed: Sequence[poppler.PlacedImage], text: str | DocumentError
) -> PageSurvey:
    if size is None:
        return PageSurvey(number=page, error=DocumentError(ErrorClass.CORRUPT, "The file has no such page."))
    if isinstance(text, DocumentError):
        verdict, text = text_layer.Verdict(False, f"the text layer cannot be read ({text.error_class.value})"), ""
    else:
        verdict = text_layer.judge(text, _cover(size, placed))
    return PageSurvey(page, size, _scan_dpi(size, placed), text.strip("\n"), verdict)


def _square_inches(size: poppler.PageSize) -> float:
    return max(size.width * size.height, 1.0) / poppler.POINTS_PER_INCH**2


def _cover(size: poppler.PageSize, placed: Sequence[poppler.PlacedImage]) -> float:
    """Share of the page under pictures that could be scans (overlaps counted twice, at most 1)."""
    scans = [image for image in placed if min(image.x_ppi, image.y_ppi) >= _MIN_SCAN_PPI]
    return min(1.0, sum(image.area for image in scans) / _square_inches(size))


def _scan_dpi(size: poppler.PageSize, placed: Sequence[poppler.PlacedImage]) -> int | None:
    """Resolution of the finest picture that fills most of the page."""
    page = _square_inches(size)
    filling = [max(image.x_ppi, image.y_ppi) for image in placed if image.area > page * 0.5]
    return round(max(filling)) if filling else None


def _may_be_bare(pictures: Sequence[poppler.PlacedImage]) -> bool:
    """Whether a page's pictures are one alone, of a kind that comes out of the file as it is drawn."""
    if len(pictures) != 1 or pictures[0].colours not in ("gray", "rgb", "icc"):
        return False
    components, bits = pictures[0].components, pictures[0].bits
    return (components, bits) == (1, 1) or (pictures[0].encoding == "jpeg" and components in (1, 3) and bits == 8)


def _scan_size(page: PageSurvey, dpi: int, max_pixels: int) -> tuple[int, int] | None:
    """Pixels of a bare scan at `dpi`, as Poppler counts them; None if it is not there in such a size, or too large."""
    if page.bare_scan is None or page.size is None or page.bare_scan.width * page.bare_scan.height > max_pixels:
        return None
    width, height = (math.ceil(side * dpi / poppler.POINTS_PER_INCH) for side in (page.size.width, page.size.height))
    stored = page.bare_scan.upright_size
    if abs(width - stored[0]) <= 1 and abs(height - stored[1]) <= 1:
        return stored
    return (width, height) if 0 < width <= stored[0] and 0 < height <= stored[1] else None


def _page_dpi(page: PageSurvey, dpi: int, max_pixels: int) -> tuple[int, str]:
    """The resolution to draw a page at: what was asked for, within the limits on pixels and sides; with a note.

    It is 0 for a page that no resolution makes small enough: Poppler would draw it as one white pixel.
    """
    size = page.size or _ASSUMED_SIZE
    width, height = max(size.width, 1.0) / poppler.POINTS_PER_INCH, max(size.height, 1.0) / poppler.POINTS_PER_INCH
    most = min((max_pixels / (width * height)) ** 0.5, images.MAX_SIDE / max(width, height))
    if dpi <= most:
        return dpi, ""
    if most < 1:
        return 0, f"A page of {size.width:.0f} x {size.height:.0f} points is over the pixel limit at any resolution."
    return int(most), f"drawn at {int(most)} dpi instead of {dpi} to keep within the pixel limit"


def _raster_of(page: int, file: Path, dpi: int, note: str) -> Raster:
    with images.load(file) as drawn:
        width, height = drawn.size
    return Raster(file.rename(file.with_name(f"page-{page}-{dpi}.tif")), width, height, dpi, note)
