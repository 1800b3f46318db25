"""The allocator of the programs that the worker starts."""

import sys
from pathlib import Path

import pytest

from distributed_ocr_pipeline.ocr.processes import allocator
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.programs import Limits, run

LOADER = Path("/lib64/ld-linux-x86-64.so.2")
OWN_MAPS = "print(open('/proc/self/maps').read())"


def shown_by(*command: str) -> str:
    return run(command, Limits(seconds=20, memory_mb=512), Stop()).stdout.decode()


@pytest.mark.skipif("LD_PRELOAD" not in allocator.settings(), reason="jemalloc is not installed")
def test_a_program_runs_on_jemalloc() -> None:
    assert "/libjemalloc.so.2" in shown_by(sys.executable, "-c", OWN_MAPS)


@pytest.mark.skipif(not LOADER.exists(), reason="glibc's loader for x86-64 is not there")
def test_without_jemalloc_glibc_keeps_small_blocks_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(allocator, "_library_folders", lambda: [tmp_path])
    shown = shown_by(str(LOADER), "--list-tunables")
    [blocks] = [line for line in shown.splitlines() if line.startswith("glibc.malloc.tcache_count:")]
    assert f": {20000:#x} " in blocks


def test_pillow_keeps_the_memory_of_pictures() -> None:
    code = "from PIL import Image; print(Image.core.get_blocks_max())"
    assert shown_by(sys.executable, "-c", code).strip() == "4"


def test_elsewhere_than_on_linux_nothing_is_loaded_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "LD_PRELOAD" not in allocator.settings()
