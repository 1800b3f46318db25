"""Ctrl-C, wherever it meets the program: in a library that makes another error of it, too."""

from collections.abc import Iterator
from contextlib import contextmanager

from distributed_ocr_pipeline.errors import PipelineError


@contextmanager
def told_from_faults() -> Iterator[None]:
    """Let what Ctrl-C has become on its way be Ctrl-C again.

    While a module is loaded, Python 3.11 makes a RuntimeError of it in `__set_name__`, and compiled modules an
    ImportError; and what is given up in a hurry may fail.

    Raises:
        KeyboardInterrupt: Ctrl-C is among the causes of the error.
    """
    try:
        yield
    except PipelineError:
        raise
    except Exception as error:
        if _has_ctrl_c(error):
            raise KeyboardInterrupt from error
        raise


def _has_ctrl_c(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
