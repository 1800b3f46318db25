"""Pages of the kinds that layout and threshold lose: forms, receipts, slides, filings, faint sheets, dots.

    python -m benchmarks.hard_pages FOLDER

writes pictures, their text and an `index.json` as `benchmarks.real_pages` reads it (`OCR_REAL_PAGES=FOLDER`). They show
whether a change works as meant, and no rate of a real collection.
"""

import argparse
import json
import random
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

from benchmarks.needles import NINE, TWENTY_FOUR, Head, printed
from examples.pages import Layout, blank, draw_text, font_bytes, photographed, prose, text_of

_FIELDS = ("Name", "Address", "Date of order", "Account", "Telephone", "Department", "Quantity", "Approved by")
_GOODS = ("Coffee 500 g", "Bread", "Milk 1 l", "Apples 2 kg", "Soap", "Rice 5 kg", "Tea", "Paper towels", "Eggs 10")
_SECTIONS = ("Applicant", "Employment", "Account", "Declaration")
_LABELS = ("Family name", "Given names", "Date of birth", "Street", "City", "Postal code", "Telephone", "Number")
_FORMULAS = ("a + b = 2 c", "x = 4 y - 12", "n = 3 m + 1", "p = 0.25 q + r", "u + v = w", "s = 7 t - 18")
_PARTIES = ("NORTHERN TRADING COMPANY,", "plaintiff,", "HARBOUR STORES LIMITED,", "defendant.")
_SCANNED_AT = (200, 150, 300)  # dpi

Cells = Iterable[tuple[float, str]]
"""Pieces of one printed line: the left edge of each in pixels, and its text."""


@dataclass(frozen=True)
class HardPage:
    """A picture, its text, and the resolution that its file claims, if it does."""

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
    sheet = ImageOps.expand(_in_grain(faint, seed, 24), (300, 250), fill=14)
    return HardPage(sheet.filter(ImageFilter.GaussianBlur(0.6)), text_of(paragraphs), 72)


def very_faint(seed: int) -> HardPage:
    """Print hardly darker than its paper, in grain: the last copies of a worn ribbon."""
    layout = Layout(dpi=200, points=11)
    paragraphs = prose(seed, 20)
    faint = draw_text(paragraphs, layout).point([232 + level * 20 // 255 for level in range(256)])
    return HardPage(_in_grain(faint, seed, 12), text_of(paragraphs), 200)


def faint_beside_black(seed: int) -> HardPage:
    """A black heading over a body hardly darker than its paper, in grain."""
    layout, heading = Layout(dpi=200, points=11), "MINUTES OF THE HARBOUR BOARD"
    paragraphs = prose(seed, 20)
    page = draw_text(paragraphs, layout).point([216 + level * 22 // 255 for level in range(256)])
    ImageDraw.Draw(page).text((layout.pixels(20), 60), heading, fill=25, font=_font(44))
    return HardPage(_in_grain(page, seed, 8), f"{heading}\n{text_of(paragraphs)}", 200)


def pale_beside_black(seed: int) -> HardPage:
    """Black print, with a paragraph, a column of numbers and a line of middle grey: worn ribbons, stamps, pale inks."""
    layout, source, text = Layout(dpi=200, points=11), random.Random(seed), iter(_words(seed, 400))
    image = blank(layout)
    draw, font, lines = ImageDraw.Draw(image), layout.font(), list[str]()
    for row in range(36):
        top, cells = 120 + 52 * row, [(160.0, _line_of(text, font, 900))]
        lines.append(_printed(draw, top, cells, font, 205 if 14 <= row < 20 or row == 30 else 20))
        if row < 12:
            lines.append(_printed(draw, top, [(1300, str(source.randrange(1000, 99999)))], font, 195))
    return HardPage(_in_grain(image.filter(ImageFilter.GaussianBlur(0.5)), seed, 8), "\n".join(lines), 200)


def show_through(seed: int) -> HardPage:
    """A page of which the lower part is empty; the other side of the sheet, full of print, shows through in grain."""
    layout = Layout(dpi=200, points=11)
    paragraphs = prose(seed, 8)
    back = ImageOps.mirror(draw_text(prose(seed + 100, 24), layout)).filter(ImageFilter.GaussianBlur(1))
    page = draw_text(paragraphs, layout).point([20 + level * 225 // 255 for level in range(256)])
    page = ImageChops.darker(page, back.point([206 + level * 39 // 255 for level in range(256)]))
    return HardPage(_in_grain(page.filter(ImageFilter.GaussianBlur(0.5)), seed, 8), text_of(paragraphs), 200)


def coarse_grain(seed: int) -> HardPage:
    """Faint print in coarse grain: strokes no darker than the darkest of the paper."""
    layout = Layout(dpi=_SCANNED_AT[seed % 3], points=11)
    paragraphs = prose(seed, 20)
    faint = draw_text(paragraphs, layout).filter(ImageFilter.GaussianBlur(0.5))
    faint = faint.point([(200, 180)[seed % 2] + level * (40, 60)[seed % 2] // 255 for level in range(256)])
    return HardPage(_in_grain(faint, seed, 40), text_of(paragraphs), layout.dpi)


def nine_needles(seed: int) -> HardPage:
    """Draft of a matrix printer with nine needles, in grain."""
    return _of_needles(seed, NINE)


def twenty_four_needles(seed: int) -> HardPage:
    """Draft of a matrix printer with 24 needles, in grain."""
    return _of_needles(seed, TWENTY_FOUR)


def _of_needles(seed: int, head: Head) -> HardPage:
    layout = Layout(dpi=_SCANNED_AT[seed % 3])
    lines = [line for one in prose(seed, 30) for line in [*textwrap.wrap(one, head.letters), ""]]
    return HardPage(_in_grain(printed(lines, head, layout, seed), seed, 12), "\n".join(lines), layout.dpi)


def _in_grain(image: Image.Image, seed: int, levels: int) -> Image.Image:
    """A grey picture whose pixels are darker by up to `levels`."""
    grain = random.Random(seed).randbytes(image.width * image.height)
    noise = Image.frombytes("L", image.size, grain).point([level * levels // 255 for level in range(256)])
    return ImageChops.subtract(image, noise)


def slide(seed: int) -> HardPage:
    """A slide as it is seen on a screen: light text on coloured boxes, dark text below them, no resolution."""
    image, stock = Image.new("RGB", (1280, 720), (250, 250, 252)), _words(seed, 80)
    draw, lines = ImageDraw.Draw(image), [" ".join(stock[:5])]
    draw.rectangle((0, 0, 1280, 110), fill=(24, 52, 104))
    draw.text((50, 30), lines[0], fill="white", font=_font(46))
    for left, colour in ((50, (0, 114, 178)), (450, (0, 140, 100)), (850, (196, 84, 20))):
        draw.rounded_rectangle((left, 150, left + 370, 400), 18, fill=colour)
        for row in range(4):
            words = " ".join(stock[5 + left // 400 * 12 + row * 3 :][:3])
            lines.append(_printed(draw, 172 + 54 * row, [(left + 24, words)], _font(24), "white"))
    for row in range(4):
        words = " ".join(stock[41 + 8 * row :][:8])
        lines.append(_printed(draw, 440 + 56 * row, [(80, words)], _font(26), (40, 40, 40)))
    return HardPage(image, "\n".join(lines))


def columns_with_formulas(seed: int) -> HardPage:
    """A paper: two columns, with formulas between their lines, each with its number far to the right."""
    layout, text = Layout(dpi=200, points=9, columns=2), iter(_words(seed, 1000))
    image = blank(layout)
    draw, font, lines = ImageDraw.Draw(image), layout.font(), [" ".join(next(text) for _ in range(6))]
    draw.text((layout.column_left(0) + 160, 110), lines[0], fill=0, font=_font(42))
    for place in range(2 * 54):
        left, row = layout.column_left(place // 54), place % 54
        if row % 20 == 9:
            number = place // 20 + 1
            cells = [(left + 170.0, _FORMULAS[number - 1]), (left + layout.column_width - 40.0, f"({number})")]
        else:
            cells = [] if row % 20 in (8, 10) else [(float(left), _line_of(text, font, layout.column_width))]
        lines.append(_printed(draw, 210 + row * layout.line_height, cells, font))
    return HardPage(image.filter(ImageFilter.GaussianBlur(0.6)), "\n".join(filter(None, lines)), 200)


def filing(seed: int) -> HardPage:
    """A paper of a court: numbers of lines beside a double rule, a caption in two halves, a ruled table of amounts."""
    layout, source, text = Layout(dpi=150, points=12), random.Random(seed), iter(_words(seed, 500))
    image = blank(layout)
    draw, font, lines = ImageDraw.Draw(image), layout.font(), list[str]()
    for left in (160, 166, 1180):
        draw.line((left, 0, left, image.height), fill=0, width=2)
    for row in range(28):
        top, cells = 100 + 56 * row, [(100.0, str(row + 1))]
        if 2 <= row < 6:
            draw.line((640, top - 14, 640, top + 42), fill=0, width=2)
            cells += [(200, _PARTIES[row - 2]), (670, f"Case No {source.randrange(1000, 9999)}")]
        elif 16 <= row < 24:
            draw.rectangle((200, top - 14, 780, top + 42), outline=0, width=2)
            draw.rectangle((780, top - 14, 1140, top + 42), outline=0, width=2)
            amount = f"{source.randrange(100, 9999)}.{source.randrange(10, 99)}"
            cells += [(214, " ".join(next(text) for _ in range(3))), (1120 - font.getlength(amount), amount)]
        else:
            cells += [(200, _line_of(text, font, 940))]
        lines.append(_printed(draw, top, cells, font))
    return HardPage(image.filter(ImageFilter.GaussianBlur(0.5)), "\n".join(lines), 150)


def photographed_receipt(seed: int) -> HardPage:
    """A narrow receipt of faint thermal print on a table, taken with a camera at some 130 dpi."""
    return _on_a_table(seed, dpi=130, ink=125)


def receipt_in_shadow(seed: int) -> HardPage:
    """The same, fainter and finer: the lighter half of it is read, and with confidence."""
    return _on_a_table(seed, dpi=200, ink=150)


def _on_a_table(seed: int, dpi: int, ink: int) -> HardPage:
    layout, source = Layout(width_mm=80, height_mm=170, dpi=dpi, points=9.5), random.Random(seed)
    image = blank(layout)
    draw, font, right = ImageDraw.Draw(image), layout.font(), layout.pixels(72)
    goods = [(good, f"{source.randrange(1, 40)}.{source.randrange(10, 99)}") for good in _GOODS + _GOODS[::-1]]
    rows = [("GREEN GROCER", ""), ("Invoice", str(source.randrange(10000, 99999))), *goods]
    rows += [("TOTAL", f"{source.randrange(100, 400)}.90"), ("Goods sold are not returnable", "")]
    lines = [
        _printed(
            draw, layout.pixels(10 + 6.6 * row), [(dpi / 3, name), (right - font.getlength(price), price)], font, ink
        )
        for row, (name, price) in enumerate(rows)
    ]
    return HardPage(photographed(image.filter(ImageFilter.GaussianBlur(0.5)), seed), "\n".join(lines), 72)


def page_in_the_dark(seed: int) -> HardPage:
    """A page that a camera took in poor light, on a black table that covers more than half of the picture."""
    layout, paragraphs = Layout(dpi=150, points=11), prose(seed, 24)
    sheet = draw_text(paragraphs, layout).point([50 + level * 115 // 255 for level in range(256)])
    view = Image.new("L", (round(1.1 * sheet.width), 2 * sheet.height), 22)
    view.paste(sheet, (sheet.width // 20, sheet.height // 2))
    return HardPage(_in_grain(view, seed, 20).filter(ImageFilter.GaussianBlur(0.6)), text_of(paragraphs))


def labelled_form(seed: int) -> HardPage:
    """A form at 100 dpi: sections named in white on dark bars, labels in grey boxes, entries in white ones."""
    layout, source, stock = Layout(dpi=100, points=10), random.Random(seed), iter(_words(seed, 60))
    image = blank(layout)
    draw, font, lines = ImageDraw.Draw(image), layout.font(), list[str]()
    for number, section in enumerate(_SECTIONS):
        top = 70 + 250 * number
        draw.rectangle((60, top, 770, top + 26), fill=50)
        lines.append(_printed(draw, top + 4, [(70, section)], font, 255))
        for row in range(4):
            place, entry = top + 36 + 50 * row, str(source.randrange(1000, 99999))
            cells = _labelled_box(draw, (60, place), _LABELS[2 * row], next(stock))
            cells += _labelled_box(draw, (420, place), _LABELS[2 * row + 1], entry)
            lines.append(_printed(draw, place + 13, cells, font))
    return HardPage(image.filter(ImageFilter.GaussianBlur(0.5)), "\n".join(lines))


def _labelled_box(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], label: str, entry: str
) -> list[tuple[float, str]]:
    """Draw a grey box and a white one beside it; what is to be printed in them."""
    left, top = corner
    draw.rectangle((left, top, left + 130, top + 42), fill=205, outline=60)
    draw.rectangle((left + 130, top, left + 350, top + 42), outline=60)
    return [(left + 8, label), (left + 142, entry)]


def invoice(seed: int) -> HardPage:
    """A table whose head is white on a dark box, every other row on grey, the sum in a filled box; 150 dpi."""
    layout, source = Layout(dpi=150, points=10), random.Random(seed)
    image = blank(layout)
    draw, font, lines = ImageDraw.Draw(image), layout.font(), ["INVOICE"]
    draw.text((120, 90), lines[0], fill=0, font=_font(44))
    for row in range(26):
        top, fill = 200 + 44 * row, (40, 255, 222)[0 if row in (0, 25) else 1 + row % 2]
        draw.rectangle((110, top, 1130, top + 43), fill=fill)
        amounts = [str(source.randrange(1, 20)), f"{source.randrange(1, 90)}.50", f"{source.randrange(90, 999)}.25"]
        named = ["Description", "Quantity", "Price", "Amount"] if row == 0 else [_GOODS[row % len(_GOODS)], *amounts]
        named = ["Total", "", "", amounts[2]] if row == 25 else named
        cells = [(left - font.getlength(cell) * (left > 200), cell) for left, cell in zip((130, 640, 860, 1110), named)]
        lines.append(_printed(draw, top + 10, cells, font, 255 if row in (0, 25) else 0))
    return HardPage(image.filter(ImageFilter.GaussianBlur(0.5)), "\n".join(lines), 150)


def shaded_table(seed: int) -> HardPage:
    """A table with columns of one and two digits, every other row on grey."""
    layout, source = Layout(dpi=200, points=10), random.Random(seed)
    image = blank(layout)
    draw, font, lines = ImageDraw.Draw(image), layout.font(), list[str]()
    for row in range(30):
        top = 150 + 64 * row
        draw.rectangle((100, top, 1550, top + 64), fill=225 if row % 2 else 255)
        numbers = [str(source.randrange(1, most)) for most in (10, 60, 10)]
        cells = [(130, str(row + 1)), (260, _GOODS[row % len(_GOODS)]), *zip((760, 960, 1160), numbers)]
        cells += [(1400, f"{source.randrange(1, 90)}.50")]
        lines.append(_printed(draw, top + 13, cells, font))
    return HardPage(image.filter(ImageFilter.GaussianBlur(0.5)), "\n".join(lines), 200)


def low_shaded_rows(seed: int) -> HardPage:
    """A table of figures of one to three digits, its rows 4 mm high, every other one on grey; 150 dpi."""
    layout, source = Layout(dpi=150, points=8), random.Random(seed)
    image = blank(layout)
    draw, font, lines = ImageDraw.Draw(image), layout.font(), list[str]()
    for row in range(60):
        top = 130 + 24 * row
        draw.rectangle((90, top, 1150, top + 23), fill=222 if row % 2 else 255)
        figures = [str(source.randrange(1, most)) for most in (10, 100, 10, 1000)]
        cells = [(110, _GOODS[row % len(_GOODS)]), *zip((480, 650, 820, 990), figures)]
        lines.append(_printed(draw, top + 3, cells, font))
    return HardPage(image.filter(ImageFilter.GaussianBlur(0.5)), "\n".join(lines), 150)


def _printed(
    draw: ImageDraw.ImageDraw,
    top: float,
    cells: Cells,
    font: ImageFont.FreeTypeFont,
    fill: int | str | tuple[int, int, int] = 0,
) -> str:
    """Print the pieces of a line; its text."""
    kept = [(left, text) for left, text in cells if text]
    for left, text in kept:
        draw.text((left, top), text, fill=fill, font=font)
    return " ".join(text for _, text in kept)


def _line_of(words: Iterator[str], font: ImageFont.FreeTypeFont, width: int) -> str:
    """As many of the next words as fit in a width of pixels, less the longest that may follow."""
    line = next(words)
    while font.getlength(line) < width - 6 * font.size:
        line = f"{line} {next(words)}"
    return line


def _words(seed: int, sentences: int) -> list[str]:
    """Words of plain English, without what ends a sentence."""
    return " ".join(prose(seed, sentences)).replace(".", "").replace(",", "").split()


def _font(pixels: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(BytesIO(font_bytes()), pixels, layout_engine=ImageFont.Layout.BASIC)


KINDS: dict[str, Callable[[int], HardPage]] = {
    "form": form,
    "receipt": receipt,
    "deposition": deposition,
    "faint on dark": faint_on_dark,
    "very faint": very_faint,
    "faint beside black": faint_beside_black,
    "pale beside black": pale_beside_black,
    "show-through": show_through,
    "slide": slide,
    "columns with formulas": columns_with_formulas,
    "filing": filing,
    "photographed receipt": photographed_receipt,
    "receipt in a shadow": receipt_in_shadow,
    "page in the dark": page_in_the_dark,
    "labelled form": labelled_form,
    "invoice": invoice,
    "shaded table": shaded_table,
    "low shaded rows": low_shaded_rows,
    "grain": coarse_grain,
    "dot matrix of 9 needles": nine_needles,
    "dot matrix of 24 needles": twenty_four_needles,
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
    parser.add_argument("--pages", type=int, default=2, help="of each kind (2)")
    arguments = parser.parse_args()
    write(arguments.folder, arguments.pages)
