"""What is there of a picture whose file ends early or is damaged.

A decoder fills what is missing with zeros: black, or the middle grey of a JPEG, exactly level to the last row. What it
warns of, Pillow keeps to itself; qpdf, which has the same decoder, does not.
"""

from io import BytesIO

from PIL import Image

GREY_FILLING = 128
"""Grey level of what a decoder of JPEG did not reach."""

END_OF_JPEG = b"\xff\xd9"
"""The mark with which one ends (ITU-T T.81, B.1.1.3)."""

_FILLS = (0, GREY_FILLING)
_LEAST_MISSING = 0.05  # share of the rows; less may be the padding of a scanner
_COARSER = 8  # times; so a JPEG is decoded soonest


def missing_rows(image: Image.Image) -> int:
    """How many rows at the bottom are nothing but filling."""
    grey = image.convert("L")
    if grey.getpixel((0, grey.height - 1)) not in _FILLS:
        return 0
    fill = grey.getpixel((0, grey.height - 1))
    printed = grey.point([255 * (level != fill) for level in range(256)]).getbbox()
    return grey.height - printed[3] if printed else grey.height


def whitened(image: Image.Image, rows: int) -> Image.Image:
    """A copy whose last rows are paper."""
    copy = image.copy()
    paper = Image.new("L", (image.width, rows), 255).convert(image.mode)
    copy.paste(paper, (0, image.height - rows))
    return copy


def damage_under_mark(jpeg: bytes) -> bool:
    """Whether the data of a JPEG that has the mark of its end are not those of its picture.

    A decoder that comes upon changed or missing data warns and goes on. To ask for its warnings is to decode the
    picture once more, so only that is done of which damage is likely: a picture whose last rows are filling, and a
    progressive one, which has no such rows, since each pass covers the whole picture.
    """
    try:
        with Image.open(BytesIO(jpeg), formats=("JPEG",)) as image:
            if "progressive" not in image.info:
                image.draft("L", (max(1, image.width // _COARSER), max(1, image.height // _COARSER)))
                if missing_rows(image) < _LEAST_MISSING * image.height:
                    return False
    except (OSError, SyntaxError):  # its data are so damaged that nothing can be decoded
        return True
    return not _decodes_without_warning(jpeg)


def _decodes_without_warning(jpeg: bytes) -> bool:
    import pikepdf  # pylint: disable=import-outside-toplevel  # takes longer to load than a picture to decode

    with pikepdf.new() as pdf:
        try:
            pdf.make_stream(jpeg, Filter=pikepdf.Name.DCTDecode).read_bytes(pikepdf.StreamDecodeLevel.all)
        except (pikepdf.PdfError, RuntimeError):  # the second of tables that cannot be read
            return False
    return True
