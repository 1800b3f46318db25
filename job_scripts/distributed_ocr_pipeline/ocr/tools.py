"""The programs, libraries and languages that reading needs: are they there, and which versions."""

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import MissingTool
from distributed_ocr_pipeline.ocr.documents import poppler
from distributed_ocr_pipeline.ocr.engines import engines, tesseract
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.programs import installed


def check_tools(config: OCRConfig) -> None:
    """Raise `MissingTool` if a program, library or language that `config` needs is not installed."""
    programs = [*poppler.PROGRAMS]
    if config.output_type != "image" and config.engine == "pytesseract":
        programs.append(tesseract.program())
    missing = [program for program in programs if not installed(program)]
    if missing:
        raise MissingTool(
            f"Not installed: {', '.join(missing)}.", "Install the packages tesseract-ocr and poppler-utils."
        )
    if config.output_type != "image":
        engines.check_engine(config)


def engine_version(config: OCRConfig) -> str:
    """What reads the documents, for the ledger: such as `tesseract 5.3.0, poppler 22.12.0`."""
    return f"tesseract {engines.engine_version(config)}, poppler {poppler.version(Stop())}"
