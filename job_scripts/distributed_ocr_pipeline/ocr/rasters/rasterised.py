"""What decoding says of the raster that it has written. A module of its own, for to know it takes no Pillow."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rasterised:
    """What has been written: width, height, dpi, note and fault of a `Raster`."""

    width: int
    height: int
    dpi: int | None
    note: str
    fault: str = ""
