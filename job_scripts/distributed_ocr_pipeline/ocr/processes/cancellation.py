"""When work ends early: on request (SIGTERM, the job's deadline, a caller that has left), or by time limits."""

import time
from dataclasses import dataclass

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass


class Stopped(Exception):
    """Work was given up because a stop was requested; what it concerned is deferred, not failed."""


class Stop:
    """A request to stop, checked before and during every piece of work. Safe between threads and in signal handlers."""

    def __init__(self, deadline_seconds: float | None = None, parent: "Stop | None" = None) -> None:
        """Stop by itself after `deadline_seconds` (never, if None), and whenever `parent` does."""
        self._deadline = None if deadline_seconds is None else time.monotonic() + deadline_seconds
        self._parent = parent
        self._requested = False  # a plain flag: a lock could be held by the very thread the signal interrupts

    def request(self) -> None:
        """Stop now; may be called from a signal handler."""
        self._requested = True

    @property
    def requested(self) -> bool:
        """Whether work should end."""
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self._requested = True
        return self._requested or (self._parent is not None and self._parent.requested)

    def check(self) -> None:
        """Raise `Stopped` if work should end."""
        if self.requested:
            raise Stopped


@dataclass(frozen=True)
class TimeLimit:
    """How long work on a document's pages may take."""

    page_seconds: float
    until: float  # of `time.monotonic`: the end of the document's time

    def seconds(self, pages: int = 1) -> float:
        """For so many pages from now. Raises `DocumentError` (timeout) if the document's time is over."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise DocumentError(
                ErrorClass.TIMEOUT, "The time limit of the document was over before this page was done."
            )
        return min(left, self.page_seconds * pages)
