"""The OCR engines behind one protocol.

A list of page rasters goes in, and for each comes out what was read or why not: a page that hangs, crashes or eats
memory is the only one that fails.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Protocol, TypeVar

from distributed_ocr_pipeline.config import AUTO_LANGUAGES, OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, MissingTool
from distributed_ocr_pipeline.log_context import ContextLogger
from distributed_ocr_pipeline.ocr.engines import tesseract, tesserocr_tasks
from distributed_ocr_pipeline.ocr.engines.automatic import AutomaticEngine
from distributed_ocr_pipeline.ocr.engines.rapidocr import RapidOCREngine
from distributed_ocr_pipeline.ocr.engines.recognition import Options, Outcome, Recognition, parse
from distributed_ocr_pipeline.ocr.engines.script_models import DETECTOR, FoundScript, first_models
from distributed_ocr_pipeline.ocr.engines.tesseract_models import how_to_get
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, TimeLimit
from distributed_ocr_pipeline.ocr.processes.programs import Limits, ProgramFailed
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.ocr.rasters.raster import Raster

logger = ContextLogger(__name__)

_Answer = TypeVar("_Answer")


class Engine(Protocol):
    """Reads rasters."""

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        """An outcome for each raster. `options` as in `tesseract_config`."""

    def close(self) -> None:
        """End the processes that are kept."""


def make_engine(config: OCRConfig, stop: Stop) -> Engine:
    """The engine that `config` names."""
    if config.engine == "rapidocr":
        return RapidOCREngine(config, stop)
    engine = TesserocrEngine if config.engine == "tesserocr" else PytesseractEngine
    if config.languages != AUTO_LANGUAGES:
        return engine(config, stop)
    return AutomaticEngine(
        lambda models: engine(config.model_copy(update={"languages": models}), stop), engine.languages
    )


def make_second_engine(config: OCRConfig, stop: Stop) -> Engine | None:
    """The engine that gives a second opinion; None if none is wanted."""
    return None if config.second_opinion == "none" else RapidOCREngine(config, stop)


def check_engine(config: OCRConfig) -> list[str]:
    """The engine's languages.

    Raises `MissingTool` if it, the engine of a second opinion, or a language that `config` names is not installed.
    """
    neural_languages = RapidOCREngine.languages() if config.neural else []
    if config.engine == "rapidocr":
        return neural_languages
    engine = TesserocrEngine if config.engine == "tesserocr" else PytesseractEngine
    installed_languages = engine.languages()
    wanted = [DETECTOR] if config.languages == AUTO_LANGUAGES else config.languages.split("+")
    absent = [language for language in wanted if language not in installed_languages]
    if not absent and not first_models(installed_languages):
        absent = ["eng"]
    if absent:
        there = ", ".join(installed_languages) or "none"
        message = f"Tesseract has no language {', '.join(absent)} (installed: {there})."
        raise MissingTool(message, how_to_get(absent))
    return installed_languages


def engine_version(config: OCRConfig) -> str:
    """Names and versions of what reads: `tesseract 5.3.0`, `rapidocr 3.10.0`, or both."""
    versions = [f"rapidocr {RapidOCREngine.version()}"] if config.neural else []
    if config.engine != "rapidocr":
        of_tesseract = TesserocrEngine.version() if config.engine == "tesserocr" else tesseract.version(Stop())
        versions.insert(0, f"tesseract {of_tesseract}")
    return ", ".join(versions)


class PytesseractEngine:
    """The `tesseract` program, many pages a call."""

    def __init__(self, config: OCRConfig, stop: Stop) -> None:
        self._config = config
        self._stop = stop

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        """Read all pages with one call; if it fails, find the page that is to blame and read the others again."""
        if not rasters:
            return []
        try:
            return list(self._call(rasters, options, limit))
        except DocumentError as error:
            if len(rasters) == 1:
                return [error]
            logger.debug("one of %d pages failed: %s; the others are read again", len(rasters), error.error_class.value)
            failing = self._failing_page(error, len(rasters))
            if failing is None:
                return [outcome for one in rasters for outcome in self.recognise([one], options, limit)]
            before = self.recognise(rasters[:failing], options, limit)
            return [*before, error, *self.recognise(rasters[failing + 1 :], options, limit)]

    def script_of(self, raster: Raster, limit: TimeLimit) -> FoundScript | None:
        """The script of a page; None if there is too little print to tell. Raises `DocumentError`."""
        limits = Limits(seconds=limit.seconds(), memory_mb=self._config.engine_memory_mb)
        return tesseract.find_script(raster.path, limits, self._stop)

    def close(self) -> None:
        """Nothing is kept between calls."""

    @staticmethod
    def languages() -> list[str]:
        """Names of the installed language models. Raises `MissingTool` if the program is not installed."""
        return tesseract.installed_languages(Stop())

    def _call(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Recognition]:
        limits = Limits(
            seconds=limit.seconds(),
            memory_mb=self._config.engine_memory_mb,
            steps=len(rasters),
            step_mark=tesseract.PAGE_MARK,
            all_seconds=limit.seconds(len(rasters)),
        )
        images = [raster.path for raster in rasters]
        return tesseract.recognise(images, self._config.languages, options, limits, self._stop)

    @staticmethod
    def _failing_page(error: DocumentError, pages: int) -> int | None:
        """Index of the page that a call was ended on; None if that is not known."""
        begun = tesseract.pages_begun(error.stderr) if isinstance(error, ProgramFailed) else 0
        return begun - 1 if 0 < begun <= pages else None


class TesserocrEngine:
    """The tesserocr library in sandboxes, its model loaded once in each."""

    def __init__(self, config: OCRConfig, stop: Stop) -> None:
        self._config = config
        self._sandboxes = SandboxPool(tesserocr_tasks, Limits(seconds=0, memory_mb=config.engine_memory_mb), stop)

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        """Read pages one after the other with one sandbox."""
        return [self._read_one(raster, options, limit) for raster in rasters]

    def script_of(self, raster: Raster, limit: TimeLimit) -> FoundScript | None:
        """The script of a page; None if there is too little print to tell. Raises `DocumentError`."""
        sandbox = self._sandboxes.within(limit.seconds())
        return sandbox.call(tesserocr_tasks.find_script, path=str(raster.path))

    def close(self) -> None:
        """End the sandboxes."""
        self._sandboxes.close()

    @staticmethod
    def languages() -> list[str]:
        """Names of the language models that are found. Raises `MissingTool` if the library is not installed."""
        return _ask_tesserocr(tesserocr_tasks.languages)

    @staticmethod
    def version() -> str:
        """The version of the Tesseract that the library brings with it."""
        return _ask_tesserocr(tesserocr_tasks.version)

    def _read_one(self, raster: Raster, options: Options, limit: TimeLimit) -> Outcome:
        try:
            answer = self._sandboxes.within(limit.seconds()).call(
                tesserocr_tasks.recognise,
                path=str(raster.path),
                language=self._config.languages,
                options=dict(options),
                wants_text=tesseract.wants_own_text(options, self._config.languages),
            )
            return parse(answer.tsv, answer.text)
        except DocumentError as error:
            return error


def _ask_tesserocr(task: Callable[[], _Answer]) -> _Answer:
    """Raises `MissingTool` if the library is not installed."""
    if find_spec("tesserocr") is None:
        advice = "Install it (pip install 'distributed-ocr-pipeline[tesserocr]') or choose the engine pytesseract."
        raise MissingTool("The Python package tesserocr is not installed.", advice)
    sandboxes = SandboxPool(tesserocr_tasks, Limits(seconds=0, memory_mb=2048), Stop())
    try:
        return sandboxes.within(30).call(task)
    finally:
        sandboxes.close()
