"""Poppler programs that misbehave on documents whose names ask for it, put before the real ones on the search path."""

import os
import shutil
import stat
from pathlib import Path

_WRAPPER = """#!/bin/sh
# What a document named hang.pdf and so on does to the program that opens it.
case "$*" in
  */documents/poison*) kill -9 $PPID; exit 1 ;;
  */documents/hang*) sleep 600 & wait ;;
  */documents/crash*) kill -SEGV $$ ;;
  */documents/killed*) kill -KILL $$ ;;
  */documents/hoard*) echo "terminate called after throwing an instance of 'std::bad_alloc'" >&2; exit 134 ;;
  */documents/silent*) exit 0 ;;
  */documents/babble*) head -c 100000 /dev/urandom; exit 0 ;;
esac
exec {program} "$@"
"""
_STALLING = """#!/bin/sh
case "$*" in
  */documents/stall*) sleep 600 & wait ;;
esac
exec {program} "$@"
"""


def misbehaving_path(folder: Path) -> str:
    """A search path on which `pdfinfo`, which opens every PDF first, misbehaves; `pdftoppm`, which draws, may stall."""
    for name, source in (("pdfinfo", _WRAPPER), ("pdftoppm", _STALLING)):
        program = shutil.which(name)
        assert program is not None
        wrapper = folder / name
        wrapper.write_text(source.format(program=program), encoding="utf-8")
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
