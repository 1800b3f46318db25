"""The runner of external programs: all of their output, none of their leftovers."""

import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.errors import ErrorClass, MissingTool
from distributed_ocr_pipeline.ocr.processes import programs
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, Stopped
from distributed_ocr_pipeline.ocr.processes.programs import Limits, ProgramFailed, error_class_of_end, run
from tests.support.harness import END_SECONDS, gone

LIMITS = Limits(seconds=30, memory_mb=1024)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_and_exit_status_are_handed_on() -> None:
    finished = run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), LIMITS, Stop())
    assert (finished.exit_code, finished.stdout, finished.stderr) == (3, b"out\n", "err\n")


class _Descheduled(selectors.DefaultSelector):
    """Waits as a thread does that the kernel lets wait: for long, after it has seen that there is nothing to read."""

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout:
            time.sleep(1)
        return ready


def test_what_a_program_prints_as_it_ends_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "DefaultSelector", _Descheduled)
    finished = run(python("import time; time.sleep(0.2); print('last words')"), LIMITS, Stop())
    assert finished.stdout == b"last words\n"


def test_a_program_that_leaves_another_behind_is_not_waited_for(tmp_path: Path) -> None:
    code = f"""
import subprocess
child = subprocess.Popen(["sleep", "600"])
open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
print("done", flush=True)
"""
    assert run(python(code), LIMITS, Stop()).stdout == b"done\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a program from outside")
def test_the_kernel_ends_a_program_whose_caller_was_killed_and_guardian_too(tmp_path: Path) -> None:
    busy = f"import os; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\nwhile True: pass"
    code = f"""
import time
from distributed_ocr_pipeline.ocr.processes import programs
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.guardian import Guardian
Guardian.watch = lambda self, group: None
programs._SPARE_SECONDS = 1
time.monotonic = lambda: 0.0
programs.run({python(busy)!r}, programs.Limits(seconds=0, memory_mb=1024), Stop())
"""
    with subprocess.Popen(python(code)) as caller:
        assert comes_true(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
        program = int((tmp_path / "pid").read_text())
        limited = comes_true(lambda: resource.prlimit(program, resource.RLIMIT_CPU)[0] != resource.RLIM_INFINITY)
        caller.kill()
    try:
        assert limited and gone(program)
    finally:
        with suppress(ProcessLookupError):
            os.kill(program, signal.SIGKILL)


def test_no_program_outlives_a_caller_that_was_killed(tmp_path: Path) -> None:
    code = f"""
from threading import Thread
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.programs import Limits, run
for number in range(3):
    Thread(target=run, args=(["sh", "-c", f"echo $$ > {tmp_path}/{{number}}; sleep 600 & wait"], Limits(600, 1024), Stop())).start()
"""
    with subprocess.Popen(python(code)) as caller:
        assert comes_true(lambda: sum(path.read_text() != "" for path in tmp_path.iterdir()) == 3)
        caller.kill()
    programs_of_caller = [int(path.read_text()) for path in tmp_path.iterdir()]
    try:
        assert all(gone(program) for program in programs_of_caller)
    finally:
        for program in programs_of_caller:
            with suppress(ProcessLookupError):
                os.killpg(program, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="Environments of processes are told on Linux.")
def test_a_program_of_which_a_killed_caller_had_not_told_yet_is_ended_too(tmp_path: Path) -> None:
    code = f"""
import os, subprocess, time
from distributed_ocr_pipeline.ocr.processes.guardian import guardian
command = ["sh", "-c", "echo $$ > {tmp_path}/told; sleep 600 & wait"]
subprocess.Popen(command, env=dict(os.environ) | guardian().mark, start_new_session=True)
time.sleep(600)
"""
    with subprocess.Popen(python(code)) as caller:
        assert comes_true(lambda: (tmp_path / "told").exists() and (tmp_path / "told").read_text() != "")
        caller.kill()
    assert gone(int((tmp_path / "told").read_text()))


def comes_true(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + END_SECONDS
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def test_output_without_end_is_too_large() -> None:
    with pytest.raises(ProgramFailed) as raised:
        run(python("while True: print('x' * 9999)"), Limits(seconds=30, memory_mb=1024, stdout_mb=1), Stop())
    assert raised.value.error_class is ErrorClass.TOO_LARGE


def test_closed_pipes_are_not_the_end() -> None:
    code = "import os, time; os.close(1); os.close(2); time.sleep(600)"
    with pytest.raises(ProgramFailed) as raised:
        run(python(code), Limits(seconds=0.5, memory_mb=1024), Stop())
    assert raised.value.error_class is ErrorClass.TIMEOUT


def test_a_stop_ends_a_program() -> None:
    with pytest.raises(Stopped):
        run(python("import time; time.sleep(600)"), LIMITS, Stop(deadline_seconds=0.3))


def test_a_file_that_grows_too_large_ends_its_program(tmp_path: Path) -> None:
    """Limits come from outside, a moment after the start."""
    until_limited = 'until [ "$(ulimit -f)" != unlimited ]; do sleep 0.01; done'
    write = f"{until_limited}; exec dd if=/dev/zero of={tmp_path / 'file'} bs=1M count=3"
    with pytest.raises(ProgramFailed) as raised:
        run(["sh", "-c", write], _small_files(), Stop())
    assert raised.value.error_class is ErrorClass.TOO_LARGE
    code = f"""
import resource, time
while resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY:
    time.sleep(0.01)
open({str(tmp_path / 'file')!r}, 'wb').write(bytes(3 << 20))
"""
    assert run(python(code), _small_files(), Stop()).exit_code == 1  # Python ignores the signal


def _small_files() -> Limits:
    return Limits(seconds=30, memory_mb=1024, file_mb=1)


def test_each_step_has_its_time_but_not_more_than_there_are() -> None:
    code = "import sys, time\nfor _ in range(4): print('step', file=sys.stderr, flush=True); time.sleep(0.4)"
    in_steps = Limits(seconds=1.2, memory_mb=1024, steps=4, step_mark=b"step")
    assert run(python(code), in_steps, Stop()).exit_code == 0
    with pytest.raises(ProgramFailed, match="Not done") as raised:
        run(python(code), Limits(seconds=9, memory_mb=1024, steps=4, step_mark=b"step", all_seconds=0.6), Stop())
    assert raised.value.stderr.startswith("step")


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(MissingTool, match="no-such-program"):
        run(["no-such-program"], LIMITS, Stop())


@pytest.mark.parametrize(
    ("exit_code", "chatter", "error_class"),
    [
        (0, "out of memory", None),
        (1, "anything", None),
        (1, "std::bad_alloc", ErrorClass.OUT_OF_MEMORY),
        (-9, "", ErrorClass.OUT_OF_MEMORY),
        (137, "", ErrorClass.OUT_OF_MEMORY),
        (-11, "", ErrorClass.ENGINE_CRASH),
        (139, "", ErrorClass.ENGINE_CRASH),
        (-25, "", ErrorClass.TOO_LARGE),
    ],
)
def test_an_exit_status_has_an_error_class(exit_code: int, chatter: str, error_class: ErrorClass | None) -> None:
    assert error_class_of_end(exit_code, chatter) is error_class


def test_elsewhere_than_on_linux_only_time_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert run(python("len(bytearray(1 << 28))"), Limits(seconds=30, memory_mb=64), Stop()).exit_code == 0


def test_an_installed_program_is_found(install_program: Callable[[str, str], Path]) -> None:
    assert not programs.installed("no-such-program")
    install_program("no-such-program", "pass")
    assert programs.installed("no-such-program")
