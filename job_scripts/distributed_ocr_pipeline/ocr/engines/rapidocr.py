"""The neural engine: PP-OCR's models with the library rapidocr, in sandboxes, on one core each.

It finds pieces of lines and reads them; which of them make a line, and in what order they are read, is our own work.
"""

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise

from distributed_ocr_pipeline.config import AUTO_LANGUAGES, NEURAL_LANGUAGES, OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass, MissingTool
from distributed_ocr_pipeline.ocr.engines import rapidocr_tasks
from distributed_ocr_pipeline.ocr.engines.line_layout import blocks_of_lines
from distributed_ocr_pipeline.ocr.engines.recognition import (
    Options,
    Outcome,
    PlacedWord,
    Recognition,
    box_around,
    recognition_of,
)
from distributed_ocr_pipeline.ocr.processes import allocator
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, TimeLimit
from distributed_ocr_pipeline.ocr.processes.programs import Limits
from distributed_ocr_pipeline.ocr.processes.sandbox import SandboxPool
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.ocr.scripts import is_unspaced, plain_letters
from distributed_ocr_pipeline.records import Word

_PACKAGES = ("rapidocr", "onnxruntime")
_MOST = 100.0  # of a confidence
_SHARE_RIGHT = ((0, 0), (60, 5), (75, 33), (85, 55), (92.5, 67), (97, 81), (99, 94), (100, 99))
"""The models' confidence, and the percentage of words with it that are right. Fitted on the 8,000 words of the 23 pages
of docs/accuracy.md, "The neural engine", whose figures are thus not of unseen pages; no command repeats it."""


class RapidOCREngine:
    """The library in sandboxes, its models loaded once in each."""

    def __init__(self, config: OCRConfig, stop: Stop) -> None:
        limits = Limits(seconds=0, memory_mb=config.engine_memory_mb)
        self._sandboxes = SandboxPool(rapidocr_tasks, limits, stop, allocator.OF_THE_SYSTEM)
        languages = config.languages.split("+")
        self._with_ideographs = any(name.startswith(("chi_", "jpn", AUTO_LANGUAGES)) for name in languages)

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        """Read pages one after the other with one sandbox. The options are Tesseract's; there are none here."""
        del options
        return [self._read_one(raster, limit) for raster in rasters]

    def close(self) -> None:
        """End the sandboxes."""
        self._sandboxes.close()

    @staticmethod
    def languages() -> list[str]:
        """What the models read, by Tesseract's names. Raises `MissingTool` if the library is not installed."""
        missing = [package for package in _PACKAGES if find_spec(package) is None]
        if missing:
            message = f"The neural engine is not installed (no {' and no '.join(missing)})."
            advice = "Install it: make neural; for AWS, build the image with NEURAL=1 (docs/languages.md)."
            raise MissingTool(message, advice)
        return sorted(NEURAL_LANGUAGES)

    @staticmethod
    def version() -> str:
        """The version of the library, and so of its models."""
        return version("rapidocr")

    def _read_one(self, raster: Raster, limit: TimeLimit) -> Outcome:
        outcome = self._tried(raster, limit)
        if isinstance(outcome, DocumentError) and outcome.error_class is ErrorClass.OUT_OF_MEMORY:
            return self._tried(raster, limit)  # in a new process: what pages before had left may have been in the way
        return outcome

    def _tried(self, raster: Raster, limit: TimeLimit) -> Outcome:
        try:
            answer = self._sandboxes.within(limit.seconds()).call(rapidocr_tasks.recognise, path=str(raster.path))
            return recognition_of_lines([[self._believed(word) for word in line] for line in answer.lines])
        except DocumentError as error:
            return error

    def _believed(self, word: Word) -> Word:
        """The word with a confidence that means what Tesseract's does: none in a letter that its language has not."""
        foreign = not self._with_ideographs and any(map(str.isalpha, filter(is_unspaced, word.text)))
        return replace(word, confidence=0.0) if foreign else _calibrated(word)


def recognition_of_lines(lines: Sequence[Sequence[Word]]) -> Recognition:
    """Text and words of one page in reading order, from the words of each line; their own line numbers do not count.

    Raises `DocumentError` (engine_crash) if a line or a number makes no sense.
    """
    if not all(_makes_sense(line) for line in lines):
        raise DocumentError(ErrorClass.ENGINE_CRASH, "The engine's answer makes no sense.")
    placed = [
        _placed(word, block_number, line_number)
        for block_number, block in enumerate(blocks_of_lines([box_around(line) for line in lines]))
        for line_number, line in enumerate(block)
        for index in line
        for word in lines[index]
    ]
    return recognition_of(placed, None)


def _calibrated(word: Word) -> Word:
    """The word with a confidence that means what Tesseract's does."""
    for (low, right_at_low), (high, right_at_high) in pairwise(_SHARE_RIGHT):
        if low <= word.confidence <= high:
            share = (word.confidence - low) / (high - low)
            return replace(word, confidence=right_at_low + share * (right_at_high - right_at_low))
    return word  # makes no sense, which is found out later


def _makes_sense(line: Sequence[Word]) -> bool:
    return bool(line) and all(
        word.text.strip() and word.width > 0 and word.height > 0 and 0 <= word.confidence <= _MOST for word in line
    )


def _placed(word: Word, block: int, line: int) -> PlacedWord:
    box = word.left, word.top, word.width, word.height
    return PlacedWord(block, (block,), (block, line), *box, word.confidence, plain_letters(word.text.strip()))
