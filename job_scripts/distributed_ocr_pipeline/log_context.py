"""Which shard, document and page a log record is about.

Whoever begins work on one of them says so with `log_context`; every record of a `ContextLogger` then has the fields
`shard_id`, `document_id` and `page`, and its message begins with those that are set. The context is that of a thread;
`ocr.processes.parallel` hands it on to the threads of a pool.

Records hold ids, counts and classes of errors. A document's text or name appears at most in DEBUG records.
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from typing import Any

LOG_LEVEL_VARIABLE = "OCR_LOG_LEVEL"
"""The environment variable of jobs with the least level of their records, such as DEBUG."""

_FORMAT = "%(levelname)s %(message)s"


@dataclass(frozen=True)
class LogContext:
    """What work is on; empty where that is not known."""

    shard_id: str = ""
    document_id: str = ""
    page: str = ""  # a number, or a range such as 5-8

    @property
    def prefix(self) -> str:
        """For the beginning of a message: `shard_id=s00001 document_id=… page=3: `."""
        fields = " ".join(f"{name}={value}" for name, value in asdict(self).items() if value)
        return f"{fields}: " if fields else ""


_current: ContextVar[LogContext] = ContextVar("log_context", default=LogContext())


@contextmanager
def log_context(**fields: str) -> Iterator[None]:
    """Inside, records are about this shard, document or page (see `LogContext`), besides what is set already."""
    token = _current.set(replace(_current.get(), **fields))
    try:
        yield
    finally:
        _current.reset(token)


class ContextLogger(logging.LoggerAdapter):  # type: ignore[type-arg]  # generic at run time only from Python 3.11
    """A module's logger whose records say what they are about."""

    def __init__(self, name: str) -> None:
        super().__init__(logging.getLogger(name), {})

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the context to a message and to the record's fields."""
        context = _current.get()
        prefix = context.prefix.replace("%", "%%")  # the message is a format
        return f"{prefix}{msg}", {**kwargs, "extra": asdict(context)}


@dataclass(frozen=True)
class LogSettings:
    """How a process logs: what a child process is given to do the same."""

    level: int | str
    context: LogContext

    @classmethod
    def current(cls) -> "LogSettings":
        """Those of this process and thread."""
        return cls(logging.getLogger(__package__).getEffectiveLevel(), _current.get())

    def start(self) -> None:
        """Log to stderr from now on; once for each process, by the code that owns it."""
        logging.basicConfig(level=logging.INFO, format=_FORMAT, stream=sys.stderr)  # libraries say too much at DEBUG
        logging.getLogger(__package__).setLevel(self.level)
        _current.set(self.context)
