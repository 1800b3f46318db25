"""Pictures as documents: one page, or a page for each frame of a TIFF."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.ocr.documents import tasks
from distributed_ocr_pipeline.ocr.documents.source import Layer, PageSurvey, Rasters, Tools
from distributed_ocr_pipeline.ocr.documents.text_layer import Verdict
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster


class PictureSource:
    """A picture: one page, or a page per frame of a TIFF."""

    def __init__(self, path: Path, media_type: str, tools: Tools) -> None:
        self.media_type = media_type
        self._path = path
        self._tools = tools
        sandbox = tools.sandboxes.within(tools.config.page_timeout_seconds)
        self._frames = sandbox.call(tasks.page_frames, path=str(path))
        self.page_count = len(self._frames)

    def survey(self, pages: range, limit: TimeLimit) -> list[PageSurvey]:
        """Nothing is known of a picture before it is drawn."""
        del limit
        return [PageSurvey(number=page, verdict=Verdict(False, "a picture")) for page in pages]

    def draw(self, pages: Sequence[PageSurvey], dpi: int, folder: Path, limit: TimeLimit) -> Rasters:
        """Decode frames, one by one; `dpi` does not apply."""
        del dpi
        return {page.number: self._draw_one(page.number, folder, limit) for page in pages}

    def layers(self, pages: range, limit: TimeLimit) -> Mapping[int, Layer]:
        """A picture has no text layer."""
        del pages, limit
        return {}

    def _draw_one(self, page: int, folder: Path, limit: TimeLimit) -> Raster | DocumentError:
        config, target = self._tools.config, folder / f"page-{page}-0.tif"
        try:
            made = self._tools.sandboxes.within(limit.seconds()).call(
                tasks.rasterise,
                path=str(self._path),
                frame=self._frames[page - 1],
                target=str(target),
                max_pixels=config.max_page_pixels,
                memory_mb=config.engine_memory_mb,
            )
        except DocumentError as error:
            return error
        return Raster(target, made.width, made.height, made.dpi, made.note, made.fault)
