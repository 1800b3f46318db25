"""A question to AWS, and what it answered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from verify.site import Site

Verdict = Literal["as expected", "different", "not asked", "failed"]


class NotAskedHere(Exception):
    """A question makes no sense at this endpoint; the message says why."""


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        id: Its name on the command line.
        question: What is asked.
        expected: The answer that this project relies on: a part of what is seen.
        job_minutes: Minutes of the small instance that are billed at most; they make the price.
        run: Asks; returns what is seen.
    """

    id: str
    question: str
    expected: str
    job_minutes: float
    run: Callable[[Site], str]

    def price_usd(self, hour_usd: float) -> float:
        """What the question costs at most, at this price of an instance hour."""
        return self.job_minutes / 60 * hour_usd


@dataclass(frozen=True)
class Answer:
    """What came of one question."""

    id: str
    question: str
    expected: str
    seen: str
    verdict: Verdict
    price_usd: float
