"""ALTO 4 (Library of Congress): pages, blocks, lines and strings with their boxes and confidences.

Lengths are pixels of the page as it was read. A text block is a paragraph.
"""

from collections.abc import Iterator
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from distributed_ocr_pipeline.ocr.scripts import join_words
from distributed_ocr_pipeline.outputs.hocr import valid_xml
from distributed_ocr_pipeline.outputs.paragraphs import paragraphs_of
from distributed_ocr_pipeline.outputs.structure import Box, Line, SourceDocument, word_box
from distributed_ocr_pipeline.records import PageResult, Word

_NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"

TAIL = " </Layout>\n</alto>\n"


def head(document: SourceDocument) -> str:
    """All that comes before the first page."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<alto xmlns="{_NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:schemaLocation="{_NAMESPACE} {_SCHEMA}" SCHEMAVERSION="4.4">\n'
        " <Description>\n  <MeasurementUnit>pixel</MeasurementUnit>\n"
        f"  <sourceImageInformation><fileName>{_text(document.source_uri)}</fileName></sourceImageInformation>\n"
        '  <Processing ID="OCR"><processingSoftware>'
        f"<softwareName>{_text(document.engine)}</softwareName>"
        f"<softwareVersion>{_text(document.engine_version)}</softwareVersion>"
        "</processingSoftware></Processing>\n"
        " </Description>\n <Layout>\n"
    )


def page(document: SourceDocument, result: PageResult) -> str:
    """A page's element."""
    del document
    return "".join(_elements(result))


def _elements(result: PageResult) -> Iterator[str]:
    number = result.page_number
    width, height = result.width_px or 0, result.height_px or 0
    yield f'  <Page ID="page_{number}" PHYSICAL_IMG_NR="{number}" WIDTH="{width}" HEIGHT="{height}">\n'
    yield f"   <PrintSpace {_place(Box(0, 0, width, height))}>\n"
    for block, paragraph in enumerate(paragraphs_of(result), start=1):
        yield f'    <TextBlock ID="block_{number}_{block}" {_place(paragraph.box)}>\n'
        for index, line in enumerate(paragraph.lines, start=1):
            yield f'     <TextLine ID="line_{number}_{block}_{index}" {_place(line.box)}>\n'
            yield from _strings(line)
            yield "     </TextLine>\n"
        yield "    </TextBlock>\n"
    yield "   </PrintSpace>\n  </Page>\n"


def _strings(line: Line) -> Iterator[str]:
    yield _string(line.words[0])
    for previous, word in pairwise(line.words):
        if " " in join_words((previous.text, word.text)):
            start = word_box(previous).right
            yield f'      <SP HPOS="{start}" VPOS="{word.top}" WIDTH="{max(0, word.left - start)}"/>\n'
        yield _string(word)


def _string(word: Word) -> str:
    content = quoteattr(valid_xml(word.text))
    return f'      <String {_place(word_box(word))} WC="{word.confidence / 100:.4g}" CONTENT={content}/>\n'


def _place(box: Box) -> str:
    return f'HPOS="{box.left}" VPOS="{box.top}" WIDTH="{box.width}" HEIGHT="{box.height}"'


def _text(text: str) -> str:
    return escape(valid_xml(text))
