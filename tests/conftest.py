"""Where coverage is measured, it is measured in jobs too: they see their request alone, so a .pth file tells them.

Sandboxes are left out. They are killed when nobody needs them any more, which leaves no time to save what was measured;
tests call what they run.
"""

import os
import sysconfig
from pathlib import Path

_VARIABLE = "COVERAGE_PROCESS_CONFIG"  # coverage sets it for the processes that tests start
_READ_BY_EVERY_PYTHON = """
import os, sys

def started_by_living_tests():
    try:
        os.kill({pid}, 0)
    except ProcessLookupError:
        return False  # the file is left over from tests that were killed
    return True

if any("job_scripts" in argument for argument in sys.orig_argv) and started_by_living_tests():
    os.environ.setdefault({variable!r}, {value!r})
"""


def _file() -> Path:
    """Its name puts it before coverage's own .pth file, which starts the measurement."""
    return Path(sysconfig.get_path("purelib"), "a0_measured_by_tests.pth")


def pytest_sessionstart() -> None:
    """Measure jobs from now on."""
    if value := os.environ.get(_VARIABLE):
        program = _READ_BY_EVERY_PYTHON.format(pid=os.getpid(), variable=_VARIABLE, value=value)
        _file().write_text(f"import os; exec({program!r}, {{}})\n", encoding="utf-8")


def pytest_sessionfinish() -> None:
    """Measure nothing any more."""
    if _VARIABLE in os.environ:
        _file().unlink(missing_ok=True)
