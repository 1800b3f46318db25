"""Put pages into PDFs, with nothing in the file that changes from one run to the next."""

from collections.abc import Sequence
from datetime import datetime, timezone
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from fpdf import FPDF
from PIL import Image

from examples.pages import Layout, Paragraphs, font_bytes

_MADE_AT = datetime(2025, 1, 1, tzinfo=timezone.utc)
_FONT = "page"
_LINE_SPACING = 1.35
_MM_PER_POINT = 25.4 / 72


class Pdf:
    """A PDF under construction: add pages, then ask for its `bytes`."""

    def __init__(self, password: str | None = None) -> None:
        self._pdf = FPDF(unit="mm")
        self._pdf.set_creation_date(_MADE_AT)
        self._pdf.set_producer("distributed-ocr-pipeline examples")
        self._pdf.set_auto_page_break(False)
        self._pdf.set_compression(False)  # another zlib would give other bytes
        self._add_font()
        if password:
            self._pdf.set_encryption(owner_password=f"{password}-owner", user_password=password)

    def add_text(self, paragraphs: Paragraphs, layout: Layout) -> None:
        """A page born digital: text with an embedded font, no image."""
        self._add_page(layout)
        self._pdf.set_font(_FONT, size=layout.points)
        self._pdf.set_xy(layout.margin_mm, layout.margin_mm)
        line_height = layout.points * _MM_PER_POINT * _LINE_SPACING
        for paragraph in paragraphs:
            self._pdf.multi_cell(0, line_height, paragraph, align="L", new_x="LMARGIN", new_y="NEXT")
            self._pdf.ln(line_height)

    def add_scan(self, image: Image.Image, layout: Layout, quality: int | None = None) -> None:
        """A page that is one image: JPEG of that quality, or black and white (CCITT group 4) if None."""
        width, height = (side / layout.dpi * 25.4 for side in image.size)
        self._pdf.add_page(format=(width, height))
        black_and_white = image.convert("1", dither=Image.Dither.NONE)
        content = black_and_white if quality is None else BytesIO(jpeg(image, layout.dpi, quality))
        self._pdf.image(content, x=0, y=0, w=width, h=height)

    def add_empty(self, layout: Layout) -> None:
        """A page with nothing on it."""
        self._add_page(layout)

    def bytes(self) -> bytes:
        """The finished file."""
        return bytes(self._pdf.output())

    def _add_page(self, layout: Layout) -> None:
        self._pdf.add_page(format=(layout.width_mm, layout.height_mm))
        self._pdf.set_margin(layout.margin_mm)

    def _add_font(self) -> None:
        with TemporaryDirectory() as folder:  # fpdf2 takes a font by path only
            path = Path(folder) / "page.ttf"
            path.write_bytes(font_bytes())
            self._pdf.add_font(_FONT, fname=path)


def scanned_pdf(images: Sequence[Image.Image], layout: Layout, quality: int | None = None) -> bytes:
    """A PDF of scanned pages alone; `quality` as in `Pdf.add_scan`."""
    pdf = Pdf()
    for image in images:
        pdf.add_scan(image, layout, quality)
    return pdf.bytes()


def text_pdf(pages: Sequence[Paragraphs], layout: Layout, password: str | None = None) -> bytes:
    """A PDF of pages born digital; with `password` nobody can open it without."""
    pdf = Pdf(password)
    for paragraphs in pages:
        pdf.add_text(paragraphs, layout)
    return pdf.bytes()


def jpeg(image: Image.Image, dpi: int, quality: int) -> bytes:
    """Grey JPEG that states its resolution."""
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality, dpi=(dpi, dpi))
    return buffer.getvalue()
