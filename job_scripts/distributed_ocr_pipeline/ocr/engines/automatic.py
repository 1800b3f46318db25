"""Reading documents whose languages nobody named: `languages: auto`.

A page is read with the models for Latin letters first. If that goes badly, its script is found out, which takes about
as long as reading, and it is read with the models of that script. If there are none, the page says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Protocol

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.engines.recognition import Options, Outcome, Recognition
from distributed_ocr_pipeline.ocr.engines.script_models import FoundScript, first_models, models_of, suggestion
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster

_DOUBTFUL = 85  # mean confidence; other scripts, read as Latin letters, have 20 to 70
_POOR = 70
_SURE = 1.0  # confidence in a script; print that is hard to read is taken for another script with less


class ReaderOfScripts(Protocol):
    """An engine with the models of some languages, which can also tell a page's script."""

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        """As `Engine.recognise`."""

    def script_of(self, raster: Raster, limit: TimeLimit) -> FoundScript | None:
        """The script of a page; None if there is too little print to tell. Raises `DocumentError`."""

    def close(self) -> None:
        """As `Engine.close`."""


class AutomaticEngine:
    """Reads each page with the installed models that suit it.

    Args:
        make_reader: Gives an engine for languages (`eng+deu`).
        find_installed: Lists the installed models.
    """

    def __init__(
        self, make_reader: Callable[[str], ReaderOfScripts], find_installed: Callable[[], Sequence[str]]
    ) -> None:
        self._make_reader = make_reader
        self._find_installed = find_installed
        self._readers: dict[str, ReaderOfScripts] = {}

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        """Read all pages as if in Latin letters, and those again that turn out to be in another script."""
        outcomes = self._read(self._first, rasters, options, limit)
        again: dict[str, list[int]] = {}
        for index, outcome in enumerate(outcomes):
            if not _is_doubtful(outcome):
                continue
            try:
                again.setdefault(self._models_for(rasters[index], outcome, limit), []).append(index)
            except DocumentError as error:
                outcomes[index] = error
        for models, indices in again.items():
            if models != self._first:
                read = self._read(models, [rasters[index] for index in indices], options, limit)
                for index, outcome in zip(indices, read):
                    outcomes[index] = _better(outcome, outcomes[index])
        return outcomes

    def close(self) -> None:
        """End the processes of all readers."""
        for reader in self._readers.values():
            reader.close()

    @cached_property
    def _installed(self) -> Sequence[str]:
        return self._find_installed()

    @cached_property
    def _first(self) -> str:
        return first_models(self._installed)

    def _reader(self, models: str) -> ReaderOfScripts:
        if models not in self._readers:
            self._readers.setdefault(models, self._make_reader(models))  # another thread's may be there by now
        return self._readers[models]

    def _read(self, models: str, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        read = self._reader(models).recognise(rasters, options, limit)
        return [replace(one, language=models) if isinstance(one, Recognition) else one for one in read]

    def _models_for(self, raster: Raster, outcome: Outcome, limit: TimeLimit) -> str:
        """The models for a page that reads badly. Raises `DocumentError` (language_missing)."""
        found = self._reader(self._first).script_of(raster, limit)
        models = models_of(found.name, self._installed) if found else self._first
        if found and not models and found.confidence >= _SURE and _is_doubtful(outcome, _POOR):
            example = suggestion(found.name)
            message = f"The page is in {found.name} script, for which no language is installed{example}."
            raise DocumentError(ErrorClass.LANGUAGE_MISSING, message)
        return models or self._first


def _is_doubtful(outcome: Outcome, limit: float = _DOUBTFUL) -> bool:
    if not isinstance(outcome, Recognition):
        return False
    return outcome.confidence is None or outcome.confidence < limit


def _better(again: Outcome, before: Outcome) -> Outcome:
    """The reading that is believed more."""
    if not isinstance(again, Recognition) or not isinstance(before, Recognition):
        return before
    return again if (again.confidence or 0.0) > (before.confidence or 0.0) else before
