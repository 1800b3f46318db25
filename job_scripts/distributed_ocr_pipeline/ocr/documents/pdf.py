"""PDF as a source: what its pages are, by Poppler and pikepdf. `pdf_drawing` makes rasters of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents import poppler, tasks
from distributed_ocr_pipeline.ocr.documents.media_type import PDF
from distributed_ocr_pipeline.ocr.documents.pdf_drawing import PdfDrawing
from distributed_ocr_pipeline.ocr.documents.source import BareScan, PageSurvey, Rasters, Tools
from distributed_ocr_pipeline.ocr.documents.text_layer import Verdict, judge
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.records import Word

_MIN_SCAN_PPI = 60  # text in a coarser picture is not readable
_FILLS_PAGE = 0.5  # share of the page's area from which a picture is its scan
_LAYER_CONFIDENCE = 100.0


class PdfSource:
    """A PDF."""

    media_type = PDF

    def __init__(self, path: Path, tools: Tools) -> None:
        """Raises `DocumentError` (see `poppler.page_count`)."""
        self._path = path
        self._tools = tools
        limits = tools.poppler_limits(tools.config.page_timeout_seconds)
        self.page_count = poppler.page_count(path, limits, tools.stop)

    def survey(self, pages: range, limit: TimeLimit) -> list[PageSurvey]:
        """Sizes, pictures and text layers of consecutive pages."""
        stop = self._tools.stop
        sizes = poppler.page_sizes(self._path, pages, self._tools.poppler_limits(limit.seconds()), stop)
        try:
            placed = poppler.placed_images(self._path, pages, self._tools.poppler_limits(limit.seconds()), stop)
        except DocumentError:  # only a hint; the page itself may still be drawn
            placed = {}
        texts = self._texts(pages, limit)
        surveys = [_survey_of(page, sizes.get(page), placed.get(page, []), texts[page]) for page in pages]
        to_read = {survey.number for survey in surveys if not survey.verdict.trusted}
        bare = self._bare_scans({page: images for page, images in placed.items() if page in to_read}, limit)
        return [replace(survey, bare_scan=bare.get(survey.number)) for survey in surveys]

    def draw(self, pages: Sequence[PageSurvey], dpi: int, folder: Path, limit: TimeLimit) -> Rasters:
        """Rasters of pages, at `dpi` or what the limit on pixels leaves of it."""
        return PdfDrawing(self._path, self._tools, folder, limit).draw(pages, dpi)

    def layer(self, page: PageSurvey, dpi: int, limit: TimeLimit) -> tuple[Word, ...]:
        """The words of a page's text layer, boxes at `dpi`."""
        limits = self._tools.poppler_limits(limit.seconds())
        words = poppler.layer_words(self._path, page.number, limits, self._tools.stop)
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

    def _texts(self, pages: range, limit: TimeLimit) -> dict[int, str | DocumentError]:
        """Text layers by page; if the call for all of them fails, there is a call for each page."""
        if self._tools.config.text_layer == "ignore":
            return dict.fromkeys(pages, "")
        try:
            limits = self._tools.poppler_limits(limit.seconds())
            return dict(zip(pages, poppler.layer_texts(self._path, pages, limits, self._tools.stop)))
        except DocumentError as error:
            if len(pages) == 1:
                return {pages.start: error}
        return {page: text for one in pages for page, text in self._texts(range(one, one + 1), limit).items()}

    def _bare_scans(self, placed: Mapping[int, Sequence[poppler.PlacedImage]], limit: TimeLimit) -> dict[int, BareScan]:
        """Pages that are nothing but a scan; none if that cannot be found out."""
        only = {page: pictures[0] for page, pictures in placed.items() if _may_be_bare(pictures)}
        if not only:
            return {}
        try:
            sandbox = self._tools.sandboxes.within(limit.seconds())
            found = sandbox.call(tasks.find_bare_scans, path=str(self._path), pages=list(only))
        except DocumentError:
            return {}
        return {scan.page: BareScan(only[scan.page].width, only[scan.page].height, scan.turn) for scan in found}


def _survey_of(
    page: int, size: poppler.PageSize | None, placed: Sequence[poppler.PlacedImage], text: str | DocumentError
) -> PageSurvey:
    if size is None:
        return PageSurvey(number=page, error=DocumentError(ErrorClass.CORRUPT, "The file has no such page."))
    if isinstance(text, DocumentError):
        verdict, text = Verdict(False, f"the text layer cannot be read ({text.error_class.value})"), ""
    else:
        verdict = judge(text, _cover(size, placed))
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
    filling = [max(image.x_ppi, image.y_ppi) for image in placed if image.area > page * _FILLS_PAGE]
    return round(max(filling)) if filling else None


def _may_be_bare(pictures: Sequence[poppler.PlacedImage]) -> bool:
    """Whether a page has a single picture, of a kind that `pdfimages` extracts as it is drawn."""
    if len(pictures) != 1 or pictures[0].colours not in ("gray", "rgb", "icc"):
        return False
    components, bits = pictures[0].components, pictures[0].bits
    return (components, bits) == (1, 1) or (pictures[0].encoding == "jpeg" and components in (1, 3) and bits == 8)
