"""Scans of other people's layouts, of which the text is known: `python -m benchmarks.scanned_pdfs FOLDER OUT`.

Pages of the PDFs below FOLDER that consist of short pieces of lines (tables, columns, forms, charts, slides) are drawn
as pictures under the conditions of `CONDITIONS`, and described in OUT/index.json as `benchmarks.real_pages` reads it.
The truth is the text of the PDF, in the order in which it draws it, so recall and precision say more than CER. Only
pages are taken whose text is English and next to all ASCII; letters that stand in a picture have no truth.
"""

import argparse
import html
import json
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops, ImageFilter

_SHORT = 0.4  # of the page's width; columns of text are as wide
_SHORT_PIECES = 0.6  # share of the pieces of lines; of plain prose it is 0.1 to 0.3
_GAP = 1.2  # heights of a word; between words of a piece there is less
_WORDS = range(60, 1200)
_ASCII = 0.985  # of the letters; formulas and broken fonts have fewer
_ENGLISH = frozenset("the of and to in for that with be are".split())
_ENGLISH_SHARE = 0.1  # of a document's words
_OF_DOCUMENT = 2  # pages
_BLACK = 150  # grey level
_LONGEST = 60  # pages of a document that are looked at
_WORD = re.compile(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>')


@dataclass(frozen=True)
class Condition:
    """How a page is scanned."""

    name: str
    dpi: int
    suffix: str
    claimed: int | None = None  # dpi that the file says it has
    bilevel: bool = False
    blur: float = 0.5  # pixels
    grain: int = 0  # grey levels
    skew: float = 0.0  # degrees, at most
    reduced: int = 1  # bilevel at first, of so many times the resolution, as archives of faxes are


CONDITIONS = (
    Condition("100 dpi fax", 100, ".png", reduced=2, skew=0.6),
    Condition("100 dpi grey", 100, ".png", blur=0.6, grain=4),
    Condition("100 dpi JPEG", 100, ".jpg", claimed=100, grain=4, skew=0.4),
    Condition("150 dpi grey", 150, ".jpg", grain=4, skew=0.6),
    Condition("200 dpi bilevel", 200, ".tif", claimed=200, bilevel=True, skew=0.4),
    Condition("200 dpi claimed 96", 200, ".png", claimed=96),
    Condition("300 dpi bilevel", 300, ".png", bilevel=True, skew=0.4),
    Condition("300 dpi grey", 300, ".tif", claimed=300, blur=0.8, grain=6, skew=1.5),
)


class _Box(NamedTuple):
    """Where a word stands, in points."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class SourcePage:
    """A page of a PDF; pages are counted from 1."""

    path: Path
    number: int


def candidates(path: Path) -> list[SourcePage]:
    """The pages of a PDF that are worth a scan; none if it cannot be read or is not English."""
    laid_out = _output("pdftotext", "-bbox", "-l", str(_LONGEST), str(path), "-")
    pages = laid_out.split("<page ")[1:]
    if not _is_english(" ".join(match[5] for match in _WORD.finditer(laid_out))):
        return []
    return [SourcePage(path, number) for number, page in enumerate(pages, 1) if is_layout(page)]


def is_layout(page: str) -> bool:
    """Whether a page, as `pdftotext -bbox` has it, consists of short pieces of lines whose letters can be right."""
    width = float(re.findall(r'width="([\d.]+)"', page)[0])
    words = [_Box(*map(float, match.groups()[:4])) for match in _WORD.finditer(page)]
    letters = html.unescape("".join(match[5] for match in _WORD.finditer(page)))
    if len(words) not in _WORDS or sum(map(str.isascii, letters)) < _ASCII * len(letters):
        return False
    pieces = list(_pieces(words))
    return sum(piece < _SHORT * width for piece in pieces) >= _SHORT_PIECES * len(pieces)


def _pieces(words: Sequence[_Box]) -> Iterator[float]:
    """Widths of runs of words without a gap."""
    begin, before = words[0].left, words[0]
    for word in words[1:]:
        height = before.bottom - before.top
        beside = -height < word.left - before.right < _GAP * height
        if not beside or abs(word.bottom - before.bottom) > height / 2:
            yield before.right - begin
            begin = word.left
        before = word
    yield before.right - begin


def _is_english(text: str) -> bool:
    words = Counter(word for word in text.casefold().split() if word.isalpha())
    return sum(words[word] for word in _ENGLISH) > _ENGLISH_SHARE * words.total() > 0


def chosen(paths: Sequence[Path], count: int, seed: int) -> list[SourcePage]:
    """So many pages, if there are, at most two of a document."""
    chance = random.Random(seed)
    found: list[SourcePage] = []
    for path in chance.sample(paths, len(paths)):
        if len(found) >= count:
            break
        pages = candidates(path)
        found += sorted(chance.sample(pages, min(_OF_DOCUMENT, len(pages))), key=lambda page: page.number)
    return found[:count]


def scanned(page: SourcePage, condition: Condition, target: Path, chance: random.Random) -> None:
    """Draw a page as a scan of it would be."""
    with tempfile.TemporaryDirectory() as scratch:
        number, stem = str(page.number), f"{scratch}/page"
        which = ("-f", number, "-l", number, "-r", str(condition.dpi * condition.reduced), "-gray", "-singlefile")
        _output("pdftoppm", *which, str(page.path), stem)
        with Image.open(f"{stem}.pgm") as drawn:
            image = drawn.filter(ImageFilter.GaussianBlur(condition.blur))
    skew = chance.uniform(-condition.skew, condition.skew)
    image = image.rotate(skew, Image.Resampling.BICUBIC, fillcolor=255) if skew else image
    image = _with_grain(image, condition.grain, chance)
    if condition.bilevel or condition.reduced > 1:
        image = image.point([255 * (level > _BLACK) for level in range(256)])
    image = image.convert("1") if condition.bilevel else image.reduce(condition.reduced)
    if condition.claimed:
        image.save(target, dpi=(condition.claimed, condition.claimed))
    else:
        image.save(target)


def _with_grain(image: Image.Image, levels: int, chance: random.Random) -> Image.Image:
    """A page whose levels are off by up to so many."""
    noise = Image.frombytes("L", image.size, chance.randbytes(image.width * image.height))
    return ImageChops.add(image, noise.point([level * 2 * levels // 255 for level in range(256)]), offset=-levels)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=False).stdout.decode("utf-8", "replace")


def write(pages: Sequence[SourcePage], folder: Path, seed: int) -> None:
    """Scan pages under one condition after the other; pictures, texts and their index."""
    entries = []
    for number, page in enumerate(pages):
        condition = CONDITIONS[number % len(CONDITIONS)]
        name = f"{number:03}-{page.path.stem}-{page.number}"
        scanned(page, condition, folder / f"{name}{condition.suffix}", random.Random(f"{seed} {name}"))
        which = ("-f", str(page.number), "-l", str(page.number))
        (folder / f"{name}.txt").write_text(_output("pdftotext", "-raw", *which, str(page.path), "-"), encoding="utf-8")
        files = {"file": f"{name}{condition.suffix}", "truth": f"{name}.txt"}
        entries.append({"set": condition.name, "id": name, "language": "eng"} | files)
    (folder / "index.json").write_text(json.dumps(entries, indent=1), encoding="utf-8")


def main() -> int:
    """Choose pages and scan them; 1 if the folder has none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scanned_pdfs", description="Scans of pages of PDFs.")
    parser.add_argument("source", type=Path, help="PDFs are looked for below this folder")
    parser.add_argument("folder", type=Path, help="written: pictures, texts and index.json")
    parser.add_argument("--pages", type=int, default=120, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    arguments = parser.parse_args()
    pages = chosen(sorted(arguments.source.rglob("*.pdf")), arguments.pages, arguments.seed)
    if not pages:
        print(f"No page of a PDF below {arguments.source} is English and consists of short pieces.", file=sys.stderr)
        return 1
    arguments.folder.mkdir(parents=True, exist_ok=True)
    write(pages, arguments.folder, arguments.seed)
    print(f"{len(pages)} pages of {len({page.path for page in pages})} documents.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
