"""What the sandbox that reads documents may be asked to do."""

from collections.abc import Callable, Sequence
from typing import Any

from distributed_ocr_pipeline.ocr.rasters.decoding import describe, rasterise, rasterise_scan


def bare_scans(path: str, pages: Sequence[int]) -> list[tuple[int, int]]:
    """See `bare_scans.bare_scans`."""
    # pylint: disable-next=import-outside-toplevel  # loading pikepdf takes longer than a page; only scans need it
    from distributed_ocr_pipeline.ocr.documents.bare_scans import bare_scans as find

    return find(path, pages)


TASKS: dict[str, Callable[..., Any]] = {
    "describe": describe,
    "rasterise": rasterise,
    "rasterise_scan": rasterise_scan,
    "bare_scans": bare_scans,
}
