"""The supervisor: exit status, signals, and the end of all processes of a job."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_aws.sagemaker import supervisor
from tests.support.harness import END_SECONDS, gone


@contextmanager
def supervised(*command: str) -> Iterator["subprocess.Popen[bytes]"]:
    arguments = [sys.executable, supervisor.__file__, *command]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process


def line_of(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(("command", "status"), [("exit 0", 0), ("exit 65", 65), ("kill -9 $$", 137)])
def test_the_status_is_the_commands_and_tells_of_a_signal(command: str, status: int) -> None:
    with supervised("sh", "-c", command) as process:
        assert process.wait(END_SECONDS) == status


def test_every_sigterm_is_passed_on() -> None:
    program = "trap 'n=$((n+1)); echo $n; [ $n -lt 2 ] || exit 3' TERM; echo ready; while :; do sleep 0.1; done"
    with supervised("sh", "-c", program) as process:
        assert line_of(process) == b"ready"
        process.send_signal(signal.SIGTERM)  # it may come before the supervisor has the command's process id
        assert line_of(process) == b"1"
        process.send_signal(signal.SIGTERM)
        assert process.wait(END_SECONDS) == 3


def test_the_end_of_the_lifeline_kills_the_command() -> None:
    with supervised("sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.1; done") as process:
        pid = int(line_of(process))
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(END_SECONDS) == 137
        assert gone(pid)


def test_a_process_that_leaves_its_group_ends_with_the_command() -> None:
    program = "import subprocess; print(subprocess.Popen(['sleep', '600'], start_new_session=True).pid, flush=True)"
    with supervised(sys.executable, "-c", program) as process:
        escaped = int(line_of(process))
        assert process.wait(END_SECONDS) == 0
    assert not Path(f"/proc/{escaped}").exists()


def network_can_be_cut() -> bool:
    with supervised(supervisor.NO_NETWORK, "sh", "-c", "grep -c : /proc/net/dev") as process:
        return line_of(process) == b"1"


@pytest.mark.skipif(not network_can_be_cut(), reason="this system lets a user make no network namespace")
def test_without_network_a_command_stays_the_user_that_it_was() -> None:
    with supervised(supervisor.NO_NETWORK, "sh", "-c", "id -u") as process:
        assert int(line_of(process)) == os.getuid()
