"""Where coverage is measured, it is measured in jobs and sandboxes too.

Neither inherits the tests' environment, so a .pth file starts the measurement in them. Sandboxes are killed when nobody
needs them any more, so they save what they have run before each answer.
"""

import os
import sysconfig
from pathlib import Path

_VARIABLE = "COVERAGE_PROCESS_CONFIG"  # coverage sets it for the processes that tests start
_READ_BY_EVERY_PYTHON = """
import os, sys

def measure():
    os.environ.setdefault({variable!r}, {value!r})
    if any("sandbox" in argument for argument in sys.orig_argv):
        from coverage import Coverage
        from multiprocessing.connection import Connection
        send_bytes = Connection.send_bytes
        Connection.send_bytes = lambda *arguments: (Coverage.current().save(), send_bytes(*arguments))

def started_by_living_tests():
    try:
        os.kill({pid}, 0)
    except ProcessLookupError:
        return False  # the file is left over from tests that were killed
    return True

of_this_project = ("job_scripts", "distributed_ocr_pipeline")
if any(name in argument for argument in sys.orig_argv for name in of_this_project) and started_by_living_tests():
    measure()
"""


def _file() -> Path:
    """Its name puts it before coverage's own .pth file, which starts the measurement."""
    return Path(sysconfig.get_path("purelib"), "a0_measured_by_tests.pth")


def pytest_sessionstart() -> None:
    """Measure the project's processes from now on."""
    if value := os.environ.get(_VARIABLE):
        program = _READ_BY_EVERY_PYTHON.format(pid=os.getpid(), variable=_VARIABLE, value=value)
        _file().write_text(f"import os; exec({program!r}, {{}})\n", encoding="utf-8")


def pytest_sessionfinish() -> None:
    """Measure nothing any more."""
    if _VARIABLE in os.environ:
        _file().unlink(missing_ok=True)
