"""Tesseract: the only module that calls the `tesseract` program.

One call recognises many pages: the model is loaded once, and text and word boxes come out of one recognition.
Its exit status is not believed: the answer must have as many pages as were given.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytesseract import pytesseract

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.engines.recognition import Recognition, pages_of_tsv, recognition_of
from distributed_ocr_pipeline.ocr.engines.script_models import DETECTOR, FoundScript
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.programs import Finished, Limits, run

PAGE_MARK = b"Page "  # printed to stderr as each page of a list begins
_PAGE_BEGUN = re.compile(r"^Page \d+ : ", re.MULTILINE)
_SCRIPT = re.compile(r"^Script: (\S+)\s+Script confidence: (\S+)", re.MULTILINE)
_FLAGS = ("psm", "oem")
_HARMLESS = ("Estimating resolution", "Page ", "Detected ", "Empty page", "Image too small", "Warning")


def program() -> str:
    """The program's name or path; honours `pytesseract.pytesseract.tesseract_cmd`."""
    return str(pytesseract.tesseract_cmd)


def version(stop: Stop) -> str:
    """The version of Tesseract, such as `5.3.0`."""
    finished = run([program(), "--version"], Limits(seconds=20, memory_mb=2048), stop)
    found = re.search(r"tesseract v?(\S+)", finished.stdout.decode("utf-8", "replace") + finished.stderr)
    return found.group(1) if found else "unknown"


def installed_languages(stop: Stop) -> list[str]:
    """Names of the language models that are installed."""
    finished = run([program(), "--list-langs"], Limits(seconds=20, memory_mb=2048), stop)
    lines = (finished.stdout.decode("utf-8", "replace") or finished.stderr).splitlines()
    return [line.strip() for line in lines[1:] if line.strip()]


def option_arguments(options: Mapping[str, str | int | float | bool]) -> list[str]:
    """`tesseract_config` as arguments: psm and oem are flags, everything else a variable."""
    arguments: list[str] = []
    for name, value in options.items():
        text = str(int(value)) if isinstance(value, bool) else str(value)
        arguments += [f"--{name}", text] if name in _FLAGS else ["-c", f"{name}={text}"]
    return arguments


def recognise(
    images: Sequence[Path], languages: str, options: Mapping[str, str | int | float | bool], limits: Limits, stop: Stop
) -> list[Recognition]:
    """Read pages (image files, all in one folder that may be written to) with one call.

    `limits.seconds` is for one page. Raises `DocumentError`; `ProgramFailed.stderr` tells with `pages_begun` which
    page was being read.
    """
    base = images[0].with_suffix(".read")
    listing = base.with_suffix(".list")
    listing.write_text("".join(f"{image}\n" for image in images), encoding="utf-8")
    outputs = ["tsv", "txt"] if wants_own_text(options, languages) else ["tsv"]
    command = [program(), str(listing), str(base), "-l", languages, *option_arguments(options), *outputs]
    finished = run(command, limits, stop)
    texts: list[str | None] = [None] * len(images)
    try:
        pages = list(pages_of_tsv(base.with_name(base.name + ".tsv").read_text("utf-8", "replace")))
        if "txt" in outputs:
            texts = [*_pages_of_text(base.with_name(base.name + ".txt").read_text("utf-8", "replace"))]
    except (OSError, ValueError, IndexError):  # no output, or numbers that are none
        pages = []
    if finished.exit_code != 0 or not len(texts) == len(pages) == len(images):
        raise _failure(finished, len(images), len(pages))
    return [recognition_of(words, text) for words, text in zip(pages, texts)]


def find_script(image: Path, limits: Limits, stop: Stop) -> FoundScript | None:
    """The script of a page; None if there is too little print to tell. Raises `DocumentError`."""
    finished = run([program(), str(image), "stdout", "--psm", "0", "-l", DETECTOR], limits, stop)
    found = _SCRIPT.search(finished.stdout.decode("utf-8", "replace"))
    return FoundScript(found.group(1), float(found.group(2))) if found else None


def wants_own_text(options: Mapping[str, str | int | float | bool], languages: str) -> bool:
    """Whether the engine must write a text too. Else its words are enough; a second output takes 2-4 % of the time."""
    korean = any(language.startswith("kor") for language in languages.split("+"))  # each syllable is a word to it
    return korean or "preserve_interword_spaces" in options  # of both of which the words know nothing


def pages_begun(chatter: str) -> int:
    """How many pages of a list had begun, by what was printed to stderr."""
    return len(_PAGE_BEGUN.findall(chatter))


def _pages_of_text(text: str) -> list[str]:
    """Pages end in a form feed in some versions of Tesseract, and are only separated by one in others."""
    pages = text.split("\f")
    return pages[:-1] if len(pages) > 1 and not pages[-1].strip() and text.endswith("\f") else pages


def _failure(finished: Finished, asked: int, got: int) -> DocumentError:
    """Why an answer is not what was asked for, in the engine's words if it has any."""
    lines = [line for line in finished.stderr.splitlines() if line.strip() and not line.startswith(_HARMLESS)]
    reason = lines[0].strip()[:200] if lines else f"it returned {got} of {asked} pages"
    return DocumentError(ErrorClass.ENGINE_CRASH, f"tesseract failed with exit status {finished.exit_code}: {reason}")
