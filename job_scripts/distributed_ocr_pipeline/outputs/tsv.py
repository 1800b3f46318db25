"""TSV in the columns of Tesseract: a row for each page, block, paragraph, line and word (levels 1 to 5).

A block holds one paragraph. Lengths are pixels of the page as it was read; confidence is 0-100, and -1 in rows that are
no words.
"""

from collections.abc import Iterator

from distributed_ocr_pipeline.outputs.paragraphs import paragraphs_of
from distributed_ocr_pipeline.outputs.structure import Box, Paragraph, SourceDocument, word_box
from distributed_ocr_pipeline.records import PageResult

_COLUMNS = "level page_num block_num par_num line_num word_num left top width height conf text".split()
_NO_WORD = "-1"


def head(document: SourceDocument) -> str:
    """The names of the columns."""
    del document
    return "\t".join(_COLUMNS) + "\n"


def page(document: SourceDocument, result: PageResult) -> str:
    """The rows of a page."""
    del document
    return "".join("\t".join(row) + "\n" for row in _rows(result))


def _rows(result: PageResult) -> Iterator[list[str]]:
    number = result.page_number
    yield _row(1, (number, 0, 0, 0, 0), Box(0, 0, result.width_px or 0, result.height_px or 0))
    for block, paragraph in enumerate(paragraphs_of(result), start=1):
        yield _row(2, (number, block, 0, 0, 0), paragraph.box)
        yield _row(3, (number, block, 1, 0, 0), paragraph.box)
        yield from _line_rows(number, block, paragraph)


def _line_rows(number: int, block: int, paragraph: Paragraph) -> Iterator[list[str]]:
    for line_number, line in enumerate(paragraph.lines, start=1):
        yield _row(4, (number, block, 1, line_number, 0), line.box)
        for word_number, word in enumerate(line.words, start=1):
            place = (number, block, 1, line_number, word_number)
            yield _row(5, place, word_box(word), f"{word.confidence:.6g}", " ".join(word.text.split()))


def _row(level: int, place: tuple[int, ...], box: Box, confidence: str = _NO_WORD, text: str = "") -> list[str]:
    return [*map(str, (level, *place, box.left, box.top, box.width, box.height)), confidence, text]
