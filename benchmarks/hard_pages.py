"""Pages of the kinds that layout and threshold lose: forms, receipts, depositions, faint print.

    python -m benchmarks.hard_pages FOLDER

writes pictures, their text and an `index.json` as `benchmarks.real_pages` reads it (`OCR_REAL_PAGES=FOLDER`). They show
whether a change works as meant, and no rate of a real collection.
"""

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from examples.pages import Layout, blank, draw_text, prose, text_of

_FIELDS = ("Name", "Address", "Date of order", "Account", "Telephone", "Department", "Quantity", "Approved by")
_GOODS = ("Coffee 500 g", "Bread", "Milk 1 l", "Apples 2 kg", "Soap", "Rice 5 kg", "Tea", "Paper towels", "Eggs 10")


@dataclass(frozen=True)
class HardPage:
    """A grey picture, its text, and the resolution that its file claims, if it does."""

    image: Image.Image
    text: str
    dpi: int | None = None


def form(seed: int) -> HardPage:
    """A form of ruled boxes at 100 dpi: a label in each, an entry below it, and a note in a box of its own."""
    layout = Layout(dpi=100, points=10)
    image, source, stock = blank(layout), random.Random(seed), " ".join(prose(seed, 30)).replace(".", "").split()
    draw, lines = ImageDraw.Draw(image), ["ORDER AND DELIVERY FORM"]
    draw.text((250, 50), lines[0], fill=0, font=replace(layout, points=13).font())
    for number in range(36):
        box = (80 + 220 * (number % 3), 100 + 48 * (number // 3))
        place = source.randrange(len(stock) - 3)
        entry = " ".join(stock[place : place + 2]) if number % 3 < 2 else str(source.randrange(1000, 99999))
        lines.append(_cell(draw, box, _FIELDS[(number + seed) % len(_FIELDS)], entry, layout))
    draw.rectangle((420, 740, 740, 860), outline=0, width=3)
    for number in range(4):
        lines.append(" ".join(stock[5 * number : 5 * number + 5]))
        draw.text((432, 752 + 24 * number), lines[-1], fill=0, font=layout.font())
    return HardPage(image.filter(ImageFilter.GaussianBlur(0.5)), "\n".join(lines))


def _cell(draw: ImageDraw.ImageDraw, box: tuple[int, int], label: str, entry: str, layout: Layout) -> str:
    left, top = box
    draw.rectangle((left, top, left + 220, top + 48), outline=0)
    draw.text((left + 5, top + 3), label, fill=40, font=replace(layout, points=7.5).font())
    draw.text((left + 14, top + 21), entry, fill=0, font=layout.font())
    return f"{label} {entry}"


def receipt(seed: int) -> HardPage:
    """A thermal print: narrow, grey, of dots, prices at the right, on a black table."""
    layout = Layout(width_mm=80, height_mm=150, dpi=200, points=10)
    image, source = blank(layout), random.Random(seed)
    draw, font = ImageDraw.Draw(image), layout.font()
    lines = ["CORNER STORE", f"Receipt No {source.randrange(10000, 99999)}"]
    lines += [f"{good} {source.randrange(1, 30)}.{source.randrange(10, 99)}" for good in _GOODS + _GOODS[::-1]]
    for number, line in enumerate([*lines, "Thank you for your visit"]):
        name, _, price = line.rpartition(" ") if 1 < number < len(lines) else (line, "", "")
        draw.text((50, 60 + number * 48), name, fill=90, font=font)
        draw.text((580 - font.getlength(price), 60 + number * 48), price, fill=90, font=font)
    dots = Image.new("L", image.size, 0)
    ImageDraw.Draw(dots).point([(x, y) for y in range(0, image.height, 3) for x in range(0, image.width, 3)], fill=160)
    thermal = (
        ImageChops.add(image, dots).filter(ImageFilter.GaussianBlur(0.7)).point([v * 215 // 255 for v in range(256)])
    )
    text = "\n".join([*lines, "Thank you for your visit"])
    return HardPage(ImageOps.expand(thermal, (140, 60), fill=12), text, 72)


def deposition(seed: int) -> HardPage:
    """Typed lines, numbered at the left, away from the text, as transcripts of courts are."""
    layout = Layout(dpi=200, points=12, margin_mm=40)
    paragraphs = prose(seed, 9, per_paragraph=3)
    image = draw_text(paragraphs, layout)
    draw = ImageDraw.Draw(image)
    for number in range(1, 25):
        draw.text((120, layout.pixels(40) + (number - 1) * layout.line_height), str(number), fill=0, font=layout.font())
    return HardPage(image, "\n".join([text_of(paragraphs), *map(str, range(1, 25))]), 200)


def faint_on_dark(seed: int) -> HardPage:
    """A sheet of faint print on a black table, taken with a camera."""
    layout = Layout(dpi=150, points=12)
    paragraphs = prose(seed, 24)
    faint = draw_text(paragraphs, layout).point([150 + level * 45 // 255 for level in range(256)])
    grain = random.Random(seed).randbytes(faint.width * faint.height)
    noise = Image.frombytes("L", faint.size, grain).point([level * 24 // 255 for level in range(256)])
    sheet = ImageOps.expand(ImageChops.subtract(faint, noise), (300, 250), fill=14)
    return HardPage(sheet.filter(ImageFilter.GaussianBlur(0.6)), text_of(paragraphs), 72)


def very_faint(seed: int) -> HardPage:
    """Print hardly darker than its paper, in grain: the last copies of a worn ribbon."""
    layout = Layout(dpi=200, points=11)
    paragraphs = prose(seed, 20)
    faint = draw_text(paragraphs, layout).point([232 + level * 20 // 255 for level in range(256)])
    grain = random.Random(seed).randbytes(faint.width * faint.height)
    noise = Image.frombytes("L", faint.size, grain).point([level * 12 // 255 for level in range(256)])
    return HardPage(ImageChops.subtract(faint, noise), text_of(paragraphs), 200)


KINDS: dict[str, Callable[[int], HardPage]] = {
    "form": form,
    "receipt": receipt,
    "deposition": deposition,
    "faint on dark": faint_on_dark,
    "very faint": very_faint,
}
"""By name: what draws a page from a seed."""


def write(folder: Path, pages_of_a_kind: int = 2) -> None:
    """Write pages of every kind and their index into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    index = []
    for kind, draw in KINDS.items():
        for seed in range(pages_of_a_kind):
            page, name = draw(seed), f"{kind.replace(' ', '-')}-{seed}"
            resolution = (page.dpi, page.dpi) if page.dpi else None
            page.image.save(folder / f"{name}.png", dpi=resolution)
            (folder / f"{name}.txt").write_text(page.text, encoding="utf-8")
            entry = {"set": kind, "id": name, "file": f"{name}.png", "truth": f"{name}.txt", "language": "eng"}
            index.append(entry)
    (folder / "index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hard_pages", description="Pages that are hard to read.")
    parser.add_argument("folder", type=Path, help="is made if it is not there")
    write(parser.parse_args().folder)
