#!/usr/bin/env python3
"""Draws docs/pipeline_architecture.svg, the way of documents through a run, and a PNG of it; --check only compares.

The PNG needs Chromium (`apt-get install chromium`), which the variable CHROMIUM may name. What is compared is the SVG,
since a PNG depends on a machine's fonts.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PICTURE = PROJECT / "docs" / "pipeline_architecture.svg"

WIDTH, HEIGHT, LINE = 1200, 560, 17  # pixels
HEAD = f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">
<!-- Made by scripts/pipeline_picture.py. -->
<style>
text {{ font: 13px Helvetica, Arial, "DejaVu Sans", sans-serif; fill: #24292f }}
text.title {{ font-size: 14px; font-weight: bold }}
text.note {{ font-size: 12px; fill: #57606a }}
path {{ fill: none; stroke: #57606a; stroke-width: 2 }}
path.side {{ stroke-dasharray: 6 4 }}
</style>
<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
<polygon points="0,0 8,4 0,8" fill="#57606a"/></marker>
<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>
"""
WHITE, GREY, GREEN, VIOLET, RED, BLUE = "#ffffff", "#f3f4f6", "#e3f4e6", "#efe9fb", "#fde9e7", "#e6f0fd"


@dataclass(frozen=True)
class Box:
    """A rectangle with a title and lines of text; `copies` lie behind it."""

    left: int
    top: int
    width: int
    height: int
    colour: str
    title: str
    lines: Sequence[str] = ()
    copies: int = 0

    def svg(self) -> Iterator[str]:
        """Its elements."""
        for shift in range(7 * self.copies, -1, -7):
            yield (
                f'<rect x="{self.left + shift}" y="{self.top + shift}" width="{self.width}" height="{self.height}" '
                f'rx="8" fill="{self.colour}" stroke="#8a94a0"/>'
            )
        yield text(self.left + 12, self.top + 24, self.title, "title")
        for number, line in enumerate(self.lines):
            yield text(self.left + 12, self.top + 46 + LINE * number, line)


BOXES = (
    Box(16, 106, 1168, 360, GREY, "Your AWS account, or your machine"),
    Box(
        32,
        158,
        178,
        210,
        GREEN,
        "Documents",
        ("s3://bucket/documents/", "or a folder", "", "PDFs, scans, photos,", "faxes; broken ones,", "huge ones"),
    ),
    Box(250, 140, 610, 244, VIOLET, "Step Functions"),
    Box(
        266,
        178,
        166,
        190,
        WHITE,
        "PlanShards",
        (
            "lists what is there,",
            "leaves out what is",
            "up to date, counts",
            "pages, says the price,",
            "cuts equal work",
        ),
    ),
    Box(
        462,
        178,
        208,
        176,
        WHITE,
        "ProcessShard × many",
        (
            "a SageMaker job each,",
            "without any network:",
            "PDF text where it can be",
            "trusted, else Tesseract",
            "a bad page is a row;",
            "a failed job is tried again",
        ),
        copies=2,
    ),
    Box(
        710,
        178,
        136,
        190,
        WHITE,
        "ReportRun",
        ("ledger = plan?", "pages all there?", "", "green only if", "both are so", "", "cost against", "the estimate"),
    ),
    Box(
        900,
        140,
        268,
        244,
        GREEN,
        "Results",
        (
            "pages/   Parquet, a row per page",
            "documents/   the ledger: a row",
            "    per document, with its reason",
            "images/   page images, if asked for",
            "outputs/   searchable PDF, text,",
            "    Markdown, hOCR, ALTO …",
            "runs/   report.json, failures.csv",
        ),
    ),
    Box(250, 410, 610, 42, RED, "CloudWatch: metrics, dashboard, alarms → SNS → mail"),
    Box(90, 16, 212, 58, BLUE, "ocr-pipeline, Python", ("on your machine",)),
    Box(318, 16, 232, 58, BLUE, "console, AWS CLI", ("StartExecution",)),
    Box(566, 16, 212, 58, BLUE, "schedule", ("at set times",)),
    Box(794, 16, 232, 58, BLUE, "trigger", ("a marker in the bucket",)),
    Box(250, 494, 610, 50, BLUE, "The next run reads only what is new, changed or worth another try"),
    Box(900, 494, 268, 50, BLUE, "Athena, DuckDB, Python …"),
)
ARROWS = (
    ("", "M210 270 H264"),
    ("", "M432 270 H460"),
    ("", "M684 270 H708"),
    ("", "M846 270 H898"),
    ("", "M196 74 V92 H555 V138"),
    ("", "M434 74 V92 H555"),
    ("", "M672 74 V92 H555"),
    ("", "M910 74 V92 H555"),
    ("side", "M555 384 V408"),
    ("", "M1060 384 V492"),
    ("side", "M900 350 H880 V519 H862"),
    ("side", "M250 519 H230 V274"),
)
HEADLESS = 3
"""Arrows after the fifth that join its line."""


def text(x: int, y: int, content: str, kind: str = "plain") -> str:
    """One line; spaces at its beginning and between its parts stay."""
    return f'<text x="{x}" y="{y}" class="{kind}" xml:space="preserve">{escape(content)}</text>'


def draw() -> str:
    """The picture as SVG."""
    arrows = [
        f'<path class="{kind or "way"}" d="{way}"' + ("" if 5 <= number < 5 + HEADLESS else ' marker-end="url(#head)"')
        for number, (kind, way) in enumerate(ARROWS)
    ]
    boxes = [element for box in BOXES for element in box.svg()]
    return HEAD + "\n".join([*boxes, *(f"{arrow}/>" for arrow in arrows)]) + "\n</svg>\n"


def photograph(picture: Path) -> None:
    """Make the PNG beside the SVG, with two pixels for each of its own."""
    from playwright.sync_api import (  # pylint: disable=import-outside-toplevel  # --check needs no browser
        sync_playwright,
    )

    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=2)
        page.goto(picture.as_uri())
        page.screenshot(path=picture.with_suffix(".png"))
        browser.close()


def main() -> int:
    """Draw the picture, or compare it."""
    if "--check" in sys.argv[1:]:
        is_current = PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == draw()
        if not is_current:
            print("docs/pipeline_architecture.svg is out of date: run scripts/pipeline_picture.py", file=sys.stderr)
        return int(not is_current)
    PICTURE.write_text(draw(), encoding="utf-8")
    photograph(PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
