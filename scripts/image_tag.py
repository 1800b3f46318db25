"""Prints the image's tag: the hash of its sources that `local.image_tag` in main.tf computes."""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

_FOLDERS = ("container", "job_scripts")
_NOT_SOURCES = ("__pycache__/", ".egg-info/")


def image_tag(project: Path) -> str:
    """16 hexadecimal digits; the same files give the same tag on every machine."""
    lines = (f"{name} {hashlib.sha256((project / name).read_bytes()).hexdigest()}" for name in _sources(project))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _sources(project: Path) -> Iterator[str]:
    found = (path for folder in _FOLDERS for path in (project / folder).rglob("*") if path.is_file())
    names = sorted(path.relative_to(project).as_posix() for path in found)
    yield "pyproject.toml"
    yield from (name for name in names if not any(part in name for part in _NOT_SOURCES))


if __name__ == "__main__":
    sys.stdout.write(image_tag(Path(__file__).resolve().parents[1]) + "\n")
