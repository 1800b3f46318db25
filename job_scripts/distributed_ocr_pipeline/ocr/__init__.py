"""From a document's file to page results. This is the face; callers import from here.

isolation   each document in a worker process of its own
worker      documents in, page results out, in order and in parallel (batches; tools: what it needs on the machine)
pages       what becomes of a page: text layer or raster, engine, right way up, result
documents   what a file is, what its pages are, and how they become rasters
engines     pytesseract, tesserocr and rapidocr behind one protocol
rasters     grey pictures: decoding, turning, cleaning
processes   external programs and sandboxes under limits; cancellation; work in parallel
scripts     which scripts have no blanks, and letters in their usual form

Imports go upwards in this list only: `rasters`, `processes` and `scripts` know nothing of the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed_ocr_pipeline.ocr.isolation import process_isolated
    from distributed_ocr_pipeline.ocr.pages.preview import draw_pages, shrink_page_image
    from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
    from distributed_ocr_pipeline.ocr.tools import check_tools, engine_version
    from distributed_ocr_pipeline.ocr.worker import DocumentReader, process_documents

__all__ = [
    "DocumentReader",
    "Stop",
    "check_tools",
    "draw_pages",
    "engine_version",
    "process_documents",
    "process_isolated",
    "shrink_page_image",
]

_HOMES = {
    "DocumentReader": "worker",
    "Stop": "processes.cancellation",
    "check_tools": "tools",
    "draw_pages": "pages.preview",
    "engine_version": "tools",
    "process_documents": "worker",
    "process_isolated": "isolation",
    "shrink_page_image": "pages.preview",
}


def __getattr__(name: str) -> Any:
    """Import the public names when first used: a sandbox, which is a module in here, starts without all the rest."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
