"""What the sandbox that reads documents may be asked to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from distributed_ocr_pipeline.ocr.rasters.decoding import page_frames, rasterise, rasterise_scan

__all__ = ["find_bare_scans", "find_bare_text", "page_frames", "rasterise", "rasterise_scan"]


@dataclass(frozen=True)
class FoundScan:
    """A page that is a bare scan, and the degrees clockwise by which it is turned."""

    page: int
    turn: int


def find_bare_scans(path: str, pages: Sequence[int]) -> list[FoundScan]:
    """Those of `pages` (numbers from 1) that are bare scans (see `bare_scans`)."""
    # pylint: disable-next=import-outside-toplevel  # loading pikepdf takes longer than a page; only scans need it
    from distributed_ocr_pipeline.ocr.documents.bare_scans import bare_scans

    return [FoundScan(page, turn) for page, turn in bare_scans(path, pages)]


def find_bare_text(path: str, page_count: int, pages: Sequence[int]) -> list[int]:
    """Those of `pages` (numbers from 1) that certainly show no picture (see `bare_text`)."""
    # pylint: disable-next=import-outside-toplevel  # as above
    from distributed_ocr_pipeline.ocr.documents.bare_text import bare_text

    return bare_text(path, page_count, pages)
