"""What a run needs of this machine."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from distributed_ocr_pipeline.client.checks.check import Check, Found, checked, checked_after
from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import MissingTool
from distributed_ocr_pipeline.local.environment import FAST_TESSERACT, fast_tesseract
from distributed_ocr_pipeline.local.folders import find_holder, require_writable
from distributed_ocr_pipeline.local.run import can_build_tesseract
from distributed_ocr_pipeline.ocr import tools

_OLDEST_PYTHON = (3, 10)  # as pyproject.toml says
_OLDEST_TESSERACT = 4


def machine_checks(languages: str | None, output: Path) -> Iterator[Check]:
    """Check this machine for a run.

    Args:
        languages: Those of its documents, such as eng+deu; None for the default of runs.
        output: The folder of its results; it is left as it is.
    """
    yield checked("python", partial(_python, sys.version_info[:2]))
    program = checked("tesseract", _tesseract)
    yield program
    yield checked_after(program, "languages", partial(_languages, languages))
    yield checked("fast tesseract", _fast_tesseract)
    yield checked("poppler", lambda: Found(tools.poppler_version()))
    yield checked("output folder", partial(_output_folder, output))


def _python(version: tuple[int, int]) -> Found:
    if version < _OLDEST_PYTHON:
        oldest = ".".join(map(str, _OLDEST_PYTHON))
        raise MissingTool(f"Python {platform.python_version()} is too old.", f"Install Python {oldest} or later.")
    return Found(f"{platform.python_version()} in {sys.prefix}")


def _tesseract() -> Found:
    version = tools.tesseract_version()
    number = version.partition(".")[0]
    if number.isdecimal() and int(number) < _OLDEST_TESSERACT:
        raise MissingTool(f"Tesseract {version} is too old.", f"Install Tesseract {_OLDEST_TESSERACT} or later.")
    return Found(version)


def _languages(languages: str | None) -> Found:
    config = OCRConfig(languages=languages) if languages else OCRConfig()
    try:
        installed = tools.find_languages(config)
    except MissingTool as error:
        if folder := os.environ.get("TESSDATA_PREFIX"):  # no package installs anything there
            raise MissingTool(error.message, f"Unset TESSDATA_PREFIX ({folder}), or put them there.") from error
        raise
    return Found(f"{config.languages} (installed: {', '.join(installed)})")


def _fast_tesseract() -> Found:
    if fast_tesseract(os.environ):
        return Found(f"runs on this machine use the one in {FAST_TESSERACT}")
    if can_build_tesseract():
        return Found(
            "not built; with it, scanned pages take less than half the time", "Run: make fast-tesseract", is_hint=True
        )
    return Found("not built; it is for Debian on x86-64 alone", is_hint=True)


def _output_folder(folder: Path) -> Found:
    """What a run does first, undone."""
    made = [path for path in (folder, *folder.parents) if not os.path.exists(path)]
    try:
        require_writable(folder)
        free = shutil.disk_usage(folder).free
    finally:
        for path in made:
            with suppress(OSError):  # it was not made, or a run has put something into it meanwhile
                path.rmdir()
    if (holder := find_holder(folder)) and holder.is_at_work:
        busy = f"process {holder.pid} writes into {str(folder)!r}; it reads {holder.documents!r}"
        return Found(busy, "Wait for its end, or choose another --output.", is_hint=True)
    return Found(f"{str(folder)!r} can be {'made' if made else 'written'}; {free / 1e9:,.1f} GB are free")
