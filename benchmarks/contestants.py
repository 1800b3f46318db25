"""Who is measured: each turns the same documents into the text of their pages.

A contestant prepares (not measured), says which commands do the work (measured one after another), and reads back
what they wrote (not measured).
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import pyarrow.parquet as pq

from benchmarks.corpus import TrueDocument
from benchmarks.measure import Command, CommandFailed

Documents = Sequence[TrueDocument]
Texts = dict[str, list[str]]
"""For each document (by file name) the text of its pages."""

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
RENDER_DPI = 300
_ONE_THREAD = {"OMP_THREAD_LIMIT": "1"}
_PROCESS_SHARD = Path(__file__).parents[1] / "job_scripts" / "process_shard.py"
_BUCKET = "benchmark"
_BUILT_FOR_SPEED = Path(__file__).parents[1] / "build" / "tesseract"
_IMAGES_PYTHON = Path(__file__).parents[1] / "build" / "image-python" / "bin" / "python"


class Contestant(Protocol):
    """One way to turn documents into text. `folder` is empty at first and its own."""

    @property
    def name(self) -> str:
        """Short, for tables."""

    def prepare(self, documents: Documents, folder: Path) -> None:
        """What is not measured."""

    def commands(self, documents: Documents, folder: Path) -> list[Command]:
        """What is."""

    def texts(self, documents: Documents, folder: Path) -> Texts:
        """What came out."""


def built_for_speed() -> dict[str, str]:
    """What makes programs use the Tesseract that `make fast-tesseract` built, as in the image; empty if it did not."""
    if not (_BUILT_FOR_SPEED / "done").exists():
        return {}
    return {"LD_LIBRARY_PATH": str(_BUILT_FOR_SPEED / "lib"), "PYTHONPATH": str(_BUILT_FOR_SPEED / "python")}


def images_python(neural: bool) -> str:
    """Python with the packages that the image has (`make build/image-python/done`); else, or for `neural`, this one.

    Arrow and pytesseract load numpy where it is installed, which takes a fifth of a job's start; only the neural engine
    and this project's tests need it.
    """
    return sys.executable if neural or not _IMAGES_PYTHON.exists() else str(_IMAGES_PYTHON)


@dataclass(frozen=True)
class PlainLoop:
    """(a) pdf2image and pytesseract with their defaults, page after page."""

    name: str = "plain loop"
    environment: dict[str, str] = field(default_factory=dict)

    def prepare(self, documents: Documents, folder: Path) -> None:
        """Nothing to do."""

    def commands(self, documents: Documents, folder: Path) -> list[Command]:
        """One process for all."""
        files = [str(document.path) for document in documents]
        script = [sys.executable, "-m", "benchmarks.newcomer", str(folder), *files]
        return [Command(script, folder / "log", self.environment)]

    def texts(self, documents: Documents, folder: Path) -> Texts:
        """From one text file per document."""
        return {document.path.name: _pages(folder / f"{document.path.name}.txt") for document in documents}


@dataclass(frozen=True)
class HandMade:
    """(b) one single-threaded `tesseract` per core, on pages that were rendered beforehand."""

    name: str = "hand-made"
    environment: dict[str, str] = field(default_factory=dict)
    languages: str = "eng"

    def prepare(self, documents: Documents, folder: Path) -> None:
        """Render every page at 300 dpi, grey."""
        for document in documents:
            _render(document.path, folder / document.path.name)

    def commands(self, documents: Documents, folder: Path) -> list[Command]:
        """`xargs` hands out the pages."""
        images = folder / "images"
        images.write_text("".join(f'"{path}"\n' for path in self._images(documents, folder)), encoding="utf-8")
        arguments = ["xargs", "-P", str(CORES), "-I", "{}", "tesseract", "{}", "{}", "-l", self.languages]
        return [Command(arguments, folder / "log", _ONE_THREAD | self.environment, stdin=images)]

    def texts(self, documents: Documents, folder: Path) -> Texts:
        """From one text file per page."""
        return {
            document.path.name: [
                path.with_name(f"{path.name}.txt").read_text(encoding="utf-8")
                for path in self._images([document], folder)
            ]
            for document in documents
        }

    def _images(self, documents: Documents, folder: Path) -> list[Path]:
        return [
            path
            for document in documents
            for path in sorted((folder / document.path.name).iterdir())
            if path.suffix != ".txt"
        ]


@dataclass(frozen=True)
class OCRmyPDF:
    """(c) OCRmyPDF with one job per core, text to a sidecar, and no optimisation of the PDF it makes."""

    name: str
    options: Sequence[str]

    @staticmethod
    def is_installed() -> bool:
        """Whether this Python has it."""
        return find_spec("ocrmypdf") is not None

    def prepare(self, documents: Documents, folder: Path) -> None:
        """Nothing to do."""

    def commands(self, documents: Documents, folder: Path) -> list[Command]:
        """One call per document, as it takes no more."""
        return [self._command(document.path, folder) for document in documents]

    def texts(self, documents: Documents, folder: Path) -> Texts:
        """From the sidecar if all is OCR, else from the text layer of the PDF it made."""
        if "--force-ocr" in self.options:
            return {document.path.name: _pages(folder / f"{document.path.name}.txt") for document in documents}
        return {document.path.name: _text_layer(folder / f"{document.path.name}.pdf") for document in documents}

    def _command(self, document: Path, folder: Path) -> Command:
        fixed = ["--jobs", str(CORES), "--optimize", "0", "--output-type", "pdf"]
        sidecar, made = folder / f"{document.name}.txt", folder / f"{document.name}.pdf"
        program = [sys.executable, "-m", "ocrmypdf", *fixed, *self.options, "--sidecar", str(sidecar)]
        return Command([*program, str(document), str(made)], folder / f"{document.name}.log")


@dataclass(frozen=True)
class PdfToText:
    """Poppler's `pdftotext`: what is the text layer, and how fast can it be had."""

    name: str = "pdftotext"

    def prepare(self, documents: Documents, folder: Path) -> None:
        """Nothing to do."""

    def commands(self, documents: Documents, folder: Path) -> list[Command]:
        """One call per document."""
        return [
            Command(["pdftotext", str(document.path), str(folder / f"{document.path.name}.txt")], folder / "log")
            for document in documents
        ]

    def texts(self, documents: Documents, folder: Path) -> Texts:
        """From one text file per document."""
        return {document.path.name: _pages(folder / f"{document.path.name}.txt") for document in documents}


@dataclass(frozen=True)
class Ours:
    """(d) `process_shard.py` as a job runs it: compiled, with the image's Python packages and Tesseract if there."""

    name: str
    options: dict[str, Any]
    environment: dict[str, str] = field(default_factory=built_for_speed)

    def prepare(self, documents: Documents, folder: Path) -> None:
        """Lay out the inputs as SageMaker does, and compile the jobs as the image's build does.

        With `PYTHONDONTWRITEBYTECODE`, which some environments set, each job would compile them again for itself alone.
        """
        subprocess.run([self._python(), "-m", "compileall", "-q", _PROCESS_SHARD.parent], check=True, timeout=600)
        inputs = folder / "processing" / "input"
        for name in ("run", "shard", "documents"):
            (inputs / name).mkdir(parents=True, exist_ok=True)
        for document in documents:
            shutil.copy(document.path, inputs / "documents" / document.path.name)
        options = {"input_prefix": f"s3://{_BUCKET}/documents/", **self.options}
        (inputs / "run" / "run.json").write_text(json.dumps(options), encoding="utf-8")
        lines = (json.dumps(_record(document.path)) for document in documents)
        (inputs / "shard" / "documents.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def commands(self, documents: Documents, folder: Path) -> list[Command]:
        """One job for all."""
        del documents  # they are listed in the job's input
        environment = {
            "OCR_ML_ROOT": str(folder),
            "OCR_RUN_ID": "benchmark",
            "OCR_SHARD_ID": "shard-000000",
            "OCR_OUTPUT_BUCKET": _BUCKET,
            **self.environment,
        }
        return [Command([self._python(), str(_PROCESS_SHARD)], folder / "log", environment)]

    def texts(self, documents: Documents, folder: Path) -> Texts:
        """From the pages table."""
        table = pq.read_table(folder / "processing" / "output" / "pages")
        rows = sorted(table.to_pylist(), key=lambda row: row["page_number"])
        found: Texts = {document.path.name: [] for document in documents}
        for row in rows:
            found[row["source_uri"].rpartition("/")[2]].append(row["text"] or "")
        return found

    def _python(self) -> str:
        return images_python(self.options.get("engine") == "rapidocr" or "second_opinion" in self.options)


def _record(path: Path) -> dict[str, Any]:
    """The planner's record of a document."""
    key = f"documents/{path.name}"
    return {
        "document_id": hashlib.sha256(key.encode()).hexdigest()[:16],
        "source_uri": f"s3://{_BUCKET}/{key}",
        "key": key,
        "etag": "benchmark",
        "size_bytes": path.stat().st_size,
    }


def _render(document: Path, folder: Path) -> None:
    """Grey pages at 300 dpi; an image is taken as it is."""
    folder.mkdir()
    if document.suffix == ".pdf":
        command = ["pdftoppm", "-gray", "-tiff", "-tiffcompression", "none", "-r", str(RENDER_DPI)]
        command += [str(document), str(folder / "page")]
        subprocess.run(command, check=True, timeout=600)
    else:
        shutil.copy(document, folder / document.name)


def _pages(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\f")


def _text_layer(path: Path) -> list[str]:
    try:
        done = subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True, text=True, timeout=120)
    except subprocess.CalledProcessError as error:
        raise CommandFailed(f"pdftotext ended with {error.returncode} on {path.name}.") from error
    return done.stdout.split("\f")[:-1]
