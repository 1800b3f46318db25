"""What a process has freed, but holds, goes back to the system."""

import ctypes
import sys
from pathlib import Path

import pytest

from distributed_ocr_pipeline.tables.memory import release_memory

BLOCKS, BLOCK_BYTES = 1000, 64 * 1024


def resident_bytes() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="it is glibc that holds memory")
def test_freed_blocks_below_one_in_use_are_given_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = (
        ctypes.c_void_p,
        [ctypes.c_size_t],
        [ctypes.c_void_p],
    )
    blocks = [libc.malloc(BLOCK_BYTES) for _ in range(BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK_BYTES)
    in_use = blocks.pop()
    for block in blocks:
        libc.free(block)
    before = resident_bytes()
    release_memory()
    assert before - resident_bytes() > BLOCKS * BLOCK_BYTES / 2
    libc.free(in_use)
