"""Markdown: paragraphs, headings by their size, lists, tables, and a comment where a page begins.

Columns follow each other as they are read. Words that were divided at the end of a line are joined again.
"""

import re
from collections.abc import Iterator, Sequence
from statistics import median

from distributed_ocr_pipeline.ocr.scripts import join_words
from distributed_ocr_pipeline.outputs.page_tables import PageTable, tables_of
from distributed_ocr_pipeline.outputs.paragraphs import BULLET, NUMBER, paragraphs_of
from distributed_ocr_pipeline.outputs.structure import Paragraph, SourceDocument
from distributed_ocr_pipeline.records import PageResult, TextSource

_HEADINGS = ((1.8, "#"), (1.45, "##"), (1.2, "###"))  # by how much its letters are higher than those of the page
_MOST_HEADING_LINES = 3
_MARKUP = re.compile(r"([\\`*_\[\]<>|~])")
_AS_TEXT = r"\\\1"
_MARKUP_AT_START = re.compile(r"^([#+=-])")
_NUMBER_AT_START = re.compile(r"^(\d+)([.)])(?=\s|$)")
_DIVIDED = re.compile(r"[^\W\d_][-\u00ad\u2010]$")


def page(document: SourceDocument, result: PageResult) -> str:
    """A page's text; a comment alone where it has none."""
    del document
    parts = [f"<!-- page {result.page_number} -->"]
    parts += _with_sizes(paragraphs_of(result), result.text_source) if result.words else _from_text(result.text)
    return "\n\n".join(parts) + "\n\n"


def _with_sizes(paragraphs: Sequence[Paragraph], text_source: TextSource) -> Iterator[str]:
    """Paragraphs whose letters have a size: large ones are headings."""
    usual = median(line.height for paragraph in paragraphs for line in paragraph.lines for _ in line.words)
    for part in _without_tables(paragraphs, text_source):
        if isinstance(part, PageTable):
            yield _table(part)
            continue
        lines = [line.text for line in part.lines]
        mark = _heading(part, usual)
        yield f"{mark} {_escaped(_joined(lines))}" if mark else _paragraph(lines)


def _without_tables(paragraphs: Sequence[Paragraph], text_source: TextSource) -> Iterator[Paragraph | PageTable]:
    """Tables, and paragraphs less the lines that are rows of tables."""
    tables = tables_of([line for paragraph in paragraphs for line in paragraph.lines], text_source)
    first = 0
    for paragraph in paragraphs:
        end = first + len(paragraph.lines)
        at = first
        for table in (table for table in tables if table.first < end and table.end > first):
            if at < table.first:
                yield Paragraph(paragraph.lines[at - first : table.first - first])
            if table.first >= first:
                yield table
            at = table.end
        if at < end:
            yield Paragraph(paragraph.lines[at - first :])
        first = end


def _table(table: PageTable) -> str:
    """A pipe table, which has its first row as head."""
    head, *rows = (f"| {' | '.join(_MARKUP.sub(_AS_TEXT, cell) for cell in row)} |" for row in table.rows)
    return "\n".join([head, "|" + " --- |" * len(table.rows[0]), *rows])


def _heading(paragraph: Paragraph, usual: float) -> str:
    """The mark of a heading; empty for other paragraphs."""
    if len(paragraph.lines) > _MOST_HEADING_LINES or not any(map(str.isalpha, paragraph.lines[0].text)):
        return ""
    height = median(line.height for line in paragraph.lines)
    return next((mark for share, mark in _HEADINGS if height >= share * usual), "")


def _from_text(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if lines := [line.strip() for line in paragraph.split("\n") if line.strip()]:
            yield _paragraph(lines)


def _paragraph(lines: Sequence[str]) -> str:
    """A paragraph, or the items of a list if its first line begins one."""
    if not _item_mark(lines[0]):
        return _escaped(_joined(lines))
    items: list[list[str]] = []
    marks: list[str] = []
    for line in lines:
        if mark := _item_mark(line):
            marks.append(mark)
            items.append([NUMBER.sub("", BULLET.sub("", line, 1), 1)])
        else:
            items[-1].append(line)
    return "\n".join(f"{mark} {_escaped(_joined(item))}" for mark, item in zip(marks, items))


def _item_mark(line: str) -> str:
    """`-` or `3.` for a line that begins an item of a list."""
    if BULLET.match(line):
        return "-"
    number = NUMBER.match(line)
    return f"{int(number.group(1))}." if number else ""


def _joined(lines: Sequence[str]) -> str:
    """Lines as one; a word that was divided between two of them is whole."""
    text = lines[0]
    for line in lines[1:]:
        if not _DIVIDED.search(text):
            text = join_words((text, line))
        elif line[:1].islower():
            text = text[:-1] + line
        else:
            text += line  # Jean-Paul
    return text


def _escaped(text: str) -> str:
    """Text in which nothing is taken for markup."""
    escaped = _MARKUP_AT_START.sub(_AS_TEXT, _MARKUP.sub(_AS_TEXT, text))
    return _NUMBER_AT_START.sub(r"\1\\\2", escaped)
