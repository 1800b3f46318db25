"""Put measured figures where people read them: no figure in the docs is typed by hand.

    python -m benchmarks.report [output/bench/results.json]

Fills the marked places of docs/performance.md and draws docs/performance.svg.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "performance.md"
CHART = DOCS / "performance.svg"

Content = Mapping[str, Any]
_MISSING = "-"


def tables(content: Content) -> str:
    """All tables, as Markdown, for the terminal."""
    return "\n\n".join(f"{name}\n\n{write(content)}" for name, write in SECTIONS.items())


def machine(content: Content) -> str:
    """One line on the machine and the versions."""
    found = content["machine"]
    versions = ("python", "tesseract", "poppler", "tesserocr", "pytesseract", "pdf2image", "ocrmypdf")
    line = (
        f"{found['processor']}, {found['cores']} cores, {found['memory_gb']} GB, {found['system']}, {found['date']}. "
    )
    line += ", ".join(f"{name} {found[name]}" for name in versions) + "."
    return "\n".join([line, *(f"Left out: {reason}" for reason in content["left_out"])])


def documents(content: Content) -> str:
    """What the groups consist of."""
    rows = [
        [group, str(found["pages"]), ", ".join(f"{count} {kind}" for kind, count in found["kinds"].items())]
        for group, found in content["groups"].items()
    ]
    return _table(["group", "pages", "kinds"], rows)


def speed(content: Content) -> str:
    """Pages a second, CPU time and memory by group and contestant."""
    rows = [
        [
            found["group"],
            found["contestant"],
            _significant(found["pages_per_second"]),
            f"{found['cpu_seconds_per_page']:.3f}",
            f"{found['peak_mb']:.0f}",
        ]
        for found in sorted(content["speed"], key=lambda found: (found["group"], found["pages_per_second"]))
    ]
    return _table(["group", "who", "pages a second", "CPU seconds a page", "peak memory, MB"], rows)


def ratios(content: Content) -> str:
    """Ours over the others, beside the target."""
    rows = [
        [f"{ours} / {other}", group, _ratio(content, group, ours, other_group, other), f"≥ {target}" if target else "-"]
        for ours, group, other, other_group, target in _RATIOS
    ]
    for name, shares in content["cpu_shares"].items():
        rows.append([f"{name}: CPU time inside the engine", "scanned", f"{shares['engine']:.1%}", "≥ 93%"])
        rows.append([f"{name}: CPU time of taking out or drawing pages", "scanned", f"{shares['drawing']:.1%}", "-"])
    rows.append(["cost of `words`, CPU time", "scanned", _words_cost(content), "< 5%"])
    return _table(["figure", "pages", "measured", "target"], rows)


_PYTESSERACT, _TESSEROCR = "ours, pytesseract", "ours, tesserocr"
_RATIOS = (
    (_PYTESSERACT, "scanned", "plain loop", "scanned sample", 10),
    (_TESSEROCR, "scanned", "plain loop", "scanned sample", 10),
    (_PYTESSERACT, "scanned", "OCRmyPDF --force-ocr", "scanned", 3.7),
    (_TESSEROCR, "scanned", "OCRmyPDF --force-ocr", "scanned", 3.7),
    (_PYTESSERACT, "scanned", "hand-made", "scanned", 3),
    (_TESSEROCR, "scanned", "hand-made", "scanned", 3),
    (_PYTESSERACT, "scanned", "hand-made, our Tesseract", "scanned", 1.1),
    (_PYTESSERACT, "born-digital", "OCRmyPDF --force-ocr", "born-digital sample", 50),
    (_PYTESSERACT, "born-digital", "OCRmyPDF --skip-text", "born-digital", 1),
)


def accuracy(content: Content) -> str:
    """Character and word error rates by kind of page; the options of a contestant stay out of its name."""
    cells = {
        (found["kind"], _bare(found["contestant"])): f"{found['cer']:.4f} / {found['wer']:.4f}"
        for found in content["accuracy"]
        if found["contestant"] not in _SAME_TEXT
    }
    kinds, names = (list(dict.fromkeys(key[place] for key in cells)) for place in (0, 1))
    rows = [[kind, *(cells.get((kind, name), _MISSING) for name in names)] for kind in kinds]
    return _table(["CER / WER", *names], rows)


_SAME_TEXT = (f"{_PYTESSERACT}, words", f"{_PYTESSERACT}, Debian's Tesseract", "hand-made, our Tesseract")


def _bare(contestant: str) -> str:
    return contestant.partition(" --")[0]


SECTIONS: dict[str, Callable[[Content], str]] = {
    "machine": machine,
    "documents": documents,
    "speed": speed,
    "ratios": ratios,
    "accuracy": accuracy,
}


def fill(page: str, content: Content) -> str:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->`; `KeyError` if a section has no place."""
    for name, write in SECTIONS.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not place.search(page):
            raise KeyError(name)
        text = write(content)
        page = place.sub(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)  # type: ignore[misc]
    return page


def chart(content: Content) -> str:
    """Pages a second of scanned pages as bars, in SVG."""
    found = [entry for entry in content["speed"] if entry["group"] in ("scanned", "scanned sample")]
    found.sort(key=lambda entry: -entry["pages_per_second"])
    fastest = found[0]["pages_per_second"]
    bars = [
        _bar(row, entry["contestant"], entry["pages_per_second"], entry["pages_per_second"] / fastest)
        for row, entry in enumerate(found)
    ]
    height = (len(found) + 1) * _ROW + 2 * _MARGIN
    caption = f"scanned pages a second on {content['machine']['cores']} cores"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{height}" viewBox="0 0 760 {height}"'
    style = 'font-family="sans-serif" font-size="14">\n<rect width="100%" height="100%" fill="white"/>'
    foot = f'<text x="{_BAR_LEFT}" y="{height - _MARGIN}">{caption}</text>\n</svg>\n'
    return "\n".join([f"{head} {style}", *bars, foot])


_ROW, _MARGIN, _BAR_LEFT, _BAR_WIDTH = 34, 12, 280, 400  # pixels


def _bar(row: int, name: str, value: float, share: float) -> str:
    top, width = _MARGIN + row * _ROW, round(share * _BAR_WIDTH)
    colour = "#1b6ca8" if name.startswith("ours") else "#b0b7bf"
    return (
        f'<text x="{_BAR_LEFT - 10}" y="{top + 18}" text-anchor="end">{escape(name)}</text>\n'
        f'<rect x="{_BAR_LEFT}" y="{top}" width="{width}" height="{_ROW - 8}" fill="{colour}"/>\n'
        f'<text x="{_BAR_LEFT + width + 8}" y="{top + 18}">{_significant(value)}</text>'
    )


def _entry(content: Content, group: str, contestant: str) -> Any:
    found = (entry for entry in content["speed"] if (entry["group"], entry["contestant"]) == (group, contestant))
    return next(found, None)


def _ratio(content: Content, group: str, ours: str, other_group: str, other: str) -> str:
    mine, theirs = _entry(content, group, ours), _entry(content, other_group, other)
    if mine is None or theirs is None:
        return _MISSING
    return _significant(mine["pages_per_second"] / theirs["pages_per_second"])


def _words_cost(content: Content) -> str:
    without, with_words = _entry(content, "scanned", _PYTESSERACT), _entry(content, "scanned", f"{_PYTESSERACT}, words")
    if without is None or with_words is None:
        return _MISSING
    return f"{with_words['cpu_seconds_per_page'] / without['cpu_seconds_per_page'] - 1:+.1%}"


def _significant(value: float) -> str:
    """Three figures."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(source: str = "output/bench/results.json") -> int:
    """Fill the page and draw the chart."""
    try:
        content = json.loads(Path(source).read_text(encoding="utf-8"))
    except OSError as error:
        print(f"{source} cannot be read: {error.strerror}. Run `make bench` first.", file=sys.stderr)
        return 1
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), content), encoding="utf-8")
    CHART.write_text(chart(content), encoding="utf-8")
    print(f"{PAGE} and {CHART} hold the figures of {content['machine']['date']}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
