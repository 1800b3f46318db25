"""The server's end, and what it takes along; the folders of servers that did not end."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from distributed_ocr_pipeline.local.environment import LocalEnvironment, NotStarted
from local_aws.server import scratch_prefix
from tests.support.harness import Harness, gone, write_scripts


def test_a_server_that_is_killed_takes_its_jobs_along(tmp_path: Path) -> None:
    with LocalEnvironment(bare=True, scripts=write_scripts(tmp_path)) as environment:
        job = _start_sleeper(environment)
        os.kill(environment.pid, signal.SIGKILL)
        assert gone(job)


def _start_sleeper(environment: LocalEnvironment) -> int:
    """Process id of a job that ignores SIGTERM."""
    harness = Harness(environment)
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    name = harness.create(f"{code}\nprint(os.getpid(), flush=True); print('on', flush=True); time.sleep(600)")
    harness.wait_for_line(name, "on")
    return int(harness.log(name)[0])


def test_the_end_kills_a_job_that_will_not_stop_and_removes_its_folder(tmp_path: Path) -> None:
    code = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for word in (os.getpid(), ROOT, "on"):
    print(word, flush=True)
time.sleep(600)
"""
    with LocalEnvironment(bare=True, scripts=write_scripts(tmp_path), grace_seconds=600) as environment:
        harness = Harness(environment)
        name = harness.create(code)
        harness.wait_for_line(name, "on")
        pid, root, _ = harness.log(name)
    assert gone(int(pid))
    assert not Path(root).parents[1].exists()


def test_the_folders_of_dead_processes_are_removed_and_those_of_living_ones_kept() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    dead, alive = (Path(tempfile.gettempdir(), f"{scratch_prefix(pid)}left") for pid in (process.pid, os.getpid()))
    for folder in (dead, alive):
        (folder / "job-1").mkdir(parents=True)
    try:
        with LocalEnvironment(bare=True):
            assert (dead.exists(), alive.exists()) == (False, True)
    finally:
        (alive / "job-1").rmdir()
        alive.rmdir()


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("OCR_LOCAL_RUNTIME", "vm", "It must be process or container"),
        ("OCR_LOCAL_FAULTS", "/nonexistent", "OCR_LOCAL_FAULTS names /nonexistent"),
    ],
)
def test_a_variable_with_a_wrong_value_is_named_without_a_traceback(variable: str, value: str, words: str) -> None:
    with pytest.raises(NotStarted, match=words) as caught:
        with LocalEnvironment(bare=True, environ={variable: value}):
            pass
    assert "ended with status 64" in str(caught.value) and "Traceback" not in str(caught.value)
