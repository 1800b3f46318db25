"""The tesserocr library: what the sandbox that reads pages may be asked to do.

The only module that loads the library, and only inside a function: the worker imports the module to name its functions.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from glob import glob
from importlib import import_module
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.engines.script_models import DETECTOR, FoundScript

__all__ = ["find_script", "languages", "recognise", "version"]

_DATA_FOLDERS = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)


@dataclass(frozen=True)
class Answer:
    """What the library gives for a page: its TSV without the heading, and its own text if that was wanted."""

    tsv: str
    text: str | None


def version() -> str:
    """The version of the Tesseract that the library brings with it, such as `5.5.4`."""
    return str(_library().tesseract_version()).split()[1]


def languages() -> list[str]:
    """Names of the language models that are found."""
    return sorted({model.stem for folder in _folders() for model in folder.glob("*.traineddata")})


def recognise(path: str, language: str, options: Mapping[str, str | int | float | bool], wants_text: bool) -> Answer:
    """Read one grey image. Raises `DocumentError` (engine_crash)."""
    variables = dict(options)
    oem = int(variables.pop("oem", _library().OEM.DEFAULT))
    psm = int(variables.pop("psm", _library().PSM.AUTO))
    api = _api(language, oem)
    try:
        api.SetPageSegMode(psm)
        for name, value in variables.items():
            if not api.SetVariable(name, str(int(value)) if isinstance(value, bool) else str(value)):
                raise DocumentError(ErrorClass.ENGINE_CRASH, f"Tesseract has no variable {name!r}.")
        api.SetImageFile(path)
        if not api.Recognize():
            raise DocumentError(ErrorClass.ENGINE_CRASH, "tesserocr could not read the page.")
        return Answer(api.GetTSVText(0), api.GetUTF8Text() if wants_text else None)
    except RuntimeError as error:
        raise DocumentError(ErrorClass.ENGINE_CRASH, f"tesserocr failed: {error}") from error
    finally:
        api.Clear()
        api.ClearAdaptiveClassifier()  # a page must not depend on those before it


def find_script(path: str) -> FoundScript | None:
    """The script of a grey image; None if there is too little print to tell. Raises `DocumentError` (engine_crash)."""
    api = _detector()
    try:
        api.SetImageFile(path)
        found = api.DetectOrientationScript()
        return FoundScript(found["script_name"], found["script_conf"]) if found else None
    except RuntimeError as error:
        raise DocumentError(ErrorClass.ENGINE_CRASH, f"tesserocr failed: {error}") from error
    finally:
        api.Clear()


def _library() -> Any:
    return import_module("tesserocr")


@lru_cache(maxsize=1)
def _api(language: str, oem: int) -> Any:
    """The engine with its model, loaded once for each process."""
    wanted = language.split("+")
    for folder in _folders():
        if all((folder / f"{name}.traineddata").is_file() for name in wanted):
            return _library().PyTessBaseAPI(path=str(folder), lang=language, oem=oem)
    raise DocumentError(ErrorClass.ENGINE_CRASH, f"No folder has the language models {language}.")


@lru_cache(maxsize=1)
def _detector() -> Any:
    """The model that tells scripts, loaded once for each process."""
    folder = next(folder for folder in _folders() if (folder / f"{DETECTOR}.traineddata").is_file())
    return _library().PyTessBaseAPI(path=str(folder), lang=DETECTOR, psm=_library().PSM.OSD_ONLY)


def _folders() -> list[Path]:
    named = os.environ.get("TESSDATA_PREFIX")
    found = (
        [named] if named else [folder for pattern in _DATA_FOLDERS for folder in sorted(glob(pattern), reverse=True)]
    )
    return [Path(folder) for folder in found]
