"""What a program that is called gets to see."""

from pathlib import Path

import pytest

from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.programs import Limits, run

LOADER = Path("/lib64/ld-linux-x86-64.so.2")


@pytest.mark.skipif(not LOADER.exists(), reason="glibc's loader for x86-64 is not there")
def test_programs_get_an_allocator_that_keeps_small_blocks_at_hand() -> None:
    shown = run([str(LOADER), "--list-tunables"], Limits(seconds=20, memory_mb=512), Stop()).stdout.decode()
    [blocks] = [line for line in shown.splitlines() if line.startswith("glibc.malloc.tcache_count:")]
    assert f": {20000:#x} " in blocks
