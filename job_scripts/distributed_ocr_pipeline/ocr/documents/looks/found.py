"""What looks into a PDF find. A module of its own, for to know it takes no pikepdf. Pages are numbered from 1."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FoundScan:
    """A page that is a bare scan, and the degrees clockwise by which it is turned."""

    page: int
    turn: int


@dataclass(frozen=True)
class FoundPictures:
    """Pages that are bare scans, and pages of which a picture's data end early or are damaged."""

    scans: list[FoundScan]
    cut: list[int]


@dataclass(frozen=True)
class PagesSeen:
    """Pages that certainly show no picture, and pages that draw letters as curves."""

    bare: list[int]
    curved: list[int]


@dataclass(frozen=True)
class PlainPdf:
    """A PDF that every reader sees alike: its pages, the sizes of the first ones, and what these show."""

    pages: int
    sizes: list[tuple[float, float]]  # in points, as displayed
    seen: PagesSeen
