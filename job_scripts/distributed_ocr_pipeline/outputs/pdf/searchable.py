"""pikepdf: a copy of the document with invisible text where the print is.

Only text that was read is added; a page whose own text was taken over is left alone. Pictures are copied as they are
stored, and whatever else the file holds (bookmarks, links, attachments, page labels, metadata) stays.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

import pikepdf
from pikepdf import Dictionary, Name

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.outputs.formats import SEARCHABLE_PDF, require_words
from distributed_ocr_pipeline.outputs.pdf.font import add_font
from distributed_ocr_pipeline.outputs.pdf.pictures import picture_as_pdf
from distributed_ocr_pipeline.outputs.pdf.placement import placement, shown_box
from distributed_ocr_pipeline.outputs.pdf.text_layer import Letters, commands
from distributed_ocr_pipeline.outputs.pdf.text_state import SHOWS_TEXT, with_text_state
from distributed_ocr_pipeline.records import PageResult, TextSource, Word
from distributed_ocr_pipeline.wording import count_of

_PDF = "application/pdf"
_LAYER_CONFIDENCE = 100.0  # of words that a text layer holds; of those that were read it is less
_FONT = "OCRText"
_PAINTS = frozenset("f F f* B B* b b* S s sh Do".split()) | {"INLINE IMAGE"}
_STREAM = re.compile(r"^stream <.*>: ")  # with which pikepdf's messages begin
_HIDES_TEXT = re.compile(rb"\b3\s+Tr\b")


class SearchablePdf:
    """Writes the searchable PDF of a document; use it in a `with` statement.

    Args:
        original: The document: a PDF, or a picture, which becomes one.
        media_type: Of the document.
        page_count: As the table of pages has it.
        target: The PDF; it may be there already.
        last: What is done with the PDF before it is written.
        version: Of PDF, which the file says that it is; the original's if it is empty.

    Raises:
        BadInput: The document cannot be opened, has other pages than were read, or a page has no size.
    """

    def __init__(
        self,
        original: Path,
        media_type: str,
        page_count: int,
        target: Path,
        *,
        last: Callable[[pikepdf.Pdf], None] | None = None,
        version: str = "",
    ) -> None:
        self._target, self._last, self._version = target, last, version
        with _explaining(), ExitStack() as stack:
            # A stream: pikepdf takes no path that is not UTF-8.
            source = original.open("rb") if media_type == _PDF else picture_as_pdf(original, media_type)
            self._pdf = stack.enter_context(pikepdf.open(stack.enter_context(source)))
            if len(self._pdf.pages) < page_count:
                raise BadInput(
                    f"The document has {count_of(len(self._pdf.pages), 'page')}, and {page_count:,} were read."
                )
            self._font = self._pdf.make_indirect(Dictionary())
            self._opened = stack.pop_all()
        self._letters = Letters()
        self._has_text = False

    def __enter__(self) -> "SearchablePdf":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def add(self, page: PageResult) -> None:
        """Add the text of a page that was read to its picture."""
        if page.text_source not in (TextSource.OCR, TextSource.MIXED):
            return
        require_words(page, SEARCHABLE_PDF)
        words = _read_words(page)
        if not words:
            return
        with _explaining():
            target = self._pdf.pages[page.page_number - 1]
            if page.text_source is TextSource.OCR:
                _remove_hidden_text(self._pdf, target)
            name = _font_name(target)
            stream = commands(words, placement(page, shown_box(target)), name, self._letters)
            target.add_resource(self._font, Name.Font, Name(f"/{name}"))
            target.contents_add(stream, prepend=True)  # before commands that may leave a turned or cut space behind
        self._has_text = True

    def finish(self) -> None:
        """Write the file."""
        with _explaining():
            if self._has_text:
                add_font(self._pdf, self._letters.all(), self._font)
            if self._last is not None:
                self._last(self._pdf)
            is_owned = self._pdf.is_encrypted  # whose owner may forbid to change it
            self._pdf.save(self._target, encryption=is_owned, force_version=self._version)


@contextmanager
def _explaining() -> Iterator[None]:
    """Inside, what pikepdf says of a damaged file is a `BadInput`."""
    try:
        yield
    except pikepdf.PasswordError as error:
        raise BadInput(
            "A password is needed to open the PDF: searchable PDFs are not made of such, even where the run had it.",
            "Store it without the password; the next run reads it again.",
        ) from error
    except (pikepdf.PdfError, ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        raise BadInput(f"The PDF cannot be given text: {_STREAM.sub('', str(error))}.") from error


def _read_words(page: PageResult) -> Sequence[Word]:
    """The words that were recognised: of a page with text of its own, those beside it."""
    if page.text_source is TextSource.OCR:
        return page.words
    return [word for word in page.words if word.confidence < _LAYER_CONFIDENCE]


def _font_name(page: pikepdf.Page) -> str:
    """A name that the page has for no font yet: it may be of such a PDF already."""
    fonts = page.resources.get(Name.Font, Dictionary())
    number = 1
    while f"/{_FONT}{number}" in fonts:
        number += 1
    return f"{_FONT}{number}"


def _remove_hidden_text(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    """Take out an invisible text layer, which was not trusted, or the page would have two; drawn text stays."""
    forms = {name: form for name, form in page.resources.get(Name.XObject, {}).items() if _has_hidden_text(form)}
    if not forms and not any(_HIDES_TEXT.search(stream.read_bytes()) for stream in _streams(page)):
        return
    kept = []
    for instruction, state in with_text_state(page):
        name = str(instruction.operator)
        if name in SHOWS_TEXT and state.is_shown:
            return
        if name in SHOWS_TEXT or name == "Do" and str(instruction.operands[0]) in forms:
            continue
        kept.append(instruction)
    page.obj.Contents = pdf.make_stream(pikepdf.unparse_content_stream(kept))


def _streams(page: pikepdf.Page) -> Sequence[pikepdf.Object]:
    contents = page.obj.get(Name.Contents, pikepdf.Array())
    return list(contents) if isinstance(contents, pikepdf.Array) else [contents]


def _has_hidden_text(form: pikepdf.Object) -> bool:
    """Whether a form, a page's part, is invisible text and no more."""
    if form.get(Name.Subtype) != Name.Form or not _HIDES_TEXT.search(form.read_bytes()):
        return False
    of_form = [(str(instruction.operator), state) for instruction, state in with_text_state(form)]
    return not any(name in _PAINTS or name in SHOWS_TEXT and state.is_shown for name, state in of_form)
