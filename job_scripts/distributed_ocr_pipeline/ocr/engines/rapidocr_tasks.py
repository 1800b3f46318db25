"""The rapidocr library: what the sandbox that reads pages with its neural models may be asked to do.

The only module that loads the library, and only inside a function: the worker imports the module to name its functions.
Nothing is downloaded: the models lie in the package, and are named by their paths.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.engines.recognition import lie_on_each_other
from distributed_ocr_pipeline.ocr.rasters.raster import load
from distributed_ocr_pipeline.records import Word

__all__ = ["recognise"]

_DETECTION_PIXELS = 1600
"""Longest side of the picture that lines are looked for in; they are read from the whole one. A line of an A4 page has
20 pixels then. More pixels take more time and find no more (`docs/accuracy.md`, "The neural engine")."""

_WHOLE_PIXELS = 5000
"""Longest side of a picture that is read in one piece: 425 dpi for A4, so that memory has a bound."""

_TILE_PIXELS = 3600
"""Longest side of the pieces of a larger picture, less what they share: in one of A1, lines would be 6 pixels high."""

_SHARED_PIXELS = 300  # of two pieces, on each side of the seam between them; a word that the edge cuts lies there
_SEAM_PIXELS = 12  # a word whose middle is so near a seam may be one of both pieces
_SAME_PLACE = 0.5  # of the smaller of two words' areas

MODELS = {
    "Det.model_path": "PP-OCRv6_det_small.onnx",
    "Rec.model_path": "PP-OCRv6_rec_small.onnx",
}
"""Files of the package by the library's settings: one finds lines, one reads them."""
_OUT_OF_MEMORY_SIGNS = ("bad_alloc", "allocate", "insufficient memory", "failed to map")  # ONNX Runtime, OpenCV, loader


@dataclass(frozen=True)
class Answer:
    """The lines that were found on a page, in no order; a line of a table may come as one for each cell.

    Boxes in pixels of the image.
    """

    lines: list[list[Word]]


def recognise(path: str) -> Answer:
    """Read one grey image. Raises `DocumentError` (engine_crash, out_of_memory)."""
    try:
        return _read(Path(path))
    except (MemoryError, DocumentError):
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught  # three libraries raise what they like
        message = f"{type(error).__name__}: {error}".strip()
        short = any(sign in message.lower() for sign in _OUT_OF_MEMORY_SIGNS)
        error_class = ErrorClass.OUT_OF_MEMORY if short else ErrorClass.ENGINE_CRASH
        raise DocumentError(error_class, f"rapidocr failed: {message.splitlines()[-1][:200]}") from error


def _read(path: Path) -> Answer:
    with load(path) as image:
        tiles = _tiles(*image.size)
        pieces = [line for tile in tiles for line in _lines(image, tile)]
    return Answer(_each_word_once(pieces, tiles) if len(tiles) > 1 else pieces)


def _lines(image: Any, tile: "_Tile") -> Iterator[list[Word]]:
    """The lines in a part of a picture: words whose middle lies in it, or on its seam, where they are on the page."""
    left, top, right, bottom = tile.with_surroundings(*image.size)
    pixels = _numpy().asarray(image.crop((left, top, right, bottom)).convert("RGB"))
    record: dict[str, Any] = {}
    found, _, read, _ = _reader().run_ocr_steps(pixels, record)
    if found.boxes is None or read.txts is None:
        return
    above = record["padding_1"]["top"]  # what the library puts above a very wide picture
    boxes = [[(left + float(x), top + float(y) - above) for x, y in box] for box in found.boxes]
    for number, line in enumerate(zip(boxes, read.txts, read.word_results, strict=True), 1):
        words = [word for word in _words(number, *line) if tile.holds(word)]
        if words:
            yield words


@dataclass(frozen=True)
class _Tile:
    """A part of a picture, in pixels; those at its edges reach beyond them."""

    left: float
    top: float
    right: float
    bottom: float

    def with_surroundings(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The part with what it shares with its neighbours."""
        left, top = max(0.0, self.left - _SHARED_PIXELS), max(0.0, self.top - _SHARED_PIXELS)
        right, bottom = min(width, self.right + _SHARED_PIXELS), min(height, self.bottom + _SHARED_PIXELS)
        return round(left), round(top), round(right), round(bottom)

    def holds(self, word: Word) -> bool:
        """Whether the middle of a word lies in it, or on its seam."""
        return self._within(word) > -_SEAM_PIXELS

    def has_on_seam(self, word: Word) -> bool:
        """Whether the middle of a word lies on its seam."""
        return abs(self._within(word)) <= _SEAM_PIXELS

    def _within(self, word: Word) -> float:
        """Pixels between the middle of a word and the nearest edge; negative outside."""
        x, y = word.left + word.width / 2, word.top + word.height / 2
        return min(x - self.left, self.right - x, y - self.top, self.bottom - y)


def _tiles(width: int, height: int) -> list[_Tile]:
    """The parts that a picture is read in."""
    if max(width, height) <= _WHOLE_PIXELS:
        return [_Tile(-inf, -inf, inf, inf)]
    columns, rows = _edges(width), _edges(height)
    return [_Tile(left, top, right, bottom) for top, bottom in pairwise(rows) for left, right in pairwise(columns)]


def _edges(length: int) -> list[float]:
    """Where a side of a picture is cut."""
    parts = -(-length // _TILE_PIXELS)
    return [-inf, *(length * number / parts for number in range(1, parts)), inf]


def _each_word_once(lines: Sequence[list[Word]], tiles: Sequence[_Tile]) -> list[list[Word]]:
    """Lines without the words on a seam that were read in the part beyond it, too."""
    at_seams: list[Word] = []
    kept = []
    for line in lines:
        news = [word for word in line if not any(lie_on_each_other(word, other, _SAME_PLACE) for other in at_seams)]
        at_seams += [word for word in news if any(tile.has_on_seam(word) for tile in tiles)]
        kept += [news] * bool(news)
    return kept


def _words(line: int, box: Sequence[tuple[float, float]], text: str, info: Any) -> Iterator[Word]:
    """The words of a line, from the steps of the network at which its letters were read."""
    places = _places(text, info)
    begun = 0
    for word in text.split():
        first = text.index(word, begun)
        begun = first + len(word)
        # Half a letter; one that is all of its line is as wide as the line, wherever the network read it.
        width = 0.5 * (places[-1] - places[0]) / (len(text) - 1) if len(text) > 1 else 1.0
        left, right = places[first] - width, places[begun - 1] + width
        corners = [_at(box, side, edge) for side in (left, right) for edge in (0.0, 1.0)]
        xs, ys = [round(x) for x, _ in corners], [round(y) for _, y in corners]
        confidences = info.confs[first:begun]
        yield Word(
            word,
            max(0, min(xs)),
            max(0, min(ys)),
            max(1, max(xs) - min(xs)),
            max(1, max(ys) - min(ys)),
            min(100.0 * sum(confidences) / len(confidences), 100.0),
            line,
        )


def _places(text: str, info: Any) -> list[float]:
    """Where the middle of each letter is, as a share of the line's length; blanks lie with the letter before."""
    steps = [step for steps in info.word_cols for step in steps]
    blanks = sum(letter.isspace() for letter in text)
    if len(steps) + blanks != len(text) or info.line_txt_len <= 0:
        return [(number + 0.5) / len(text) for number in range(len(text))]
    places: list[float] = []
    following = iter(steps)
    for letter in text:
        if letter.isspace():
            places.append(places[-1] if places else 0.0)
        else:
            places.append(min(1.0, (next(following) + 0.5) / info.line_txt_len))
    return places


def _at(box: Sequence[tuple[float, float]], along: float, down: float) -> tuple[float, float]:
    """A point of a line's box (corners clockwise from where it begins), by its shares of length and height.

    A box that is half as high again as wide is a line that runs downwards or upwards: the library turns it to the left.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = box
    along = min(1.0, max(0.0, along))
    if _length(box[0], box[3]) >= 1.5 * _length(box[0], box[1]):
        along, down = 1.0 - down, along
    upper, lower = (x0 + along * (x1 - x0), y0 + along * (y1 - y0)), (x3 + along * (x2 - x3), y3 + along * (y2 - y3))
    return upper[0] + down * (lower[0] - upper[0]), upper[1] + down * (lower[1] - upper[1])


def _length(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)


def _numpy() -> Any:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # is read once, when numpy is loaded
    return import_module("numpy")


@lru_cache(maxsize=1)
def _reader() -> Any:
    """The models, loaded once for each process; one thread, as there is a process for each core."""
    _numpy()
    import_module("cv2").setNumThreads(1)
    library = import_module("rapidocr")
    models = Path(str(library.__file__)).parent / "models"
    settings: dict[str, Any] = {name: str(models / file) for name, file in MODELS.items()}
    settings |= {
        "Global.log_level": "critical",
        "Global.use_cls": False,  # pages lie the right way up
        "Global.return_word_box": True,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "Det.limit_type": "max",
        "Det.limit_side_len": _DETECTION_PIXELS,
    }
    return library.RapidOCR(params=settings)
