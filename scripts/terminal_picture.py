#!/usr/bin/env python3
"""Makes docs/pictures/run.svg, a run over the examples as a terminal shows it; --check only compares.

What the commands printed is kept beside the picture, in run.txt, so that the picture can be drawn again without a run.
"""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

PROJECT = Path(__file__).resolve().parents[1]
PICTURE = PROJECT / "docs" / "pictures" / "run.svg"
PRINTED = PICTURE.with_suffix(".txt")
COMMANDS = (
    "ocr-pipeline --input-prefix examples/documents --outputs searchable_pdf",
    "ocr-pipeline show receipt.jp2 --text",
)
FOLDER = "/data"
"""Stands for the folder that the commands are called in."""

PROMPT = "$ "
WIDTH = 80  # characters

_PROGRESS = re.compile(r"\d+/\d+ documents, .*")  # in a terminal a bar, which goes away
_WEB_FONT = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)  # a picture asks no server for anything
_STYLES = (
    (re.compile(r"^\$ .*"), "bold"),
    (re.compile(r"(?<=^run )\S+|^(follow|results|report|failures|files)(?= +(output/|ocr-pipeline ))"), "bold cyan"),
    (re.compile(r"^  succeeded +\d+|^  pages succeeded +\d+"), "green"),
    (re.compile(r"^  (failed|partial|skipped) +\d+"), "yellow"),
    (re.compile(r"^--- page .* ---$"), "bold cyan"),
)


def record() -> str:
    """What the commands print, each after a prompt; in a new folder, so that paths are short and all is processed."""
    with TemporaryDirectory(prefix="run-") as scratch:
        (Path(scratch) / "examples").symlink_to(PROJECT / "examples")
        return "".join(line for command in COMMANDS for line in _lines(command, Path(scratch)))


def _lines(command: str, folder: Path) -> Iterator[str]:
    yield f"{PROMPT}{command}\n"
    environment = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run(
        command.split(),
        cwd=folder,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    printed = done.stdout.replace(str(folder), FOLDER)
    yield from (f"{line}\n" for line in printed.splitlines() if not _PROGRESS.fullmatch(line))


def draw(printed: str) -> str:
    """The terminal as SVG; colours are the picture's own."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in printed.splitlines():
        text = Text(line)
        for pattern, style in _STYLES:
            text.highlight_regex(pattern, style)
        console.print(text, overflow="ellipsis", no_wrap=True)
    svg = console.export_svg(title="ocr-pipeline", theme=MONOKAI, unique_id="run")
    return "\n".join(line.rstrip() for line in _WEB_FONT.sub("", svg).splitlines()) + "\n"


def main() -> int:
    """Run the commands and draw what they print, or compare the picture with what was printed."""
    if "--check" in sys.argv[1:]:
        is_current = PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == draw(PRINTED.read_text("utf-8"))
        if not is_current:
            print("docs/pictures/run.svg is out of date: run scripts/terminal_picture.py", file=sys.stderr)
        return int(not is_current)
    PRINTED.write_text(record(), encoding="utf-8")
    PICTURE.write_text(draw(PRINTED.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
