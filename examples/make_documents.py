"""Make the sample documents and the list of what a run should say of them.

`python -m examples.make_documents` writes `examples/documents/` and `examples/expected.json`. The same versions of
Pillow, fpdf2 and fontTools give the same bytes.
"""

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from examples import pages
from examples.pages import Layout, draw_text, prose, text_of
from examples.pdf import Pdf, jpeg, scanned_pdf, text_pdf

HERE = Path(__file__).parent
DOCUMENTS = HERE / "documents"
EXPECTED = HERE / "expected.json"
MADE_WITH = ("pillow", "fpdf2", "fonttools")

_A5 = Layout(width_mm=148, height_mm=210, margin_mm=15, dpi=200)
_A6 = Layout(width_mm=105, height_mm=148, margin_mm=10, dpi=200, points=10)
_A5_COLUMNS = Layout(width_mm=148, height_mm=210, margin_mm=12, dpi=200, points=9, columns=2)
_PASSWORD = "secret"

_INVOICE = (
    "Workshop Hillside, order 2041",
    "Six shelves of oak, 40.00 each, 240.00",
    "Twelve brackets of steel, 3.50 each, 42.00",
    "Delivery to the reading room, 18.00",
    "Sum without tax, 300.00",
    "Tax of ten percent, 30.00",
    "To be paid within thirty days, 330.00",
)
_SLIDE = (
    "Results of the first year",
    "The new pumps used eight percent less fuel.",
    "The second boiler stays in service.",
    "The next check takes place in autumn.",
)
_TABLE = (
    ("Layer", "Wet", "Dry", "Loss"),
    ("Upper", "412", "371", "41"),
    ("Middle", "398", "372", "26"),
    ("Lower", "405", "389", "16"),
    ("Ground", "420", "411", "9"),
)


@dataclass(frozen=True)
class ExpectedPage:
    """What a run should say of one page; `text` is what a perfect reader returns."""

    status: str
    text_source: str = "none"
    text: str = ""


@dataclass(frozen=True)
class Sample:
    """One sample document: its name, its bytes and what a run should say of it."""

    name: str
    content: bytes
    pages: Sequence[ExpectedPage] = ()
    status: str = "succeeded"
    error_class: str | None = None

    def expectation(self) -> dict[str, Any]:
        """The sample's entry in expected.json."""
        found = [asdict(page) for page in self.pages]
        return {"file": self.name, "status": self.status, "error_class": self.error_class, "pages": found}


def samples() -> list[Sample]:
    """All sample documents, in the order of their names."""
    made = [*_scans(), *_born_digital(), *_images(), *_broken()]
    return sorted(made, key=lambda sample: sample.name)


def _scans() -> list[Sample]:
    """PDFs that hold nothing but images."""
    return [
        _scan("scan-clean.pdf", [prose(0, 12), prose(1, 12)]),
        _scan("scan-skewed.pdf", [prose(2, 12)], lambda image: pages.skewed(image, 2)),
        _scan("scan-noisy.pdf", [prose(3, 8)], lambda image: pages.noisy(image, seed=3), layout=_A6, quality=50),
        _scan("scan-turned-90.pdf", [prose(4, 12)], lambda image: pages.turned(image, 90)),
        _scan("scan-upside-down.pdf", [prose(5, 12)], lambda image: pages.turned(image, 180)),
        _scan("scan-two-columns.pdf", [prose(6, 24)], layout=_A5_COLUMNS),
    ]


def _born_digital() -> list[Sample]:
    """PDFs with a text layer, in whole, in part, or with no mark on the page."""
    report, letter, appendix = [prose(7, 12), prose(8, 12), prose(9, 8)], prose(10, 10), prose(11, 12)
    mixed, empty = Pdf(), Pdf()
    mixed.add_text(letter, _A5)
    mixed.add_scan(draw_text(appendix, _A5), _A5)
    empty.add_empty(_A5)
    empty.add_scan(pages.blank(_A5), _A5)
    return [
        Sample("born-digital.pdf", text_pdf(report, _A5), [_text_layer(page) for page in report]),
        Sample("mixed.pdf", mixed.bytes(), [_text_layer(letter), _ocr(text_of(appendix))]),
        Sample("blank.pdf", empty.bytes(), [ExpectedPage("blank"), ExpectedPage("blank")]),
        Sample("letters 2024/reply & order.pdf", text_pdf([letter], _A5), [_text_layer(letter)]),
    ]


def _images() -> list[Sample]:
    """Images, one or several to a file; one of them under a wrong name."""
    fax, photo, receipt, note = [prose(12, 12), prose(13, 12), prose(14, 6)], prose(15, 12), prose(16, 6), prose(17, 8)
    table, slide = pages.draw_table(_TABLE, _A6), pages.inverted(draw_text(_SLIDE, _A6))
    photograph = jpeg(pages.photographed(draw_text(photo, _A5), seed=15), _A5.dpi, 50)
    return [
        Sample("fax.tif", _tiff([draw_text(page, _A5) for page in fax]), [_ocr(text_of(page)) for page in fax]),
        Sample("photo.jpg", photograph, [_ocr(text_of(photo))]),
        Sample("slide-white-on-dark.png", _encode(slide, "PNG"), [_ocr(text_of(_SLIDE))]),
        Sample("invoice.webp", _encode(draw_text(_INVOICE, _A6), "WEBP", quality=60), [_ocr(text_of(_INVOICE))]),
        Sample("table.bmp", _encode(table.convert("1"), "BMP"), [_ocr(pages.text_of_table(_TABLE))]),
        Sample("receipt.jp2", _jpeg2000(draw_text(receipt, _A6)), [_ocr(text_of(receipt))]),
        Sample("png-named.pdf", _encode(draw_text(note, _A6).convert("1"), "PNG"), [_ocr(text_of(note))]),
    ]


def _broken() -> list[Sample]:
    """Files that no run can read, each for its own reason."""
    scan = scanned_pdf([draw_text(prose(18, 12), _A5)], _A5)
    locked = text_pdf([prose(19, 8)], _A5, password=_PASSWORD)
    note = "\n".join(prose(20, 4)).encode()
    return [
        Sample("encrypted.pdf", locked, status="failed", error_class="encrypted"),
        Sample("truncated.pdf", scan[: len(scan) // 2], status="failed", error_class="corrupt"),
        Sample("empty.pdf", b"", status="failed", error_class="empty"),
        Sample("notes.txt", note, status="skipped", error_class="unsupported_type"),
        Sample("text-named.pdf", note, status="skipped", error_class="unsupported_type"),
    ]


def _scan(
    name: str,
    texts: Sequence[pages.Paragraphs],
    fault: Callable[[Image.Image], Image.Image] = lambda image: image,
    layout: Layout = _A5,
    quality: int | None = None,
) -> Sample:
    images = [fault(draw_text(text, layout)) for text in texts]
    return Sample(name, scanned_pdf(images, layout, quality), [_ocr(text_of(text)) for text in texts])


def _ocr(text: str) -> ExpectedPage:
    return ExpectedPage("succeeded", "ocr", text)


def _text_layer(paragraphs: pages.Paragraphs) -> ExpectedPage:
    return ExpectedPage("succeeded", "text_layer", text_of(paragraphs))


def _encode(image: Image.Image, image_format: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, image_format, dpi=(_A6.dpi, _A6.dpi), **options)
    return buffer.getvalue()


def _jpeg2000(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG2000", quality_mode="rates", quality_layers=[20], no_jp2=False)
    return buffer.getvalue()


def _tiff(images: Sequence[Image.Image]) -> bytes:
    first, *others = [image.convert("1") for image in images]
    buffer = BytesIO()
    first.save(buffer, "TIFF", compression="group4", dpi=(_A5.dpi, _A5.dpi), save_all=True, append_images=others)
    return buffer.getvalue()


def write(folder: Path, expected: Path) -> list[Sample]:
    """Replace the documents in `folder` and the list in `expected`."""
    made = samples()
    shutil.rmtree(folder, ignore_errors=True)
    for sample in made:
        path = folder / sample.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample.content)
    content = {
        "made_with": {package: version(package) for package in MADE_WITH},
        "documents": [sample.expectation() for sample in made],
    }
    expected.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return made


def main() -> int:
    """Write the documents and say how many."""
    made = write(DOCUMENTS, EXPECTED)
    total = sum(len(sample.content) for sample in made)
    print(f"{len(made)} documents, {total / 1e6:.2f} MB, in {DOCUMENTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
