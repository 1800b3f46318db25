"""The engine is broken by substitution: each fault is that of one page and gets its class."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.ocr.engines.engines import PytesseractEngine, TesserocrEngine
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import DocumentStatus, PageStatus
from tests.support.documents import Ledger, page_picture, printed_page, scanned_pdf

FAULTS = {
    "hang": ErrorClass.TIMEOUT,
    "crash": ErrorClass.ENGINE_CRASH,
    "killed": ErrorClass.OUT_OF_MEMORY,
    "memory": ErrorClass.OUT_OF_MEMORY,
    "refuse": ErrorClass.ENGINE_CRASH,
    "garbage": ErrorClass.ENGINE_CRASH,
    "nothing": ErrorClass.ENGINE_CRASH,
}


@pytest.mark.parametrize(("fault", "error_class"), FAULTS.items(), ids=FAULTS)
def test_a_fault_of_the_engine_costs_one_page(
    fault: str,
    error_class: ErrorClass,
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract(p2=fault)
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 4)], page_timeout_seconds=4, workers=1)
    assert [page.status for page in pages] == [
        PageStatus.SUCCEEDED,
        PageStatus.FAILED,
        PageStatus.SUCCEEDED,
        PageStatus.SUCCEEDED,
    ]
    assert pages[1].error_class is error_class
    assert pages[2].text == "word page 3"
    assert (result.status, result.error_class) == (DocumentStatus.PARTIAL, error_class)
    assert (result.pages_succeeded, result.pages_failed) == (3, 1)


def test_a_hanging_engine_is_ended_with_all_it_started(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="hang")
    process([scanned_pdf(tmp_path / "a.pdf", 1)], page_timeout_seconds=5)
    assert _ends(int((tmp_path / "sleeper").read_text()))


def _ends(pid: int) -> bool:
    """Whether a process that was killed is gone soon: the kernel need not have done so at once."""
    end = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not _runs(pid)


def _runs(pid: int) -> bool:
    """Whether a process is alive; one that only waits for a distant parent to notice its end is not."""
    try:
        os.kill(pid, 0)
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (ProcessLookupError, FileNotFoundError):
        return False


_FAKE_TESSEROCR = """
import os, time
class _Enum: DEFAULT = AUTO = 3
OEM = PSM = _Enum
def tesseract_version(): return "tesseract 0.0-fake"
class PyTessBaseAPI:
    def __init__(self, **_): self.page = 0
    def SetPageSegMode(self, mode): pass
    def SetVariable(self, name, value): return True
    def SetImageFile(self, path): self.page = int(os.path.basename(path).split("-")[1])
    def Recognize(self):
        what = {behaviour!r}.get(self.page, "read")
        if what == "hang": time.sleep(600)
        if what == "crash": os.abort()
        if what == "memory": bytearray(1 << 33)
        if what == "refuse": raise RuntimeError("cannot read")
        return what != "unread"
    def GetTSVText(self, page):
        row = "1\\t1\\t0\\t0\\t0\\t0\\t0\\t0\\t9\\t9\\t-1\\t\\n5\\t1\\t1\\t1\\t1\\t1\\t1\\t2\\t30\\t4\\t91.5\\tword\\n"
        return {{"nothing": "", "garbage": os.urandom(99).hex()}}.get({behaviour!r}.get(self.page), row)
    def Clear(self): pass
    def ClearAdaptiveClassifier(self): pass
"""


@pytest.mark.parametrize("fault", ["hang", "crash", "memory", "refuse", "garbage", "nothing", "unread"])
def test_a_fault_of_the_library_costs_one_page(
    fault: str, tmp_path: Path, process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tesserocr.py").write_text(_FAKE_TESSEROCR.format(behaviour={2: fault}), encoding="utf-8")
    (tmp_path / "eng.traineddata").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    path = scanned_pdf(tmp_path / "a.pdf", 4)
    [(result, pages)] = process([path], engine="tesserocr", page_timeout_seconds=5, workers=1)
    expected = FAULTS.get(fault, ErrorClass.ENGINE_CRASH)
    assert [page.error_class for page in pages] == [None, expected, None, None]
    assert (pages[2].text, result.status) == ("word", DocumentStatus.PARTIAL)


@pytest.mark.parametrize("engine_class", [PytesseractEngine, TesserocrEngine])
def test_the_script_of_a_page_is_told_where_there_is_enough_print(
    engine_class: type[PytesseractEngine] | type[TesserocrEngine], tmp_path: Path
) -> None:
    if engine_class is TesserocrEngine:
        pytest.importorskip("tesserocr")
    engine, limit = engine_class(OCRConfig(languages="auto"), Stop()), TimeLimit(60, time.monotonic() + 60)
    try:
        for name, page, script in (("print", printed_page(), "Latin"), ("dust", page_picture(""), None)):
            page.save(tmp_path / f"{name}.tif", dpi=(200, 200))
            found = engine.script_of(Raster(tmp_path / f"{name}.tif", *page.size, 200), limit)
            assert (found and found.name) == script
    finally:
        engine.close()


@pytest.mark.parametrize("engine", ["pytesseract", "tesserocr"])
def test_spaces_between_words_are_kept_on_request(engine: str, tmp_path: Path, process: Callable[..., Ledger]) -> None:
    if engine == "tesserocr":
        pytest.importorskip("tesserocr")
    page_picture("left            right").save(tmp_path / "a.png")
    [(_, [kept])] = process([tmp_path / "a.png"], engine=engine, tesseract_config={"preserve_interword_spaces": 1})
    [(_, [plain])] = process([tmp_path / "a.png"], engine=engine)
    assert (plain.text, kept.text.split()) == ("left right", ["left", "right"])
    assert "   " in kept.text
