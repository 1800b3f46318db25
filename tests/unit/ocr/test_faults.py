"""The engine is broken by substitution: each fault costs one page and gets its class."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import ErrorClass, MissingTool
from distributed_ocr_pipeline.records import DocumentStatus, PageStatus
from tests.support.documents import Ledger, scanned_pdf, stamped_pdf

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
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 4)], page_timeout_seconds=1, workers=1)
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


def test_all_pages_failed_means_the_document_failed(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="refuse", p2="crash")
    [(result, _)] = process([scanned_pdf(tmp_path / "a.pdf", 2)])
    assert (result.status, result.error_class) == (DocumentStatus.FAILED, ErrorClass.ENGINE_CRASH)
    assert "pix not read" in result.error_message


@pytest.mark.parametrize("ending", ["pass", "sys.exit(137)", "sys.exit(1)"])
def test_a_renderer_that_draws_nothing_is_not_believed(
    ending: str,
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    install_program("pdftoppm", f"import sys\n{ending}")
    [(result, pages)] = process([stamped_pdf(tmp_path / "a.pdf", 2)])
    assert result.status is DocumentStatus.FAILED
    assert {page.error_class for page in pages} <= {ErrorClass.CORRUPT, ErrorClass.OUT_OF_MEMORY}
    assert len(pages) == 2


@pytest.mark.parametrize("program", ["pdfinfo", "pdftotext", "pdfimages", "pdftoppm"])
def test_every_poppler_program_has_a_time_limit(
    program: str,
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    install_program(program, "import time; time.sleep(600)")
    [(result, _)] = process([stamped_pdf(tmp_path / "a.pdf", 1)], page_timeout_seconds=1, text_layer="auto")
    expected = ErrorClass.TIMEOUT if program in ("pdfinfo", "pdftoppm") else None  # the others only give hints
    assert result.error_class is expected


def test_a_program_that_prints_without_end_is_ended(
    tmp_path: Path,
    install_program: Callable[[str, str], Path],
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    install_program("pdftotext", "while True: print('x' * 100000)")
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 1)], text_layer="auto")
    assert result.status is DocumentStatus.SUCCEEDED
    assert pages[0].note == "the text layer cannot be read (too_large)"


def test_a_document_has_a_time_limit_of_its_own(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract(p1="hang", p2="hang")
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 9)], document_timeout_seconds=1, workers=1)
    assert {page.error_class for page in pages} == {ErrorClass.TIMEOUT}
    assert "before this page" in pages[-1].error_message
    assert (result.status, result.pages_failed) == (DocumentStatus.FAILED, 9)


def test_a_missing_language_is_named_before_any_work(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    with pytest.raises(MissingTool, match="tesseract-ocr-chi-sim"):
        process([tmp_path / "a.pdf"], languages="eng+chi_sim")


def test_a_missing_program_is_named_before_any_work(
    tmp_path: Path, process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="pdfinfo.*tesseract"):
        process([tmp_path / "a.pdf"])


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
    [(result, pages)] = process([path], engine="tesserocr", page_timeout_seconds=2, workers=1)
    expected = FAULTS.get(fault, ErrorClass.ENGINE_CRASH)
    assert [page.error_class for page in pages] == [None, expected, None, None]
    assert (pages[2].text, result.status) == ("word", DocumentStatus.PARTIAL)
