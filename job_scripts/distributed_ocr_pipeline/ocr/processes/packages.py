"""The command that installs packages of the system."""

import os
import shutil
from collections.abc import Iterable

_HOMEBREW = {"tesseract-ocr": "tesseract", "poppler-utils": "poppler"}
_ALL_LANGUAGES = "tesseract-lang"  # Homebrew has one package of them


def how_to_install(packages: Iterable[str]) -> str:
    """One sentence with the command that installs packages, which have Debian's names."""
    wanted = list(dict.fromkeys(packages))
    if shutil.which("apt-get"):
        as_root = "" if os.geteuid() == 0 else "sudo "  # a container's root has no sudo
        return f"Install what is missing: {as_root}apt-get install {' '.join(wanted)}"
    if shutil.which("brew"):
        formulas = dict.fromkeys(_HOMEBREW.get(package, _ALL_LANGUAGES) for package in wanted)
        return f"Install what is missing: brew install {' '.join(formulas)}"
    return f"Install the packages {', '.join(wanted)} (Debian's names; docs/install.md)."
