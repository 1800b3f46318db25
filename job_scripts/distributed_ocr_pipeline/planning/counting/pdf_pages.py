"""How many pages a PDF has, and how many of them bring text of their own, from a few pieces of the file.

The planner holds credentials for the bucket, so it must not hand untrusted files to a parser in C; the sandbox that
the worker has for those has no network, so it would need the whole file. This reader is Python throughout, reads only
the cross-reference table, the root and some branches of the page tree (ISO 32000-1, 7.5 and 7.7.3), and every step is
bounded. What it does not understand it leaves to the estimate from bytes; the worker counts for itself in any case.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isfinite

from distributed_ocr_pipeline.planning.counting.jpeg_specks import JPEG_BYTES, SPECKLED, specks_per_megapixel
from distributed_ocr_pipeline.planning.counting.pdf_file import FAULTS, PdfFile
from distributed_ocr_pipeline.planning.counting.pdf_objects import Dictionary, PdfObject, as_list, as_number
from distributed_ocr_pipeline.planning.counting.ranges import RangeReader

_MAX_TREE_DEPTH = 2000
_MAX_BRANCHES = 32  # of a lopsided node are all looked at
_LOOKED_AT = 5  # pages, evenly spread over the document: documents of scans may begin with a cover of text
_SCANS_LOOKED_AT = 2  # of these pages, 20 ms each
_IMAGES_OF_A_PAGE = 3
USUAL_MEGAPIXELS = 8.7  # A4 at 300 dpi
_BYTES_PER_PAGE = 8  # a page cannot take less, since its parent names it, unless that is compressed


@dataclass(frozen=True)
class PdfPages:
    """What the page tree says, and what some pages show."""

    count: int
    text_share: float  # of some pages, those that have a font: without one there is no text
    speckled: float  # share of some scans
    megapixels: float  # of some scans, drawn at 300 dpi, on average


def read_pdf_pages(reader: RangeReader) -> PdfPages | None:
    """Pages of a PDF; None if its structure is damaged, too winding, or encrypted with a password."""
    file = PdfFile(reader)
    try:
        tree = file.dictionary(file.dictionary(file.trailer()["Root"])["Pages"])
        count = int(as_number(file.resolve(tree["Count"])))
        named = len(as_list(file.resolve(tree["Kids"])))
        if not 1 <= count <= min(file.objects, max(reader.size / _BYTES_PER_PAGE, named)):
            raise ValueError("an impossible number of pages")  # Poppler takes no more pages than objects, either
        pages = list(_some_pages(file, tree, count))
        scans = [page for page in pages if not page.get("Font")]
        speckled = [specks >= SPECKLED for specks in _specks(file, scans[:_SCANS_LOOKED_AT])]
        sizes = [_megapixels(file, page["Box"]) for page in scans]
        return PdfPages(count, 1 - len(scans) / len(pages), _mean(speckled), _mean(sizes))
    except FAULTS:
        return None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _megapixels(file: PdfFile, box: PdfObject) -> float:
    """Of a page's box, in points, at 300 dpi; those of a usual page where it has none that makes sense."""
    try:
        left, bottom, right, top = (as_number(file.resolve(edge)) for edge in as_list(file.resolve(box)))
    except FAULTS:
        return USUAL_MEGAPIXELS
    found = abs(right - left) * abs(top - bottom) * (300 / 72) ** 2 / 1e6
    return found if isfinite(found) else USUAL_MEGAPIXELS


def _some_pages(file: PdfFile, tree: Dictionary, count: int) -> Iterator[Dictionary]:
    """The resources of some pages, evenly spread; of the first they are there, or this raises one of `FAULTS`."""
    looks = min(count, _LOOKED_AT)
    aside = int(count > 2 * looks)  # where fronts are text and backs are scans, even steps see one kind
    yield _resources(file, tree, count // (2 * looks))
    try:
        for look in range(1, looks):
            index = min(count - 1, (2 * look + 1) * count // (2 * looks) + look % 2 * aside)
            yield _resources(file, tree, index)
    except FAULTS:
        pass  # what was seen so far has to do


def _specks(file: PdfFile, scans: Iterable[Dictionary]) -> Iterator[float]:
    """The specks of pages that are JPEGs; others may have some, too, which nobody sees before they are read."""
    for resources in scans:
        try:
            names = islice(file.dictionary(resources.get("XObject", {})).values(), _IMAGES_OF_A_PAGE)
            images = [file.stream_start(name, JPEG_BYTES) for name in names]
            jpegs = [start for image, start in images if image.get("Filter") in ("DCTDecode", ["DCTDecode"])]
            found = [specks_per_megapixel(start) for start in jpegs]
            yield from (specks for specks in found if specks is not None)
        except FAULTS:
            continue


def _resources(file: PdfFile, node: Dictionary, index: int) -> Dictionary:
    """The resources of a page, by its index in the tree below a node: its own, or inherited ones; fonts resolved.

    `Box` is what of the page is shown.
    """
    resources, media, crop = None, None, None
    for _ in range(_MAX_TREE_DEPTH):
        resources = node.get("Resources", resources)
        media, crop = node.get("MediaBox", media), node.get("CropBox", crop)
        kids = file.resolve(node.get("Kids"))
        if not isinstance(kids, list) or not kids:
            found = file.resolve(resources)
            own = {**found, "Font": file.resolve(found.get("Font"))} if isinstance(found, dict) else {}
            return {**own, "Box": crop or media}
        node, index = _branch(file, kids, _pages_below(file, node), index)
    raise ValueError("too deep a page tree")


def _branch(file: PdfFile, kids: list[PdfObject], count: int, index: int) -> tuple[Dictionary, int]:
    """The branch that a page is in, and its index in there.

    As a rule all branches have as many pages, and one is read. Of lopsided trees all branches are, until it is found.
    """
    share = max(1.0, count / len(kids))
    guess = min(len(kids) - 1, int(index / share))
    node = file.dictionary(kids[guess])
    size = _pages_below(file, node)
    if share / 1.5 <= size <= 1.5 * share or len(kids) > _MAX_BRANCHES:
        return node, min(size - 1, int((index / share - guess) * size))
    for kid in kids:
        node = file.dictionary(kid)
        size = _pages_below(file, node)
        if index < size:
            break
        index -= size
    return node, min(index, size - 1)


def _pages_below(file: PdfFile, node: Dictionary) -> int:
    """Pages of a branch, by what it says; a page is one."""
    count = file.resolve(node.get("Count"))
    return max(1, int(count)) if isinstance(count, float) else 1
