"""How much of our CPU time is spent inside the OCR engine, and in making rasters for it; the rest is overhead.

Apart from the timed runs: engine and Poppler are wrapped so that they note the CPU time of every call. For `pdftoppm`,
`pdfimages` and `tesseract`, a program of that name comes first on the search path and runs the real one under `time`;
for `tesserocr`, the methods of its API class are wrapped, and for scans the function that makes them smaller.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import environ, pathsep
from pathlib import Path

from benchmarks.contestants import Ours
from benchmarks.corpus import TrueDocument
from benchmarks.measure import measure

_PROGRAM = """\
#!/usr/bin/env bash
TIMEFORMAT='%U %S'
{{ time {program} "$@" 2>&3; }} 3>&2 2>>{notes}
"""

_SITE = """\
import functools, sys, time

def noted(call, file):
    @functools.wraps(call)
    def wrapper(*arguments, **options):
        begun = time.thread_time()
        try:
            return call(*arguments, **options)
        finally:
            with open(file, "a") as notes:
                notes.write(f"{{time.thread_time() - begun}}\\n")
    return wrapper

if "distributed_ocr_pipeline.ocr.documents.tasks" in sys.orig_argv:
    from distributed_ocr_pipeline.ocr.rasters import decoding
    decoding.rasterise_scan = noted(decoding.rasterise_scan, {drawing!r})

if "distributed_ocr_pipeline.ocr.engines.tesserocr_tasks" in sys.orig_argv:
    import tesserocr

    class Noted(tesserocr.PyTessBaseAPI):
        pass

    for name in ("SetImage", "SetImageFile", "Recognize", "GetUTF8Text", "GetTSVText", "ProcessPages"):
        setattr(Noted, name, noted(getattr(tesserocr.PyTessBaseAPI, name), {engine!r}))
    tesserocr.PyTessBaseAPI = Noted
"""


@dataclass(frozen=True)
class Shares:
    """Of all CPU time, 0-1: inside the engine, and in taking scans out of PDFs and drawing other pages."""

    engine: float
    drawing: float


def cpu_shares(documents: Sequence[TrueDocument], contestants: Sequence[Ours], work: Path) -> dict[str, Shares]:
    """Where the CPU time goes, by contestant."""
    return {contestant.name: _shares(documents, contestant, work) for contestant in contestants}


def _shares(documents: Sequence[TrueDocument], contestant: Ours, work: Path) -> Shares:
    shutil.rmtree(work, ignore_errors=True)
    wrapped, folder, engine, drawing = work / "wrapped", work / "run", work / "engine", work / "drawing"
    for path in (wrapped, folder):
        path.mkdir(parents=True)
    _wrap_program(wrapped, "tesseract", engine)
    for program in ("pdftoppm", "pdfimages"):
        _wrap_program(wrapped, program, drawing)
    site = _SITE.format(engine=str(engine), drawing=str(drawing))
    (wrapped / "sitecustomize.py").write_text(site, encoding="utf-8")
    modules = pathsep.join(filter(None, [str(wrapped), contestant.environment.get("PYTHONPATH")]))
    paths = {"PATH": f"{wrapped}{pathsep}{environ['PATH']}", "PYTHONPATH": modules}
    watched = replace(contestant, environment=contestant.environment | paths)
    watched.prepare(documents, folder)
    cpu_seconds = sum(measure(command).cpu_seconds for command in watched.commands(documents, folder))
    return Shares(_seconds(engine) / cpu_seconds, _seconds(drawing) / cpu_seconds)


def _seconds(notes: Path) -> float:
    return sum(float(number) for number in notes.read_text(encoding="ascii").split())


def _wrap_program(folder: Path, name: str, notes: Path) -> None:
    program = folder / name
    program.write_text(_PROGRAM.format(program=shutil.which(name), notes=notes), encoding="utf-8")
    program.chmod(0o755)
