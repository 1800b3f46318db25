"""Grey of a picture in colour, on which coloured print is as dark as black print.

The usual grey is the lightness of a colour, by which yellow on white, orange beside black and red on a green of the
same lightness are next to nothing. They are clear in one of red, green and blue. So ink is looked for in each of the
three and in the lightness: strokes, dark on light or light on dark, that are gone in a grey closing or opening (the
top-hats of Serra, see `even`). Where a channel has print that the lightness lacks, what stands there becomes ink
on white; all else stays the lightness as Pillow gives it, byte by byte. Print is many strokes side by side: lines of
charts and roads of maps, made black, would hide the words beside them.
"""

import math

from PIL import Image, ImageChops, ImageFilter, ImageOps

from distributed_ocr_pipeline.ocr.rasters.levels import DARK, median_level
from distributed_ocr_pipeline.ocr.rasters.neighbours import darkest, lightest

MOST_PIXELS = 36_000_000
"""A4 at 600 dpi. Of what is larger, copies of all channels would need too much memory, so its grey is the lightness."""

_SAMPLE_SIDE = 1200  # pixels of the picture that is looked at for colour
_CHROMA = 64  # between the largest and the smallest channel of a colour that print may be lost in
_COLOURED = 0.0003  # share of the pixels; a coloured line of print has more
_STEP = 3  # pixels; ink is looked for at this fraction, where the fringes of a scanner's colours are gone
_STROKE = 5  # of these; strokes of print are thinner
_LOST = 40  # grey levels by which ink is darker in a channel than in the lightness
_CLEAR = 128  # ... of ink that no threshold between print and paper loses
_CLEAR_LIGHT = 48  # ... of light print on a dark ground, such as white in a box, which has a threshold of its own
_VISIBLE = 1.6  # ... and times as dark
_CELL = 4  # of these; print is at home where a cell has some lost ink
_IN_A_CELL = 24  # of 255: a tenth of it
_AROUND = 5  # cells
_WINDOW = 6  # cells to both sides of one; 156 pixels of the picture, three letters of 36 points at 220 dpi
_DENSE = 19  # of 255: four strokes in a window


def grey_of_colour(image: Image.Image) -> Image.Image:
    """8-bit grey of a picture of any mode."""
    grey = image.convert("L")
    if image.mode not in ("RGB", "P", "CMYK", "YCbCr", "LAB", "RGBX") or min(image.size) < _STEP * _CELL * _AROUND:
        return grey
    if image.width * image.height > MOST_PIXELS or not is_coloured(image):
        return grey
    try:
        return _with_lost_print(image.convert("RGB"), grey)
    except MemoryError:  # where little is allowed, the page is read as it would be without
        return grey


def _with_lost_print(colours: Image.Image, grey: Image.Image) -> Image.Image:
    place = _place_of_lost_print(colours, grey)
    return grey if place is None else _with_ink(colours, grey, place)


def is_coloured(image: Image.Image) -> bool:
    """Whether a picture has colours in which print may be lost."""
    sample = image.resize([min(_SAMPLE_SIDE, side) for side in image.size], Image.Resampling.NEAREST).convert("RGB")
    red, green, blue = sample.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    least = ImageChops.darker(ImageChops.darker(red, green), blue)
    coloured = sum(ImageChops.subtract(most, least).histogram()[_CHROMA:])
    return coloured > _COLOURED * sample.width * sample.height


def _place_of_lost_print(colours: Image.Image, grey: Image.Image) -> Image.Image | None:
    """A mask of the size of the picture: where a channel has print that the lightness lacks; None if nowhere."""
    small = grey.reduce(_STEP)
    seen = most = _strokes(small)
    for channel in colours.reduce(_STEP).split():
        most = ImageChops.lighter(most, _strokes(channel))
    least = seen.point([min(255, max(level + _LOST, round(level * _VISIBLE))) for level in range(256)])
    lost = ImageChops.subtract(most, least).point([255 * (level > 0) for level in range(256)])
    dark, light = (seen.point([255 * (level >= limit) for level in range(256)]) for limit in (_CLEAR, _CLEAR_LIGHT))
    clear = Image.composite(dark, light, _is_light_paper(small))
    clear_around = lightest(_cells_with(clear), 3)
    cells = ImageChops.subtract(_cells_with(lost), clear_around)  # such as between black letters on a highlight
    cells = ImageChops.darker(cells, _many_strokes(lost))
    if cells.getbbox() is None:
        return None
    around = lightest(lightest(cells, _AROUND), 3)
    return around.resize(grey.size, Image.Resampling.NEAREST)


def _many_strokes(lost: Image.Image) -> Image.Image:
    """Cells where strokes stand close beside or above one another, as in print; lines of charts and maps do not."""
    found = Image.new("L", (math.ceil(lost.width / _CELL), math.ceil(lost.height / _CELL)))
    for (across, down), window in (((1, 0), (_WINDOW, 0)), ((0, 1), (0, _WINDOW))):
        begun = ImageChops.subtract(lost, ImageChops.offset(lost, across, down)).reduce(_CELL)
        dense = begun.filter(ImageFilter.BoxBlur(window)).point([255 * (level >= _DENSE) for level in range(256)])
        found = ImageChops.lighter(found, dense)
    return lightest(found, _AROUND)


def _cells_with(marks: Image.Image) -> Image.Image:
    return marks.reduce(_CELL).point([255 * (level >= _IN_A_CELL) for level in range(256)])


def _with_ink(colours: Image.Image, grey: Image.Image, place: Image.Image) -> Image.Image:
    """The grey picture, with the clearest ink of all channels where print would be lost: dark on white, as on its page.

    On a dark page, such as of a screen, it is light on black.
    """
    ink = Image.new("L", grey.size)
    for channel in (grey, *colours.split()):
        ink = ImageChops.lighter(ink, _full_strokes(channel))
    is_dark = median_level(grey.reduce(_STEP).histogram()) < DARK
    return Image.composite(ink if is_dark else ImageOps.invert(ink), grey, place)


def _full_strokes(channel: Image.Image) -> Image.Image:
    """The strokes of a whole channel, held against the paper of a smaller copy."""
    small = channel.reduce(_STEP)
    closed, opened = (paper.resize(channel.size, Image.Resampling.BILINEAR) for paper in _papers(small))
    return _ink(channel, closed, opened, _is_light_paper(small).resize(channel.size, Image.Resampling.NEAREST))


def _strokes(small: Image.Image) -> Image.Image:
    """How far each pixel stands out from its paper, in the direction in which print does there."""
    return _ink(small, *_papers(small), _is_light_paper(small))


def _ink(channel: Image.Image, closed: Image.Image, opened: Image.Image, light_paper: Image.Image) -> Image.Image:
    return Image.composite(ImageChops.subtract(closed, channel), ImageChops.subtract(channel, opened), light_paper)


def _is_light_paper(small: Image.Image) -> Image.Image:
    """A mask: where the surroundings are on the whole nearer to their lightest than to their darkest."""
    cells = small.reduce(_CELL)
    mean = cells.filter(ImageFilter.BoxBlur(_AROUND // 2))
    above = ImageChops.subtract(lightest(cells, _AROUND), mean)
    below = ImageChops.subtract(mean, darkest(cells, _AROUND))
    light = ImageChops.subtract(below, above, offset=128).point([255 * (level >= 128) for level in range(256)])
    return light.resize(small.size, Image.Resampling.NEAREST)


def _papers(small: Image.Image) -> tuple[Image.Image, Image.Image]:
    """A grey closing (without dark strokes) and a grey opening (without light ones)."""
    closed = darkest(lightest(small, _STROKE), _STROKE)
    return closed, lightest(darkest(small, _STROKE), _STROKE)
