"""What the results of a run take on a disk, by its plan.

The figures are those of full pages of print, with something to spare: tests/unit/run/test_space.py compares them with
what the writers write.
"""

from collections.abc import Mapping

from distributed_ocr_pipeline.config import RunSettings
from distributed_ocr_pipeline.records import PDFS, FormatName
from distributed_ocr_pipeline.run.plan import Plan

_DOCUMENT_BYTES = 500  # its rows in the ledger, the plan and the shard's manifest
_PAGE_BYTES = 2_000  # its text, compressed
_WORDS_BYTES = 6_000  # of a page: words, boxes and confidences
_IMAGE_BYTES = {"jpeg": 500_000, "webp": 300_000}  # of an A4 page at 300 dpi, between a letter's and the fullest page's
_IMAGE_DPI = 300
_FILE_BYTES: Mapping[FormatName, int] = {  # of a page, in the files of its document; these are not compressed
    "searchable_pdf": 5_000,  # beside the document itself
    "pdfa": 5_000,  # the same
    "text": 4_000,
    "markdown": 4_000,
    "hocr": 70_000,
    "alto": 80_000,
    "tsv": 25_000,
    "jsonl": 70_000,
}


def result_bytes(plan: Plan, settings: RunSettings) -> int:
    """Bytes that the results of a plan take, as expected: tables, and page images and files where they are wanted."""
    page = 0.0
    if settings.output_type in ("text", "both"):
        page += _PAGE_BYTES + (_WORDS_BYTES if settings.words else 0)
    if settings.output_type in ("image", "both"):
        page += _IMAGE_BYTES[settings.image_format] * settings.dpi / _IMAGE_DPI  # by the outlines of letters
    page += sum(_FILE_BYTES[name] for name in settings.outputs)
    copied = plan.size_bytes * len(PDFS & set(settings.outputs))
    return int(plan.documents * _DOCUMENT_BYTES + copied + plan.pages.expected * page)


def bytes_at_work(total_bytes: int, plan: Plan) -> int:
    """What of a total the shards have that are at work at the same time."""
    return total_bytes * plan.max_concurrency // max(1, plan.shards)
