"""Poppler programs that misbehave on documents whose names ask for it, put before the real ones on the search path."""

import os
import shutil
import stat
from pathlib import Path

_WRAPPER = """#!/bin/sh
# What a document named "... hang.pdf" and so on does to the program that opens it.
for last; do :; done
case "$last" in
  *poison*) kill -9 $PPID; exit 1 ;;
  *hang*) sleep 600 & wait ;;
  *crash*) kill -SEGV $$ ;;
  *killed*) kill -KILL $$ ;;
  *hoard*) echo "terminate called after throwing an instance of 'std::bad_alloc'" >&2; exit 134 ;;
  *silent*) exit 0 ;;
  *babble*) head -c 100000 /dev/urandom; exit 0 ;;
esac
exec {program} "$@"
"""


def misbehaving_path(folder: Path) -> str:
    """A search path on which `pdfinfo`, which opens every PDF first, misbehaves."""
    program = shutil.which("pdfinfo")
    assert program is not None
    wrapper = folder / "pdfinfo"
    wrapper.write_text(_WRAPPER.format(program=program), encoding="utf-8")
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
