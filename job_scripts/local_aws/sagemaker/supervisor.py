"""Keeps one job's processes. The server starts it as a separate program; it uses the standard library only.

    python supervisor.py [--no-network] COMMAND [ARGUMENT...]

Its standard input is a lifeline: when it closes, because the server kills the job or is dead itself, every process of
the job is killed. SIGTERM is passed on to the command. When the command ends, the processes that it left are killed
too, as in a container. The exit status is the command's, or 128 + n if signal n ended it.

With --no-network the command has no network, not even the loopback of this machine, where the system allows that: on
Linux, for root or where users may make namespaces. Elsewhere it runs with network.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

NO_NETWORK = "--no-network"

_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def main(command: list[str]) -> int:
    """Run the command to its end; returns the exit status."""
    if command[0] == NO_NETWORK:
        command = command[1:]
        _leave_network()
    adopts = _adopt_orphans()
    terminate = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: terminate.set())
    child = subprocess.Popen(  # pylint: disable=consider-using-with  # the wait is below
        command, stdin=subprocess.DEVNULL, start_new_session=True
    )
    signal.signal(signal.SIGTERM, lambda _number, _frame: _signal(child.pid, signal.SIGTERM))
    if terminate.is_set():
        _signal(child.pid, signal.SIGTERM)
    threading.Thread(target=_kill_at_end_of_lifeline, args=(child.pid,), daemon=True).start()
    status = child.wait()
    _kill_group(child.pid)
    if adopts:
        _kill_children()
    return status if status >= 0 else 128 - status


def _leave_network() -> None:
    """Enter a network namespace that is empty."""
    if not sys.platform.startswith("linux"):
        return
    user, group, libc = os.getuid(), os.getgid(), ctypes.CDLL(None)
    if libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return
    for name, content in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(content, encoding="ascii")


def _adopt_orphans() -> bool:
    """Become the parent of processes whose own parent ended, so that none escapes. This works on Linux only."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def _kill_at_end_of_lifeline(child: int) -> None:
    while os.read(0, 1024):
        pass
    _kill_group(child)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _kill_children() -> None:
    """Kill the processes that left the group: when their parents die, they become children of this process."""
    while pids := _children():
        for pid in pids:
            _signal(pid, signal.SIGKILL)
            _reap(pid)


def _children() -> list[int]:
    """The direct children of this process."""
    found: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        try:
            found += [int(pid) for pid in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
