"""How much of our CPU time is spent inside the OCR engine; the rest is overhead.

Apart from the timed runs: the engine is wrapped so that it notes the CPU time of every call. For `pytesseract`, a
`tesseract` comes first on the search path that runs the real one under `time`; for `tesserocr`, the methods of its API
class are wrapped.
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from os import environ, pathsep
from pathlib import Path

from benchmarks.contestants import Ours
from benchmarks.corpus import TrueDocument
from benchmarks.measure import measure

_TESSERACT = """\
#!/usr/bin/env bash
TIMEFORMAT='%U %S'
{{ time {program} "$@" 2>&3; }} 3>&2 2>>{notes}
"""

_SITE = """\
import functools, time
import tesserocr

def noted(call):
    @functools.wraps(call)
    def wrapper(*arguments, **options):
        begun = time.thread_time()
        try:
            return call(*arguments, **options)
        finally:
            with open({notes!r}, "a") as notes:
                notes.write(f"{{time.thread_time() - begun}}\\n")
    return wrapper

class Noted(tesserocr.PyTessBaseAPI):
    pass

for name in ("SetImage", "SetImageFile", "Recognize", "GetUTF8Text", "GetTSVText", "ProcessPages", "AllWordConfidences"):
    if hasattr(tesserocr.PyTessBaseAPI, name):
        setattr(Noted, name, noted(getattr(tesserocr.PyTessBaseAPI, name)))
tesserocr.PyTessBaseAPI = Noted
"""


def engine_shares(documents: Sequence[TrueDocument], contestants: Sequence[Ours], work: Path) -> dict[str, float]:
    """Share of CPU time inside the engine, 0-1, by contestant."""
    return {contestant.name: _engine_share(documents, contestant, work) for contestant in contestants}


def _engine_share(documents: Sequence[TrueDocument], contestant: Ours, work: Path) -> float:
    shutil.rmtree(work, ignore_errors=True)
    wrapped, folder, notes = work / "wrapped", work / "run", work / "notes"
    for path in (wrapped, folder):
        path.mkdir(parents=True)
    _write_wrappers(wrapped, notes)
    paths = {"PATH": f"{wrapped}{pathsep}{environ['PATH']}", "PYTHONPATH": str(wrapped)}
    watched = replace(contestant, environment=paths)
    watched.prepare(documents, folder)
    cpu_seconds = sum(measure(command).cpu_seconds for command in watched.commands(documents, folder))
    inside = sum(float(number) for number in notes.read_text(encoding="ascii").split())
    return inside / cpu_seconds


def _write_wrappers(folder: Path, notes: Path) -> None:
    program = folder / "tesseract"
    program.write_text(_TESSERACT.format(program=shutil.which("tesseract"), notes=notes), encoding="utf-8")
    program.chmod(0o755)
    (folder / "sitecustomize.py").write_text(_SITE.format(notes=str(notes)), encoding="utf-8")
