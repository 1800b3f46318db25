"""Even paper: what surrounds print and changes slowly becomes white, what is darker than its surroundings stands out.

The paper at each place is what a grey closing leaves of the picture (its lightest neighbourhood, then the darkest of
these): strokes vanish in it, a dark border, a stain or a shadow stays. The difference is ink (the "black top-hat" of
Serra, "Image Analysis and Mathematical Morphology", 1982), which is stretched so that faint print becomes black.
"""

from PIL import Image, ImageChops, ImageOps

from distributed_ocr_pipeline.ocr.rasters.neighbours import darkest, lightest

_CELL = 8  # pixels; paper is looked for in cells of this size
_REACH = 9  # cells; strokes are thinner, borders and stains wider
_FAINT = 14  # grey levels; less is the grain of paper
_BLACK = 220  # what the usual ink becomes
_MOST_STRETCH = 6.0


def even_paper(image: Image.Image) -> Image.Image:
    """A grey picture of dark print, with white paper everywhere and ink stretched to black."""
    ink = ImageChops.subtract(_paper(image), image)
    return black_on_white(ink, _FAINT, _MOST_STRETCH)


def _paper(image: Image.Image) -> Image.Image:
    """The paper at each pixel."""
    width, height = max(1, image.width // _CELL), max(1, image.height // _CELL)
    cells = lightest(image, 3).resize((width, height), Image.Resampling.BOX)
    framed = ImageOps.expand(cells, _REACH, fill=0)  # a border is dark beyond the picture too, however narrow
    closed = darkest(lightest(framed, _REACH), _REACH)
    paper = darkest(ImageOps.crop(closed, _REACH), 3)  # no rim at borders
    return paper.resize(image.size, Image.Resampling.BILINEAR)


def black_on_white(ink: Image.Image, floor: int, most_stretch: float) -> Image.Image:
    """White paper with ink (0 is none) of more than `floor` levels stretched to black, at most by `most_stretch`."""
    stretch = _stretch_of(ink.histogram(), floor, most_stretch)
    return ImageOps.invert(ink.point([min(255, round(max(0, level - floor) * stretch)) for level in range(256)]))


def _stretch_of(counts: list[int], floor: int, most: float) -> float:
    """By how much ink, of more than `floor` levels, is stretched: its upper quartile becomes black."""
    inked = sum(counts[floor:])
    seen = 0
    for level in range(255, floor, -1):
        seen += counts[level]
        if seen * 4 >= inked:
            return max(1.0, min(most, _BLACK / (level - floor)))
    return 1.0
