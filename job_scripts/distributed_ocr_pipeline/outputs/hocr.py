"""hOCR 1.2 as XHTML: pages, blocks, paragraphs, lines and words with their boxes and confidences.

Boxes are pixels of the page as it was read. A block (`ocr_carea`) holds one paragraph.
"""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from distributed_ocr_pipeline.outputs.paragraphs import paragraphs_of
from distributed_ocr_pipeline.outputs.structure import Box, Line, SourceDocument, word_box
from distributed_ocr_pipeline.records import PageResult

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CAPABILITIES = "ocr_page ocr_carea ocr_par ocr_line ocrx_word"

TAIL = " </body>\n</html>\n"


def valid_xml(text: str) -> str:
    """Text with U+FFFD for characters that XML 1.0 cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def head(document: SourceDocument) -> str:
    """All that comes before the first page."""
    title = escape(valid_xml(document.key))
    system = quoteattr(valid_xml(f"{document.engine} ({document.engine_version})"))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"'
        ' "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml">\n <head>\n'
        f"  <title>{title}</title>\n"
        '  <meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
        f'  <meta name="ocr-system" content={system}/>\n'
        f'  <meta name="ocr-capabilities" content="{_CAPABILITIES}"/>\n'
        f'  <meta name="ocr-number-of-pages" content="{document.page_count}"/>\n'
        " </head>\n <body>\n"
    )


def page(document: SourceDocument, result: PageResult) -> str:
    """A page's element."""
    return "".join(_elements(document, result))


def _elements(document: SourceDocument, result: PageResult) -> Iterator[str]:
    number = result.page_number
    yield f'  <div class="ocr_page" id="page_{number}" title={quoteattr(_page_title(document, result))}>\n'
    for block, paragraph in enumerate(paragraphs_of(result), start=1):
        name, bbox = f"{number}_{block}", _bbox(paragraph.box)
        yield f'   <div class="ocr_carea" id="block_{name}" title="{bbox}">\n'
        yield f'    <p class="ocr_par" id="par_{name}" title="{bbox}">\n'
        for index, line in enumerate(paragraph.lines, start=1):
            yield from _line(f"{name}_{index}", line)
        yield "    </p>\n   </div>\n"
    yield "  </div>\n"


def _page_title(document: SourceDocument, result: PageResult) -> str:
    image = valid_xml(document.source_uri).replace("\\", "\\\\").replace('"', '\\"')
    size = _bbox(Box(0, 0, result.width_px or 0, result.height_px or 0))
    resolution = f"; scan_res {result.dpi} {result.dpi}" if result.dpi else ""
    return f'image "{image}"; {size}; ppageno {result.page_number - 1}{resolution}'


def _line(name: str, line: Line) -> Iterator[str]:
    yield f'     <span class="ocr_line" id="line_{name}" title="{_bbox(line.box)}">\n'
    for index, word in enumerate(line.words, start=1):
        title = f"{_bbox(word_box(word))}; x_wconf {round(word.confidence)}"
        text = escape(valid_xml(word.text))
        yield f'      <span class="ocrx_word" id="word_{name}_{index}" title="{title}">{text}</span>\n'
    yield "     </span>\n"


def _bbox(box: Box) -> str:
    return f"bbox {box.left} {box.top} {box.right} {box.bottom}"
