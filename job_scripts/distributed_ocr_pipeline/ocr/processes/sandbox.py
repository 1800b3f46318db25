"""Sandboxes: processes of our own that call functions which may crash, hang, eat memory or be taken over by a file.

A sandbox serves the functions of one module, its tasks, call after call, so that libraries and models are loaded once.
Each call has a time limit. Whatever goes wrong, the process is ended and one call fails; the next starts a new process.

Why no pool of a library: `ProcessPoolExecutor` gives up the whole pool when one process dies and cannot end a call;
`multiprocessing.Pool` waits for ever for the answer of a process that died. The pools that do end calls (pebble, loky)
have no memory limits, hand the worker's environment on (it holds credentials), and take answers by pickle.

Why JSON: to unpickle is to run what the bytes say. These processes read files from strangers, so theirs are the last
bytes to do that with. Arguments are JSON values; results are JSON values or frozen records, and are checked against the
type that the function declares.
"""

import inspect
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any, ParamSpec, TypeVar, get_type_hints

from pydantic import TypeAdapter

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.programs import Limits, ProgramFailed, error_class_of_end, started

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_SERVER = "distributed_ocr_pipeline.ocr.processes.sandbox_server"
_TICK_SECONDS = 0.1  # how soon a stop or a time limit is noticed
_MAX_CALLS = 500  # then a fresh process: libraries leak
_MAX_ANSWER_BYTES = 64 * 1024 * 1024


class SandboxPool:
    """Sandboxes for the tasks of one module, lent to threads; as many processes as are in use at once.

    The module's `__all__` names its tasks. `environment` is added to what every program gets to see.
    """

    def __init__(
        self, tasks: ModuleType, limits: Limits, stop: Stop, environment: Mapping[str, str] | None = None
    ) -> None:
        self._tasks = tasks
        self._environment = environment or {}
        self._limits = limits
        self._stop = stop
        self._idle: list[_Process] = []
        self._lock = threading.Lock()

    def within(self, seconds: float) -> "Sandbox":
        """A sandbox for calls that may take so long."""
        return Sandbox(self, seconds)

    def request(self, function: Callable[..., Any], arguments: dict[str, Any], seconds: float) -> Any:
        """See `Sandbox.call`, which is typed."""
        request = json.dumps({"task": _name_of_task(self._tasks, function), "arguments": arguments}).encode()
        with self._borrowed() as process:
            return process.request(request, _result_type(function), seconds, self._stop)

    def prepare(self, *modules: str) -> None:
        """Start a process that is about to be needed: it loads Python and `modules` while its first task is found."""
        with self._borrowed() as process, suppress(OSError):  # the first request tries again, and says why not
            process.start(modules)

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            for process in self._idle:
                process.close()
            self._idle.clear()

    @contextmanager
    def _borrowed(self) -> Iterator["_Process"]:
        with self._lock:
            process = (
                self._idle.pop() if self._idle else _Process(self._tasks.__name__, self._limits, self._environment)
            )
        try:
            yield process
        finally:
            with self._lock:
                self._idle.append(process)


@dataclass(frozen=True)
class Sandbox:
    """Any process of a pool, and the seconds that a call may take."""

    pool: SandboxPool
    seconds: float

    def call(
        self, function: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Result:
        """Call one of the pool's tasks.

        Raises `DocumentError` (what the task raised, or timeout, out_of_memory, engine_crash) and `Stopped`;
        `TypeError` and `ValueError` if the function is no task, or does not take such arguments.
        """
        arguments = inspect.signature(function).bind(*args, **kwargs).arguments
        result: _Result = self.pool.request(function, arguments, self.seconds)
        return result


class _Process:
    """One process, which is started when it is first used."""

    def __init__(self, module: str, limits: Limits, environment: Mapping[str, str]) -> None:
        self._module = module
        self._environment = environment
        self._limits = limits
        self._resources = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._calls = 0

    def request(self, request: bytes, result_type: TypeAdapter[Any], seconds: float, stop: Stop) -> Any:
        """The result of one request, of the right type; or raise what the task raised."""
        try:
            connection = self._connected()
            connection.send_bytes(request)
            answer = _decode(_await_answer(connection, seconds, stop), result_type)
        except (EOFError, OSError) as error:
            raise self._death() from error
        except BaseException:
            self.close()
            raise
        if isinstance(answer, DocumentError):
            if answer.error_class is ErrorClass.OUT_OF_MEMORY:
                self.close()  # what it holds, the next call would have to do without
            raise answer
        return answer

    def close(self) -> None:
        """End the process."""
        self._resources.close()
        self._process = self._connection = None

    def start(self, modules: Sequence[str] = ()) -> None:
        """Start it, and do not wait until it has loaded `modules`: the first request waits for it."""
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", _SERVER, str(theirs.fileno()), self._module, *modules]
            connection = self._resources.enter_context(Connection(ours.detach()))
            self._process = self._resources.enter_context(
                started(
                    command,
                    self._limits,
                    pass_fds=(theirs.fileno(),),
                    capture_output=False,
                    environment={"PYTHONPATH": _python_path(), **self._environment},
                )
            )
        self._connection, self._calls = connection, 0

    def _connected(self) -> Connection:
        if self._calls >= _MAX_CALLS:
            self.close()
        if self._connection is None:
            self.start()
        assert self._connection is not None
        self._calls += 1
        return self._connection

    def _death(self) -> DocumentError:
        """Why the process went away in the middle of a request."""
        process = self._process
        try:
            code = process.wait(timeout=1) if process else 0
        except subprocess.TimeoutExpired:
            code = 0
        self.close()
        error_class = error_class_of_end(code, "") or ErrorClass.ENGINE_CRASH
        return DocumentError(error_class, f"The child process ended with {code}.")


def _name_of_task(tasks: ModuleType, function: Callable[..., Any]) -> str:
    """Raises `ValueError` if the function is none of the module's tasks."""
    name = getattr(function, "__name__", "")
    if name not in tasks.__all__ or getattr(tasks, name) is not function:
        raise ValueError(f"{function!r} is not a task of {tasks.__name__}.")
    return str(name)


@lru_cache
def _result_type(function: Callable[..., Any]) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(function)["return"])


def _await_answer(connection: Connection, seconds: float, stop: Stop) -> bytes:
    deadline = time.monotonic() + seconds
    while not connection.poll(_TICK_SECONDS):
        stop.check()
        if time.monotonic() > deadline:
            raise ProgramFailed(ErrorClass.TIMEOUT, f"Not done after {seconds:.0f} seconds.")
    return connection.recv_bytes(_MAX_ANSWER_BYTES)


def _decode(answer: bytes, result_type: TypeAdapter[Any]) -> Any:
    """What `sandbox_server` answers: a result, or a `DocumentError` as a value."""
    try:
        content = json.loads(answer)
        if "error_class" in content:
            return DocumentError(ErrorClass(content["error_class"]), str(content["message"]))
        return result_type.validate_python(content["result"])
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        message = "The child process gave an answer that makes no sense."
        raise ProgramFailed(ErrorClass.ENGINE_CRASH, message) from error


def _python_path() -> str:
    """So that the process finds this package however the parent came to it."""
    package_root = str(Path(__file__).resolve().parents[3])
    return os.pathsep.join(filter(None, (package_root, os.environ.get("PYTHONPATH"))))
