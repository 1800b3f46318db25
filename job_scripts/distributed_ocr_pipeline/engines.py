"""The OCR engines behind one protocol.

A list of page rasters goes in, and for each comes out what was read or why not: a page that hangs, crashes or eats
memory costs itself alone.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from distributed_ocr_pipeline import tesseract
from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.images import Raster
from distributed_ocr_pipeline.programs import Limits, ProgramFailed
from distributed_ocr_pipeline.stopping import Stop, TimeLimit
from distributed_ocr_pipeline.tesseract import Recognition

Options = Mapping[str, str | int | float | bool]
Outcome = Recognition | DocumentError


class Engine(Protocol):
    """Reads rasters."""

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        """An outcome for each raster. `options` as in `tesseract_config`."""

    def close(self) -> None:
        """Let go of processes."""


def make_engine(config: OCRConfig, stop: Stop) -> Engine:
    """The engine that `config` names."""
    return PytesseractEngine(config, stop)


class PytesseractEngine:
    """The `tesseract` program, many pages a call."""

    def __init__(self, config: OCRConfig, stop: Stop) -> None:
        self._config = config
        self._stop = stop

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        """Read all pages with one call; if it fails, put the blame on one page and read the others again."""
        if not rasters:
            return []
        try:
            return list(self._call(rasters, options, limit))
        except DocumentError as error:
            if len(rasters) == 1:
                return [error]
            guilty = self._guilty(error, len(rasters))
            if guilty is None:
                return [outcome for one in rasters for outcome in self.recognise([one], options, limit)]
            before = self.recognise(rasters[:guilty], options, limit)
            return [*before, error, *self.recognise(rasters[guilty + 1 :], options, limit)]

    def close(self) -> None:
        """Nothing is kept between calls."""

    def _call(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Recognition]:
        limits = Limits(
            seconds=limit.seconds(),
            memory_mb=self._config.engine_memory_mb,
            steps=len(rasters),
            step_mark=tesseract.PAGE_MARK,
        )
        images = [raster.path for raster in rasters]
        return tesseract.recognise(images, self._config.languages, options, limits, self._stop)

    @staticmethod
    def _guilty(error: DocumentError, pages: int) -> int | None:
        """Index of the page that a call was ended on; None if that is not known."""
        begun = tesseract.pages_begun(error.stderr) if isinstance(error, ProgramFailed) else 0
        return begun - 1 if 0 < begun <= pages else None
