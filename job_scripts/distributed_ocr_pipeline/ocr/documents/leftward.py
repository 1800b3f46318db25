"""Text layers in scripts that run from right to left: from which file Poppler gives their letters in order."""

import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkstemp

from distributed_ocr_pipeline.errors import DocumentError
from distributed_ocr_pipeline.ocr.documents import poppler, tasks
from distributed_ocr_pipeline.ocr.documents.source import Tools
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit


class LeftwardLayers:
    """The text layers of one PDF, as far as they have letters of scripts that run from right to left.

    If codes of its fonts stand for several of these (see `looks.ligatures`), Poppler is given a copy of the file, which
    goes with this object. `are_sure` is False if that could not be found out.
    """

    def __init__(self, path: Path, page_count: int, tools: Tools) -> None:
        self._path = path
        self._page_count = page_count
        self._tools = tools
        self._looked = False
        self.file = path
        self.are_sure = True

    def as_read(
        self, pages: range, texts: Sequence[str], shown: poppler.PageSize | None, limit: TimeLimit
    ) -> Sequence[str]:
        """Texts of consecutive pages (see `poppler.layer_texts`) in the order of reading. Raises `DocumentError`."""
        if not self._looked:
            self._looked = True
            self._look(limit.seconds())
        limits, stop = self._tools.poppler_limits(limit.seconds()), self._tools.stop
        if self.file != self._path:
            texts = poppler.layer_texts(self.file, pages, limits, stop, shown)
        return poppler.texts_as_read(self.file, pages, texts, limits, stop)

    def _look(self, seconds: float) -> None:
        descriptor, name = mkstemp(prefix="drawn-", suffix=".pdf", dir=self._tools.scratch)
        os.close(descriptor)
        copy, sandbox, pages = Path(name), self._tools.sandboxes.within(seconds), self._page_count
        try:
            if sandbox.call(tasks.write_as_drawn, path=str(self._path), page_count=pages, target=name):
                self.file = copy
                weakref.finalize(self, copy.unlink, missing_ok=True)
        except DocumentError:
            self.are_sure = False
        finally:
            if self.file != copy:
                copy.unlink()
