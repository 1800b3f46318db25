"""What a run will do, in numbers. It loads little: who follows a run needs its plan, and nothing that made it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from distributed_ocr_pipeline.planning.estimating import Estimate, Looked, Range, as_dict
from distributed_ocr_pipeline.wording import between, count_of


@dataclass(frozen=True)
class Plan:
    """What a run will do, in numbers: the content of plan.json."""

    input_prefix: str
    documents: int
    size_bytes: int
    shards: int
    up_to_date: int  # documents left out because they have a result
    tolerated_failed_shards: int  # so many may fail before the workflow stops the others
    max_concurrency: int  # jobs at the same time
    concurrency_bound: str  # what it is bound by
    pages: Range
    text_layer_share: float  # of the pages
    cpu_seconds: Range  # on vCPUs of speed 1 (the figures file says what that is)
    estimate: Estimate
    input_uri: str = ""  # the prefix as documents are named: of a folder of this machine, file://…
    passwords: str | None = None  # file below the prefix that every shard gets as well
    alternatives: Mapping[str, Estimate] = field(default_factory=dict)  # cheapest, fastest, within the quota
    textract_usd: float = 0.0  # list price for the same pages
    prices_read: str = ""  # date of the prices
    looked: Looked = Looked()  # what pages and work are estimated from
    speed_factor: float = 1.0  # what earlier runs took by what they were expected to take; it is in the work

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; the size is called `bytes` there."""
        values = as_dict(self)
        return {"bytes" if name == "size_bytes" else name: value for name, value in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Plan":
        """The plan that `as_dict` made these of."""
        return TypeAdapter(cls).validate_python({**values, "size_bytes": values["bytes"]})

    @property
    def basis(self) -> str:
        """What the figures rest on, as one line for people."""
        looked, said = self.looked, [f"the pages of {count_of(self.looked.counted, 'document')} were counted"]
        if looked.without_size:
            asked = f"S3 was asked for {looked.asked_for_size:,} of them"
            said.append(f"the list has no size of {count_of(looked.without_size, 'document')}, and {asked}")
        if self.speed_factor != 1:
            said.append(f"earlier runs took {self.speed_factor:.2f} times what they were expected to take")
        return "; ".join(said)

    @property
    def summary(self) -> str:
        """One line for people."""
        found = self.estimate
        bounds = between(found.usd.low, found.usd.high, "{:.2f}")
        return (
            f"{count_of(self.documents, 'document')} in {count_of(self.shards, 'shard')} "
            f"({self.up_to_date:,} up to date); "
            f"about {count_of(round(self.pages.expected), 'page')}, "
            f"{found.hours.expected:.1f} h with {count_of(self.max_concurrency, 'job')} at a time, "
            f"{found.usd.expected:.2f} USD{f' ({bounds})' if ' to ' in bounds else ''}"
        )
