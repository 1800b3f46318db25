"""A copy of the project, in which `make` and programs run as on the machine of somebody who has installed it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).parents[2]
SECONDS = 300
_LEFT_OUT = (".venv*", ".git", ".terraform", ".*_cache", ".hypothesis", ".local", ".env", "build", "output", "site")
_KEPT_BACK = ("AWS_", "OCR_", "SAGEMAKER_", "COVERAGE_", "PYTEST_", "MAKE", "MFLAGS")


def copy_project(folder: Path) -> Path:
    """The project in a new folder, with the packages of the Python that runs the tests as its `.venv`."""
    copy = folder / "project"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    (copy / ".venv").mkdir()
    for part in ("bin", "lib", "include", "pyvenv.cfg"):
        (copy / ".venv" / part).symlink_to(Path(sys.prefix) / part)
    for marker in ("ready", "installed"):  # newer than the locks: nothing is to be installed
        (copy / ".venv" / marker).touch()
    return copy


def environment(copy: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables with which the copy's packages are used, and no account of AWS is known."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(_KEPT_BACK)}
    return own | {"PYTHONPATH": str(copy / "job_scripts"), "NO_COLOR": "1"} | dict(more or {})


def run_in(
    copy: Path, *command: str, more: Mapping[str, str] | None = None, status: int = 0
) -> "subprocess.CompletedProcess[str]":
    """Run a command in the copy, which must end with this status."""
    done = subprocess.run(
        command,
        cwd=copy,
        env=environment(copy, more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == status, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done
