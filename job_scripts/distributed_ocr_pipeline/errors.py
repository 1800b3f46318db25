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
`error_class` is written beside the document that caused it. docs/errors.md is made from this module.
"""

import re
from enum import Enum, IntEnum


class ExitCode(IntEnum):
    """Exit status of the job scripts and of the command line, each with what it means and what to do about it.

    The state machine tries a failed container again, unless that would only repeat the failure. It reads so from the
    verdict in the job's exit message; a status that begins with a 6 says the same, where AWS passes it on.
    """

    OK = 0
    INTERNAL = 1
    SERVICE = 2
    BAD_INPUT = 64
    RUN_FAILED = 65
    NOT_DEPLOYED = 66
    MISSING_TOOL = 69
    INTERRUPTED = 130

    @property
    def retryable(self) -> bool:
        """Whether doing the same again can end differently."""
        return self in (ExitCode.INTERNAL, ExitCode.SERVICE, ExitCode.INTERRUPTED)

    @property
    def verdict(self) -> str:
        """The beginning of a failed job's exit message, from which the workflow decides: `FINAL 64 `, `RETRY 1 `."""
        return f"{'RETRY' if self.retryable else 'FINAL'} {self.value} "

    @property
    def meaning(self) -> str:
        """What it says."""
        return _EXIT_CODES[self][0]

    @property
    def advice(self) -> str:
        """What to do about it."""
        return _EXIT_CODES[self][1]


def without_verdict(exit_message: str) -> str:
    """A job's exit message as people read it."""
    return re.sub(r"^(RETRY|FINAL) \d+ ", "", exit_message)


_EXIT_CODES = {
    ExitCode.OK: ("the work is done", "Nothing to do."),
    ExitCode.INTERNAL: ("a fault of this project", "Run again; if it comes back, report it with the job's log."),
    ExitCode.SERVICE: ("AWS refused or failed a call", "Run again later; check region, profile, network and quotas."),
    ExitCode.BAD_INPUT: ("what the caller gave cannot work", "Change what the message names."),
    ExitCode.RUN_FAILED: ("the run is not green", "Read report.json; running again processes only what is missing."),
    ExitCode.NOT_DEPLOYED: (
        "there is no deployment to work with",
        "Run `make deploy`, or name one in the environment.",
    ),
    ExitCode.MISSING_TOOL: ("an external program or language is missing", "Install what the message names."),
    ExitCode.INTERRUPTED: (
        "a signal (Ctrl-C, SIGTERM, SIGHUP) ended the work early",
        "Run again: what is finished is kept.",
    ),
}


class Origin(Enum):
    """Whose fault an error is: the two have separate limits (`max_error_rate`, `max_input_error_rate`)."""

    INPUT = "input"
    PROCESSING = "processing"


class ErrorClass(str, Enum):
    """Why a document or page failed: the value stored in the tables, what it means, and what to do about it."""

    EMPTY = "empty"
    UNSUPPORTED_TYPE = "unsupported_type"
    ENCRYPTED = "encrypted"
    CORRUPT = "corrupt"
    TOO_LARGE = "too_large"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    NOT_A_FILE = "not_a_file"
    OUTSIDE = "outside"
    CHANGED = "changed"
    LANGUAGE_MISSING = "language_missing"
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
        return self.origin is Origin.PROCESSING or self in _MAY_PASS

    @property
    def meaning(self) -> str:
        """What it says of the document or page."""
        return _ERROR_CLASSES[self][0]

    @property
    def advice(self) -> str:
        """What to do about it."""
        return _ERROR_CLASSES[self][1]


_ERROR_CLASSES = {
    ErrorClass.EMPTY: ("the file has no bytes", "Put the document there again."),
    ErrorClass.UNSUPPORTED_TYPE: ("not a PDF and not a supported picture", "Convert it, or keep it elsewhere."),
    ErrorClass.ENCRYPTED: (
        "a password is needed to open it",
        "Store it without the password, or name a file of passwords (option `passwords`).",
    ),
    ErrorClass.CORRUPT: (
        "the file, or a page of it, cannot be read",
        "Open it in a viewer; make it again if that fails.",
    ),
    ErrorClass.TOO_LARGE: ("over a limit of size, pixels or scratch space", "Raise the limit that the message names."),
    ErrorClass.MISSING: (
        "planned, but not delivered to the job",
        "Check that it is there, under a key that can be a file.",
    ),
    ErrorClass.UNREADABLE: (
        "the file may not be read, or lies so deep that no path leads to it",
        "Change its permissions, or shorten the names of its folders.",
    ),
    ErrorClass.NOT_A_FILE: (
        "a pipe, a device, or a link to a folder or to nothing",
        "Put the document itself there, or leave the name out with `exclude`.",
    ),
    ErrorClass.OUTSIDE: (
        "a link that leads out of the folder",
        "Put the document itself there, or run over the folder that holds it.",
    ),
    ErrorClass.CHANGED: (
        "the file changed after the run had found it, or while it was read",
        "Run again when nothing writes to it.",
    ),
    ErrorClass.LANGUAGE_MISSING: (
        "with `languages: auto`, no language for the script of a page is installed",
        "Install one that the script is read with; on AWS, build the image with it (LANGUAGES).",
    ),
    ErrorClass.TIMEOUT: ("the time limit of the page or document was over", "Raise the limit, if it is worth it."),
    ErrorClass.OUT_OF_MEMORY: ("the memory limit was reached", "Raise engine_memory_mb, or lower dpi."),
    ErrorClass.ENGINE_CRASH: ("the OCR engine or Poppler ended abnormally", "Try the other engine on it."),
    ErrorClass.INTERNAL: ("a fault of this project", "Report it with the job's log."),
}

_PROCESSING_FAULTS = frozenset(
    {ErrorClass.TIMEOUT, ErrorClass.OUT_OF_MEMORY, ErrorClass.ENGINE_CRASH, ErrorClass.INTERNAL}
)

_MAY_PASS = frozenset({ErrorClass.MISSING, ErrorClass.UNREADABLE, ErrorClass.CHANGED, ErrorClass.LANGUAGE_MISSING})


class PipelineError(Exception):
    """A fault that ends a command or a job: one sentence that says what is wrong, one that says what to do.

    `code` is the name that AWS gives the fault, such as NoSuchBucket; empty where no answer of AWS is the cause.
    """

    exit_code = ExitCode.INTERNAL

    def __init__(self, message: str, advice: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.advice = advice
        self.code = code

    @property
    def message(self) -> str:
        """What is wrong, without the advice."""
        return super().__str__()

    def __str__(self) -> str:
        return f"{self.message} {self.advice}" if self.advice else self.message


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
