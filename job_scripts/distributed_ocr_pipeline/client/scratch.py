"""A folder for files in the making; where the system has no room for it, people are told which other way there is."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from distributed_ocr_pipeline.errors import BadInput

_FULL = (errno.ENOSPC, errno.EDQUOT)
_ADVICE = "Make room there, or name another folder in the environment variable TMPDIR."


@contextmanager
def scratch_folder(prefix: str = "ocr-pipeline-") -> Iterator[Path]:
    """A folder in the system's temporary one, which is gone after the `with` block.

    Raises:
        BadInput: It cannot be made, or there is no room for what is written into it inside the block.
    """
    try:
        place = gettempdir()
    except OSError as error:
        raise BadInput(f"There is no folder for temporary files: {error.strerror}.", _ADVICE) from error
    try:
        with TemporaryDirectory(prefix=prefix) as folder:
            yield Path(folder)
    except OSError as error:
        if error.errno not in _FULL or not _is_below(place, error.filename):
            raise
        raise BadInput(f"No room is left in {place!r}, the folder for temporary files.", _ADVICE) from error


def _is_below(folder: str, path: str | bytes | None) -> bool:
    """A fault while a file is written, unlike one while it is opened, names no path."""
    return path is None or Path(folder) in Path(str(path)).parents
