"""One check: what was found, whether it is in order, and what mends it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from distributed_ocr_pipeline.errors import ExitCode, PipelineError


class State(str, Enum):
    """What a check says."""

    OK = "ok"
    HINT = "hint"  # a run works all the same
    PROBLEM = "problem"


@dataclass(frozen=True)
class Found:
    """What a look shows where a run would work."""

    text: str
    advice: str = ""
    is_hint: bool = False


@dataclass(frozen=True)
class Check:
    """The outcome of a check."""

    name: str
    state: State
    found: str
    advice: str = ""  # the command or the setting that mends it
    exit_code: ExitCode = ExitCode.OK  # of a problem: that of its class

    def as_dict(self) -> dict[str, str]:
        """As JSON has it."""
        return {"name": self.name, "state": self.state.value, "found": self.found, "advice": self.advice}


def checked(name: str, look: Callable[[], Found]) -> Check:
    """Look, and make whatever goes wrong a problem."""
    try:
        found = look()
    except PipelineError as error:
        return Check(name, State.PROBLEM, error.message, error.advice, error.exit_code)
    except Exception as error:  # pylint: disable=broad-exception-caught  # it becomes a row, and an exit status
        said = f"Internal error: {type(error).__name__}: {error}."
        return Check(name, State.PROBLEM, said, ExitCode.INTERNAL.advice, ExitCode.INTERNAL)
    return Check(name, State.HINT if found.is_hint else State.OK, found.text, found.advice)


def checked_after(needed: Check, name: str, look: Callable[[], Found]) -> Check:
    """As `checked`; after a problem that would only be found again, no more than a line that says so."""
    if needed.state is State.PROBLEM:
        return Check(name, State.HINT, f"not checked, because of the problem with: {needed.name}")
    return checked(name, look)
