"""PDF as a source: what its pages are, by Poppler and pikepdf. `pdf_drawing` makes rasters of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents import poppler, tasks, vertical
from distributed_ocr_pipeline.ocr.documents.leftward import LeftwardLayers
from distributed_ocr_pipeline.ocr.documents.looks.found import PagesSeen, PlainPdf
from distributed_ocr_pipeline.ocr.documents.media_type import PDF
from distributed_ocr_pipeline.ocr.documents.pdf_drawing import PdfDrawing
from distributed_ocr_pipeline.ocr.documents.source import SURVEY_PAGES, BareScan, Layer, PageSurvey, Rasters, Tools
from distributed_ocr_pipeline.ocr.documents.text_layer import Verdict, judge, without_map
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.scripts import has_leftward_letters

_MIN_SCAN_PPI = 60  # text in a coarser picture is not readable
_FILLS_PAGE = 0.5  # share of the page's area from which a picture is its scan
_INCOMPLETE = "incomplete: the data of a picture on the page end early or are damaged"
_TURNED_ROUND = "letters that are drawn as one may be turned round"
_XFA_REMINDER = "an XFA form: what its fields hold may not be on the page"
_EMBEDDED_FILE = b"/EmbeddedFile"  # a stream's dictionary is never compressed
_LOOK_BYTES = 1 << 20
_MOST_NAMED, _MAX_NAMES_CHARACTERS = 10, 300  # of attached files, in a note
_MIN_PICTURE_PPI = 30  # large print in a coarser picture is not readable either
_HOLDS_TEXT = 0.05  # share of the page from which pictures may hold text of their own
_SIZED_PAGES = 2000  # first ones, whose sizes come with the file's own facts: `pdfinfo` tells 50 in a millisecond
_LITTLE_TEXT = 600  # characters; a page of print has 2,000, on one with less there may be other print


class PdfSource:
    """A PDF."""

    media_type = PDF

    def __init__(self, path: Path, tools: Tools) -> None:
        """Raises `DocumentError` (see `poppler.document_info`)."""
        self._path = path
        self._tools = tools
        seconds = tools.config.page_timeout_seconds
        self._plain = tools.plain_look.open(tools.sandboxes, path, seconds)
        self._info = _info_of(self._plain) if self._plain else self._ask_poppler(seconds)
        self.page_count = self._info.pages
        self._leftward = LeftwardLayers(path, self.page_count, tools)
        self._reminder = _XFA_REMINDER if self._info.is_xfa else ""

    def _ask_poppler(self, seconds: float) -> poppler.DocumentInfo:
        limits = self._tools.poppler_limits(seconds)
        return poppler.document_info(self._path, range(1, _SIZED_PAGES + 1), limits, self._tools.stop)

    def survey(self, pages: range, limit: TimeLimit) -> list[PageSurvey]:
        """Sizes, pictures and text layers of consecutive pages."""
        sizes = self._sizes(pages, limit)
        texts = self._texts(pages, sizes, limit)
        seen = self._seen(pages, texts, limit)
        placed = self._placed(pages, seen, limit)
        surveys = [
            _reminding(
                _survey_of(page, sizes.get(page), placed.get(page, []), texts[page], seen), self._reminder_of(page)
            )
            for page in pages
        ]
        if not self._leftward.are_sure:
            surveys = list(map(_unsure_of_leftward_letters, surveys))
        return self._with_pictures(surveys, placed, limit)

    def draw(self, pages: Sequence[PageSurvey], dpi: int, folder: Path, limit: TimeLimit) -> Rasters:
        """Rasters of pages, at `dpi` or what the limit on pixels leaves of it."""
        return PdfDrawing(self._path, self._tools, folder, limit).draw(pages, dpi)

    def layers(self, pages: range, limit: TimeLimit) -> Mapping[int, Layer]:
        """The text layers of consecutive pages; if the call for all of them fails, there is a call for each page."""
        try:
            limits = self._tools.poppler_limits(limit.seconds())
            found = poppler.layer_words(self._leftward.file, pages, limits, self._tools.stop)
        except DocumentError:
            singles = (range(one, one + 1) for one in pages if len(pages) > 1)
            return {page: layer for single in singles for page, layer in self.layers(single, limit).items()}
        return {page: Layer(vertical.as_read(words)) for page, words in found.items()}

    def _reminder_of(self, page: int) -> str:
        """What is missing in the document's own text, whatever the page; the first one tells of attached files too."""
        return "; ".join(filter(None, (self._reminder, self._attachments() if page == 1 else "")))

    def _attachments(self) -> str:
        """How many files are attached, and their names, as words for a note; "" if there are none."""
        if not _may_have_attachments(self._path):
            return ""
        try:
            limits = self._tools.poppler_limits(self._tools.config.page_timeout_seconds)
            names = poppler.attachment_names(self._path, limits, self._tools.stop)
        except DocumentError:  # only a hint
            return "attached files that are not read"
        listed = ", ".join(names[:_MOST_NAMED] + ["..."] * (len(names) > _MOST_NAMED))
        if len(listed) > _MAX_NAMES_CHARACTERS:
            listed = f"{listed[:_MAX_NAMES_CHARACTERS]}..."
        return f"attached files that are not read: {len(names)} ({listed})" if names else ""

    def _sizes(self, pages: range, limit: TimeLimit) -> Mapping[int, poppler.PageSize]:
        """Sizes by page; of the first pages, they came with the file's own facts."""
        known = self._info.first_sizes
        if known is not None and all(page in known for page in pages):
            return known
        return poppler.page_sizes(self._path, pages, self._tools.poppler_limits(limit.seconds()), self._tools.stop)

    def _seen(self, pages: range, texts: Mapping[int, str | DocumentError], limit: TimeLimit) -> PagesSeen | None:
        """What pages of text show; None if it is not known. Pages without text have something else on them anyway."""
        if not any(isinstance(text, str) and text.strip() for text in texts.values()):
            return PagesSeen([], [])
        if self._plain and pages.stop <= SURVEY_PAGES + 1:
            return self._plain.seen
        look, sandboxes = self._tools.plain_look, self._tools.sandboxes
        return look.pages(sandboxes, self._path, self.page_count, pages, limit.seconds())

    def _placed(
        self, pages: range, seen: PagesSeen | None, limit: TimeLimit
    ) -> Mapping[int, Sequence[poppler.PlacedImage]]:
        """Pictures by page."""
        left = [page for page in pages if seen is None or page not in seen.bare]
        if not left:
            return {}
        try:
            limits, stop = self._tools.poppler_limits(limit.seconds()), self._tools.stop
            return poppler.placed_images(self._path, range(left[0], left[-1] + 1), limits, stop)
        except DocumentError:  # only a hint; the page itself may still be drawn
            return {}

    def _texts(
        self, pages: range, sizes: Mapping[int, poppler.PageSize], limit: TimeLimit
    ) -> dict[int, str | DocumentError]:
        """Text layers by page: what the page shows of them. Neighbours that are cut alike are read with one call."""
        if self._tools.config.text_layer == "ignore":
            return dict.fromkeys(pages, "")
        shown = {page: size for page, size in sizes.items() if size.cut}
        texts: dict[int, str | DocumentError] = {}
        for size, alike in groupby(pages, shown.get):
            numbers = list(alike)
            texts |= self._texts_cut_alike(range(numbers[0], numbers[-1] + 1), size, limit)
        return texts

    def _texts_cut_alike(
        self, pages: range, shown: poppler.PageSize | None, limit: TimeLimit
    ) -> dict[int, str | DocumentError]:
        """Text layers by page; if the call for all of them fails, there is a call for each page."""
        try:
            limits = self._tools.poppler_limits(limit.seconds())
            texts: Sequence[str] = poppler.layer_texts(self._path, pages, limits, self._tools.stop, shown)
            if any(map(has_leftward_letters, texts)):
                texts = self._leftward.as_read(pages, texts, shown, limit)
            if any(map(vertical.may_be_vertical, texts)):
                words = poppler.layer_words(self._path, pages, limits, self._tools.stop)
                texts = [vertical.vertical_text(text, words[page]) for page, text in zip(pages, texts)]
            return dict(zip(pages, texts))
        except DocumentError as error:
            if len(pages) == 1:
                return {pages.start: error}
        singles = (self._texts_cut_alike(range(one, one + 1), shown, limit) for one in pages)
        return {page: text for single in singles for page, text in single.items()}

    def _with_pictures(
        self, surveys: list[PageSurvey], placed: Mapping[int, Sequence[poppler.PlacedImage]], limit: TimeLimit
    ) -> list[PageSurvey]:
        """The surveys; those of pages that may be read say whether they are nothing but a scan, or lack a part."""
        read = [one for one in surveys if placed.get(one.number) and (not one.verdict.trusted or one.may_show_more)]
        only = {one.number: placed[one.number][0] for one in read if _may_be_bare(one, placed[one.number])}
        if not read:
            return surveys
        try:
            sandbox, pages = self._tools.sandboxes.within(limit.seconds()), [one.number for one in read]
            found = sandbox.call(tasks.look_at_pictures, path=str(self._path), pages=pages, single=list(only))
        except DocumentError:
            return surveys
        scans = {scan.page: BareScan(only[scan.page].width, only[scan.page].height, scan.turn) for scan in found.scans}
        return [
            _incomplete(survey) if survey.number in found.cut else replace(survey, bare_scan=scans.get(survey.number))
            for survey in surveys
        ]


def _info_of(plain: PlainPdf) -> poppler.DocumentInfo:
    sizes = {number: poppler.PageSize(*size) for number, size in enumerate(plain.sizes, 1)}
    return poppler.DocumentInfo(plain.pages, is_xfa=False, first_sizes=sizes)


def _may_have_attachments(path: Path) -> bool:
    """A look for the type of an embedded file, which stands in the open; most files have none, and are not opened."""
    last = b""
    try:
        with path.open("rb") as file:
            while read := file.read(_LOOK_BYTES):
                if _EMBEDDED_FILE in last + read:
                    return True
                last = (last + read)[-len(_EMBEDDED_FILE) :]
    except OSError:  # the next look at the file says what is wrong
        pass
    return False


def _survey_of(
    page: int,
    size: poppler.PageSize | None,
    placed: Sequence[poppler.PlacedImage],
    text: str | DocumentError,
    seen: PagesSeen | None,
) -> PageSurvey:
    if size is None:
        return PageSurvey(number=page, error=DocumentError(ErrorClass.CORRUPT, "The file has no such page."))
    if isinstance(text, DocumentError):
        verdict, text = Verdict(False, f"the text layer cannot be read ({text.error_class.value})"), ""
    else:
        unmapped = seen.unmapped_on(page) if seen else 0
        verdict = without_map(judge(text, _cover(size, placed)), text, unmapped)
    curved = seen is not None and page in seen.curved
    little = curved or seen is None or len("".join(text.split())) < _LITTLE_TEXT
    more = verdict.trusted and (little or _cover(size, placed, _MIN_PICTURE_PPI) >= _HOLDS_TEXT)
    return PageSurvey(
        page,
        size,
        _scan_dpi(size, placed),
        text.strip("\n"),
        verdict,
        may_show_more=more,
        curved=curved,
        may_be_coloured=not all(picture.is_grey for picture in placed) or not placed,
    )


def _reminding(survey: PageSurvey, reminder: str) -> PageSurvey:
    """The survey with a reminder in its reason, if there is one."""
    if not reminder:
        return survey
    return replace(survey, verdict=replace(survey.verdict, reason=f"{survey.verdict.reason}; {reminder}"))


def _unsure_of_leftward_letters(survey: PageSurvey) -> PageSurvey:
    """The survey; if there are letters of scripts that run from right to left, with a note."""
    if not has_leftward_letters(survey.text):
        return survey
    return _reminding(replace(survey, verdict=replace(survey.verdict, sure=False)), _TURNED_ROUND)


def _incomplete(survey: PageSurvey) -> PageSurvey:
    """The survey of a page of which a picture is damaged. What is there of it is left to Poppler to draw."""
    return _reminding(replace(survey, incomplete=True), _INCOMPLETE)


def _square_inches(size: poppler.PageSize) -> float:
    return max(size.width * size.height, 1.0) / poppler.POINTS_PER_INCH**2


def _cover(size: poppler.PageSize, placed: Sequence[poppler.PlacedImage], ppi: float = _MIN_SCAN_PPI) -> float:
    """Share of the page under pictures of at least `ppi` (overlaps counted twice, at most 1)."""
    scans = [image for image in placed if min(image.x_ppi, image.y_ppi) >= ppi]
    return min(1.0, sum(image.area for image in scans) / _square_inches(size))


def _scan_dpi(size: poppler.PageSize, placed: Sequence[poppler.PlacedImage]) -> int | None:
    """Resolution of the finest picture that fills most of the page."""
    page = _square_inches(size)
    filling = [max(image.x_ppi, image.y_ppi) for image in placed if image.area > page * _FILLS_PAGE]
    return round(max(filling)) if filling else None


def _may_be_bare(survey: PageSurvey, pictures: Sequence[poppler.PlacedImage]) -> bool:
    """Whether a page has nothing but a single picture, of a kind that `pdfimages` extracts as it is drawn."""
    if survey.verdict.trusted or len(pictures) != 1 or pictures[0].colours not in ("gray", "rgb", "icc"):
        return False
    components, bits = pictures[0].components, pictures[0].bits
    return (components, bits) == (1, 1) or (pictures[0].encoding == "jpeg" and components in (1, 3) and bits == 8)
