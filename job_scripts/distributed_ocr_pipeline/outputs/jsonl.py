"""JSON Lines: an object for each page, with the columns of the table of pages."""

import json
from dataclasses import asdict

from distributed_ocr_pipeline.outputs.structure import SourceDocument
from distributed_ocr_pipeline.records import PageResult


def page(document: SourceDocument, result: PageResult) -> str:
    """One line; `words` is null where they were not stored, or there are none."""
    row = asdict(result)
    del row["image_path"], row["duration_ms"]  # where it lies, and how long it took, is no content
    row["words"] = row["words"] or None
    row["error_message"] = row["error_message"] or None
    row["language"] = row["language"] or None
    own = {"source_uri": document.source_uri, "page_count": document.page_count}
    return json.dumps(own | row, ensure_ascii=False) + "\n"
