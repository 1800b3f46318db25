#!/usr/bin/env python3
"""Makes the pictures of the report and of a page beside its text in docs/, from a run over the examples.

It needs Chromium (`apt-get install chromium`), which the variable CHROMIUM may name.
"""

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

PROJECT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "distributed_ocr_pipeline.main"]
SHOWN = "scan-two-columns.pdf"


@dataclass(frozen=True)
class View:
    """A way to look at a page: CSS pixels, and the colours that the reader's system has."""

    name: str
    width: int
    height: int
    is_dark: bool = False
    is_whole: bool = False  # all of the page, however long


VIEWS = {
    "report": (
        View("", 1280, 1500),
        View("-top", 1280, 640),
        View("-dark", 1280, 1500, is_dark=True),
        View("-phone", 390, 844),
    ),
    "show": (View("", 1280, 950),),
}
WHOLE = (
    View("-whole", 1280, 900, is_whole=True),
    View("-whole-dark", 1280, 900, is_dark=True, is_whole=True),
    View("-whole-phone", 390, 844, is_whole=True),
)


def main() -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="results of a run that there is already")
    parser.add_argument("--pictures", type=Path, default=PROJECT / "docs/pictures", help="folder of the pictures")
    parser.add_argument("--whole", action="store_true", help="also the whole pages, which are long")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="examples-") as scratch:
        output = given.output or run_examples(Path(scratch) / "output")
        pages = {"report": Path(scratch) / "report.html", "show": Path(scratch) / "show.html"}
        ocr_pipeline("report", str(output), "--file", str(pages["report"]))
        ocr_pipeline("show", SHOWN, "--output", str(output), "--file", str(pages["show"]))
        for page in pages.values():
            shorten(page, PROJECT.resolve(), output.absolute().parent)
        take(pages, given.pictures, WHOLE if given.whole else ())
    return 0


def run_examples(output: Path) -> Path:
    """The results of a run over the examples."""
    ocr_pipeline("--input-prefix", "examples/documents", "--output", str(output), "--words")
    return output


def shorten(page: Path, *folders: Path) -> None:
    """Leave out where this machine keeps the project and the results, which no reader's machine has."""
    html = page.read_text(encoding="utf-8")
    for folder in folders:
        html = html.replace(f"{folder}/", "")
    page.write_text(html, encoding="utf-8")


def ocr_pipeline(*arguments: str) -> None:
    """Run a command of this project."""
    subprocess.run([*COMMAND, *arguments], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


def take(pages: dict[str, Path], folder: Path, more: tuple[View, ...]) -> None:
    """Take pictures of HTML files, as `VIEWS` says and in more views."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False)
        for name, path in pages.items():
            for view in (*VIEWS[name], *more):
                photograph(browser, path, folder / f"{name}{view.name}.png", view)
        browser.close()


def photograph(browser: Browser, path: Path, target: Path, view: View) -> None:
    """Take one picture."""
    page = browser.new_page(
        viewport={"width": view.width, "height": view.height}, color_scheme="dark" if view.is_dark else "light"
    )
    page.goto(path.absolute().as_uri())
    page.screenshot(path=target, full_page=view.is_whole)
    page.close()


if __name__ == "__main__":
    sys.exit(main())
