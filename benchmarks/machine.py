"""What a measurement was taken on."""

import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.contestants import CORES


def describe() -> dict[str, Any]:
    """Processor, cores, memory, system and the versions of what was measured."""
    return {
        "date": date.today().isoformat(),
        "processor": _processor(),
        "cores": CORES,
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "tesseract": _version_of(["tesseract", "--version"]),
        "poppler": _version_of(["pdftoppm", "-v"]),
        **{package: _package(package) for package in ("tesserocr", "pytesseract", "pdf2image", "ocrmypdf")},
    }


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or platform.machine()


def _version_of(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
    return found.group(0) if found else "unknown"


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
