"""A helper process: work that may crash, hang or eat memory, done outside the worker but without a new start each time.

The parent sends one JSON request at a time and waits for the answer under a time limit. Whatever goes wrong, the
process is ended and costs one request; the next request starts a new one.
"""

import importlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop
from distributed_ocr_pipeline.ocr.processes.programs import Limits, ProgramFailed, error_class_of_end, started

_TICK_SECONDS = 0.1
_MAX_REQUESTS = 500  # then a fresh process: libraries leak
_MAX_ANSWER_BYTES = 64 * 1024 * 1024


class Sandbox:
    """One helper process, serving the functions in `TASKS` of one module."""

    def __init__(self, module: str, limits: Limits) -> None:
        self._module = module
        self._limits = limits
        self._resources = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._requests = 0

    def call(self, task: str, arguments: dict[str, Any], seconds: float, stop: Stop) -> Any:
        """The answer to one request. Raises `DocumentError` (also what the task itself raised) and `Stopped`."""
        try:
            connection = self._connected()
            connection.send_bytes(json.dumps({"task": task, "arguments": arguments}).encode())
            answer = self._await_answer(connection, seconds, stop)
        except (EOFError, OSError) as error:
            raise self._death() from error
        except BaseException:
            self.close()
            raise
        if "error_class" in answer:
            raise DocumentError(ErrorClass(answer["error_class"]), answer["message"])
        return answer["result"]

    def close(self) -> None:
        """End the process."""
        self._resources.close()
        self._process = self._connection = None

    def _connected(self) -> Connection:
        if self._requests >= _MAX_REQUESTS:
            self.close()
        if self._connection is None:
            self._start()
        assert self._connection is not None
        self._requests += 1
        return self._connection

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", __name__, str(theirs.fileno()), self._module]
            self._connection = self._resources.enter_context(Connection(ours.detach()))
            self._process = self._resources.enter_context(
                started(
                    command,
                    self._limits,
                    pass_fds=(theirs.fileno(),),
                    capture_output=False,
                    environment={"PYTHONPATH": _python_path()},
                )
            )
        self._requests = 0

    def _await_answer(self, connection: Connection, seconds: float, stop: Stop) -> Any:
        deadline = time.monotonic() + seconds
        while not connection.poll(_TICK_SECONDS):
            stop.check()
            if time.monotonic() > deadline:
                raise ProgramFailed(ErrorClass.TIMEOUT, f"Not done after {seconds:.0f} seconds.")
        return json.loads(connection.recv_bytes(_MAX_ANSWER_BYTES))

    def _death(self) -> DocumentError:
        """Why the process went away in the middle of a request."""
        process = self._process
        try:
            code = process.wait(timeout=1) if process else 0
        except subprocess.TimeoutExpired:
            code = 0
        self.close()
        error_class = error_class_of_end(code, "") or ErrorClass.ENGINE_CRASH
        return DocumentError(error_class, f"The helper process ended with {code}.")


class SandboxPool:
    """Helper processes lent to threads; as many as are in use at once."""

    def __init__(self, module: str, limits: Limits) -> None:
        self._module = module
        self._limits = limits
        self._idle: list[Sandbox] = []
        self._lock = threading.Lock()

    @contextmanager
    def borrow(self) -> Iterator[Sandbox]:
        """A helper for the time of a `with` block."""
        with self._lock:
            helper = self._idle.pop() if self._idle else Sandbox(self._module, self._limits)
        try:
            yield helper
        finally:
            with self._lock:
                self._idle.append(helper)

    def call(self, task: str, arguments: dict[str, Any], seconds: float, stop: Stop) -> Any:
        """One request to any helper (see `Sandbox.call`)."""
        with self.borrow() as helper:
            return helper.call(task, arguments, seconds, stop)

    def close(self) -> None:
        """End all helpers."""
        with self._lock:
            for helper in self._idle:
                helper.close()
            self._idle.clear()


def _python_path() -> str:
    """So that the process finds this package however the parent came to it."""
    package_root = str(Path(__file__).resolve().parents[3])
    return os.pathsep.join(filter(None, (package_root, os.environ.get("PYTHONPATH"))))


def serve(connection: Connection, module: str) -> None:
    """The helper's side: answer requests until the parent goes away."""
    tasks = importlib.import_module(module).TASKS
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        connection.send_bytes(json.dumps(_answer(tasks, request)).encode())


def _answer(tasks: Any, request: Any) -> dict[str, Any]:
    try:
        return {"result": tasks[request["task"]](**request["arguments"])}
    except DocumentError as error:
        return {"error_class": error.error_class.value, "message": str(error)}
    except MemoryError:
        return {"error_class": ErrorClass.OUT_OF_MEMORY.value, "message": "The memory limit was reached."}
    except Exception as error:  # pylint: disable=broad-exception-caught  # decoders raise anything on damaged data
        message = f"{type(error).__name__}: {error}"[:300]
        return {"error_class": ErrorClass.CORRUPT.value, "message": message}


def main(arguments: Sequence[str]) -> None:
    """Entry point of the process: the number of the inherited socket, and the module to serve."""
    os.environ["OMP_THREAD_LIMIT"] = "1"
    serve(Connection(int(arguments[0])), arguments[1])


if __name__ == "__main__":
    main(sys.argv[1:])
