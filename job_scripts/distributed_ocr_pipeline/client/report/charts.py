"""Bars as shapes of SVG: x counts bars, y goes from 0 at the top to 100; text stands beside the picture, as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from distributed_ocr_pipeline.client.report.figures import BIN_WIDTH, Throughput
from distributed_ocr_pipeline.client.report.page_views import band

_HEIGHT = 100.0
_LEAST_HEIGHT = 1.5  # of a bar that is not 0, so that one page among a million shows


@dataclass(frozen=True)
class Bar:
    """One bar; `kind` is the class of its colour."""

    x: float
    y: float
    height: float
    value: int
    label: str
    kind: str = "plain"


def bars(values: Sequence[int], labels: Sequence[str], kinds: Sequence[str]) -> list[Bar]:
    """Bars side by side, the highest of them as high as the picture."""
    highest = max([1, *values])
    heights = [max(_LEAST_HEIGHT, _HEIGHT * value / highest) if value else 0.0 for value in values]
    return [
        Bar(number, round(_HEIGHT - height, 2), round(height, 2), value, label, kind)
        for number, (height, value, label, kind) in enumerate(zip(heights, values, labels, kinds))
    ]


def confidence_bars(counts: Sequence[int]) -> list[Bar]:
    """The histogram of confidence, each bar in the colour of its band."""
    starts = [number * BIN_WIDTH for number in range(len(counts))]
    labels = [f"{start} to {start + BIN_WIDTH}" for start in starts]
    return bars(counts, labels, [f"band{band(start)}" for start in starts])


def throughput_bars(found: Throughput) -> list[Bar]:
    """Pages over time."""
    starts = [found.first_ms + 1000 * number * found.span_seconds for number in range(len(found.pages))]
    return bars(found.pages, [exact_moment(start) for start in starts], ["plain"] * len(starts))


def exact_moment(milliseconds: int) -> str:
    """A time in UTC, given in milliseconds since 1970, to the second."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, timezone.utc):%Y-%m-%d %H:%M:%S}"
