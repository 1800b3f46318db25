"""What looks into a PDF find. A module of its own, for to know it takes no pikepdf. Pages are numbered from 1."""

from dataclasses import dataclass, field


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
class FoundUnmapped:
    """A page, and how many of its characters have fonts that do not say which letters they are."""

    page: int
    characters: int


@dataclass(frozen=True)
class PagesSeen:
    """Pages that certainly show no picture, that draw letters as curves, or that have characters without letters."""

    bare: list[int]
    curved: list[int]
    unmapped: list[FoundUnmapped] = field(default_factory=list)

    def unmapped_on(self, page: int) -> int:
        """How many characters of a page have fonts that do not say which letters they are."""
        return sum(found.characters for found in self.unmapped if found.page == page)


@dataclass(frozen=True)
class PlainPdf:
    """A PDF that every reader sees alike: its pages, the sizes of the first ones, and what these show."""

    pages: int
    sizes: list[tuple[float, float]]  # in points, as displayed
    seen: PagesSeen
