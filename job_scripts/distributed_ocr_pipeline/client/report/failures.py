"""Why documents have no full result, and what to do about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.records import DocumentStatus

UNACCOUNTED = "unaccounted"
"""The status of a planned document without a row."""

_DEFERRED = "deferred"
_OTHER_ADVICE = {
    UNACCOUNTED: ("its shard left no result: no job of it has ended well", "Run again: it processes what is missing."),
    _DEFERRED: ("not reached before the deadline", "Run again: it processes what is missing."),
}


@dataclass(frozen=True)
class Failures:
    """Documents that failed for one reason."""

    name: str
    count: int
    meaning: str
    advice: str
    is_tried_again: bool  # by the next run, by itself


def explain(name: str) -> tuple[str, str, bool]:
    """What an error class (or `unaccounted`, `deferred`) means, what to do, and whether the next run tries again."""
    if name in _OTHER_ADVICE:
        return *_OTHER_ADVICE[name], True
    try:
        found = ErrorClass(name)
    except ValueError:  # of a later version
        return "", "", False
    return found.meaning, found.advice, found.retryable


def group_failures(
    by_class: Mapping[str, int], by_status: Mapping[str, int], report: Mapping[str, Any] | None
) -> Iterator[Failures]:
    """All documents without a full result, by reason, the most frequent first."""
    missing = int((report or {}).get("missing_count", 0))
    others = {UNACCOUNTED: missing, _DEFERRED: by_status.get(DocumentStatus.DEFERRED.value, 0)}
    counts = {**by_class, **{name: count for name, count in others.items() if count}}
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield Failures(name, count, *explain(name))
