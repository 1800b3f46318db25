"""The programs, libraries and languages that reading needs: are they there, and which versions."""

from collections.abc import Sequence

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import MissingTool
from distributed_ocr_pipeline.ocr.documents import poppler
from distributed_ocr_pipeline.ocr.engines import engines, tesseract
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.packages import how_to_install
from distributed_ocr_pipeline.ocr.processes.programs import installed

_TESSERACT, _POPPLER = "tesseract-ocr", "poppler-utils"  # their packages


def check_tools(config: OCRConfig) -> None:
    """Raise `MissingTool` if a program, library or language that `config` needs is not installed."""
    programs = [*poppler.PROGRAMS]
    if config.output_type != "image" and config.engine == "pytesseract":
        programs.append(tesseract.program())
    _require(programs)
    if config.output_type != "image":
        engines.check_engine(config)


def engine_version(config: OCRConfig) -> str:
    """What reads the documents, for the ledger: such as `tesseract 5.3.0, poppler 22.12.0`."""
    return f"{engines.engine_version(config)}, poppler {poppler.version(Stop())}"


def tesseract_version() -> str:
    """The version of the program. Raises `MissingTool` if it is not installed, or does not work."""
    _require([tesseract.program()])
    return _known("Tesseract", tesseract.version(Stop()), _TESSERACT)


def poppler_version() -> str:
    """The version of the programs. Raises `MissingTool` if one is not installed, or does not work."""
    _require(poppler.PROGRAMS)
    return _known("Poppler", poppler.version(Stop()), _POPPLER)


def find_languages(config: OCRConfig) -> list[str]:
    """The languages that `config`'s engine has. Raises `MissingTool` if one that `config` names is not among them."""
    return engines.check_engine(config)


def _require(programs: Sequence[str]) -> None:
    missing = [program for program in programs if not installed(program)]
    if missing:
        packages = [_POPPLER if program in poppler.PROGRAMS else _TESSERACT for program in missing]
        raise MissingTool(f"Not installed: {', '.join(missing)}.", how_to_install(packages))


def _known(name: str, version: str, package: str) -> str:
    """A program that is there and cannot even say its version does not work: a library of it may be missing."""
    if version == "unknown":
        raise MissingTool(f"{name} is installed, but does not say its version.", how_to_install([package]))
    return version
