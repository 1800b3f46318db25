"""Everything that can go wrong, as one tree.

PipelineError                    a fault of the run, the shard or the call; becomes an exit status
├── BadInput                     the caller asked for something impossible
│   └── BadOption                an option is unknown or has a wrong value
├── MissingTool                  an external program is not installed
├── NotDeployed                  a step needs AWS resources that are not there
├── ServiceFault                 an AWS call failed
├── RunFailed                    the run ended, and not well
├── Interrupted                  a signal ended the job before its work was done
└── DocumentError                a fault of one document or page; becomes a row of the ledger

A `PipelineError` knows its exit code and says what to do. A `DocumentError` never ends a process: its
`error_class` is written beside the document that caused it.
"""

from enum import Enum, IntEnum


class ExitCode(IntEnum):
    """Exit status of the job scripts and of the command line.

    The state machine retries a failed container once, but never one whose status begins with a 6
    (`modules/workflow/state_machine.asl.yaml`): such a failure would only repeat itself.
    """

    OK = 0
    INTERNAL = 1  # a fault of ours; a second attempt may pass
    SERVICE = 2  # AWS refused or failed a call
    BAD_INPUT = 64  # what the caller gave is wrong
    RUN_FAILED = 65  # the ledger does not balance, or too many documents failed
    NOT_DEPLOYED = 66  # no deployment to work with
    MISSING_TOOL = 69  # Tesseract or Poppler is missing
    INTERRUPTED = 130  # Ctrl-C at the terminal, or a job was told to stop

    @property
    def retryable(self) -> bool:
        """Whether doing the same again can end differently."""
        return self in (ExitCode.INTERNAL, ExitCode.SERVICE, ExitCode.INTERRUPTED)


class Origin(Enum):
    """Whose fault an error is: the two have separate limits (`max_error_rate`, `max_input_error_rate`)."""

    INPUT = "input"
    PROCESSING = "processing"


class ErrorClass(str, Enum):
    """Why a document or page failed; the value stored in the tables."""

    EMPTY = "empty"
    UNSUPPORTED_TYPE = "unsupported_type"
    ENCRYPTED = "encrypted"
    CORRUPT = "corrupt"
    TOO_LARGE = "too_large"
    MISSING = "missing"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    ENGINE_CRASH = "engine_crash"
    INTERNAL = "internal"

    @property
    def origin(self) -> Origin:
        """Whether the document or the pipeline is to blame."""
        return Origin.PROCESSING if self in _PROCESSING_FAULTS else Origin.INPUT

    @property
    def retryable(self) -> bool:
        """Whether a later run should try the document again although nothing about it changed."""
        return self.origin is Origin.PROCESSING or self is ErrorClass.MISSING


_PROCESSING_FAULTS = frozenset(
    {ErrorClass.TIMEOUT, ErrorClass.OUT_OF_MEMORY, ErrorClass.ENGINE_CRASH, ErrorClass.INTERNAL}
)


class PipelineError(Exception):
    """A fault that ends a command or a job: one line that says what is wrong, one that says what to do."""

    exit_code = ExitCode.INTERNAL

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} {self.advice}" if self.advice else message


class BadInput(PipelineError):
    """The caller gave something that cannot work: a folder that is not there, a prefix with no documents."""

    exit_code = ExitCode.BAD_INPUT


class BadOption(BadInput):
    """An option is unknown or its value is not allowed."""


class MissingTool(PipelineError):
    """Tesseract, Poppler or a language file is not installed."""

    exit_code = ExitCode.MISSING_TOOL


class NotDeployed(PipelineError):
    """The call needs a deployment (`make deploy`) that was not found."""

    exit_code = ExitCode.NOT_DEPLOYED


class ServiceFault(PipelineError):
    """An AWS call failed for a reason that is not the caller's."""

    exit_code = ExitCode.SERVICE


class RunFailed(PipelineError):
    """The run ended without proof that every document is accounted for, or with too many failures."""

    exit_code = ExitCode.RUN_FAILED


class Interrupted(PipelineError):
    """A signal ended the job before its work was done."""

    exit_code = ExitCode.INTERRUPTED


class DocumentError(PipelineError):
    """A fault of one document or of one page: data, not an exit status."""

    def __init__(self, error_class: ErrorClass, message: str) -> None:
        super().__init__(message)
        self.error_class = error_class
