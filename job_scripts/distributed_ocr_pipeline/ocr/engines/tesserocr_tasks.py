"""The tesserocr library, as seen from inside a helper process: the only module that imports it."""

# pylint: disable=no-member  # a compiled module tells a linter nothing
import os
from collections.abc import Mapping
from functools import lru_cache
from glob import glob
from pathlib import Path
from typing import Any

import tesserocr  # pylint: disable=import-error

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass

_DATA_FOLDERS = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
_DEFAULT_OEM = int(tesserocr.OEM.DEFAULT)
_DEFAULT_PSM = int(tesserocr.PSM.AUTO)


def version() -> str:
    """The version of the Tesseract that the library brings with it, such as `5.5.4`."""
    return str(tesserocr.tesseract_version()).split()[1]


def languages() -> list[str]:
    """Names of the language models that are found."""
    return sorted({model.stem for folder in _folders() for model in folder.glob("*.traineddata")})


def recognise(
    path: str, language: str, options: Mapping[str, str | int | float | bool], wants_text: bool
) -> dict[str, Any]:
    """Read one grey image: `{"tsv": ..., "text": ...}`, the first without its heading, the second None if unwanted."""
    variables = dict(options)
    oem, psm = int(variables.pop("oem", _DEFAULT_OEM)), int(variables.pop("psm", _DEFAULT_PSM))
    api = _api(language, oem)
    try:
        api.SetPageSegMode(psm)
        for name, value in variables.items():
            if not api.SetVariable(name, str(int(value)) if isinstance(value, bool) else str(value)):
                raise DocumentError(ErrorClass.ENGINE_CRASH, f"Tesseract has no variable {name!r}.")
        api.SetImageFile(path)
        if not api.Recognize():
            raise DocumentError(ErrorClass.ENGINE_CRASH, "tesserocr could not read the page.")
        return {"tsv": api.GetTSVText(0), "text": api.GetUTF8Text() if wants_text else None}
    except RuntimeError as error:
        raise DocumentError(ErrorClass.ENGINE_CRASH, f"tesserocr failed: {error}") from error
    finally:
        api.Clear()
        api.ClearAdaptiveClassifier()  # a page must not depend on those before it


@lru_cache(maxsize=1)
def _api(language: str, oem: int) -> Any:
    """The engine with its model, loaded once a process."""
    wanted = language.split("+")
    for folder in _folders():
        if all((folder / f"{name}.traineddata").is_file() for name in wanted):
            return tesserocr.PyTessBaseAPI(path=str(folder), lang=language, oem=oem)
    raise DocumentError(ErrorClass.ENGINE_CRASH, f"No folder has the language models {language}.")


def _folders() -> list[Path]:
    named = os.environ.get("TESSDATA_PREFIX")
    found = (
        [named] if named else [folder for pattern in _DATA_FOLDERS for folder in sorted(glob(pattern), reverse=True)]
    )
    return [Path(folder) for folder in found]


TASKS = {"version": version, "languages": languages, "recognise": recognise}
"""What the helper process may be asked to do."""
