"""Passwords of PDFs: a file among a run's documents that is none itself, and that every job gets beside its own.

It lies below the run's prefix, so whoever may read the documents may read it, and nothing else has to be allowed. A
password is in no option, no row and no log, and on no command line: a job hands it to the process that opens the PDF.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from distributed_ocr_pipeline.errors import BadInput, ServiceFault
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.delivery.manifests import is_file_name, manifest_base

if TYPE_CHECKING:  # the worker reads passwords, and has no use for listings
    from distributed_ocr_pipeline.planning.sources import Source

MAX_BYTES = 64 * 1024
"""Of the file; each PDF that needs a password is tried with every line of it."""

_ADVICE = "passwords names a text file below the prefix, as seen from there, such as passwords.txt."


def passwords_key(input_prefix: S3Location, name: str) -> str:
    """The key of the file. Raises `BadInput` if the name is none of a file below the prefix."""
    if not is_file_name(name):
        raise BadInput(f"passwords {name!r} is no name of a file.", _ADVICE)
    return manifest_base(input_prefix.key) + name


def require_passwords(source: "Source", key: str) -> None:
    """Raise `BadInput` if there is no such file, or it is none of passwords."""
    try:
        content = source.fetch(key, 0, MAX_BYTES + 1)
    except (BadInput, ServiceFault, OSError) as error:
        raise BadInput(f"The passwords in {key!r} cannot be read: {error}", _ADVICE) from error
    if not 0 < len(content) <= MAX_BYTES or not parse_passwords(content):
        raise BadInput(f"{key!r} is no list of passwords: it is empty, or larger than 64 KB.", _ADVICE)


def read_passwords(documents: Path, name: str | None) -> tuple[str, ...]:
    """A job's passwords.

    Args:
        documents: Where the job's documents are.
        name: The run's option; None is no passwords.
    """
    path = documents / (name or "")
    if not name or not path.is_file():  # it may have gone since the plan; then PDFs are encrypted, and say so
        return ()
    return parse_passwords(path.read_bytes())


def parse_passwords(content: bytes) -> tuple[str, ...]:
    """One password a line, as UTF-8 or else as Latin-1, each once; blanks within a line belong to it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return tuple(dict.fromkeys(line for line in text.splitlines() if line))
