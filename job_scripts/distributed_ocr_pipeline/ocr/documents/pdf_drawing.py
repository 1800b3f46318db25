"""Rasters of PDF pages: a bare scan is extracted from the file and made smaller, every other page drawn by Poppler."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents import poppler, tasks
from distributed_ocr_pipeline.ocr.documents.source import PageSurvey, Rasters, Tools
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.coloured import MOST_PIXELS, grey_of_colour
from distributed_ocr_pipeline.ocr.rasters.raster import MAX_SIDE, Raster, load

_READABLE_DPI = 100  # a page drawn coarser is only looked at, for which its lightness is enough
_ASSUMED_SIZE = poppler.PageSize(612.0, 792.0)  # US letter


@dataclass(frozen=True)
class _Resolution:
    """Dots per inch to draw a page at, and a note if that is not what was wanted; 0 if no resolution is low enough."""

    dpi: int
    note: str = ""


@dataclass(frozen=True)
class _Group:
    """Neighbouring pages of one resolution, all drawn grey or all in colour: they are drawn with one call."""

    pages: range
    resolution: _Resolution
    coloured: bool

    def singles(self) -> Iterator["_Group"]:
        """A group for each page."""
        return (replace(self, pages=range(page, page + 1)) for page in self.pages)


class PdfDrawing:
    """Draws pages of one file into one folder."""

    def __init__(self, path: Path, tools: Tools, folder: Path, limit: TimeLimit) -> None:
        self._path = path
        self._tools = tools
        self._folder = folder
        self._limit = limit
        self._max_pixels = tools.config.max_page_pixels

    def draw(self, pages: Sequence[PageSurvey], dpi: int) -> Rasters:
        """Extract bare scans and draw all other pages."""
        bare = [page for page in pages if self._scan_size(page, self._resolution(page, dpi).dpi)]
        drawn: dict[int, Raster | DocumentError] = {}
        for group in self._groups(bare, dpi):
            drawn |= self._extract(group, [page for page in bare if page.number in group.pages])
        for group in self._groups([page for page in pages if page.number not in drawn], dpi):
            drawn |= self._render(group)
        return drawn

    def _groups(self, pages: Sequence[PageSurvey], dpi: int) -> list[_Group]:
        """Runs of neighbouring pages to be drawn at the same resolution."""
        groups: list[_Group] = []
        for page in pages:
            resolution = self._resolution(page, dpi)
            single = _Group(range(page.number, page.number + 1), resolution, _is_drawn_in_colour(page, resolution.dpi))
            last = groups[-1] if groups else None
            if last and last == replace(single, pages=range(last.pages.start, page.number)):
                groups[-1] = replace(last, pages=range(last.pages.start, page.number + 1))
            else:
                groups.append(single)
        return groups

    def _resolution(self, page: PageSurvey, dpi: int) -> _Resolution:
        """`dpi`, or what the limits on pixels and sides leave of it.

        It is 0 for a page that no resolution makes small enough: Poppler would draw it as one white pixel.
        """
        size = page.size or _ASSUMED_SIZE
        width, height = max(size.width, 1.0) / poppler.POINTS_PER_INCH, max(size.height, 1.0) / poppler.POINTS_PER_INCH
        most = min((self._max_pixels / (width * height)) ** 0.5, MAX_SIDE / max(width, height))
        if dpi <= most:
            return _Resolution(dpi)
        if most < 1:
            points = f"{size.width:.0f} x {size.height:.0f} points"
            return _Resolution(0, f"A page of {points} is over the pixel limit at any resolution.")
        return _Resolution(int(most), f"drawn at {int(most)} dpi instead of {dpi} to keep within the pixel limit")

    # ---- extracting ------------------------------------------------------------------------------------------

    def _scan_size(self, page: PageSurvey, dpi: int) -> tuple[int, int] | None:
        """Pixels of a bare scan at `dpi`, as Poppler counts them; None if it is stored smaller, or is too large."""
        scan = page.bare_scan
        if scan is None or page.size is None or scan.width * scan.height > self._max_pixels:
            return None
        points = (page.size.width, page.size.height)
        width, height = (math.ceil(side * dpi / poppler.POINTS_PER_INCH) for side in points)
        stored = scan.upright_size
        if abs(width - stored[0]) <= 1 and abs(height - stored[1]) <= 1:
            return stored
        return (width, height) if 0 < width <= stored[0] and 0 < height <= stored[1] else None

    def _extract(self, group: _Group, pages: Sequence[PageSurvey]) -> dict[int, Raster]:
        """Rasters of neighbouring bare scans; a page with which anything is wrong is left out, to be drawn."""
        extracted: dict[int, Raster] = {}
        folder, stop = self._folder, self._tools.stop
        try:
            limits = self._tools.poppler_limits(self._limit.seconds(len(pages)))
            found = poppler.extract_images(self._path, group.pages, folder=folder, limits=limits, stop=stop)
            for page in () if found.fault else pages:
                extracted |= self._made_smaller_if_sound(page, found.files[page.number], group.resolution)
        except (DocumentError, KeyError):
            pass
        for left in folder.glob(f"{poppler.EXTRACTED}-*"):
            left.unlink()
        return extracted

    def _made_smaller_if_sound(self, page: PageSurvey, file: Path, resolution: _Resolution) -> dict[int, Raster]:
        try:
            return {page.number: self._made_smaller(page, file, resolution)}
        except DocumentError:
            return {}

    def _made_smaller(self, page: PageSurvey, file: Path, resolution: _Resolution) -> Raster:
        scan, size = page.bare_scan, self._scan_size(page, resolution.dpi)
        assert scan is not None and size is not None
        target = file.with_name(f"page-{page.number}-{resolution.dpi}.tif")
        self._tools.sandboxes.within(self._limit.seconds()).call(
            tasks.rasterise_scan,
            path=str(file),
            stored=(scan.width, scan.height),
            turn=scan.turn,
            size=size,
            target=str(target),
        )
        return Raster(target, *size, resolution.dpi, resolution.note)

    # ---- drawing ---------------------------------------------------------------------------------------------

    def _render(self, group: _Group) -> Rasters:
        """Draw a group; if anything is wrong, draw each page by itself, so that only the faulty one is marked."""
        if group.resolution.dpi == 0:
            return {page: DocumentError(ErrorClass.TOO_LARGE, group.resolution.note) for page in group.pages}
        try:
            rendered = self._rendered(group)
        except DocumentError as error:
            if len(group.pages) == 1:
                return {group.pages.start: error}
            rendered = poppler.Rendered((), str(error))
        if rendered.fault and len(group.pages) > 1:
            return {page: raster for single in group.singles() for page, raster in self._render(single).items()}
        return {
            page: replace(_raster_of(page, file, group.resolution), fault=rendered.fault)
            for page, file in zip(group.pages, rendered.files)
        }

    def _rendered(self, group: _Group) -> poppler.Rendered:
        limits = self._tools.poppler_limits(self._limit.seconds(len(group.pages)))
        dpi, folder, stop = group.resolution.dpi, self._folder, self._tools.stop
        return poppler.render(
            self._path, group.pages, dpi, folder=folder, limits=limits, stop=stop, coloured=group.coloured
        )


def _is_drawn_in_colour(page: PageSurvey, dpi: int) -> bool:
    """Whether a page may have coloured print that is to be read."""
    return page.may_be_coloured and dpi >= _READABLE_DPI and page.pixels(dpi, MOST_PIXELS) < MOST_PIXELS


def _raster_of(page: int, file: Path, resolution: _Resolution) -> Raster:
    target = file.with_name(f"page-{page}-{resolution.dpi}.tif")
    with load(file) as drawn:
        width, height = drawn.size
        if drawn.mode == "RGB":
            grey_of_colour(drawn).save(target, format="TIFF", compression="raw")
            file.unlink()
        else:
            file.rename(target)
    return Raster(target, width, height, resolution.dpi, resolution.note)
