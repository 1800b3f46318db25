"""Rules: thin level lines, and the upright ones that meet them.

Of a word in a tight box, the engine sees the box alone.
"""

from PIL import Image, ImageChops, ImageFilter

from distributed_ocr_pipeline.ocr.rasters.neighbours import darkest, in_runs, lightest

_DARK = 0.8  # of the paper's level; rules are darker
_ACROSS, _DOWN = 1.4, 0.8  # times the height of print: half of the shortest run that is a rule and no letter
_THICKNESS = 0.25  # likewise, at most
_LONGEST = 120  # pixels; half of the longest run that is asked for


def without_ruled_lines(image: Image.Image, paper: int, print_height: float) -> Image.Image:
    """A picture without its rules, told by the height of its print (pixels).

    An upright line that meets no level one may be a large letter's.
    """
    across, down = (min(_LONGEST, round(times * print_height)) for times in (_ACROSS, _DOWN))
    ink = image.point([255 * (level < _DARK * paper) for level in range(256)])
    level = in_runs(ink, across=across) if down else Image.new("L", image.size)
    if level.getbbox() is None:
        return image
    upright = in_runs(ink, down=down)
    meeting = ImageChops.darker(upright, lightest(level, 3)).filter(ImageFilter.BoxBlur((0, _LONGEST)))
    runs = ImageChops.lighter(level, ImageChops.darker(upright, meeting.point([255 * (one > 0) for one in range(256)])))
    close = 2 * round(_THICKNESS * print_height / 2) + 3  # pixels; in bars and photographs, runs lie so close
    rules = ImageChops.subtract(runs, lightest(darkest(runs, close), close))
    return Image.composite(Image.new("L", image.size, paper), image, lightest(rules, 3))
