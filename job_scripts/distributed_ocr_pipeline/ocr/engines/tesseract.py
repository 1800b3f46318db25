"""Tesseract: the only module that calls the `tesseract` program.

One call recognises many pages: the model is loaded once, and text and word boxes come out of one recognition.
Its exit status is not believed: the answer must have as many pages as were given.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pytesseract import pytesseract

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.engines.reading_order import Block, reading_order
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.programs import Finished, Limits, run
from distributed_ocr_pipeline.records import Word

PAGE_MARK = b"Page "  # printed to stderr as each page of a list begins
_PAGE_BEGUN = re.compile(r"^Page \d+ : ", re.MULTILINE)
_PAGE_LEVEL, _WORD_LEVEL = "1", "5"
_TSV_COLUMNS = 12
_FLAGS = ("psm", "oem")
_HARMLESS = ("Estimating resolution", "Page ", "Detected ", "Empty page", "Image too small", "Warning")


@dataclass(frozen=True)
class Recognition:
    """What the engine read on one page; boxes in pixels of the image it was given."""

    text: str
    words: tuple[Word, ...]

    @property
    def confidence(self) -> float | None:
        """Mean over words, 0-100; None if there is no word."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else None


class _PlacedWord(NamedTuple):
    """A word as Tesseract places it: the numbers of its block, paragraph and line, its box and confidence."""

    block: int
    paragraph: tuple[int, ...]
    line: tuple[int, ...]
    left: int
    top: int
    width: int
    height: int
    confidence: float
    text: str


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
    outputs = ["tsv", "txt"] if wants_own_text(options) else ["tsv"]
    command = [program(), str(listing), str(base), "-l", languages, *option_arguments(options), *outputs]
    finished = run(command, limits, stop)
    texts: list[str | None] = [None] * len(images)
    try:
        pages = list(_pages_of_tsv(base.with_name(base.name + ".tsv").read_text("utf-8", "replace")))
        if "txt" in outputs:
            texts = [*_pages_of_text(base.with_name(base.name + ".txt").read_text("utf-8", "replace"))]
    except (OSError, ValueError, IndexError):  # no output, or numbers that are none
        pages = []
    if finished.exit_code != 0 or not len(texts) == len(pages) == len(images):
        raise _failure(finished, len(images), len(pages))
    return [_recognition(words, text) for words, text in zip(pages, texts)]


def wants_own_text(options: Mapping[str, str | int | float | bool]) -> bool:
    """Whether the engine must write a text too. Else its words are enough; a second output takes 2-4 % of the time."""
    return "preserve_interword_spaces" in options  # of which the words know nothing


def parse(tsv: str, text: str | None) -> Recognition:
    """What the engine read on one page, from its TSV and its own text, if it is to be used as it is.

    Raises `DocumentError` if the TSV makes no sense.
    """
    try:
        [words] = _pages_of_tsv(tsv)
    except (ValueError, IndexError) as error:
        raise DocumentError(ErrorClass.ENGINE_CRASH, "The engine's answer makes no sense.") from error
    return _recognition(words, text)


def pages_begun(chatter: str) -> int:
    """How many pages of a list had begun, by what was printed to stderr."""
    return len(_PAGE_BEGUN.findall(chatter))


def _pages_of_text(text: str) -> list[str]:
    """Pages end in a form feed in some versions of Tesseract, and are only separated by one in others."""
    pages = text.split("\f")
    return pages[:-1] if len(pages) > 1 and not pages[-1].strip() and text.endswith("\f") else pages


def _pages_of_tsv(tsv: str) -> Iterator[list[_PlacedWord]]:
    """The words of each page. Raises ValueError where a number is none."""
    rows = [row.split("\t", _TSV_COLUMNS - 1) for row in tsv.split("\n")]
    starts = [number for number, row in enumerate(rows) if row[0] == _PAGE_LEVEL]
    for start, end in zip(starts, [*starts[1:], len(rows)]):
        yield [_placed_word(row) for row in rows[start:end] if row[0] == _WORD_LEVEL and row[-1].strip()]


def _placed_word(row: Sequence[str]) -> _PlacedWord:
    """One row of TSV: level, page, block, paragraph, line, word, left, top, width, height, confidence, text."""
    block, paragraph, line, _, left, top, width, height = (int(cell) for cell in row[2:10])
    return _PlacedWord(
        block, (block, paragraph), (block, paragraph, line), left, top, width, height, float(row[10]), row[11].strip()
    )


def _recognition(placed: list[_PlacedWord], text: str | None) -> Recognition:
    """Text and words of one page, blocks in reading order; in the engine's order where its own text is given."""
    if text is not None:
        return Recognition(text.strip(), _numbered(placed))
    by_block: dict[int, list[_PlacedWord]] = {}
    for word in placed:
        by_block.setdefault(word.block, []).append(word)
    blocks = list(by_block.values())
    order = reading_order([_box(block) for block in blocks])
    ordered = [word for index in order for word in blocks[index]]
    return Recognition(_joined(ordered), _numbered(ordered))


def _box(block: Sequence[_PlacedWord]) -> Block:
    return Block(
        left=min(word.left for word in block),
        top=min(word.top for word in block),
        right=max(word.left + word.width for word in block),
        bottom=max(word.top + word.height for word in block),
    )


def _joined(words: Sequence[_PlacedWord]) -> str:
    """Text as Tesseract writes it: a line a line, an empty line between paragraphs."""
    paragraphs: dict[tuple[int, ...], dict[tuple[int, ...], list[str]]] = {}
    for word in words:
        paragraphs.setdefault(word.paragraph, {}).setdefault(word.line, []).append(word.text)
    return "\n\n".join("\n".join(" ".join(line) for line in lines.values()) for lines in paragraphs.values())


def _numbered(words: Sequence[_PlacedWord]) -> tuple[Word, ...]:
    """Words with their lines counted through the page."""
    lines: dict[tuple[int, ...], int] = {}
    return tuple(
        Word(
            word.text,
            word.left,
            word.top,
            word.width,
            word.height,
            word.confidence,
            lines.setdefault(word.line, len(lines) + 1),
        )
        for word in words
    )


def _failure(finished: Finished, asked: int, got: int) -> DocumentError:
    """Why an answer is not what was asked for, in the engine's words if it has any."""
    lines = [line for line in finished.stderr.splitlines() if line.strip() and not line.startswith(_HARMLESS)]
    reason = lines[0].strip()[:200] if lines else f"it returned {got} of {asked} pages"
    return DocumentError(ErrorClass.ENGINE_CRASH, f"tesseract failed with exit status {finished.exit_code}: {reason}")
