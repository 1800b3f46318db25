"""Everything that can go wrong here, as one tree.

LocalAwsError                    one sentence that says what is wrong, one that says what to do
├── BadSetting                   the server cannot start with these settings
├── MissingTool                  a program that the server needs is not installed
├── RequestError                 the API refuses a call
│   ├── InvalidRequest           the request breaks a constraint
│   ├── NameInUse                a job of this name exists
│   ├── Throttled                there are too many calls
│   ├── QuotaExceeded            the account may not use that much
│   ├── UnknownJob               no job of this name exists
│   ├── ObjectRefused            an object cannot be stored under its key
│   ├── ObjectExists             an object of this key exists, and the call forbids to replace it
│   └── UnknownUpload            no multipart upload of this id exists
└── JobError                     a job fails without a fault of its container; the message is its failure reason
    ├── TransferError            an input or output cannot be moved
    └── CannotRun                the runtime lacks what the job needs

The caller that starts a server handles `BadSetting` and `MissingTool`. The others become answers of the API.
"""


class LocalAwsError(Exception):
    """A fault of the emulator, its settings, a call or a job.

    Args:
        message: What is wrong.
        advice: What to do about it.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}" if self.advice else self.message


class BadSetting(LocalAwsError):
    """The server cannot start with these settings: a port in use, a file of faults that is wrong."""


class MissingTool(LocalAwsError):
    """A program that the server needs is not installed."""


class RequestError(LocalAwsError):
    """The API refuses a call."""


class InvalidRequest(RequestError):
    """The request breaks a constraint; the message has the words of AWS."""


class NameInUse(RequestError):
    """A job of this name exists or existed: a name is never free again."""


class Throttled(RequestError):
    """There are more calls than AWS answers in this time."""


class QuotaExceeded(RequestError):
    """The account may not use that much; the message has the words of AWS."""


class UnknownJob(RequestError):
    """No job of this name exists."""


class ObjectRefused(RequestError):
    """An object cannot be stored: its key cannot be a path, or a part of it is missing."""


class ObjectExists(RequestError):
    """An object of this key exists, and the call forbids to replace it."""


class UnknownUpload(RequestError):
    """No multipart upload of this id exists."""


class JobError(LocalAwsError):
    """A job fails without a fault of its container; the message becomes the job's failure reason."""


class TransferError(JobError):
    """An input or output cannot be moved."""


class CannotRun(JobError):
    """The runtime lacks what the job needs."""
