"""Draws docs/architecture.svg from the code's imports, the contracts on them and the workflow; --check only compares.

What the three job scripts reach belongs to the job, the rest of the package to the user's machine. Rows are the layers
that pyproject.toml has for import-linter. Arrows are imports, without those that follow from two others; an import past
a row, or from one frame into another, is written in the box.
"""

import ast
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import grimp
import yaml
from importlinter import api

PROJECT = Path(__file__).resolve().parents[1]
PICTURE = PROJECT / "docs" / "architecture.svg"
WORKFLOW = "modules/workflow/state_machine.asl.yaml"
PACKAGE, READING, STAND_IN = "distributed_ocr_pipeline", "distributed_ocr_pipeline.ocr", "local_aws"
SCRIPTS = {"plan": "plan_shards", "process": "process_shard", "report": "report_run"}

WIDTH, MARGIN, PADDING, LINE, LETTER = 1000, 16, 12, 15, 6.5  # pixels; LETTER is the width that a letter may take
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}">
<!-- Made by scripts/architecture.py. -->
<style>
text {{ font: 11px Helvetica, Arial, "DejaVu Sans", sans-serif; fill: #24292f }}
text.caption {{ font-size: 13px; font-weight: bold }}
text.title {{ font-weight: bold }}
text.note {{ font-style: italic; fill: #57606a }}
path {{ fill: none; stroke: #57606a; stroke-width: 1.2 }}
path.runs {{ stroke: #6f42c1; stroke-dasharray: 5 4 }}
</style>
<marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<polygon points="0,0 8,4 0,8" fill="#57606a"/></marker>
<rect width="{width}" height="{height:g}" fill="#ffffff"/>
"""


# ---- what the code and the workflow say ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Code:
    """The imports between parts. A part is a module, or a folder with its modules."""

    graph: grimp.ImportGraph
    layers: Mapping[str, list[list[str]]]  # by package: its parts, row by row, the uppermost first

    def modules(self, part: str) -> list[str]:
        """Names of the modules directly in a folder; none if the part is a module."""
        children = self.graph.find_children(part)
        return sorted(name.rpartition(".")[2] for name in children if not self.graph.find_children(name))

    def folders(self, part: str) -> list[str]:
        """The folders in a folder, those first that use most of the others."""
        found = sorted(name for name in self.graph.find_children(part) if self.graph.find_children(name))
        return sorted(found, key=lambda folder: -len(self.used(folder, found)))

    def describe(self, part: str) -> str:
        """A folder's modules, or the first sentence of a module's docstring."""
        if modules := self.modules(part):
            return ", ".join(modules)
        source = (
            (PROJECT / "job_scripts" / part.removeprefix("job_scripts.").replace(".", "/"))
            .with_suffix(".py")
            .read_text(encoding="utf-8")
        )
        documented = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0].replace("\n", " ")
        return re.split(r"[:.;](?: |$)", documented)[0].replace("`", "")

    def used(self, part: str, others: Iterable[str]) -> list[str]:
        """Those of the others that a part imports itself."""
        exists = self.graph.direct_import_exists
        return [other for other in others if other != part and exists(importer=part, imported=other, as_packages=True)]

    def arrows(self, parts: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Imports between these parts, without those that follow from two others."""
        used = {part: self.used(part, parts) for part in parts}
        for part, others in used.items():
            below = {other for between in others if part not in used[between] for other in used[between]}
            yield from ((part, other) for other in others if other not in below)

    def of_the_job(self) -> set[str]:
        """The package's parts that the job scripts reach."""
        upstream = (self.graph.find_upstream_modules(f"job_scripts.{script}") for script in SCRIPTS.values())
        return {".".join(name.split(".")[:2]) for names in upstream for name in names if name.startswith(PACKAGE)}


def read_code() -> Code:
    """Analyse everything in job_scripts."""
    sys.path.insert(0, str(PROJECT))
    graph = grimp.build_graph(PACKAGE, STAND_IN, "job_scripts", cache_dir=None)
    contracts = api.read_configuration(str(PROJECT / "pyproject.toml"))["contracts_options"]
    layers = {
        contract["containers"][0]: [
            [f"{contract['containers'][0]}.{name}" for name in re.findall(r"\w+", layer)]
            for layer in contract["layers"]
        ]
        for contract in contracts
        if contract["type"] == "layers"
    }
    return Code(graph, {package: [_existing(graph, row) for row in rows] for package, rows in layers.items()})


def _existing(graph: grimp.ImportGraph, parts: Iterable[str]) -> list[str]:
    return [part for part in parts if part in graph.modules]


def work_states() -> Iterator[tuple[str, str]]:
    """The workflow's states that do something, in their order, each with the name of its job script or nothing."""
    definition = re.sub(r": \$\{.*\}$", ": 0", (PROJECT / WORKFLOW).read_text(encoding="utf-8"), flags=re.MULTILINE)
    for name, state in yaml.load(definition, Loader=yaml.BaseLoader)["States"].items():
        if state["Type"] == "Map":
            inner = state["ItemProcessor"]["States"]
            (worker,) = (part for part, task in inner.items() if _script(task))
            yield f"{name}: {worker} × many", _script(inner[worker])
        elif state["Type"] == "Task":
            yield name, _script(state)


def _script(task: Mapping[str, Any]) -> str:
    arguments = task.get("Parameters", {}).get("AppSpecification", {}).get("ContainerArguments", [""])
    return SCRIPTS.get(arguments[0], "")


# ---- shapes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Area:
    """A rectangle."""

    left: float
    top: float
    width: float
    height: float = 0

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    def inside(self, top: float) -> "Area":
        """Its width without padding, from `top` down."""
        return Area(self.left + PADDING, top, self.width - 2 * PADDING)

    def svg(self, fill: str, stroke: str, radius: int) -> str:
        """As an element."""
        return (
            f'<rect x="{self.left:g}" y="{self.top:g}" width="{self.width:g}" height="{self.height:g}" rx="{radius}" '
            f'fill="{fill}" stroke="{stroke}"/>'
        )


def text(x: float, y: float, content: str, kind: str = "plain") -> str:
    """A line of text from x to the right."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}">{escape(content)}</text>'


def arrow(*points: tuple[float, float], kind: str = "imports") -> str:
    """An arrow through these points."""
    line = " L".join(f"{x:g} {y:g}" for x, y in points)
    return f'<path d="M{line}" class="{kind}" marker-end="url(#head)"/>'


def between(start: Area, end: Area) -> str:
    """An arrow from one box to another: down, or to the side if both stand in one row."""
    if start.top == end.top and 0 < end.left - start.right < 4 * PADDING:
        return arrow((start.right, start.top + 14), (end.left, end.top + 14))
    if start.top == end.top:  # over what stands between them
        high, first, last = start.top - 8, start.left + start.width / 2, end.left + end.width / 2
        return arrow((first, start.top), (first, high), (last, high), (last, end.top))
    left, right = max(start.left, end.left), min(start.right, end.right)
    if left < right:
        return arrow(((left + right) / 2, start.bottom), ((left + right) / 2, end.top))
    return arrow((start.left + start.width / 2, start.bottom), (end.left + end.width / 2, end.top))


def wrapped(content: str, width: float) -> list[str]:
    """Lines of text that fit into a box of this width."""
    return textwrap.wrap(content, int((width - 12) / LETTER), break_long_words=False)


# ---- the picture ---------------------------------------------------------------------------------------------------


@dataclass
class Picture:
    """Draws frames of boxes, from the top down."""

    code: Code
    frames: list[tuple[Area, str]] = field(default_factory=list)  # with their colours
    arrows: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)

    def draw(self) -> str:
        """The SVG file."""
        whole = Area(MARGIN, MARGIN, WIDTH - 2 * MARGIN)
        base = [part for row in self.code.layers[PACKAGE][-2:] for part in row]
        job = self.code.of_the_job() - {*base, PACKAGE}
        machine = [part for row in self.code.layers[PACKAGE] for part in row if part not in {*job, *base}]

        bottom = self.above_the_workflow(whole, machine, sorted({*job, STAND_IN}))
        workflow = self.workflow(Area(whole.left, bottom + 44, whole.width))
        bottom = self.job(Area(whole.left, workflow[""].bottom + 44, whole.width), workflow, job)
        caption = "What everything in the package may import"
        bottom = self.frame(Area(whole.left, bottom + PADDING, whole.width), caption, "#eeeeee", [base], arrows=False)
        frames = [area.svg(colour, "none", 10) for area, colour in self.frames]
        head = HEAD.format(width=WIDTH, height=bottom + MARGIN)
        return head + "\n".join([*frames, *self.arrows, *self.boxes]) + "\n</svg>\n"

    def above_the_workflow(self, area: Area, machine: Sequence[str], uses: Sequence[str]) -> float:
        """Two frames beside each other, equally high; returns their lower edge."""
        left = Area(area.left, area.top, 520)
        right = Area(left.right + PADDING, area.top, area.right - left.right - PADDING)
        stand_in = f"{STAND_IN}: AWS on 127.0.0.1 (not in the image)"
        bottom = max(
            self.frame(left, "The user's machine (not in the image)", "#e8f1fd", [machine], uses),
            self.frame(right, stand_in, "#fdf0dc", [self.code.folders(STAND_IN)], head=self.code.modules(STAND_IN)),
        )
        self.frames = [
            (Area(frame.left, frame.top, frame.width, bottom - frame.top), fill) for frame, fill in self.frames
        ]
        for frame, label in ((left, "starts an execution"), (right, "runs it, where AWS does not")):
            self.runs(frame.left + 60, bottom, bottom + 44, label)
        return bottom

    def frame(  # pylint: disable=too-many-arguments
        self,
        area: Area,
        caption: str,
        colour: str,
        rows: Sequence[Sequence[str]],
        uses: Sequence[str] = (),
        *,
        head: Sequence[str] = (),
        arrows: bool = True,
    ) -> float:
        """A coloured frame around rows of parts; returns its lower edge."""
        self.boxes.append(text(area.left + PADDING, area.top + 21, caption, "caption"))
        lines = wrapped(", ".join(head), area.width - PADDING)
        for number, line in enumerate(lines):
            self.boxes.append(text(area.left + PADDING, area.top + 40 + LINE * number, line))
        bottom = self.rows(area.inside(area.top + 38 + (LINE + 4) * len(lines)), rows, uses, arrows) + PADDING
        self.frames.append((Area(area.left, area.top, area.width, bottom - area.top), colour))
        return bottom

    def rows(self, area: Area, rows: Sequence[Sequence[str]], uses: Sequence[str] = (), arrows: bool = True) -> float:
        """Rows of parts with the imports between them, in words where a row lies between; returns the lower edge."""
        row_of = {part: number for number, row in enumerate(rows) for part in row}
        imports = list(self.code.arrows(list(row_of))) if arrows else []
        far = [(part, other) for part, other in imports if abs(row_of[part] - row_of[other]) > 1]
        placed: dict[str, Area] = {}
        top = area.top
        for row in rows:
            said = {part: [*uses, *(other for one, other in far if one == part)] for part in row}
            placed |= self._row(Area(area.left, top, area.width), said)
            top = placed[row[0]].bottom + 26
        self.arrows += [between(placed[part], placed[other]) for part, other in imports if (part, other) not in far]
        return top - 26

    def _row(self, area: Area, uses: Mapping[str, Sequence[str]]) -> dict[str, Area]:
        """Boxes of parts beside each other, equally high."""
        width = (area.width - 2 * PADDING * (len(uses) - 1)) / len(uses)
        texts = {part: self._describe(part, width, said) for part, said in uses.items()}
        height = LINE * (1 + max(len(lines) for lines in texts.values())) + 12
        placed = {
            part: Area(area.left + number * (width + 2 * PADDING), area.top, width, height)
            for number, part in enumerate(uses)
        }
        for part, lines in texts.items():
            self.box(placed[part], part.rpartition(".")[2], lines)
        return placed

    def _describe(self, part: str, width: float, uses: Sequence[str]) -> list[tuple[str, str]]:
        """Lines below a part's title, each with its kind."""
        used = ", ".join(other.rpartition(".")[2] for other in self.code.used(part, uses))
        described = wrapped(self.code.describe(part), width)
        return [
            *((line, "plain") for line in described),
            *((line, "note") for line in wrapped(used and f"uses {used}", width)),
        ]

    def box(self, area: Area, title: str, lines: Iterable[tuple[str, str]] = (), radius: int = 4) -> None:
        """A white box with its text."""
        self.boxes.append(area.svg("#ffffff", "#8a94a0", radius))
        for number, (line, kind) in enumerate([(title, "title"), *lines]):
            self.boxes.append(text(area.left + 7, area.top + 18 + LINE * number, line, kind))

    def runs(self, x: float, top: float, bottom: float, label: str = "") -> None:
        """A dashed arrow downwards: what is above runs what is below."""
        self.arrows.append(arrow((x, top), (x, bottom), kind="runs"))
        self.boxes.append(text(x + 8, (top + bottom) / 2 + 4, label, "note"))

    def workflow(self, area: Area) -> dict[str, Area]:
        """A chain of states; returns the box of each job script's state, and the frame under an empty name."""
        states = list(work_states())
        widths = [len(name) * 6.9 + 18 for name, _ in states]
        gap = (area.width - 2 * PADDING - sum(widths)) / (len(states) - 1)
        left, found = area.left + PADDING, {"": Area(area.left, area.top, area.width, 74)}
        self.frames.append((found[""], "#f0ebfa"))
        self.boxes.append(text(left, area.top + 21, f"The workflow: {WORKFLOW}", "caption"))
        for number, ((name, script), width) in enumerate(zip(states, widths)):
            state = Area(left, area.top + 34, width, 28)
            self.box(state, name, radius=14)
            if number:
                self.arrows.append(arrow((left - gap, state.top + 14), (left, state.top + 14)))
            if script:
                found[script] = state
            left += width + gap
        return found

    def job(self, area: Area, states: Mapping[str, Area], parts: set[str]) -> float:
        """The three scripts below their states, and below them what they use; returns the lower edge."""
        position = len(self.frames)
        self.boxes.append(text(area.left + PADDING, area.top + 21, "The job (in the image)", "caption"))
        below = self.scripts(area.inside(area.top + 34), states, sorted(parts)) + 20
        left, right = Area(area.left + PADDING, below, 400), Area(area.left + 436, below, area.width - 436 - PADDING)
        rows = [[part for part in row if part in parts and part != READING] for row in self.code.layers[PACKAGE]]
        bottom = PADDING + max(
            self.rows(left, [row for row in rows if row]),
            self.frame(right, "ocr: from a file to page results", "#cfe9d6", self.code.layers[READING]),
        )
        self.frames.insert(position, (Area(area.left, area.top, area.width, bottom - area.top), "#e6f5e9"))
        return bottom

    def scripts(self, area: Area, states: Mapping[str, Area], uses: Sequence[str]) -> float:
        """The job scripts, each run by a state; returns their lower edge."""
        placed = self._row(area, {f"job_scripts.{name}": uses for name in SCRIPTS.values()})
        for name in SCRIPTS.values():
            script, x = placed[f"job_scripts.{name}"], states[name].left + states[name].width / 2
            end = min(max(x, script.left + PADDING), script.right - PADDING)
            self.arrows.append(arrow((x, states[name].bottom), (end, script.top), kind="runs"))
        return max(script.bottom for script in placed.values())


def main() -> int:
    """Draw the picture, or compare it with the code."""
    picture = Picture(read_code()).draw()
    if "--check" in sys.argv[1:]:
        up_to_date = PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == picture
        if not up_to_date:
            print("docs/architecture.svg is out of date: run scripts/architecture.py", file=sys.stderr)
        return int(not up_to_date)
    PICTURE.write_text(picture, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
