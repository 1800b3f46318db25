"""Pages as they are shown: the row of each, its words by confidence, and its picture."""

from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from distributed_ocr_pipeline.client.exports.stored import page_of_row
from distributed_ocr_pipeline.client.inspection.outputs import Output, open_table, reading_table
from distributed_ocr_pipeline.client.report.figures import PageKey
from distributed_ocr_pipeline.client.report.pictures import Picture, Pictures, WantedPicture
from distributed_ocr_pipeline.layout import DOCUMENTS, PAGES, RunLayout
from distributed_ocr_pipeline.outputs.paragraphs import paragraphs_of
from distributed_ocr_pipeline.records import Word
from distributed_ocr_pipeline.tables.schema import ALL_PAGES_SCHEMA, LEDGER_SCHEMA

BANDS = ((90.0, "90 and more"), (75.0, "75 to 90"), (50.0, "50 to 75"), (0.0, "under 50"))
"""Bands of confidence: the least of each, and its name."""

MOST_WORDS = 5000
"""Of a page, that are shown with their boxes; a page of print has some 500."""


@dataclass(frozen=True)
class PageView:
    """A page with what is needed to show it. Boxes are in pixels of a page of `width` times `height`."""

    row: Mapping[str, Any]  # of the pages table
    words: tuple[Word, ...]
    picture: Picture

    @property
    def width(self) -> int:
        """Pixels of the rendered page; an A4 page's where there was none."""
        return self.row["width_px"] or 1240

    @property
    def height(self) -> int:
        """Likewise."""
        return self.row["height_px"] or 1754

    @property
    def picture_uri(self) -> str:
        """The picture as a data URI, or empty."""
        return f"data:image/jpeg;base64,{b64encode(self.picture.jpeg).decode()}" if self.picture.jpeg else ""

    @property
    def paragraphs(self) -> list[list[list[tuple[int, Word]]]]:
        """The words by paragraph and line, each with its number from 1."""
        numbers = count(1)
        page = replace(page_of_row(self.row), words=self.words)
        return [
            [[(next(numbers), word) for word in line.words] for line in paragraph.lines]
            for paragraph in paragraphs_of(page)
        ]

    @property
    def outlines(self) -> list[str]:
        """For each band, the boxes of its words as one path of SVG."""
        paths = [""] * len(BANDS)
        for word in self.words:
            paths[band(word.confidence)] += f"M{word.left} {word.top}h{word.width}v{word.height}h{-word.width}z"
        return paths


def band(confidence: float) -> int:
    """The number of the band that a confidence is in."""
    return next(number for number, (least, _) in enumerate(BANDS) if confidence >= least or number == len(BANDS) - 1)


def view_pages(output: Output, run_id: str, keys: Sequence[PageKey], pictures: Pictures) -> list[PageView]:
    """Pages of a run, in the order of `keys`; one that is not in the tables is left out.

    Raises:
        BadInput: A table cannot be read.
        ServiceFault: S3 did not answer.
    """
    wanted = set(keys)
    rows = {_key(row): row for row in _read_rows(output, run_id, wanted) if _key(row) in wanted}
    sizes = _read_sizes(output, run_id, {key.document_id for key in keys})
    made = dict(_make_pictures(rows.values(), sizes, pictures))
    return [_view(rows[key], made[key]) for key in keys if key in rows]


def _key(row: Mapping[str, Any]) -> PageKey:
    return PageKey(row["document_id"], row["page_number"])


def _read_rows(output: Output, run_id: str, keys: Collection[PageKey]) -> Iterator[dict[str, Any]]:
    """Pages with any of these documents and any of these numbers, as all pages of a document may have many words."""
    run = RunLayout("", run_id)
    condition = ds.field("document_id").isin(pa.array({key.document_id for key in keys}, pa.string()))
    condition &= ds.field("page_number").isin(pa.array({key.page_number for key in keys}, pa.int64()))
    with reading_table(output, f"{PAGES}/"):
        pages = open_table(output, run.pages.key, ALL_PAGES_SCHEMA)
        for batch in pages.to_batches(filter=condition) if pages else ():
            yield from batch.to_pylist()


def _read_sizes(output: Output, run_id: str, document_ids: Collection[str]) -> dict[str, int]:
    """Bytes of documents by their ids."""
    run = RunLayout("", run_id)
    condition = ds.field("document_id").isin(pa.array(document_ids, pa.string()))
    with reading_table(output, f"{DOCUMENTS}/"):
        ledger = open_table(output, run.documents.key, LEDGER_SCHEMA)
        found = ledger.to_table(columns=["document_id", "size_bytes"], filter=condition).to_pylist() if ledger else []
    return {row["document_id"]: row["size_bytes"] for row in found}


def _make_pictures(
    rows: Iterable[Mapping[str, Any]], sizes: Mapping[str, int], pictures: Pictures
) -> Iterator[tuple[PageKey, Picture]]:
    """A document is opened once for all of its pages."""
    by_document = sorted(rows, key=lambda row: (row["document_id"], row["page_number"]))
    for document_id, pages in groupby(by_document, key=lambda row: row["document_id"]):
        found = list(pages)
        wanted = [
            WantedPicture(row["page_number"], row["rotation_degrees"] or 0.0, row["image_uri"] or "") for row in found
        ]
        made = pictures.of_document(found[0]["source_uri"], sizes.get(document_id, -1), wanted)
        yield from ((PageKey(document_id, number), picture) for number, picture in made.items())


def _view(row: Mapping[str, Any], picture: Picture) -> PageView:
    words = tuple(Word(**word) for word in (row["words"] or ())[:MOST_WORDS])
    return PageView(row, words, picture)
