"""Prints the image's tag: a hash of the files that .dockerignore lets in, as main.tf computes `local.image_tag`."""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path


def image_tag(project: Path) -> str:
    """16 hexadecimal digits; the same files give the same tag on every machine."""
    lines = (f"{name} {hashlib.sha256((project / name).read_bytes()).hexdigest()}" for name in image_sources(project))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def image_sources(project: Path) -> list[str]:
    """The image's files, sorted: those that the rules with a `!` name, without those that the other rules name."""
    lines = (project / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and line[0] not in "#*"]
    let_in = _files(project, (rule[1:] for rule in rules if rule.startswith("!")))
    left_out = _files(project, (rule for rule in rules if not rule.startswith("!")))
    return sorted(let_in - left_out)


def _files(project: Path, patterns: Iterable[str]) -> set[str]:
    matches = (match for pattern in patterns for match in project.glob(pattern))
    found = (path for match in matches for path in (match, *match.rglob("*")))
    return {path.relative_to(project).as_posix() for path in found if path.is_file()}


if __name__ == "__main__":
    sys.stdout.write(image_tag(Path(__file__).resolve().parents[1]) + "\n")
