"""What is printed on a page beside its own text: a scan under a stamp, text in a picture or drawn as curves.

The page is drawn coarsely, the words of its text layer are wiped out, and what is left is looked at. If it may be
print, the page is drawn as for reading, wiped in the same way and read, so that nothing is read that the layer has.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.pages.analysis import analyse
from distributed_ocr_pipeline.ocr.pages.in_progress import PageInProgress
from distributed_ocr_pipeline.ocr.rasters.levels import median_level
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, load
from distributed_ocr_pipeline.records import Word

COARSE_DPI = 72
"""Enough to tell where something is printed, for a fortieth of the time of reading it."""

_CELL = 4  # pixels of the coarse picture: 1.4 mm
_CONTRAST = 32  # grey levels between paper and a cell with something on it
_LEAST_PRINT = 0.006  # share of the page; two lines of print have 0.01, rules and a logo less
_CONTRAST_OF_LETTERS, _FEW_LETTERS = 8, 0.0005  # the same where letters are known to be, which may be pale and few
_MIN_CONFIDENCE = 70  # mean of a line; drawings and photographs are read with 20 to 60
_MIN_WORD = 3  # letters and digits; a line of print has such a word
_SAME_LINE = 0.3  # of the height; lines of print that follow one another share less
_MIN_LETTERS = 12  # of all lines together; less is a detail of a picture
_NEAR = 2.5  # heights of a line, within which a layer that is a little out of place has it
_SAME_WORDS = 0.8  # of a line's words, which are then the same line
_SHIFTED_LETTERS = 40  # of lines that are out of place by as much; a form repeats its wording in shorter ones


@dataclass(frozen=True)
class Paragraph:
    """Lines that were read together, and their box in pixels."""

    text: str
    left: int
    top: int
    right: int
    bottom: int


def leaves_print(coarse: Raster, layer: Sequence[Word], curved: bool = False) -> bool:
    """Whether the words of a text layer (boxes in pixels of the picture) leave something that may be print.

    `curved` says that the page draws letters as curves, which the layer may have as well.
    """
    contrast, least = (_CONTRAST_OF_LETTERS, _FEW_LETTERS) if curved else (_CONTRAST, _LEAST_PRINT)
    with load(coarse.path) as image:
        cells = _wiped(image, layer, 1).reduce(_CELL)
    paper = _paper(cells)
    marked = sum(count for level, count in enumerate(cells.histogram()) if abs(level - paper) > contrast)
    return marked > least * cells.width * cells.height


def without_layer(page: PageInProgress, layer: Sequence[Word], folder: Path) -> PageInProgress:
    """The page, ready to be read where its text layer has nothing."""
    finest = page.finest
    target = folder / f"wiped-{page.survey.number}.tif"
    with load(finest.path) as image:
        wiped = _wiped(image, layer, max(1, (finest.dpi or COARSE_DPI) // COARSE_DPI))
    wiped.save(target, format="TIFF", compression="raw")
    raster = replace(finest, path=target)
    return replace(page, finest=raster, prepared=raster, analysis=analyse(raster))


def standing_on_nothing(drawn: Raster, layer: Sequence[Word]) -> list[Word]:
    """The words of a text layer (boxes in pixels of the picture) where nothing is printed: they belong elsewhere."""
    with load(drawn.path) as image:
        grey, paper = image.convert("L"), _paper(image)
        return [word for word in layer if not _has_print(grey, word, paper)]


def credible(read: Recognition, layer: Sequence[Word], misplaced: Sequence[Word] = ()) -> Recognition | None:
    """The lines that are print and that the layer does not have where they stand; None if there is nothing to speak of.

    Forms and lists repeat their wording, so that what the layer has elsewhere is not known here, unless it has been
    `misplaced`: put where nothing is printed.
    """
    elsewhere = " ".join(word.text for word in misplaced)
    lines: dict[int, list[Word]] = {}
    for word in read.words:
        lines.setdefault(word.line, []).append(word)
    kept = {line for line, words in lines.items() if _is_print(words) and not _is_known(words, layer, elsewhere)}
    kept -= _out_of_place({line: lines[line] for line in kept}, layer)
    words = tuple(word for word in read.words if word.line in kept)
    if sum(character.isalnum() for word in words for character in word.text) < _MIN_LETTERS:
        return None
    return Recognition("\n\n".join(paragraph.text for paragraph in paragraphs(read, kept)), words)


def _out_of_place(lines: Mapping[int, Sequence[Word]], layer: Sequence[Word]) -> set[int]:
    """Lines that the layer has a little above or below where they are printed, if it has them all out by as much."""
    own = _lines(layer)
    shifts = {line: shift for line, words in lines.items() if (shift := _shift(words, own)) is not None}
    if not shifts:
        return set()
    middle = sorted(shifts.values())[len(shifts) // 2]
    alike = {line for line, shift in shifts.items() if abs(shift - middle) <= _SAME_LINE}
    letters = sum(len(word.text) for line in alike for word in lines[line])
    return alike if letters >= _SHIFTED_LETTERS else set()


def _shift(words: Sequence[Word], own: Sequence[Paragraph]) -> float | None:
    """How far below a line the layer has it, in heights of the line; None if it does not have it nearby."""
    line, texts = _paragraph("", words), Counter(word.text for word in words)
    height = line.bottom - line.top
    for near in sorted(own, key=lambda one: abs(one.top + one.bottom - line.top - line.bottom)):
        shift = (near.top + near.bottom - line.top - line.bottom) / 2 / height
        if abs(shift) > _NEAR:
            break
        if (Counter(near.text.split()) & texts).total() >= _SAME_WORDS * len(words):
            return shift
    return None


def _is_known(words: Sequence[Word], layer: Sequence[Word], elsewhere: str) -> bool:
    text, line = " ".join(word.text for word in words), _paragraph("", words)
    return text in elsewhere or text in " ".join(word.text for word in layer if _is_on(word, line))


def _is_on(word: Word, line: Paragraph) -> bool:
    """Whether a word stands on a line: so much of the lower of the two lies beside the other."""
    shared = min(word.top + word.height, line.bottom) - max(word.top, line.top)
    across = min(word.left + word.width, line.right) - max(word.left, line.left)
    return across > 0 and shared >= _SAME_LINE * min(word.height, line.bottom - line.top)


def _has_print(grey: Image.Image, word: Word, paper: int) -> bool:
    left, top = max(0, word.left), max(0, word.top)
    right, bottom = min(grey.width, word.left + word.width), min(grey.height, word.top + word.height)
    levels = grey.crop((left, top, right, bottom)).histogram() if left < right and top < bottom else []
    return any(count for level, count in enumerate(levels) if abs(level - paper) > _CONTRAST)


def paragraphs(read: Recognition, kept: set[int] | None = None) -> list[Paragraph]:
    """The paragraphs of what was read, or of those lines of it that are kept."""
    found: list[Paragraph] = []
    line = 0
    for block in read.text.split("\n\n"):
        texts: list[str] = []
        words: list[Word] = []
        for text in block.split("\n"):
            line += 1
            if kept is None or line in kept:
                texts.append(text)
                words += [word for word in read.words if word.line == line]
        if words:
            found.append(_paragraph("\n".join(texts), words))
    return found


def merged(layer_text: str, layer: Sequence[Word], read: Sequence[Paragraph]) -> str:
    """The layer's text with each paragraph before the first line of the layer that stands below it."""
    inserts: dict[int, list[str]] = {}
    for paragraph in read:
        inserts.setdefault(_place(paragraph, layer_text, _lines(layer)), []).append(paragraph.text)
    parts, begun = [], 0
    for place in sorted(inserts):
        parts += [layer_text[begun:place].strip("\n"), *inserts[place]]
        begun = place
    return "\n\n".join(part for part in [*parts, layer_text[begun:].strip("\n")] if part)


def _place(paragraph: Paragraph, layer_text: str, lines: Sequence[Paragraph]) -> int:
    """Where in the layer's text the line begins before which a paragraph is read; its end if there is none."""
    for line in lines:
        below = line.top + line.bottom >= 2 * paragraph.bottom
        beside = line.left < paragraph.right and paragraph.left < line.right
        place = layer_text.find(line.text) if below and beside else -1
        if place >= 0:
            return layer_text.rfind("\n", 0, place) + 1
    return len(layer_text)


def _lines(words: Sequence[Word]) -> list[Paragraph]:
    lines: dict[int, list[Word]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    return [_paragraph(" ".join(word.text for word in line), line) for line in lines.values()]


def _paragraph(text: str, words: Sequence[Word]) -> Paragraph:
    return Paragraph(
        text,
        min(word.left for word in words),
        min(word.top for word in words),
        max(word.left + word.width for word in words),
        max(word.top + word.height for word in words),
    )


def _is_print(words: Sequence[Word]) -> bool:
    confidence = sum(word.confidence for word in words) / len(words)
    return confidence >= _MIN_CONFIDENCE and any(sum(map(str.isalnum, word.text)) >= _MIN_WORD for word in words)


def _wiped(image: Image.Image, words: Sequence[Word], margin: int) -> Image.Image:
    """A copy with paper where the words are."""
    copy, paper = image.convert("L"), _paper(image)
    for word in words:
        right, bottom = word.left + word.width + margin, word.top + word.height + margin
        box = (max(0, word.left - margin), max(0, word.top - margin), min(copy.width, right), min(copy.height, bottom))
        if box[0] < box[2] and box[1] < box[3]:
            copy.paste(paper, box)
    return copy


def _paper(image: Image.Image) -> int:
    return median_level(image.convert("L").histogram())
